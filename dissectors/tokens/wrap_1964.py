"""Per-message tokens of the older Kerberos mechanism: GSS_Wrap, GSS_GetMIC, GSS_Delete_sec_context.

    MIC     01 01  SGN_ALG(2)  ff ff ff ff             SND_SEQ(8)  SGN_CKSUM(8)
    Wrap    02 01  SGN_ALG(2)  SEAL_ALG(2)  ff ff      SND_SEQ(8)  SGN_CKSUM(8)  data
    Delete  01 02  as a MIC over nothing

data is a confounder of 8 octets, the plaintext and its padding, and all of it is sealed unless
SEAL_ALG is ff ff. SND_SEQ, which names the sender, is always encrypted. DES3 has 20 octets of checksum.

Spec: RFC 1964 1.2, RFC 4757 7.2-7.3 (RC4), RFC 2743 3.1 (the frame, which is read elsewhere).
"""

from __future__ import annotations

from dissectors.span import Span
from dissectors.tokens.message_parts import (
    NO_SEAL,
    SEAL_ALG,
    SGN_ALG,
    Finding,
    algorithm,
    open_tree,
    put,
    short,
    show_octets,
    show_seal_alg,
    show_sgn_alg,
)
from dissectors.tokens.model import DeleteContextToken, MicToken, WrapToken
from dissectors.tokens.recorder import Recorder

_CHECKSUM = 16  # where SGN_CKSUM begins
_DES3 = b"\x04\x00"
_CONFOUNDER = 8
_BLOCK = 8


def decode_1964_mic(
    data: bytes, at: int, recorder: Recorder | None
) -> tuple[MicToken, list[Finding]]:
    """Decode the MIC token at `at`, or the token that deletes a context, which is made like it."""
    end = at + _after_checksum(data, at)
    findings = short(data, at, end - at)
    delete = data[at + 1 : at + 2] == b"\x02"
    if data[at + 4 : at + 8].strip(b"\xff"):
        findings.append(("bad-value", at + 4, min(at + 8, len(data)), "filler is not ff"))
    if len(data) > end:
        findings.append(("trailing-bytes", end, len(data), "after SGN_CKSUM"))
    if recorder is not None:
        tree = open_tree(recorder, "Delete" if delete else "MIC", data, at)
        put(tree, data, "SGN_ALG", at + 2, at + 4, show_sgn_alg)
        put(tree, data, "Filler", at + 4, at + 8, show_octets)
        put(tree, data, "SND_SEQ", at + 8, at + _CHECKSUM)
        put(tree, data, "SGN_CKSUM", at + _CHECKSUM, end)
    kind = DeleteContextToken if delete else MicToken
    return kind(raw=data, sgn_alg=algorithm(data, at + 2, SGN_ALG)), findings


def decode_1964_wrap(
    data: bytes, at: int, recorder: Recorder | None
) -> tuple[WrapToken, list[Finding]]:
    """Decode the Wrap token at `at`."""
    body = at + _after_checksum(data, at)
    findings = short(data, at, body - at)
    if data[at + 6 : at + 8].strip(b"\xff"):
        findings.append(("bad-value", at + 6, min(at + 8, len(data)), "filler is not ff"))
    token = WrapToken(
        raw=data,
        sgn_alg=algorithm(data, at + 2, SGN_ALG),
        seal_alg=algorithm(data, at + 4, SEAL_ALG),
    )
    if token.seal_alg is not None:
        token.sealed = token.seal_alg != SEAL_ALG[NO_SEAL]
    if token.sealed is False and len(data) > body + _CONFOUNDER and not _padding(data, body):
        findings.append(("bad-value", len(data) - 1, len(data), "no padding"))
    if recorder is not None:
        tree = open_tree(recorder, "Wrap", data, at)
        put(tree, data, "SGN_ALG", at + 2, at + 4, show_sgn_alg)
        put(tree, data, "SEAL_ALG", at + 4, at + 6, show_seal_alg)
        put(tree, data, "Filler", at + 6, at + 8, show_octets)
        put(tree, data, "SND_SEQ", at + 8, at + _CHECKSUM)
        put(tree, data, "SGN_CKSUM", at + _CHECKSUM, body)
        _record_data(tree, token, body)
    return token, findings


def plaintext_1964(data: bytes, at: int) -> tuple[Span, ...] | None:
    """Where the plaintext of the unsealed Wrap token at `at` lies; None if it is cut before it."""
    body = at + _after_checksum(data, at)
    start = body + _CONFOUNDER
    return (Span(start, len(data) - _padding(data, body)),) if len(data) > start else None


def _padding(data: bytes, body: int) -> int:
    """Octets of padding, each of which says how many there are; 0 if there is none."""
    count = data[-1]
    room = len(data) - body - _CONFOUNDER
    sound = 1 <= count <= min(_BLOCK, room) and data[-count:] == bytes((count,)) * count
    return count if sound else 0


def _after_checksum(data: bytes, at: int) -> int:
    """Octets up to the end of SGN_CKSUM."""
    return _CHECKSUM + (20 if data[at + 2 : at + 4] == _DES3 else 8)


def _record_data(tree: Recorder, token: WrapToken, body: int) -> None:
    """Write what follows the checksum."""
    data = token.raw
    end = len(data)
    if token.sealed is not False:
        put(tree, data, "ciphertext", body, max(end, body))
        return
    put(tree, data, "Confounder", body, body + _CONFOUNDER)
    start = body + _CONFOUNDER
    if end > start:
        padding = _padding(data, body)
        put(tree, data, "plaintext", start, end - padding)
        put(tree, data, "padding", end - padding, end, show_octets)
