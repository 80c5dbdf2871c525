"""tshark's tokens: what of a packet's tree belongs to which token, in our words for its kind.

A SPNEGO token is one token, with the mechanism's token inside as its inner one; what tshark makes of
a mechListMIC is no token. Messages to a KDC are none either.

Spec: RFC 2743 3.1, RFC 4178 4.2, RFC 4121 4.1 (token ids).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import field

from analyzer.crosscheck.pdml import Node
from dissectors.records import dataclass

CARRIERS = {
    "http": "http",
    "smb": "smb1",
    "smb2": "smb2",
    "ldap": "ldap",
    "cldap": "ldap",
    "dcerpc": "dcerpc",
    "dns": "dns-tkey",
    "mime_multipart": "mime-multipart",
    "tds": "tds",
    "smtp": "smtp",
    "imap": "imap",
    "pop": "pop3",
    "credssp": "credssp",
    "rpc": "rpcsec-gss",
    "pgsql": "postgresql",
    "socks": "socks5",
    "ms-nns": "ms-nns",
    "icmp": "icmp",
}
_PROXY = ("http.proxy_authorization", "http.proxy_authenticate")
HEADERS = ("http.authorization", "http.www_authenticate", *_PROXY)

_NTLM_TYPES = {1: "NTLM_NEGOTIATE", 2: "NTLM_CHALLENGE", 3: "NTLM_AUTHENTICATE"}
_TOKEN_IDS = {
    "0100": "KRB_AP_REQ",
    "0200": "KRB_AP_REP",
    "0300": "KRB_ERROR",
    "0400": "KRB_TGT_REQ",
    "0401": "KRB_TGT_REP",
    "0101": "GSS_MIC",
    "0201": "GSS_WRAP",
    "0404": "GSS_MIC",
    "0504": "GSS_WRAP",
}
_MESSAGE_TYPES = {14: "KRB_AP_REQ", 15: "KRB_AP_REP", 30: "KRB_ERROR"}
SIGNATURE = "NTLM signature"
"""tshark's `ntlmssp.verf`: what we call GSS_MIC where it stands alone, GSS_WRAP before a message."""
OPAQUE = "opaque"

_INIT = "spnego.negTokenInit_element"
_RESP = "spnego.negTokenTarg_element"
_MIC = "spnego.mechListMIC"
_PARTS = frozenset(
    {"ntlmssp", "spnego.krb5.blob", "kerberos", "ntlmssp.verf", "negoex", "gss-api", "spnego"}
)
"""Names of trees that can be a token, or the one inside a token."""


@dataclass(slots=True)
class TheirToken:
    """One token as tshark shows it."""

    carrier: str
    kind: str
    tree: Node
    raw: bytes | None = None  # where the carrier's field holds all of it
    this_mech: str | None = None
    element: Node | None = None  # SPNEGO's choice
    outer: list[Node] = field(default_factory=list)  # SPNEGO's own trees; without it, the token's
    inner: Node | None = None  # tree of the token inside
    inner_kind: str | None = None

    @property
    def body_kind(self) -> str:
        """Kind of the mechanism's token, wherever it stands."""
        return self.inner_kind or self.kind

    @property
    def body(self) -> list[Node]:
        """Trees of the mechanism's token, wherever it stands."""
        return self.outer if self.element is None else [self.inner] if self.inner else []

    def every(self, name: str) -> list[Node]:
        """All nodes of that name, the inner token's included."""
        trees = [*self.outer, self.inner] if self.inner is not None else self.outer
        return [node for tree in trees for node in tree.every(name)]

    def find(self, name: str) -> Node | None:
        """The first node of that name, the inner token's included."""
        return next(iter(self.every(name)), None)


@dataclass(slots=True)
class TheirPacket:
    """One packet as tshark shows it."""

    tree: Node
    frame: int
    stream_id: int | None
    time: str  # seconds since 1970, nine decimals
    source: str | None
    destination: str | None
    source_port: int | None
    destination_port: int | None
    tokens: list[TheirToken]

    @property
    def protocols(self) -> list[str]:
        """Names of the protocols at the top."""
        return [node.name for node in self.tree.children]

    def find(self, name: str) -> Node | None:
        """The first node of that name."""
        return self.tree.first(name)


def their_packet(tree: Node) -> TheirPacket:
    """Read what a packet's tree says of itself, and its tokens."""
    found: dict[str, str] = {}
    for protocol in tree.children:
        if protocol.name == "icmp":
            break  # the packet that it quotes is not this one
        if protocol.name in _LAYERS:
            for node in protocol.walk():
                if node.name in _PLACES:
                    found[_PLACES[node.name]] = node.show  # of addresses the innermost counts
    return TheirPacket(
        tree,
        int(found.get("frame", "0")),
        _number(found.get("stream")),
        found.get("time", ""),
        found.get("source"),
        found.get("destination"),
        _number(found.get("source_port")),
        _number(found.get("destination_port")),
        list(_tokens(tree, "")),
    )


