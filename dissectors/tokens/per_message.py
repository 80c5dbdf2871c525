"""Per-message tokens: GSS_Wrap and GSS_GetMIC of Kerberos, signatures of NTLM, by their first octets.

Spec: RFC 4121 4.2.6 (CFX), RFC 1964 1.2, MS-NLMP 2.2.2.9 (signature).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.anomaly import Anomaly
from dissectors.recognise import content_offset
from dissectors.span import Field, Span
from dissectors.tokens.message_parts import Finding
from dissectors.tokens.model import OpaqueToken, Token, WrapToken
from dissectors.tokens.ntlm_signature import decode_ntlm_signature
from dissectors.tokens.recorder import Recorder
from dissectors.tokens.wrap_1964 import decode_1964_mic, decode_1964_wrap, plaintext_1964
from dissectors.tokens.wrap_cfx import decode_cfx_mic, decode_cfx_wrap, plaintext_cfx

if TYPE_CHECKING:
    from collections.abc import Callable

_INDEFINITE = 0x80


def decode_per_message(
    data: bytes, fields: list[Field] | None = None, base: int = 0, path: str = ""
) -> Token:
    """Decode a token that starts with its token id or with the GSS-API frame of RFC 1964.

    With `fields`, its tree is written there, shifted by `base` and below `path`; the frame is left to
    the caller.
    """
    at = _after_frame(data)
    decode = _DECODERS.get(data[at : at + 2])
    if decode is None:
        findings: list[Finding] = [("unknown-value", at, min(at + 2, len(data)), "no token id")]
        token: Token = OpaqueToken(raw=data)
    else:
        recorder = None if fields is None else Recorder(fields, base, path)
        token, findings = decode(data, at, recorder)
    if findings:
        token.anomalies = tuple(
            Anomaly(code, Span(base + start, base + stop), detail)
            for code, start, stop, detail in findings
        )
    return token


def payload_spans(token: WrapToken) -> tuple[Span, ...] | None:
    """Where in `raw` the plaintext of an unsealed token lies, in its own order; None if unreadable."""
    if token.sealed is not False:
        return None
    at = _after_frame(token.raw)
    if token.ec is not None:
        return plaintext_cfx(token.raw, at)
    return plaintext_1964(token.raw[: _frame_end(token.raw)], at)


def _after_frame(data: bytes) -> int:
    """Where the token id stands: behind tag, length and thisMech, if the token has them."""
    if data[:1] != b"\x60":
        return 0
    at = content_offset(data, 1)
    if at is None or data[at : at + 1] != b"\x06" or at + 1 >= len(data):
        return len(data)
    return min(at + 2 + data[at + 1], len(data))


def _frame_end(data: bytes) -> int:
    """Where the frame ends, or the token if it has none or is cut."""
    start = content_offset(data, 1) if data[:1] == b"\x60" else None
    if start is None or data[1] == _INDEFINITE:
        return len(data)
    length = data[1] if data[1] < _INDEFINITE else int.from_bytes(data[2:start])
    return min(start + length, len(data))


_DECODERS: dict[bytes, Callable[[bytes, int, Recorder | None], tuple[Token, list[Finding]]]] = {
    b"\x04\x04": decode_cfx_mic,
    b"\x05\x04": decode_cfx_wrap,
    b"\x01\x01": decode_1964_mic,
    b"\x01\x02": decode_1964_mic,
    b"\x02\x01": decode_1964_wrap,
    b"\x01\x00": decode_ntlm_signature,
}
