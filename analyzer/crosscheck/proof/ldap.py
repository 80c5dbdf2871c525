"""LDAP: tokens in binds and SASL buffers that tshark shows as bytes.

Spec: RFC 4513 5.2.1, RFC 4752 3.1, RFC 4121 4.2.6.2.
"""

from __future__ import annotations

from analyzer.crosscheck.difference import ROW, Difference
from analyzer.crosscheck.tshark_tokens import OPAQUE
from dissectors.recognise import NTLM_SIGNATURE, kind_of

CFX_WRAP = b"\x05\x04"


def wrap_in_bind(d: Difference) -> bool:
    """A Wrap token as the credentials of a bind request, shown as bytes."""
    return d.kind == ROW and d.raw[:2] == CFX_WRAP and d.shown_as_bytes("ldap.credentials")


def buffer_left_alone(d: Difference) -> bool:
    """A Wrap token or signature as a SASL buffer, whose node in tshark's tree has nothing inside."""
    if d.kind != ROW or d.packet is None or d.ours != "GSS_WRAP":
        return False
    if not d.raw.startswith((CFX_WRAP, b"\1\0\0\0")):
        return False
    parts = [n for tree in d.packet.tree.children if tree.name == "ldap" for n in tree.children]
    return any(not n.name and not n.children and n.raw == d.raw for n in parts)


def hint_in_bind(d: Difference) -> bool:
    """A framed NegTokenInit2 as serverSaslCreds, over which tshark's tree is empty."""
    return (
        d.column == "token_type"
        and d.ours == "NegTokenInit2"
        and d.theirs == OPAQUE
        and d.raw[:1] == b"\x60"
        and b"\x06\x06\x2b\x06\x01\x05\x05\x02" in d.raw[:16]
        and d.their_token is not None
        and d.their_token.tree.name == "spnego"
        and not d.their_token.tree.children
        and d.shown_as_bytes("ldap.serverSaslCreds")
    )


def sasl_ntlm(d: Difference) -> bool:
    """A challenge as serverSaslCreds, shown as bytes."""
    return (
        d.kind == ROW
        and d.raw.startswith(NTLM_SIGNATURE)
        and d.shown_as_bytes("ldap.serverSaslCreds")
    )


def no_gss_token(d: Difference) -> bool:
    """Bytes of another SASL mechanism, which tshark hands to GSS-API."""
    their = d.their_token
    return (
        d.kind == ROW
        and d.ours is None
        and d.theirs == OPAQUE
        and their is not None
        and their.raw is not None
        and kind_of(their.raw) == "opaque"
        and not their.raw.startswith((b"\x60", NTLM_SIGNATURE))
        and their.tree.first("gssapi.unknown_header") is not None
    )
