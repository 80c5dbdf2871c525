"""One authentication over its binds: what goes on with it, and what an answer says of it.

Spec: RFC 4511 4.2, RFC 4513 5.2.1, RFC 4752 3, MS-ADTS 5.1.1.1 (simple, SASL, Sicily).
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.carriers import sasl
from dissectors.carriers.base import Exchange
from dissectors.carriers.ldap_message import (
    SASL,
    SASL_BIND_IN_PROGRESS,
    SICILY,
    SICILY_DISCOVERY,
    SICILY_NEGOTIATE,
    SICILY_RESPONSE,
    BindRequest,
    BindResponse,
    sub_code,
)
from dissectors.codes.ldap_result import ldap_result_name
from dissectors.recognise import kind_of
from dissectors.records import dataclass
from dissectors.span import Span
from dissectors.status import Status, Verdict


@dataclass(slots=True)
class Attempt:
    """An authentication, as the messages to come need it."""

    exchange: Exchange
    first_id: int
    choice: int = 0  # of the latest request; 0 if the capture does not hold it
    asked: bool = False  # a request was seen
    gss: bool = False  # its credentials are tokens
    answered: bool = False  # the server waits for the client's next leg
    prompt: bytes = b""  # the server's challenge, where it is no token and not yet answered
    layer_leg: bool = False  # the latest request belongs to the layer negotiation

    def reaches(self, message_id: int) -> None:
        """Name the exchange by its first and latest message id."""
        first = self.first_id
        reach = f"{first}" if first == message_id else f"{first}-{message_id}"
        self.exchange.key = f"msgid {reach}"

    def goes_on(self, bind: BindRequest, credentials: bytes) -> bool:
        """Whether a BindRequest is its next leg, while it is unfinished.

        Where the answer is missing from the capture, only a token that begins nothing is a later leg.
        """
        if bind.choice == SICILY_NEGOTIATE:
            return self.choice == SICILY_DISCOVERY
        if bind.choice == SICILY_RESPONSE:
            return self.choice == SICILY_NEGOTIATE
        if bind.choice != SASL or self.exchange.scheme not in {None, bind.mechanism}:
            return False
        if self.gss and sasl.begins_context(credentials):
            return False
        if self.answered:
            return True
        return self.gss and (kind_of(credentials) != "gss" or sasl.is_wrap_token(credentials))

    def server_token(self, data: bytes, response: BindResponse) -> tuple[bytes | None, Span | None]:
        """Token of an answer and its place; Sicily's stands where matchedDN does."""
        if not self.gss:
            return None, None
        if self.choice == SICILY_DISCOVERY:
            return None, None
        if self.choice in SICILY:
            place = response.matched_dn
            return (data[slice(*place)], place) if place.length else (None, None)
        if response.credentials is None:
            return None, None
        start, stop = response.credentials
        return data[start:stop], response.credentials

    def status(self, response: BindResponse, token: bytes | None, *, whole: bool) -> Status:
        """What an answer, with the token in it, means; `whole`: nothing of it is cut."""
        code, detail = response.code, response.diagnostic
        verdict: Verdict = "failure"
        if code == SASL_BIND_IN_PROGRESS:
            verdict = "continue"
        elif code == 0:
            # Sicily says success to every leg: the list of packages and a CHALLENGE, which a snap
            # length may have cut before its type, are not its end
            challenge = self.choice in SICILY and token is not None and token[8:9] == b"\x02"
            going_on = challenge or self.choice in {SICILY_DISCOVERY, SICILY_NEGOTIATE}
            verdict = "continue" if going_on else "success"
        if not detail:
            return _plain_status(verdict, code)
        number = sub_code(detail, whole=whole)
        return Status(verdict, code, ldap_result_name(code), "ldap", detail, number)

    def note_layer(self, key: str, token: bytes | None) -> None:
        """Keep the offered or chosen security layers where the Wrap token is readable."""
        octets = sasl.layer_octets(token) if token else None
        if octets is not None:
            self.exchange.context.setdefault("sasl_layers", {})[key] = octets[0]


@lru_cache(maxsize=256)
def _plain_status(verdict: Verdict, code: int) -> Status:
    return Status(verdict, code, ldap_result_name(code), "ldap")
