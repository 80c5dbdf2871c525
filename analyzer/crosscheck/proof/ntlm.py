"""NTLM messages: empty fields, where descriptors stand, AV pairs left out.

Spec: MS-NLMP 2.2.1 (descriptors), 2.2.2.1 (AV pairs).
"""

from __future__ import annotations

import re

from analyzer.crosscheck.difference import CELL, POSITION, VALUE, Difference
from dissectors.recognise import NTLM_SIGNATURE

_NAMES = frozenset({1, 2, 3, 4, 5, 9})
"""AvIds whose values are text."""
_DESCRIPTOR_PARTS = r"ntlmssp\.(?:string|blob|challenge\.target_info)\.(?:length|maxlen|offset)"
_DESCRIPTORS = {
    "ntlmssp.negotiate.domain": ("NTLM_NEGOTIATE", "ntlm_domain", 16),
    "ntlmssp.negotiate.callingworkstation": ("NTLM_NEGOTIATE", "ntlm_workstation", 24),
    "ntlmssp.challenge.target_name": ("NTLM_CHALLENGE", "ntlm_target_name", 12),
    "ntlmssp.auth.lmresponse": ("NTLM_AUTHENTICATE", "", 12),
    "ntlmssp.auth.ntresponse": ("NTLM_AUTHENTICATE", "", 20),
    "ntlmssp.auth.domain": ("NTLM_AUTHENTICATE", "ntlm_domain", 28),
    "ntlmssp.auth.username": ("NTLM_AUTHENTICATE", "ntlm_user", 36),
    "ntlmssp.auth.hostname": ("NTLM_AUTHENTICATE", "ntlm_workstation", 44),
    "ntlmssp.auth.sesskey": ("NTLM_AUTHENTICATE", "", 52),
}


def null_string(d: Difference) -> bool:
    """The text NULL stands over a descriptor whose Len is zero."""
    return d.theirs == "NULL" and not d.ours and _over_empty_descriptor(d)


def empty_as_descriptor(d: Difference) -> bool:
    """The eight bytes are those of a descriptor whose Len is zero."""
    return d.kind == VALUE and d.ours is None and d.theirs != "NULL" and _over_empty_descriptor(d)


def _over_empty_descriptor(d: Difference) -> bool:
    message = _ntlm_message(d)
    node = d.node
    if node is None and d.kind == CELL and d.their_token is not None:
        fields = (
            field
            for field, (kind, column, _) in _DESCRIPTORS.items()
            if column == d.column and kind == d.their_token.body_kind
        )
        node = next((d.their_token.find(field) for field in fields), None)
    if node is None or node.name not in _DESCRIPTORS:
        return False
    at = _DESCRIPTORS[node.name][2]
    descriptor = message[at : at + 8]
    return len(descriptor) == 8 and descriptor[:2] == b"\0\0" and node.raw == descriptor


def _ntlm_message(d: Difference) -> bytes:
    start = d.raw.find(NTLM_SIGNATURE)
    return d.raw[start:] if start >= 0 else b""


def descriptor_position(d: Difference) -> bool:
    """The place of the field that a descriptor describes is added to the descriptor's own."""
    node, their, field = d.node, d.their_token, d.field
    if d.kind != POSITION or node is None or their is None or field is None:
        return False
    if not re.fullmatch(_DESCRIPTOR_PARTS, node.name):
        return False
    above = (n for tree in their.body for n in tree.walk() if node in n.children)
    described = next(above, None)
    usual = node.pos - int(d.theirs)  # what tshark's count is ahead of ours
    return described is not None and node.pos == described.pos + field.span.start + usual


def empty_pair_left_out(d: Difference) -> bool:
    """AvLen of the pair is zero."""
    if d.kind == VALUE:
        return d.theirs is None and ".MsvAv" in d.column and _is_empty_pair(d.field_bytes)
    if d.kind != CELL or d.column != "ntlm_target_info" or d.our_token is None or not d.ours:
        return False
    token = d.our_token.token
    empty = {f.name for f in token.fields if _is_empty_pair(token.bytes_of(f))}
    missing = set(d.ours) - set(d.theirs)
    shared = set(d.ours) & set(d.theirs)
    return bool(missing) and missing <= empty and all(d.ours[n] == d.theirs[n] for n in shared)


def _is_empty_pair(pair: bytes) -> bool:
    """AvId of a name, AvLen 0, and no more."""
    return len(pair) == 4 and pair[0] in _NAMES and pair[1:] == b"\0\0\0"


def stops_at_bad_field(d: Difference) -> bool:
    """Tshark calls the packet malformed; a descriptor points out of the message."""
    return (
        d.kind in (CELL, VALUE)
        and d.theirs is None
        and d.their_token is not None
        and d.their_token.body_kind.startswith("NTLM_")
        and d.packet is not None
        and d.packet.find("_ws.malformed") is not None
        and not d.our_anomalies.isdisjoint({"bad-offset", "bad-length", "truncated"})
    )
