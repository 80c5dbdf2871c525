"""The security layer of SASL's GSSAPI mechanism: four octets and a name inside a Wrap token.

    layers(1)  maximum message size(3)  [authorization identity, of the client]

The server offers layers as a mask, the client chooses one of them. No octet says that a Wrap token
holds this: only the carrier knows. Unsealed tokens alone can be read.

Spec: RFC 4752 3.1-3.3.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.span import Field, Span
from dissectors.tokens.model import SaslLayer, WrapToken
from dissectors.tokens.recorder import Recorder

LAYERS = {1: "none", 2: "integrity", 4: "confidentiality"}

_OCTETS = 4
_KNOWN = 0x07
_PLAINTEXT = "plaintext"

Part = tuple[str, int, int, object, str]
"""Name, `[first, last)` of the plaintext, value and text."""


def read_sasl_layer(token: WrapToken) -> None:
    """Set what an unsealed token says about the security layer; add what is odd about it."""
    payload = token.payload
    if payload is None:
        return
    anomalies = []
    if len(payload) < _OCTETS:
        anomalies.append(_odd(token, 0, len(payload), "truncated", "a SASL layer has 4 octets"))
    else:
        mask = payload[0]
        authzid = payload[_OCTETS:]
        token.sasl_layer = SaslLayer(
            layers=layer_names(mask),
            max_size=int.from_bytes(payload[1:_OCTETS]),
            authzid=authzid.decode("utf-8", "backslashreplace") if authzid else None,
        )
        if not mask & _KNOWN or mask & ~_KNOWN:
            detail = f"SASL layers 0x{mask:02x}"
            anomalies.append(_odd(token, 0, 1, "unknown-value", detail))
        elif token.from_acceptor is False and mask.bit_count() > 1:
            anomalies.append(_odd(token, 0, 1, "bad-value", "a client chooses one SASL layer"))
        if authzid and not _is_utf_8(authzid):
            anomalies.append(_odd(token, _OCTETS, len(payload), "bad-text", "authorization id"))
    token.anomalies += tuple(anomalies)


def layer_names(mask: int) -> tuple[str, ...]:
    """Names of the layers in a mask; other bits keep their number."""
    return tuple(LAYERS.get(1 << bit, f"bit({bit})") for bit in range(8) if mask >> bit & 1)


def with_sasl_layer(fields: list[Field], token: WrapToken) -> list[Field]:
    """Fields of a Wrap token with those of the layer below its plaintext, however that is cut up."""
    payload = token.payload or b""
    parts: list[Part] = []
    if len(payload) >= _OCTETS:
        mask, size = payload[0], int.from_bytes(payload[1:_OCTETS])
        names = ", ".join(layer_names(mask)) or "no layer"
        parts.append(("layers", 0, 1, mask, f"0x{mask:02x} ({names})"))
        parts.append(("max-size", 1, _OCTETS, size, str(size)))
        authzid = payload[_OCTETS:].decode("utf-8", "backslashreplace")
        if authzid:
            parts.append(("authzid", _OCTETS, len(payload), authzid, authzid))
    firsts = {}  # where in the plaintext each piece of it begins
    first = 0
    for span in token.payload_spans or ():
        firsts[span] = first
        first += span.length
    shown: list[Field] = []
    for field in fields:
        if field.span not in firsts or field.name != _PLAINTEXT or not parts:
            shown.append(field)
            continue
        shown.append(field._replace(text=f"{field.span.length} bytes", secret=False))
        first = firsts[field.span]
        tree = Recorder(shown, field.span.start - first, field.path)
        for name, start, stop, value, text in parts:
            start, stop = max(start, first), min(stop, first + field.span.length)
            if start < stop:
                tree.add(name, start, stop, value, text)
    return shown


def _odd(token: WrapToken, first: int, last: int, code: str, detail: str) -> Anomaly:
    """Anomaly about octets of the plaintext; if they lie in two pieces, about all the data."""
    spans = token.payload_spans or ()
    if len(spans) == 1:
        return Anomaly(code, Span(spans[0].start + first, spans[0].start + last), detail)
    start = min((span.start for span in spans), default=0)
    return Anomaly(code, Span(start, max((span.end for span in spans), default=start)), detail)


def _is_utf_8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True
