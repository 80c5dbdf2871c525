"""DNS, mDNS, LLMNR and NetBIOS name messages: what was asked, and what the answer section says.

All four share one format. Over TCP each has its length in front
(RFC 7766 8). Reads the question and answer sections of a message, never raises, and keeps
what it has where a message is cut, which `partial` says.

Spec: RFC 1035 4, RFC 2181 8, RFC 2782, RFC 4795 2.1, RFC 6762 18, RFC 1002 4.2.
Not handled: authority and additional sections; DNS over TLS or HTTPS.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address
from struct import Struct

from dissectors.records import NamedTuple

HEADER = 12
PREFIX = 2  # octets of length, over TCP
MESSAGES = 16  # read of one segment
IDENT = 2  # the bytes of a message that pair question and answer come first
POINTER = 0xC0
JUMPS = 16  # compression pointers followed in one name
NAME_BYTES = 255
QUESTIONS = 4
ANSWERS = 64
SHORT = 512
"""Bytes of a datagram up to which what it says is kept for the next that says the same."""

RECORDS = {1: "A", 5: "CNAME", 12: "PTR", 28: "AAAA", 32: "NB", 33: "SRV", 255: "ANY"}
"""Types that lead from a name to a host, and all at once; others print their number."""
NETBIOS_STATUS = (33, "NBSTAT")
"""What the number of SRV means in NetBIOS messages: a host is asked for all its names."""
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}

_COUNTS = Struct(">HHH").unpack_from  # flags, questions, answers
_TTL_LENGTH = Struct(">IH").unpack
_NEGATIVE = 0x8000_0000
"""Of a TTL: such a one counts as 0 (RFC 2181 8)."""
_TRUNCATED = 0x0200
"""TC: what did not fit is missing; the client asks again over TCP (RFC 2181 9, RFC 7766 5)."""
_BROADCAST = 0x0010
"""NetBIOS: the question goes to all nodes (RFC 1002 4.2.1.1, flag B)."""
_RECURSION_AVAILABLE = 0x0080
"""NetBIOS: must be 0 in answers of all but a name server (RFC 1002 4.2.1.1, flag RA)."""
_DOTTED = "%d.%d.%d.%d"
_SRV_FIXED = 6  # priority, weight, port
_NETBIOS_LENGTH = 32  # characters of an encoded NetBIOS name
_NB_ENTRY = 6  # flags, address


class Question(NamedTuple):
    """What was asked for."""

    name: str  # lower case, without the last dot
    record: str


class Answer(NamedTuple):
    """One record of the answer section that leads on."""

    name: str
    record: str
    addresses: tuple[str, ...]  # of A, AAAA, NB
    target: str | None  # of CNAME, SRV, PTR
    ttl: int = 0  # seconds for which it may be used


class DnsMessage(NamedTuple):
    """One message, without its identification: what the same says under others is read only once."""

    response: bool
    rcode: str
    questions: tuple[Question, ...]
    answers: tuple[Answer, ...]
    of_server: bool = False  # NetBIOS: a name server (WINS) is asked, or answers
    partial: bool = (
        False  # it announces more records than can be read, or says that it is truncated (TC)
    )


def messages_of_segment(data: bytes) -> list[bytes]:
    """Messages of DNS over TCP that a segment holds, from its beginning on; the last one may be cut."""
    found: list[bytes] = []
    at = 0
    for _ in range(MESSAGES):
        size = int.from_bytes(data[at : at + PREFIX], "big")
        start, at = at + PREFIX, at + PREFIX + size
        if size < HEADER or start + HEADER > len(data):
            break
        found.append(data[start:at])
    return found


def read_dns(data: bytes, *, netbios: bool = False) -> DnsMessage | None:
    """Read a datagram; None if its header cannot be that of a look-up.

    `netbios`: it is of the NetBIOS name service, which numbers its types otherwise.
    """
    if len(data) < HEADER:
        return None
    read = _read_short if len(data) <= SHORT else _read
    return read(data[IDENT:], netbios)


def _read(content: bytes, netbios: bool) -> DnsMessage | None:
    """Read what follows the identification."""
    flags, asked, answered = _COUNTS(content)
    if flags & 0x7840 or asked > QUESTIONS or not (asked or answered):
        return None  # another operation than QUERY, or a bit that must be zero
    partial = bool(flags & _TRUNCATED) or answered > ANSWERS
    data = b"\0\0" + content  # pointers count from the identification
    at = HEADER
    questions: list[Question] = []
    answers: list[Answer] = []
    try:
        for _ in range(asked):
            name, at = _name(data, at)
            questions.append(Question(name, _record(data, at, netbios)))
            at += 4
        for _ in range(min(answered, ANSWERS)):
            name, at = _name(data, at)
            ttl, length = _TTL_LENGTH(_exactly(data, at + 4, 6))
            answer = _answer(data, name, _record(data, at, netbios), at + 10, length)
            if answer is not None:
                answers.append(answer._replace(ttl=0 if ttl & _NEGATIVE else ttl))
            at += 10 + length
    except _CutError:
        if not questions and not answers:
            return None
        partial = True
    rcode = RCODES.get(flags & 0xF) or f"rcode({flags & 0xF})"
    response = flags >> 15 == 1
    of_server = bool(flags & _RECURSION_AVAILABLE) if response else not flags & _BROADCAST
    of_server &= netbios
    return DnsMessage(response, rcode, tuple(questions), tuple(answers), of_server, partial)


_read_short = lru_cache(maxsize=1024)(_read)


class _CutError(Exception):
    """The message ends too early, or a name leads nowhere."""


def _exactly(data: bytes, at: int, length: int) -> bytes:
    piece = data[at : at + length]
    if len(piece) < length:
        raise _CutError
    return piece


def _record(data: bytes, at: int, netbios: bool) -> str:
    number = int.from_bytes(_exactly(data, at, 2), "big")
    if netbios and number == NETBIOS_STATUS[0]:
        return NETBIOS_STATUS[1]
    return RECORDS.get(number) or str(number)


def _answer(data: bytes, name: str, record: str, at: int, length: int) -> Answer | None:
    value = _exactly(data, at, length)
    match record:
        case "A" if length == 4:
            return Answer(name, record, (_DOTTED % tuple(value),), None)
        case "AAAA" if length == 16:
            return Answer(name, record, (str(IPv6Address(value)),), None)
        case "NB":
            entries = range(0, length - _NB_ENTRY + 1, _NB_ENTRY)
            found = (_DOTTED % tuple(value[e + 2 : e + _NB_ENTRY]) for e in entries)
            return Answer(name, record, tuple(found), None)
        case "CNAME" | "PTR":
            return Answer(name, record, (), _name(data, at)[0])
        case "SRV" if length > _SRV_FIXED:
            return Answer(name, record, (), _name(data, at + _SRV_FIXED)[0])
    return None


def _name(data: bytes, at: int) -> tuple[str, int]:
    """The name at `at`, and where the bytes behind it begin."""
    labels: list[bytes] = []
    end = None
    used = 0
    size = len(data)
    for _ in range(JUMPS + NAME_BYTES):
        if at >= size:
            break
        length = data[at]
        if length & POINTER:
            target = int.from_bytes(data[at : at + 2], "big") & 0x3FFF
            if length < POINTER or at + 2 > size or not HEADER <= target < at:
                break  # only earlier names may be pointed to, so this ends; the header holds none
            end = end if end is not None else at + 2
            at = target
            continue
        at += 1
        if not length:
            return _text(labels), end if end is not None else at
        used += length + 1
        if at + length > size or used > NAME_BYTES:
            break
        labels.append(data[at : at + length])
        at += length
    raise _CutError


def _text(labels: list[bytes]) -> str:
    if labels and len(labels[0]) == _NETBIOS_LENGTH and (plain := _netbios(labels[0])):
        return plain
    return b".".join(labels).decode("utf-8", "backslashreplace").lower()


def _netbios(label: bytes) -> str | None:
    """The name in a first-level encoded label (RFC 1001 14.1), without padding and suffix."""
    if any(not 0x41 <= byte <= 0x50 for byte in label):
        return None
    pairs = zip(label[::2], label[1::2], strict=True)
    plain = bytes((high - 0x41) << 4 | (low - 0x41) for high, low in pairs)
    return plain[:15].rstrip(b" \0").decode("cp1252", "backslashreplace").lower() or None
