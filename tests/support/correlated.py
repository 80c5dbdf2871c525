"""Finished negotiations and KDC exchanges made by hand: what the joins see once a capture is read."""

from __future__ import annotations

from typing import Any

from analyzer.capture.model import Stream
from analyzer.correlation import correlate
from analyzer.negotiation.model import KeyFrames, Negotiation, NtlmServer, Reason, Ticket
from analyzer.negotiation.site import site_of
from analyzer.surroundings.model import KdcExchange, Surroundings
from dissectors.carriers.base import Exchange
from dissectors.codes.krb_error import krb_error_name
from dissectors.status import Status

SECOND = 1_000_000_000
CLIENT, SERVER, KDC = "10.0.0.20", "10.0.0.2", "10.0.0.1"
DOMAIN_MEMBER = NtlmServer(3, "LAB", "domain", "WEB", "LAB", "web.lab.example", "lab.example")


def stream(client: str = CLIENT, server: str = SERVER, port: int = 80) -> Stream:
    """A connection of its own."""
    return Stream(0, "tcp", client, 50_000, server, port, 1, 0, "syn")


def ntlm(at: float = 100, frame: int = 100, **facts: Any) -> Negotiation:
    """An NTLM logon over HTTP at second `at` that succeeded, of three messages from `frame` on."""
    return _negotiation(at, frame, {"mechanism": "ntlm", "mechanism_detail": "ntlmv2", **facts})


def kerberos(
    at: float = 100, frame: int = 100, *, ticket_id: bytes | None = None, **facts: Any
) -> Negotiation:
    """A Kerberos logon over HTTP with a ticket for HTTP/web.lab.example."""
    ticket = Ticket(frame, "LAB.EXAMPLE", "HTTP/web.lab.example", 18, 2, 18, (), 300, ticket_id)
    given: dict[str, Any] = {
        "mechanism": "kerberos",
        "spn": "HTTP/web.lab.example",
        "offered_mechs": ["kerberos"],
        "ticket": ticket,
    }
    return _negotiation(at, frame, given | facts)


def _negotiation(at: float, frame: int, facts: dict[str, Any]) -> Negotiation:
    carrier = facts.pop("carrier", "http")
    connection = facts.pop("stream", None) or stream()
    made = Negotiation(connection, Exchange(carrier), carrier)
    made.frames = (frame, frame + 1, frame + 2)
    made.started_ns, made.ended_ns = int(at * SECOND), int(at * SECOND) + SECOND // 10
    made.key_frames = KeyFrames(None, frame, frame + 1, frame + 2)
    made.outcome, made.outcome_source = "success", "carrier"
    made.wrapper = "spnego"
    made.neg_states = []
    made.offered_mechs = ["ntlm"]
    made.server_name = "web.lab.example"
    for name, value in facts.items():
        setattr(made, name, value)
    made.site = site_of(carrier, made.server_name, {}, connection)
    return made


def refused(made: Negotiation, code: str = "bad_credentials") -> Negotiation:
    """The same, refused with HTTP 401."""
    made.outcome = "failure"
    made.status = Status("failure", 401, "401", "http")
    made.reason = Reason(code, code, (made.last_frame,), "likely")
    return made


def asked(at: float, sname: str, error: int | None = None, **facts: Any) -> KdcExchange:
    """A TGS exchange at second `at`, in frames 10 and 11; granted unless it has an error."""
    made = KdcExchange(stream(CLIENT, KDC, 88), "udp", CLIENT, 50_001, KDC, 88)
    made.frame_request, made.frame_reply = 10, 11
    made.ts_ns, made.reply_ts_ns = int(at * SECOND), int(at * SECOND) + 1
    made.exchange, made.sname, made.realm = "TGS", sname, "LAB.EXAMPLE"
    made.error_code = error
    made.error = krb_error_name(error) if error is not None else None
    if error is None:
        made.ticket_sname, made.ticket_realm = sname, "LAB.EXAMPLE"
        made.ticket_etype, made.ticket_kvno = 18, 2
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def joined(*made: Negotiation, **surroundings: Any) -> tuple[Negotiation, ...]:
    """The negotiations, numbered and joined with what surrounds them."""
    for number, negotiation in enumerate(made, 1):
        negotiation.negotiation_id = number
    correlate(list(made), Surroundings(**surroundings))
    return made


def reason_of(made: Negotiation, **surroundings: Any) -> Reason:
    """The reason of one negotiation once it is joined."""
    (negotiation,) = joined(made, **surroundings)
    assert negotiation.reason is not None
    return negotiation.reason
