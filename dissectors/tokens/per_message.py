"""Per-message tokens: GSS_Wrap and GSS_GetMIC of Kerberos, signatures of NTLM.

Spec: RFC 4121 4.2.6 (CFX), RFC 1964 1.2, RFC 4757 7.2-7.3 (RC4), MS-NLMP 2.2.2.9 (signature).
Not handled: the context-deletion token of RFC 1964 1.2.3, which nobody sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dissectors.anomaly import Anomaly
from dissectors.recognise import content_offset
from dissectors.span import Field, Span
from dissectors.tokens.model import MicToken, OpaqueToken, Token, WrapToken
from dissectors.tokens.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

_SENT_BY_ACCEPTOR = 0x01
_SEALED = 0x02
_CFX_FLAGS = {_SENT_BY_ACCEPTOR: "SentByAcceptor", _SEALED: "Sealed", 0x04: "AcceptorSubkey"}

_SGN_ALG = {
    0x0000: "DES MAC MD5",
    0x0001: "MD2.5",
    0x0002: "DES MAC",
    0x0004: "HMAC SHA1 DES3-KD",
    0x0011: "HMAC MD5 ARCFOUR",
}
_NO_SEAL = 0xFFFF
_SEAL_ALG = {0x0000: "DES", 0x0002: "DES3-KD", 0x0010: "ARCFOUR", _NO_SEAL: "none"}

_CFX_HEADER = 16
_RFC_1964_HEADER = 24  # SGN_CKSUM of 8 octets included: DES3 alone has 20
_SIGNATURE = 16

Finding = tuple[str, int, int, str]
"""Code of an anomaly, `[start, stop)` and detail."""


def decode_per_message(
    data: bytes, fields: list[Field] | None = None, base: int = 0, path: str = ""
) -> Token:
    """Decode a token that starts with its token id or with the GSS-API frame of RFC 1964.

    With `fields`, its tree is written there, shifted by `base` and below `path`.
    """
    at = _after_frame(data)
    decode = _DECODERS.get(data[at : at + 2])
    if decode is None:
        findings: list[Finding] = [("unknown-value", at, min(at + 2, len(data)), "no token id")]
        token: Token = OpaqueToken(raw=data)
    else:
        recorder = None if fields is None else Recorder(fields, base, path)
        token, findings = decode(data, at, recorder)
    token.anomalies = tuple(
        Anomaly(code, Span(base + start, base + stop), detail)
        for code, start, stop, detail in findings
    )
    return token


def _after_frame(data: bytes) -> int:
    """Where the token id stands: behind tag, length and thisMech, if the token has them."""
    if data[:1] != b"\x60":
        return 0
    at = content_offset(data, 1)
    if at is None or data[at : at + 1] != b"\x06" or at + 1 >= len(data):
        return len(data)
    return min(at + 2 + data[at + 1], len(data))


# -- RFC 4121 -------------------------------------------------------------------------------------


def _cfx_mic(data: bytes, at: int, recorder: Recorder | None) -> tuple[Token, list[Finding]]:
    findings = _short(data, at, _CFX_HEADER)
    flags, sequence = _cfx_header(data, at)
    if data[at + 3 : at + 8].strip(b"\xff"):
        findings.append(("bad-value", at + 3, min(at + 8, len(data)), "filler is not ff"))
    if recorder is not None:
        tree = _open(recorder, "MIC", data, at)
        _record_cfx_flags(tree, flags, at)
        _record_sequence(tree, sequence, at + 8)
        _hide(tree, "SGN_CKSUM", data, at + _CFX_HEADER, len(data))
    token = MicToken(raw=data, from_acceptor=_bit(flags, _SENT_BY_ACCEPTOR), sequence=sequence)
    return token, findings


def _cfx_wrap(data: bytes, at: int, recorder: Recorder | None) -> tuple[Token, list[Finding]]:
    findings = _short(data, at, _CFX_HEADER)
    flags, sequence = _cfx_header(data, at)
    if data[at + 3 : at + 4].strip(b"\xff"):
        findings.append(("bad-value", at + 3, at + 4, "filler is not ff"))
    if recorder is not None:
        tree = _open(recorder, "Wrap", data, at)
        _record_cfx_flags(tree, flags, at)
        for name, start in (("EC", at + 4), ("RRC", at + 6)):
            if start + 2 <= len(data):
                tree.add(name, start, start + 2, int.from_bytes(data[start : start + 2]))
        _record_sequence(tree, sequence, at + 8)
        _hide(tree, "data", data, at + _CFX_HEADER, len(data))
    token = WrapToken(
        raw=data,
        sealed=_bit(flags, _SEALED),
        from_acceptor=_bit(flags, _SENT_BY_ACCEPTOR),
        sequence=sequence,
    )
    return token, findings


def _cfx_header(data: bytes, at: int) -> tuple[int | None, int | None]:
    """Flags and SND_SEQ, each None if it is not there."""
    flags = data[at + 2] if len(data) > at + 2 else None
    whole = len(data) >= at + _CFX_HEADER
    return flags, int.from_bytes(data[at + 8 : at + 16]) if whole else None


def _bit(flags: int | None, bit: int) -> bool | None:
    return None if flags is None else bool(flags & bit)


# -- RFC 1964 -------------------------------------------------------------------------------------


def _rfc_1964_mic(data: bytes, at: int, recorder: Recorder | None) -> tuple[Token, list[Finding]]:
    findings = _short(data, at, _RFC_1964_HEADER)
    if recorder is not None:
        tree = _open(recorder, "MIC", data, at)
        _record_algorithm(tree, "SGN_ALG", data, at + 2, _SGN_ALG)
        _hide(tree, "SND_SEQ", data, at + 8, at + 16)
        _hide(tree, "SGN_CKSUM", data, at + 16, len(data))
    return MicToken(raw=data), findings  # its SND_SEQ, which names the sender, is encrypted


def _rfc_1964_wrap(data: bytes, at: int, recorder: Recorder | None) -> tuple[Token, list[Finding]]:
    findings = _short(data, at, _RFC_1964_HEADER)
    if recorder is not None:
        tree = _open(recorder, "Wrap", data, at)
        _record_algorithm(tree, "SGN_ALG", data, at + 2, _SGN_ALG)
        _record_algorithm(tree, "SEAL_ALG", data, at + 4, _SEAL_ALG)
        _hide(tree, "SND_SEQ", data, at + 8, at + 16)
        _hide(tree, "SGN_CKSUM and data", data, at + 16, len(data))
    seal_alg = data[at + 4 : at + 6]
    sealed = int.from_bytes(seal_alg, "little") != _NO_SEAL if len(seal_alg) == 2 else None
    return WrapToken(raw=data, sealed=sealed), findings


# -- NTLM -----------------------------------------------------------------------------------------


def _ntlm_signature(data: bytes, at: int, recorder: Recorder | None) -> tuple[Token, list[Finding]]:
    """Read a signature: alone it is a MIC, before a message (signed or sealed) it is a wrap."""
    findings = _short(data, at, _SIGNATURE)
    if data[at : at + 4] != b"\x01\x00\x00\x00"[: len(data) - at]:
        findings.append(("bad-value", at, min(at + 4, len(data)), "the version is not 1"))
    sequence = None
    # Without extended session security four zero bytes (RandomPad) come first, and SeqNum is encrypted
    if len(data) >= at + _SIGNATURE and any(data[at + 4 : at + 8]):
        sequence = int.from_bytes(data[at + 12 : at + 16], "little")
    end = at + _SIGNATURE
    name = "NTLMSSP_MESSAGE_SIGNATURE"
    if recorder is not None:
        recorder.add(name, at, min(end, len(data)), None)
        tree = recorder.below(name)
        if len(data) >= at + 4:
            tree.add("Version", at, at + 4, int.from_bytes(data[at : at + 4], "little"))
        _hide(tree, "Checksum", data, at + 4, at + 12)
        if sequence is not None:
            tree.add("SeqNum", at + 12, end, sequence)
        _hide(recorder, "Message", data, end, len(data))
    if len(data) > end:
        return WrapToken(raw=data, sequence=sequence), findings
    return MicToken(raw=data, sequence=sequence), findings


_DECODERS: dict[bytes, Callable[[bytes, int, Recorder | None], tuple[Token, list[Finding]]]] = {
    b"\x04\x04": _cfx_mic,
    b"\x05\x04": _cfx_wrap,
    b"\x01\x01": _rfc_1964_mic,
    b"\x02\x01": _rfc_1964_wrap,
    b"\x01\x00": _ntlm_signature,
}


# -- parts of all ---------------------------------------------------------------------------------


def _short(data: bytes, at: int, least: int) -> list[Finding]:
    size = len(data) - at
    return [] if size >= least else [("truncated", at, len(data), f"{size} bytes of {least}")]


def _open(recorder: Recorder, name: str, data: bytes, at: int) -> Recorder:
    recorder.add(name, at, len(data), None)
    tree = recorder.below(name)
    tree.add("TOK_ID", at, at + 2, data[at : at + 2])
    return tree


def _record_cfx_flags(tree: Recorder, flags: int | None, at: int) -> None:
    if flags is not None:
        names = ", ".join(name for bit, name in _CFX_FLAGS.items() if flags & bit) or "none"
        tree.add("Flags", at + 2, at + 3, flags, f"0x{flags:02x} ({names})")


def _record_sequence(tree: Recorder, sequence: int | None, at: int) -> None:
    if sequence is not None:
        tree.add("SND_SEQ", at, at + 8, sequence)


def _record_algorithm(
    tree: Recorder, name: str, data: bytes, at: int, names: dict[int, str]
) -> None:
    if at + 2 <= len(data):
        value = int.from_bytes(data[at : at + 2], "little")
        tree.add(name, at, at + 2, value, names.get(value) or f"unknown({value})")


def _hide(tree: Recorder, name: str, data: bytes, start: int, stop: int) -> None:
    """Record a secret as far as it is there."""
    stop = min(stop, len(data))
    if start < stop:
        tree.hide(name, start, stop)
