"""Where the tokens of nearly all binds are: behind a front that follows from the bind's size.

Every element of these binds ends where the bind does. So its size tells all lengths in front of the token,
and one comparison checks them, in either of the two ways to write them: as short as can be, or with four
octets as Active Directory and its clients do. `ldap_message` reads all other binds.

Spec: RFC 4511 4.2 and 5.1, X.690 8.1.3.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.der import header_of
from dissectors.span import Span

_VERSION = b"\x02\x01"  # one octet follows
_RESULT = b"\x0a\x01"
_AHEAD = 3  # octets of the version, of the result
_NO_NAME = b"\x04\x00"
_NO_TEXTS = b"\x04\x00\x04\x00"  # matchedDN, diagnosticMessage
_SASL, _CREDENTIALS, _SERVER_CREDENTIALS = 0xA3, 0x04, 0x87
_MECHANISMS = tuple(
    (name, bytes((0x04, len(name))) + name.encode()) for name in ("GSS-SPNEGO", "GSSAPI")
)
_FOUR_OCTETS = 0x84

_new_tuple = tuple.__new__


def find_request_token(data: bytes, at: int, stop: int) -> tuple[str, Span] | None:
    """Mechanism and place of the token of a BindRequest with the content `[at, stop)`; None if not usual."""
    if not at + 6 < stop <= len(data) or not data.startswith(_VERSION, at):
        return None
    at += _AHEAD
    for mechanism, front in _request_fronts(stop - at, data[at + 3] == _FOUR_OCTETS):
        if data.startswith(front, at):
            return mechanism, _new_tuple(Span, (at + len(front), stop))
    return None


def find_response_token(data: bytes, at: int, stop: int) -> Span | None:
    """Place of the token of a BindResponse with the content `[at, stop)`; None if not usual."""
    if not at + 8 < stop <= len(data) or not data.startswith(_RESULT, at):
        return None
    at += _AHEAD
    front = _response_front(stop - at, data[at + 5] == _FOUR_OCTETS)
    if front and data.startswith(front, at):
        return _new_tuple(Span, (at + len(front), stop))
    return None


@lru_cache(maxsize=4096)
def _request_fronts(size: int, four: bool) -> tuple[tuple[str, bytes], ...]:
    fronts = []
    for mechanism, element in _MECHANISMS:
        sasl = _header(_SASL, size - len(_NO_NAME), four)
        front = _NO_NAME + sasl + element
        credentials = _header(_CREDENTIALS, size - len(front), four)
        if sasl and credentials:
            fronts.append((mechanism, front + credentials))
    return tuple(fronts)


@lru_cache(maxsize=4096)
def _response_front(size: int, four: bool) -> bytes:
    credentials = _header(_SERVER_CREDENTIALS, size - len(_NO_TEXTS), four)
    return _NO_TEXTS + credentials if credentials else b""


def _header(tag: int, size: int, four: bool) -> bytes:
    """Tag and length of an element of `size` octets in all; b"" if there is none."""
    if not four:
        return header_of(tag, size)
    return bytes((tag, _FOUR_OCTETS)) + (size - 6).to_bytes(4) if size >= 6 else b""