_LAYERS = frozenset({"frame", "ip", "ipv6", "tcp", "udp"})
_PLACES = {
    "frame.number": "frame",
    "frame.time_epoch": "time",
    "ip.src": "source",
    "ip.dst": "destination",
    "ipv6.src": "source",
    "ipv6.dst": "destination",
    "tcp.srcport": "source_port",
    "udp.srcport": "source_port",
    "tcp.dstport": "destination_port",
    "udp.dstport": "destination_port",
    "tcp.stream": "stream",
    "udp.stream": "stream",
}


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


# -- tokens of a tree ---------------------------------------------------------------------------------


def _tokens(parent: Node, carrier: str) -> Iterator[TheirToken]:
    before: Node | None = None
    for node in parent.children:
        if node.name in CARRIERS and node.is_protocol:
            yield from _tokens(node, CARRIERS[node.name])
        elif node.name in _PARTS and carrier:
            where = "http-proxy" if parent.name in _PROXY else carrier
            yield from _token(node, where, _container(node, parent, before))
        elif node.name not in _PARTS:
            yield from _tokens(node, carrier)
        before = node


def _container(node: Node, parent: Node, before: Node | None) -> bytes | None:
    """The bytes that the carrier's field around or before a token holds."""
    if parent.name in HEADERS:
        _, _, text = parent.show.strip().partition(" ")
        try:
            return base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), validate=True)
        except (binascii.Error, ValueError):
            return None
    if not node.is_protocol:
        return None
    place = (node.pos, node.size)
    for holder in (parent, before):
        if holder is None or holder.is_protocol or not holder.value:
            continue
        if (holder.pos, holder.size) == place:
            return holder.raw
    return None


def _token(node: Node, carrier: str, raw: bytes | None) -> Iterator[TheirToken]:
    this_mech, content = None, node
    if node.name == "gss-api":
        oid = next((child for child in node.children if child.name == "gss-api.OID"), None)
        this_mech = oid.show if oid is not None else None
        parts = [child for child in node.children if child.name in _PARTS]
        if not parts:
            if node.first("gss-api.reassembled_in") is None and node.size:
                yield TheirToken(carrier, OPAQUE, node, raw, this_mech, outer=[node])
            return
        content = parts[0]
    if content.name == "spnego":
        yield _spnego(node, content, carrier, raw, this_mech)
        return
    token = TheirToken(carrier, kind_of(content), node, raw, this_mech, outer=[node])
    if this_mech is None:
        framed = content.first("spnego.krb5_oid")
        token.this_mech = framed.show if framed is not None else None
    yield token


def _spnego(
    whole: Node, spnego: Node, carrier: str, raw: bytes | None, this_mech: str | None
) -> TheirToken:
    token = TheirToken(carrier, OPAQUE, whole, raw, this_mech)
    element = next((part for part in spnego.children if part.name in (_INIT, _RESP)), None)
    if element is None:
        token.outer = [whole]
        return token
    token.element = element
    hinted = element.first("spnego.negHints_element") is not None
    token.kind = "NegTokenResp" if element.name == _RESP else "NegTokenInit"
    token.kind = "NegTokenInit2" if hinted else token.kind
    token.outer = [node for node in whole.children if node.name == "gss-api.OID"]
    after_mic = False
    for part in element.children:
        if part.name not in _PARTS:
            token.outer.append(part)
            after_mic = after_mic or part.name == _MIC
        elif not after_mic and token.inner is None:
            token.inner, token.inner_kind = part, kind_of(part)
    return token


def kind_of(node: Node) -> str:
    """Our name for the token that a tree shows; `opaque` if it shows none that we know."""
    match node.name:
        case "ntlmssp":
            kind = node.first("ntlmssp.messagetype")
            number = kind.number if kind is not None else None
            return _NTLM_TYPES.get(number or 0, OPAQUE)
        case "ntlmssp.verf":
            return SIGNATURE
        case "negoex":
            return "NEGOEX"
        case "spnego":
            return "SPNEGO"
        case "gss-api":
            part = next((child for child in node.children if child.name in _PARTS), None)
            return OPAQUE if part is None else kind_of(part)
        case _:
            message = node.first("kerberos.msg_type")
            kind_name = _MESSAGE_TYPES.get(message.number or 0) if message is not None else None
            token_id = node.first("spnego.krb5.tok_id")
            if kind_name is None and token_id is not None:
                kind_name = _TOKEN_IDS.get(token_id.value)
            return kind_name or OPAQUE
