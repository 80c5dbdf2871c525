"""HTTP: challenges and credentials that tshark passes over.

Spec: RFC 9110 11 (schemes are case-insensitive, a field may hold several challenges).
"""

from __future__ import annotations

import base64
import re

from analyzer.crosscheck.difference import ROW, Difference
from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.tshark_tokens import HEADERS


def scheme_in_other_case(d: Difference) -> bool:
    """The scheme's name is spelled in another way than tshark compares it with."""
    node, before = _header_with_token(d)
    return node is not None and re.fullmatch(r"(?i)(negotiate|ntlm|kerberos) +", before) is not None


def not_first_challenge(d: Difference) -> bool:
    """Another challenge stands before the token's in the same header."""
    node, before = _header_with_token(d)
    return node is not None and "," in before


def _header_with_token(d: Difference) -> tuple[Node | None, str]:
    """The header that holds the token's base64, and what stands before it there."""
    if d.kind != ROW or d.packet is None or not d.raw:
        return None, ""
    text = base64.b64encode(d.raw).decode()
    for name in HEADERS:
        for node in d.packet.tree.every(name):
            before, found, _ = node.show.partition(text)
            if found and not before.startswith(("Negotiate ", "NTLM ")):
                return node, before
    return None, ""
