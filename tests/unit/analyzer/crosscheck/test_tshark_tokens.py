"""What of a packet's tree is which token."""

from __future__ import annotations

from base64 import b64encode

from support.messages import NTLM_NEGOTIATE, resp_token

from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.tshark_tokens import OPAQUE, SIGNATURE, TheirToken, their_packet

RAW = resp_token(NTLM_NEGOTIATE, 1)


def field(name: str, *children: Node, raw: bytes = b"", show: str = "") -> Node:
    made = Node(name, show, 0, len(raw), raw.hex())
    made.children = list(children)
    return made


def protocol(name: str, *children: Node, raw: bytes = b"") -> Node:
    made = field(name, *children, raw=raw)
    made.is_protocol = True
    return made


def ntlm(number: int) -> Node:
    return protocol("ntlmssp", field("ntlmssp.messagetype", show=str(number)))


def spnego(*members: Node) -> Node:
    return protocol("gss-api", protocol("spnego", field("spnego.negTokenTarg_element", *members)))


def tokens(*protocols: Node) -> list[TheirToken]:
    return their_packet(field("packet", *protocols)).tokens


def test_inner_token_and_checksum() -> None:
    """The token inside SPNEGO is its inner one; what a mechListMIC is made of is no token."""
    members = (
        field("spnego.responseToken", raw=NTLM_NEGOTIATE),
        ntlm(3),
        field("spnego.mechListMIC", raw=b"m" * 16),
        field("ntlmssp.verf", raw=b"m" * 16),
    )
    (token,) = tokens(protocol("smb2", field("smb2.security_blob", spnego(*members), raw=RAW)))
    assert (token.carrier, token.kind, token.inner_kind) == (
        "smb2",
        "NegTokenResp",
        "NTLM_AUTHENTICATE",
    )
    assert token.find("spnego.mechListMIC") is not None
    assert token.find("ntlmssp.verf") is None


def test_token_of_a_header() -> None:
    """HTTP's tokens come with their bytes in base64, and a proxy is another carrier."""
    value = "Negotiate " + b64encode(RAW).decode()
    for name, carrier in (("authorization", "http"), ("proxy_authorization", "http-proxy")):
        (token,) = tokens(protocol("http", field(f"http.{name}", spnego(), show=value)))
        assert (token.carrier, token.raw) == (carrier, RAW)


def test_kinds() -> None:
    """By message type, by token id in the order of the wire, or opaque."""
    wrap = field("spnego.krb5.blob", field("spnego.krb5.tok_id", raw=b"\x05\x04", show="0x0405"))
    error = field("spnego.krb5.blob", field("kerberos.msg_type", show="30"))
    ldap = protocol(
        "ldap",
        protocol("gss-api", wrap),
        protocol("gss-api", error),
        ntlm(2),
        field("ntlmssp.verf"),
        protocol("gss-api", field("gss-api.OID", show="1.3.6.1.5.2.5"), raw=b"x"),
    )
    kinds = [(token.kind, token.this_mech) for token in tokens(ldap)]
    assert kinds == [
        ("GSS_WRAP", None),
        ("KRB_ERROR", None),
        ("NTLM_CHALLENGE", None),
        (SIGNATURE, None),
        (OPAQUE, "1.3.6.1.5.2.5"),
    ]


def test_messages_to_a_kdc_are_none() -> None:
    """Kerberos without a carrier is no token; a packet quoted by ICMP tells no ports."""
    quoted = protocol("icmp", protocol("tcp", field("tcp.srcport", show="1")))
    packet = their_packet(field("packet", protocol("kerberos"), quoted))
    assert (packet.tokens, packet.source_port) == ([], None)


def test_innermost_addresses_count() -> None:
    """Of a tunnel the connection inside is told."""
    layers = [
        protocol("ip", field("ip.src", show="10.0.0.1")),
        protocol("ipv6", field("ipv6.src", show="fd00::1")),
        protocol("tcp", field("tcp.stream", show="7"), field("tcp.srcport", show="88")),
    ]
    packet = their_packet(field("packet", *layers))
    assert (packet.source, packet.stream_id, packet.source_port) == ("fd00::1", 7, 88)
