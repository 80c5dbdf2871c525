"""The tree of a NegoEx message: every element of its header, then the payload as it lies.

Spec: MS-NEGOEX 2.2.2, 2.2.5, 2.2.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dissectors.codes.krb_cksumtype import krb_cksumtype_name
from dissectors.codes.nt_status import nt_status_name
from dissectors.mechs import NEGOEX_SCHEMES
from dissectors.tokens.message_parts import Shown, put, show_little, show_octets
from dissectors.tokens.negoex_message import (
    ALERT,
    ALERT_ITEM,
    ALERT_PULSE,
    COMMON,
    CRITICAL,
    EXCHANGE,
    EXTENSION,
    NAMES,
    NEGO,
    SCHEME,
    VERIFY,
    guid_text,
)

if TYPE_CHECKING:
    from dissectors.tokens.model import NegoexMessage
    from dissectors.tokens.negoex_message import Claim, MessageReader
    from dissectors.tokens.recorder import Recorder

_CHECKSUM_SCHEMES = {1: "CHECKSUM_SCHEME_RFC3961"}
_ALERT_TYPES = {ALERT_PULSE: "ALERT_TYPE_PULSE"}
_REASONS = {1: "ALERT_VERIFY_NO_KEY"}


def record_message(
    recorder: Recorder, index: str, reader: MessageReader, message: NegoexMessage
) -> None:
    """Write a message's tree; what the schemes say to each other stays hidden here."""
    data = reader.data
    recorder.add(index, 0, len(data), None, message.name)
    tree = recorder.below(index)
    tree.add("Signature", 0, 8, "NEGOEXTS")
    put(tree, data, "MessageType", 8, 12, _named(NAMES))
    for start, name in _WORDS.items():
        put(tree, data, name, start, start + 4, show_little)
    tree.add("ConversationId", 24, COMMON, message.conversation_id)
    for name, start, stop in _record_header(tree, data, message.message_type):
        _record_vector(tree, data, name, start, stop)
    at = min(reader.fixed, len(data))
    for claim in reader.claims:
        _padding(tree, data, at, claim.start)
        _record_claim(tree, data, claim, message)
        at = max(at, claim.stop)
    if message.message_type in NAMES:
        _padding(tree, data, at, len(data))
    else:
        put(tree, data, "Message", COMMON, max(COMMON, len(data)))


_WORDS = {12: "SequenceNum", 16: "cbHeaderLength", 20: "cbMessageLength"}
_VECTORS = {
    "AUTH_SCHEME_VECTOR": ("AuthSchemeArrayOffset", "AuthSchemeCount", "AuthSchemePad"),
    "EXTENSION_VECTOR": ("ExtensionArrayOffset", "ExtensionCount", "ExtensionPad"),
    "ALERT_VECTOR": ("AlertArrayOffset", "AlertCount", "AlertPad"),
    "BYTE_VECTOR": ("ByteArrayOffset", "ByteArrayLength"),
}


def _record_header(tree: Recorder, data: bytes, number: int) -> list[tuple[str, int, int]]:
    """Write what stands between the common header and the vectors; return these."""
    if number in NEGO:
        put(tree, data, "Random", 40, 72, show_octets)
        put(tree, data, "ProtocolVersion", 72, 80, show_little)
        return [("AUTH_SCHEME_VECTOR", 80, 88), ("EXTENSION_VECTOR", 88, 96)]
    if number not in NAMES:
        return []
    put(tree, data, "AuthScheme", COMMON, COMMON + SCHEME, _show_scheme)
    if number in EXCHANGE:
        return [("BYTE_VECTOR", 56, 64)]
    if number == ALERT:
        put(tree, data, "ErrorCode", 56, 60, _show_status)
        return [("ALERT_VECTOR", 60, 68)]
    assert number == VERIFY
    if len(data) > 56:
        tree.add("Checksum", 56, min(76, len(data)), None)
        branch = tree.below("Checksum")
        put(branch, data, "cbHeaderLength", 56, 60, show_little)
        put(branch, data, "ChecksumScheme", 60, 64, _named(_CHECKSUM_SCHEMES))
        put(branch, data, "ChecksumType", 64, 68, _show_checksum_type)
        _record_vector(branch, data, "BYTE_VECTOR", 68, 76)
    return []


