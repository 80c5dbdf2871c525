"""What the start of an HTTP/1.x message looks like: for probing, reading, and finding a border again.

Spec: RFC 9112 2.1, 3 and 4, RFC 9110 9.1, MS-RPCH 2.2.2.
"""

from __future__ import annotations

import re
from functools import lru_cache

from dissectors.carriers.base import CLIENT, SERVER

LINE_LIMIT = 16_384  # bytes of a start line
_REMEMBERED = 64  # bytes of a status line that servers send again and again
TLS = b"\x16\x03"
HTTP2_PREFACE = b"PRI * HTTP/2.0"

_METHODS = (
    rb"GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH|CONNECT|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|"
    rb"UNLOCK|SEARCH|REPORT|SUBSCRIBE|POLL|RPC_IN_DATA|RPC_OUT_DATA|BITS_POST|CCM_POST|M-POST"
)
_METHOD_NAMES = tuple(method + b" " for method in _METHODS.split(b"|"))
_METHOD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}")
_VERSION = re.compile(rb"HTTP/1\.[0-9]")
REQUEST_LINE = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([^\x00-\x20\x7f]+) (HTTP/1\.[0-9])\r?\n"
)
"""A request line as it should be, in its parts; `request_line` forgives more."""
_REQUEST = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32} [^\x00-\x20\x7f]+ HTTP/1\.[0-9]\r?\n")
_BEGUN = re.compile(
    rb"(?:%s) (?:/|\*|https?:/|[A-Za-z0-9.\-\[])[^\x00-\x20\x7f]*(?: [HTP/1.0-9]{0,8}\r?)?\Z"
    % _METHODS
)
_STATUS = re.compile(rb"HTTP/1\.[0-9] [1-5][0-9][0-9][ \r\n]")
_STATUS_LINE = re.compile(rb"(HTTP/1\.[0-9]) +([1-5][0-9][0-9])(?: ([^\r\n]*))?(?=[\r\n]|\Z)")
_BORDERS = {
    CLIENT: re.compile(rb"(?:\A|\n\r?\n)(?=%s)" % _REQUEST.pattern),
    SERVER: re.compile(rb"(?:\A|\n\r?\n)(?=%s)" % _STATUS.pattern),
}


def sender(head: bytes) -> int | None:
    """Tell which side sends a message that starts like this; None if it is no HTTP, or too short."""
    if head.startswith(b"HTTP/1."):
        return SERVER if _STATUS.match(head) else None
    if _REQUEST.match(head) or (len(head) >= 8 and _BEGUN.match(head)):
        return CLIENT  # of a request line longer than `head` a known method and a target are enough
    return None


def request_line(data: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Give method, target and version of the request line at the start; None if it is none."""
    plain = REQUEST_LINE.match(data)
    if plain is not None:
        return plain[1], plain[2], plain[3]
    end = data.find(b"\n")
    method, _, rest = (data[:end] if end >= 0 else data).rstrip().partition(b" ")
    target, _, version = rest.rpartition(b" ")
    if not _VERSION.fullmatch(version) or not _METHOD.fullmatch(method):
        return None
    target = target.strip()
    return (method, target, version) if target else None


def status_line(data: bytes) -> tuple[bytes, int, bytes] | None:
    """Give version, code and reason of the status line at the start; None if it is none."""
    end = data.find(b"\n", 0, _REMEMBERED)
    return _known_status_line(data[:end]) if end >= 0 else _read_status_line(data)


def _read_status_line(data: bytes) -> tuple[bytes, int, bytes] | None:
    match = _STATUS_LINE.match(data)
    return (match[1], int(match[2]), (match[3] or b"").strip()) if match else None


_known_status_line = lru_cache(256)(_read_status_line)


def is_start(side: int, data: bytes) -> bool:
    """Tell whether a message of `side` surely starts here."""
    return (_REQUEST if side == CLIENT else _STATUS).match(data) is not None


def find_border(side: int, data: bytes) -> int:
    """Offset of the first message that starts at the beginning or behind an empty line, or -1."""
    found = _BORDERS[side].search(data) if b"HTTP/1." in data else None
    return found.end() if found is not None else -1


def may_begin(side: int, data: bytes) -> bool:
    """Tell whether a start line may have begun that is not all there yet."""
    if side == SERVER:
        return len(data) < 16 and b"HTTP/1.".startswith(data[:7])
    if len(data) > LINE_LIMIT:
        return False
    return _BEGUN.match(data) is not None or any(name.startswith(data) for name in _METHOD_NAMES)
