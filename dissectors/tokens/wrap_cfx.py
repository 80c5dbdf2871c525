"""Per-message tokens of the newer Kerberos mechanism: GSS_Wrap and GSS_GetMIC after RFC 4121.

    MIC   04 04  Flags  ff ff ff ff ff  SND_SEQ(8)  SGN_CKSUM
    Wrap  05 04  Flags  ff  EC(2)  RRC(2)  SND_SEQ(8)  data

The data of an unsealed Wrap is the plaintext and its checksum of EC octets, then turned to the right
by RRC octets: Windows turns it by EC, which brings the checksum to the front.

Spec: RFC 4121 4.2.2-4.2.6.
Not handled: what is inside a sealed Wrap; keys would be needed.
"""

from __future__ import annotations

import struct

from dissectors.span import Span
from dissectors.tokens.message_parts import (
    Finding,
    open_tree,
    put,
    short,
    show_big,
    show_octets,
)
from dissectors.tokens.model import MicToken, WrapToken
from dissectors.tokens.ntlm_amount import counted_bytes
from dissectors.tokens.recorder import Recorder

HEADER = 16
LONGEST_READ = 65_535
"""Bytes of a token whose data is turned back: a longer one may have been cut by its carrier."""

SENT_BY_ACCEPTOR = 0x01
SEALED = 0x02
_FLAGS = {SENT_BY_ACCEPTOR: "SentByAcceptor", SEALED: "Sealed", 0x04: "AcceptorSubkey"}
_RESERVED = 0xF8
_FILLER = 0xFF

_WRAP_HEADER = struct.Struct(">2xBBHHQ")  # Flags, filler, EC, RRC, SND_SEQ


def decode_cfx_mic(
    data: bytes, at: int, recorder: Recorder | None
) -> tuple[MicToken, list[Finding]]:
    """Decode the MIC token at `at`."""
    findings = short(data, at, HEADER)
    flags, sequence = _header(data, at)
    if data[at + 3 : at + 8].strip(b"\xff"):
        findings.append(("bad-value", at + 3, min(at + 8, len(data)), "filler is not ff"))
    if recorder is not None:
        tree = open_tree(recorder, "MIC", data, at)
        _record_flags(tree, flags, at + 2)
        put(tree, data, "Filler", at + 3, at + 8, show_octets)
        put(tree, data, "SND_SEQ", at + 8, at + HEADER, show_big)
        put(tree, data, "SGN_CKSUM", at + HEADER, max(len(data), at + HEADER))
    from_acceptor = None if flags is None else bool(flags & SENT_BY_ACCEPTOR)
    token = MicToken(raw=data, flags=flags, from_acceptor=from_acceptor, sequence=sequence)
    return token, findings


def decode_cfx_wrap(
    data: bytes, at: int, recorder: Recorder | None
) -> tuple[WrapToken, list[Finding]]:
    """Decode the Wrap token at `at`."""
    if len(data) >= at + HEADER:
        findings: list[Finding] = []
        flags, filler, ec, rrc, sequence = _WRAP_HEADER.unpack_from(data, at)
        size = len(data) - at - HEADER
        if ec > size:
            detail = f"EC of {ec} in {size} bytes of data"
            findings.append(("bad-length", at + 4, at + 6, detail))
    else:
        findings = short(data, at, HEADER)
        flags, filler, ec, rrc, sequence = _cut_header(data, at)
    if filler not in (_FILLER, None):
        findings.append(("bad-value", at + 3, at + 4, "filler is not ff"))
    token = WrapToken(
        raw=data,
        sealed=None if flags is None else bool(flags & SEALED),
        from_acceptor=None if flags is None else bool(flags & SENT_BY_ACCEPTOR),
        sequence=sequence,
        flags=flags,
        ec=ec,
        rrc=rrc,
    )
    if recorder is not None:
        tree = open_tree(recorder, "Wrap", data, at)
        _record_flags(tree, flags, at + 2)
        put(tree, data, "Filler", at + 3, at + 4, show_octets)
        put(tree, data, "EC", at + 4, at + 6, show_big)
        put(tree, data, "RRC", at + 6, at + 8, show_big)
        put(tree, data, "SND_SEQ", at + 8, at + HEADER, show_big)
        _record_data(tree, token, at)
    return token, findings