def _record_vector(tree: Recorder, data: bytes, name: str, start: int, stop: int) -> None:
    """Write the eight octets of a vector."""
    if start >= len(data):
        return
    parts = _VECTORS[name]
    tree.add(name, start, min(stop, len(data)), None)
    branch = tree.below(name)
    put(branch, data, parts[0], start, start + 4, show_little)
    if len(parts) == 3:
        put(branch, data, parts[1], start + 4, start + 6, show_little)
        put(branch, data, parts[2], start + 6, stop, show_octets)
    else:
        put(branch, data, parts[1], start + 4, stop, show_little)


# -- the payload -----------------------------------------------------------------------------------


def _record_claim(tree: Recorder, data: bytes, claim: Claim, message: NegoexMessage) -> None:
    """Write what a vector points to."""
    start, stop, name, _ = claim
    if name == "AuthSchemes":
        tree.add(name, start, stop, None)
        for rank, at in enumerate(range(start, stop, SCHEME)):
            put(tree.below(name), data[:stop], str(rank), at, at + SCHEME, _show_scheme)
    elif name == "Extensions":
        tree.add(name, start, stop, None)
        for rank, at in enumerate(range(start, stop, EXTENSION)):
            _record_item(tree.below(name), data[:stop], str(rank), at, "ExtensionType")
    elif name == "Alerts":
        tree.add(name, start, stop, None)
        for rank, at in enumerate(range(start, stop, ALERT_ITEM)):
            _record_item(tree.below(name), data[:stop], str(rank), at, "AlertType")
    elif name.startswith("AlertValue"):
        _record_alert(tree, data, claim, message)
    else:
        tree.hide(name, start, stop)


def _record_item(tree: Recorder, data: bytes, rank: str, at: int, what: str) -> None:
    """Write an extension or an alert: its type and the vector of its value."""
    tree.add(rank, at, min(at + EXTENSION, len(data)), None)
    branch = tree.below(rank)
    show = _show_extension if what == "ExtensionType" else _named(_ALERT_TYPES)
    put(branch, data, what, at, at + 4, show)
    _record_vector(branch, data, "BYTE_VECTOR", at + 4, at + EXTENSION)


def _record_alert(tree: Recorder, data: bytes, claim: Claim, message: NegoexMessage) -> None:
    """Write the value of an alert: a pulse is a header length and a reason."""
    start, stop, name, _ = claim
    alert = message.alerts[int(name.partition("[")[2][:-1])]
    if alert.reason is None:
        tree.hide(name, start, stop)
        return
    tree.add(name, start, stop, None)
    branch = tree.below(name)
    put(branch, data, "cbHeaderLength", start, start + 4, show_little)
    put(branch, data, "Reason", start + 4, start + 8, _named(_REASONS))
    _padding(branch, data, start + 8, stop)


def _padding(tree: Recorder, data: bytes, start: int, stop: int) -> None:
    """Write octets that no vector points to; zeros align, others are nobody's business."""
    if start < stop:
        show = None if any(data[start:stop]) else show_octets
        put(tree, data, "padding", start, stop, show)


# -- values ----------------------------------------------------------------------------------------


def _named(names: dict[int, str]) -> Callable[[bytes], Shown]:
    def show(octets: bytes) -> Shown:
        value = int.from_bytes(octets, "little")
        return value, f"{value} ({names[value]})" if value in names else f"unknown({value})"

    return show


def _show_scheme(octets: bytes) -> Shown:
    guid = guid_text(octets)
    name = NEGOEX_SCHEMES.get(guid)
    return guid, f"{guid} ({name})" if name else guid


def _show_checksum_type(octets: bytes) -> Shown:
    value = int.from_bytes(octets, "little", signed=True)
    return value, f"{value} ({krb_cksumtype_name(value)})"


def _show_status(octets: bytes) -> Shown:
    value = int.from_bytes(octets, "little")
    number, name = f"0x{value:08X}", nt_status_name(value)
    return value, number if name == number else f"{number} ({name})"


def _show_extension(octets: bytes) -> Shown:
    value = int.from_bytes(octets, "little")
    return value, f"0x{value:08x} ({'critical' if value & CRITICAL else 'not critical'})"
