"""Vectorised tests of the first bytes of payloads: which may start a message that some carrier reads.

A head is the first eight bytes as a number, with zeros behind them where there are fewer. What passes a
test is looked at by the carriers themselves; what does not pass is none of theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.strangers import Strangers
from analyzer.signature import NEG_STATE, QUICK, find_signature
from dissectors.carriers import HTTP_TOKEN
from dissectors.carriers.carrier_search import (
    HEAD,
    PROBED_SEGMENTS,
    TELLING,
    announces_itself,
    carrier_of,
)
from dissectors.carriers.kdc_message import SIDES, starts_so

Heads = NDArray[np.uint64]
Marks = NDArray[np.bool_]

_LDAP, _NETBIOS_REQUEST = 0x30, 0x81
_NETBIOS_CONTROLS = (0x8200_0000, 0x8300_0001, 0x8400_0006, 0x8500_0000)  # type, flags, length
_SPACE = 0x20
_SEQUENCE = 0x30

_OTHERS = np.zeros(256, np.bool_)  # first bytes by which LDAP, KDCs and NetBIOS may be told
_OTHERS[[0, _LDAP, _NETBIOS_REQUEST, 0x82, 0x83, 0x84, 0x85, *SIDES]] = True
_METHOD = np.zeros(256, np.bool_)
_METHOD[list(HTTP_TOKEN)] = True
_PAIRS = np.zeros((256, 256), np.bool_)
_PAIRS[_OTHERS] = True
_PAIRS[np.ix_(_METHOD, _METHOD)] = True
_PAIRS[_METHOD, _SPACE] = True
_STARTS = _PAIRS.ravel()  # first two bytes that may start any message
_FIRSTS = {each[0] for each in (*QUICK, NEG_STATE)}
_SIGNATURE = bytes(byte in _FIRSTS for byte in range(256))
_SIGNATURES = np.zeros(1 << 16, np.bool_)
_SIGNATURES[[int.from_bytes(each[:2]) for each in (*QUICK, NEG_STATE)]] = True
_KDC = np.zeros(256, np.bool_)
_KDC[list(SIDES)] = True


def looks_like_carrier(heads: Heads) -> Marks:
    """Mark the heads that start a message of a carrier that announces itself (SMB, HTTP)."""
    low = (heads & np.uint64(0xFFFF_FFFF)).astype(np.uint32)
    high = (heads >> np.uint64(32)).astype(np.uint32)
    smb = ((low & np.uint32(0x00FF_FFFF)) == 0x534D42) & ((low >> np.uint32(24)) >= 0xFC)
    smb &= (high >> np.uint32(24)) == 0
    http = high == np.uint32(0x48545450)
    return np.asarray(smb | http, dtype=np.bool_)


def looks_like_datagram(heads: Heads) -> Marks:
    """Mark the heads that may start an LDAP message, or a KDC's."""
    first = (heads >> np.uint64(56)).astype(np.uint8)
    marks = first == _LDAP
    maybe = np.flatnonzero(_KDC[first])
    if maybe.size:
        _mark_kdc(heads, maybe, marks)
    return np.asarray(marks, dtype=np.bool_)


def _mark_kdc(heads: Heads, maybe: NDArray[np.intp], marks: Marks) -> None:
    """Mark those of the rows `maybe`, which have the tag of such a message, that a KDC's may begin with."""
    found = heads[maybe]
    length = (found >> np.uint64(48)) & np.uint64(0xFF)
    more = np.where(length > 0x7F, length & np.uint64(0x7F), np.uint64(0))  # octets of it
    shift = np.uint64(40) - np.uint64(8) * np.minimum(more, np.uint64(5))
    follows = (found >> shift) & np.uint64(0xFF)
    for at in maybe[follows == np.uint64(_SEQUENCE)].tolist():
        marks[at] = starts_so(int(heads[at]).to_bytes(8, "big"))


def may_begin_message(heads: Heads) -> Marks:
    """Mark the heads that may start a message of any carrier over TCP, or announce one."""
    marks = _STARTS[(heads >> np.uint64(48)).view(np.int64)]
    some = np.flatnonzero(marks)
    if some.size:
        heads = heads[some]
        octets = heads.astype(">u8").view(np.uint8).reshape(-1, 8)
        found = _may_be_http(octets)
        found |= looks_like_carrier(heads)
        maybe = np.flatnonzero(_OTHERS[octets[:, 0]])
        if maybe.size:
            found[maybe] |= _may_be_other(heads[maybe], octets[maybe])
        marks[some] = found
    return marks


def _may_be_http(octets: NDArray[np.uint8]) -> Marks:
    """A method goes up to a space or to the end; what follows the space is no control character."""
    marks = _METHOD[octets[:, 0]]
    maybe = np.flatnonzero(marks)
    if not maybe.size:
        return marks
    found = octets[maybe]
    within = _METHOD[found]
    goes_on = within.all(axis=1)
    stop = np.argmin(within, axis=1)  # the first byte that is no method's
    rows = np.arange(len(maybe))
    spaced = found[rows, stop] == _SPACE
    spaced &= found[rows, np.minimum(stop + 1, 7)] >= _SPACE
    marks[maybe] = goes_on | spaced
    return marks


def _may_be_other(heads: Heads, octets: NDArray[np.uint8]) -> Marks:
    first = octets[:, 0]
    marks = (first == _LDAP) & _may_be_ldap(octets)
    marks |= (first == 0) & _KDC[octets[:, 4]]  # over TCP the length comes first
    marks |= (first == _NETBIOS_REQUEST) & (octets[:, 4] == _SPACE)
    high = heads >> np.uint64(32)
    for control in _NETBIOS_CONTROLS:
        marks |= high == np.uint64(control)
    maybe = np.flatnonzero(_KDC[first])
    if maybe.size:
        _mark_kdc(heads, maybe, marks)
    return np.asarray(marks, dtype=np.bool_)


def _may_be_ldap(octets: NDArray[np.uint8]) -> Marks:
    """After the length comes an INTEGER of at most four octets."""
    length = octets[:, 1]
    at = np.where(length > 0x7F, 2 + (length & 0x7F), 2)
    known = at <= 6
    at, rows = np.minimum(at, 6), np.arange(len(octets))
    digits = octets[rows, at + 1]
    return np.asarray(known & (octets[rows, at] == 2) & (digits > 0) & (digits < 5), dtype=np.bool_)


def may_show_token(text: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Places in a text, if any, near which a token's signature may lie: all two-byte beginnings of one."""
    first = np.frombuffer(text[:-1].tobytes().translate(_SIGNATURE), np.bool_)
    some = np.flatnonzero(first)
    pairs = text[some].astype(np.uint16) << np.uint16(8) | text[some + 1]
    shown: NDArray[np.intp] = some[_SIGNATURES[pairs]]
    return shown


def _begins(data: bytes) -> bool:
    return announces_itself(data) or carrier_of(data) is not None


def _shows(data: bytes) -> bool:
    return find_signature(data) >= 0


STRANGERS = Strangers(
    may_begin_message, _begins, may_show_token, _shows, PROBED_SEGMENTS, TELLING, 2 * HEAD
)
"""Streams that no carrier reads, and that show no token before that is certain."""
