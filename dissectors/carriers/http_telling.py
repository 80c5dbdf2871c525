"""How a request or a response is told: the carrier's message, and the facts that go along with it.

Spec: RFC 9110 7.1-7.2, 10.1.5, 10.2.4 and 11, RFC 9112 3.2-4.
"""

from __future__ import annotations

from typing import Any

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage, Exchange, MessageKind
from dissectors.carriers.http_auth import Challenge, name_of
from dissectors.carriers.http_block import Field
from dissectors.carriers.http_credentials import Offer
from dissectors.carriers.http_head import Message, Request
from dissectors.carriers.http_place import place_token
from dissectors.status import Status


def told(
    kind: MessageKind,
    source: Message,
    exchange: Exchange | None,
    field: Field | None,
    said: Challenge | None,
    token: bytes | None,
    anomalies: list[Anomaly],
    status: Status | None = None,
    schemes: tuple[str, ...] = (),
    context: dict[str, Any] | None = None,
) -> CarrierMessage:
    """Make the message for a leg or a hint; `said` of `field` holds its token, if there is one."""
    message = CarrierMessage(
        kind,
        CLIENT if kind == "request" else SERVER,
        exchange,
        source.frame,
        source.frames if field is None or token is None else field.frames,
        source.ts_ns,
        token,
        None,
        status,
        schemes,
        False,
        tuple(anomalies),
        {} if context is None else context,
    )
    if token and field is not None and said is not None:
        place_token(message, field, said)
    return message


def schemes_of(offers: list[Offer], family: str) -> tuple[str, ...]:
    """Names of the schemes that challenges of a family offer, each once."""
    found: list[str] = []
    for field, challenge in offers:
        if field.family == family and not field.info and challenge.scheme not in found:
            found.append(challenge.scheme)
    return tuple(found)


def asked_for(request: Request) -> dict[str, Any]:
    """What a request asked for, as an exchange's context has it."""
    uri = request.uri
    context: dict[str, Any] = {"method": name_of(request.method), "uri": uri}
    host = request.host
    if host:
        context["host"] = host
        port = request.port
        if port is not None:
            context["port"] = port
        if request.method == b"CONNECT" or "://" in uri:
            context["target"] = host
    return context


def version_of(message: Message) -> str:
    """Version of HTTP, as the start line spells it."""
    return name_of(message.version)
