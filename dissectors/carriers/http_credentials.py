"""What one authentication field carries: a security token, a logon without one, or an offer.

Spec: RFC 9110 11.6, RFC 4559 4-5, RFC 7617 2, RFC 7616 3.3, RFC 7804 5, MS-NTHT 2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import NO_SECRET, TOKEN_LIMIT, Exchange
from dissectors.carriers.http_auth import (
    GSS_SCHEMES,
    Challenge,
    basic_user,
    decode_cut_token68,
    decode_token68,
    digest_user,
    holds_secret,
)
from dissectors.recognise import NTLM_SIGNATURE
from dissectors.records import NamedTuple
from dissectors.span import Span

if TYPE_CHECKING:
    from dissectors.carriers.http_block import Field

_LATER = (b"\xa1", NTLM_SIGNATURE + b"\x03")
_STALE = re.compile(rb'\bstale[ \t]*=[ \t]*"?true', re.IGNORECASE)
_DATA = re.compile(rb"\bdata[ \t]*=", re.IGNORECASE)


class Offer(NamedTuple):
    """A challenge with its field, for it names the family and the frames."""

    field: Field
    challenge: Challenge


def token_of(said: Challenge, field: Field, anomalies: list[Anomaly]) -> bytes | None:
    """Give the token of a challenge or of credentials; None if there is none that can be read."""
    text = said.token68 or b""
    if field.cut is not None:
        anomalies.append(about(field, field.cut, "the end of the token is lost"))
        return decode_cut_token68(text) or None
    token = decode_token68(text)
    if token is None or said.parameters:
        anomalies.append(about(field, "bad-base64", f"{len(text)} characters"))
        return None
    if not token:
        anomalies.append(about(field, "empty-token", f"{said.scheme} without a token"))
    elif len(token) > TOKEN_LIMIT:
        anomalies.append(about(field, "limit-token-size", f"{len(token)} bytes"))
        return token[:TOKEN_LIMIT]
    return token


def is_later_token(token: bytes | None) -> bool:
    """Tell by its first bytes that a token cannot begin an exchange: NegTokenResp, AUTHENTICATE."""
    return token is not None and token.startswith(_LATER)


def plain_logon(
    exchange: Exchange, sent: Challenge, field: Field, anomalies: list[Anomaly]
) -> None:
    """Note whose logon it is where the scheme knows no token."""
    name = sent.scheme.lower()
    goes_on = exchange.mechanism is not None
    exchange.mechanism = "scram" if name.startswith("scram-") else name
    if not goes_on or exchange.mechanism_detail == NO_SECRET:
        none = field.cut is None and holds_secret(sent) is False
        exchange.mechanism_detail = NO_SECRET if none else None
    if field.cut is not None:
        anomalies.append(about(field, field.cut, "the end of the credentials is lost"))
    elif name == "basic":
        named = basic_user(sent.token68 or b"")
        if named is None:
            anomalies.append(about(field, "bad-base64", "Basic credentials"))
        else:
            exchange.user, exchange.domain = named
    elif name == "digest":
        exchange.user = digest_user(sent.parameters)


def is_token(offer: Offer) -> bool:
    """Tell whether a challenge carries a security token."""
    return bool(offer.challenge.token68) and offer.challenge.scheme in GSS_SCHEMES


def may_go_on(scheme: str) -> bool:
    """Tell whether a scheme can take more than one request, as Basic cannot (RFC 7617 2)."""
    return scheme in GSS_SCHEMES or scheme == "Digest" or scheme.startswith("SCRAM-")


def goes_on(offer: Offer) -> bool:
    """Tell whether a challenge continues its exchange: with a token, or as its scheme has it."""
    scheme = offer.challenge.scheme
    if scheme == "Digest":  # RFC 7616 3.3: only the nonce was too old
        return _STALE.search(offer.field.value) is not None
    if scheme.startswith("SCRAM-"):
        return _DATA.search(offer.field.value) is not None  # RFC 7804 5
    return is_token(offer)


def about(field: Field, code: str, detail: str) -> Anomaly:
    """Make an anomaly about a field's value, by its place in the stream."""
    return Anomaly(code, Span(field.start, field.start + len(field.value)), detail)
