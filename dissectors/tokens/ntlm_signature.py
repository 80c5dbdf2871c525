"""Signatures of NTLM: alone they are a MIC, before a message (signed or sealed) they make a wrap.

    with extended session security     01 00 00 00  Checksum(8)               SeqNum(4)
    without                            01 00 00 00  RandomPad(4)  Checksum(4)  SeqNum(4)

Spec: MS-NLMP 2.2.2.9.1-2.2.2.9.2, 3.4.4.
Not handled: whether the message behind is sealed; only the negotiated flags tell.
"""

from __future__ import annotations

from dissectors.tokens.message_parts import Finding, put, short, show_little, show_octets
from dissectors.tokens.model import MicToken, WrapToken
from dissectors.tokens.recorder import Recorder

SIZE = 16
_NAME = "NTLMSSP_MESSAGE_SIGNATURE"
_VERSION = b"\x01\x00\x00\x00"


def decode_ntlm_signature(
    data: bytes, at: int, recorder: Recorder | None
) -> tuple[MicToken | WrapToken, list[Finding]]:
    """Decode the signature at `at`, and what follows it."""
    findings = short(data, at, SIZE)
    if data[at : at + 4] != _VERSION[: len(data) - at]:
        findings.append(("bad-value", at, min(at + 4, len(data)), "the version is not 1"))
    sequence = None
    # without extended session security RandomPad is sent as zero, and SeqNum encrypted
    padded = len(data) >= at + 8 and not any(data[at + 4 : at + 8])
    if len(data) >= at + SIZE and not padded:
        sequence = int.from_bytes(data[at + 12 : at + SIZE], "little")
    if recorder is not None:
        _record(recorder, data, at, padded=padded)
    if len(data) > at + SIZE:
        return WrapToken(raw=data, sequence=sequence), findings
    return MicToken(raw=data, sequence=sequence), findings


def _record(recorder: Recorder, data: bytes, at: int, *, padded: bool) -> None:
    end = at + SIZE
    recorder.add(_NAME, at, min(end, len(data)), None)
    tree = recorder.below(_NAME)
    put(tree, data, "Version", at, at + 4, show_little)
    if padded:
        put(tree, data, "RandomPad", at + 4, at + 8, show_octets)
        put(tree, data, "Checksum", at + 8, at + 12)
        put(tree, data, "SeqNum", at + 12, end)
    else:
        put(tree, data, "Checksum", at + 4, at + 12)
        put(tree, data, "SeqNum", at + 12, end, show_little)
    put(recorder, data, "Message", end, max(len(data), end))