def plaintext_cfx(data: bytes, at: int = 0) -> tuple[Span, ...] | None:
    """Where the plaintext of the unsealed Wrap token at `at` lies; None if nobody knows."""
    parts = _turned_back(data, at)
    return None if parts is None else parts[0]


def _cut_header(data: bytes, at: int) -> tuple[int | None, ...]:
    """What is there of the elements of a Wrap token's header, each None if it is not."""
    return (
        data[at + 2] if len(data) > at + 2 else None,
        data[at + 3] if len(data) > at + 3 else None,
        int.from_bytes(data[at + 4 : at + 6]) if len(data) >= at + 6 else None,
        int.from_bytes(data[at + 6 : at + 8]) if len(data) >= at + 8 else None,
        None,
    )


def _header(data: bytes, at: int) -> tuple[int | None, int | None]:
    """Flags and SND_SEQ of a MIC, each None if it is not there."""
    flags = data[at + 2] if len(data) > at + 2 else None
    whole = len(data) >= at + HEADER
    return flags, int.from_bytes(data[at + 8 : at + HEADER]) if whole else None


def _turned_back(data: bytes, at: int) -> tuple[tuple[Span, ...], tuple[Span, ...]] | None:
    """Where plaintext and checksum lie, in one or two pieces each, in their own order."""
    start = at + HEADER
    size = len(data) - start
    ec = int.from_bytes(data[at + 4 : at + 6])
    if ec > size or len(data) > LONGEST_READ:
        return None
    turn = int.from_bytes(data[at + 6 : at + 8]) % size if size else 0
    return (
        _pieces(start, size, turn, 0, size - ec),
        _pieces(start, size, turn, size - ec, size),
    )


def _pieces(start: int, size: int, turn: int, first: int, last: int) -> tuple[Span, ...]:
    """Where the octets `[first, last)` lie after a turn to the right."""
    length = last - first
    if not length:
        return ()
    place = (first + turn) % size
    if place + length <= size:
        return (Span(start + place, start + place + length),)
    rest = place + length - size
    return Span(start + place, start + size), Span(start, start + rest)


# -- the tree --------------------------------------------------------------------------------------


def _record_flags(tree: Recorder, flags: int | None, at: int) -> None:
    """Write the flags, and each bit of them."""
    if flags is None:
        return
    names = ", ".join(name for bit, name in _FLAGS.items() if flags & bit) or "none"
    tree.add("Flags", at, at + 1, flags, f"0x{flags:02x} ({names})")
    bits = tree.below("Flags")
    for bit, name in _FLAGS.items():
        bits.add(name, at, at + 1, bool(flags & bit), "set" if flags & bit else "not set")
    if flags & _RESERVED:
        bits.add("reserved", at, at + 1, flags & _RESERVED, f"0x{flags & _RESERVED:02x}")


def _record_data(tree: Recorder, token: WrapToken, at: int) -> None:
    """Write plaintext and checksum as they lie, or what cannot be told apart."""
    data = token.raw
    turned_back = _turned_back(data, at) if token.sealed is False else None
    if turned_back is None:
        name = "ciphertext" if token.sealed else "data"
        put(tree, data, name, at + HEADER, max(len(data), at + HEADER))
        return
    plain, checksum = turned_back
    parts = [("plaintext", *each) for each in _numbered(plain)]
    parts += [("checksum", *each) for each in _numbered(checksum)]
    for name, span, text in sorted(parts, key=lambda part: part[1]):
        tree.add(name, span.start, span.end, None, text, secret=True)


def _numbered(pieces: tuple[Span, ...]) -> list[tuple[Span, str]]:
    """Each piece and its text; of two, which part of the whole it is."""
    texts = [f"{counted_bytes(piece.length)}, not shown" for piece in pieces]
    if len(pieces) > 1:
        texts = [f"{text} (part {part} of 2)" for part, text in enumerate(texts, 1)]
    return list(zip(pieces, texts, strict=True))
