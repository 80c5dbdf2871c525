"""NegoEx's messages, one by one; `negoex` puts them together to a token.

Spec: MS-NEGOEX 2.2.2, 2.2.5, 2.2.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from dissectors.recognise import NEGOEX_SIGNATURE
from dissectors.tokens.build.arguments import builder
from dissectors.tokens.build.error import BuildError
from dissectors.tokens.build.mech import guid_bytes, scheme_guid
from dissectors.tokens.build.value import dummy

CONVERSATION = "00112233-4455-6677-8899-aabbccddeeff"
SCHEME = "pku2u"

_COMMON = 40
_RFC_3961 = 1
_PULSE = 1
_VERIFY_NO_KEY = 1


@builder
def negoex(*messages: bytes) -> bytes:
    """A NegoEx token: messages back to back."""
    if not messages:
        raise BuildError("a NegoEx token has one message at least")
    return b"".join(messages)


@builder
def initiator_nego(
    schemes: Iterable[str] = (SCHEME,),
    *,
    extensions: Iterable[tuple[int, bytes]] = (),
    random: bytes | None = None,
    sequence: int = 0,
    conversation_id: str = CONVERSATION,
) -> bytes:
    """INITIATOR_NEGO: the schemes an initiator offers."""
    return _nego(0, schemes, extensions, random, sequence, conversation_id)


@builder
def acceptor_nego(
    schemes: Iterable[str] = (SCHEME,),
    *,
    extensions: Iterable[tuple[int, bytes]] = (),
    random: bytes | None = None,
    sequence: int = 0,
    conversation_id: str = CONVERSATION,
) -> bytes:
    """ACCEPTOR_NEGO: the schemes an acceptor has."""
    return _nego(1, schemes, extensions, random, sequence, conversation_id)


@builder
def meta_data(
    exchange: bytes,
    *,
    by_acceptor: bool = False,
    scheme: str = SCHEME,
    sequence: int = 1,
    conversation_id: str = CONVERSATION,
) -> bytes:
    """INITIATOR_META_DATA or ACCEPTOR_META_DATA of a scheme."""
    return _exchange(3 if by_acceptor else 2, exchange, scheme, sequence, conversation_id)


@builder
def challenge(
    exchange: bytes,
    *,
    scheme: str = SCHEME,
    sequence: int = 4,
    conversation_id: str = CONVERSATION,
) -> bytes:
    """CHALLENGE: a token of the acceptor's scheme."""
    return _exchange(4, exchange, scheme, sequence, conversation_id)


@builder
def ap_request(
    exchange: bytes,
    *,
    scheme: str = SCHEME,
    sequence: int = 4,
    conversation_id: str = CONVERSATION,
) -> bytes:
    """AP_REQUEST: a token of the initiator's scheme."""
    return _exchange(5, exchange, scheme, sequence, conversation_id)


@builder
def verify(
    checksum: bytes | None = None,
    *,
    checksum_type: int = 16,
    scheme: str = SCHEME,
    sequence: int = 5,
    conversation_id: str = CONVERSATION,
) -> bytes:
    """VERIFY: a checksum of the conversation."""
    value = dummy(12) if checksum is None else checksum
    start = 80
    fixed = struct.pack("<IIIII4x", 20, _RFC_3961, checksum_type, start, len(value))
    return _message(6, scheme_guid(scheme) + fixed, value, sequence, conversation_id)


@builder
def alert(
    error_code: int = 0,
    *,
    verify_no_key: bool = True,
    scheme: str = SCHEME,
    sequence: int = 5,
    conversation_id: str = CONVERSATION,
) -> bytes:
    """ALERT: an NTSTATUS, with `verify_no_key` the pulse that no key for VERIFY is there."""
    start = 72
    pulse = struct.pack("<II", 8, _VERIFY_NO_KEY) if verify_no_key else b""
    items = struct.pack("<III", _PULSE, start + 12, len(pulse)) if verify_no_key else b""
    fixed = struct.pack("<IIHxxI", error_code, start if items else 0, int(verify_no_key), 0)
    return _message(7, scheme_guid(scheme) + fixed, items + pulse, sequence, conversation_id)


# -- layouts ---------------------------------------------------------------------------------------


def _nego(
    number: int,
    schemes: Iterable[str],
    extensions: Iterable[tuple[int, bytes]],
    random: bytes | None,
    sequence: int,
    conversation_id: str,
) -> bytes:
    chosen = dummy(32) if random is None else random
    if len(chosen) != 32:
        raise BuildError(f"random has 32 bytes, not {len(chosen)}")
    if isinstance(schemes, str):
        raise BuildError(f"schemes is a list of schemes, not {schemes!r} alone")
    guids = [scheme_guid(scheme) for scheme in schemes]
    given = list(extensions)
    start = 96
    after = start + 16 * len(guids)
    place = after + 12 * len(given)
    items = values = b""
    for kind, value in given:
        items += struct.pack("<III", kind, place + len(values), len(value))
        values += value
    fixed = chosen + struct.pack("<QIHxxIHxx", 0, start, len(guids), after, len(given))
    return _message(number, fixed, b"".join(guids) + items + values, sequence, conversation_id)


def _exchange(
    number: int, exchange: bytes, scheme: str, sequence: int, conversation_id: str
) -> bytes:
    fixed = scheme_guid(scheme) + struct.pack("<II", 64, len(exchange))
    return _message(number, fixed, exchange, sequence, conversation_id)


def _message(
    number: int, fixed: bytes, payload: bytes, sequence: int, conversation_id: str
) -> bytes:
    """The common header before the rest of the header, and the payload."""
    size = _COMMON + len(fixed)
    head = struct.pack("<IIII", number, sequence, size, size + len(payload))
    return NEGOEX_SIGNATURE + head + guid_bytes(conversation_id, "conversation") + fixed + payload
