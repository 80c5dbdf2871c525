"""Conversations made to show what tshark makes of tokens that captures seldom hold, by name.

Spec: RFC 4178 4.2, MS-SPNG 2.2.1, MS-NEGOEX 2.2.6, RFC 4121 4.2, RFC 1964 1.2, RFC 9110 11, MS-RPCE 2.2.2.11.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Callable

from support.kerberos_messages import encrypted as sealed
from support.kerberos_messages import flags, framed, message, number, principal, text, ticket, time
from support.messages import (
    KERBEROS,
    NTLM,
    NTLM_NEGOTIATE,
    SPNEGO,
    authorization,
    bind_response,
    der,
    http,
    init_token,
    netbios,
    ntlm_authenticate,
    ntlm_challenge,
    resp_token,
    sasl_bind,
    session_setup,
)
from support.packets import Conversation

from dissectors.tokens import build

GET = b"GET / HTTP/1.1"
REFUSED = b"HTTP/1.1 401 Unauthorized"
PKU2U = bytes.fromhex("5c33530deaf90d4db2ec4ae3786ec308")
NEGOEX = bytes.fromhex("060a2b06010401823702021e")
IAKERB = bytes.fromhex("06062b0601050205")
TGT = {"etype": 18, "size": 60, "kvno": 2}


def asked(credentials: bytes, scheme: bytes = b"Negotiate") -> bytes:
    """A request with a token."""
    return http(GET, b"Host: web", authorization(scheme, credentials))


def answered(*challenges: bytes) -> bytes:
    """A refusal with challenges, one line each."""
    return http(REFUSED, *(b"WWW-Authenticate: " + line for line in challenges))


def negotiate(token: bytes) -> bytes:
    """A challenge with a token."""
    return b"Negotiate " + b64encode(token)


def offer(*mechs: bytes, more: bytes = b"") -> bytes:
    """A NegTokenInit or NegTokenInit2; `more`: members [1] and on."""
    return der(0x60, SPNEGO, der(0xA0, der(0x30, der(0xA0, der(0x30, *mechs)), more)))


HINTS = der(0xA3, der(0x30, der(0xA0, der(0x1B, b"not_defined_in_RFC4178@please_ignore"))))


# -- NegoEx -------------------------------------------------------------------------------------------


def negoex(kind: int, body: bytes, header: int, sequence: int) -> bytes:
    """One message; `body` follows the common header."""
    words = struct.pack("<IIII", kind, sequence, header, 40 + len(body))
    return b"NEGOEXTS" + words + bytes(range(16)) + body


def negoex_nego(kind: int, sequence: int = 0) -> bytes:
    """An offer of one scheme."""
    vectors = struct.pack("<IHHIHH", 96, 1, 0, 0, 0, 0)
    return negoex(kind, bytes(range(32)) + bytes(8) + vectors + PKU2U, 96, sequence)


def negoex_exchange(kind: int, sequence: int) -> bytes:
    """A message that carries bytes of its scheme."""
    content = b"of the scheme"
    return negoex(kind, PKU2U + struct.pack("<II", 64, len(content)) + content, 64, sequence)


def negoex_verify(sequence: int) -> bytes:
    """A checksum over the conversation."""
    body = struct.pack("<IIIII", 20, 1, 16, 80, 12) + bytes(4) + b"checksum12by"
    return negoex(6, PKU2U + body, 80, sequence)


# -- the talks ----------------------------------------------------------------------------------------


def scheme_case() -> Conversation:
    """The scheme in lower case."""
    return Conversation(80).client(asked(init_token(NTLM, NTLM_NEGOTIATE), b"negotiate"))


def several_challenges() -> Conversation:
    """Two challenges in one line, the token's the second."""
    talk = Conversation(80).client(asked(init_token(NTLM, NTLM_NEGOTIATE)))
    challenge = negotiate(resp_token(ntlm_challenge(b"12345678"), 1))
    return talk.server(answered(b'Basic realm="x", ' + challenge))


def optimistic_mismatch() -> Conversation:
    """NTLM under a list that begins with Kerberos."""
    token = der(0xA2, der(4, NTLM_NEGOTIATE))
    return Conversation(80).client(asked(offer(KERBEROS, NTLM, more=token)))


def hint_from_a_high_port() -> Conversation:
    """negHints from port 8080."""
    return Conversation(8080).client(http(GET)).server(answered(negotiate(offer(NTLM, more=HINTS))))


def init_from_a_low_port() -> Conversation:
    """A client that has a port of those that are kept for the system."""
    talk = Conversation(80, client_port=1001)
    return talk.client(asked(init_token(NTLM, NTLM_NEGOTIATE)))


def late_fallback() -> Conversation:
    """Member [4] of a NegTokenResp."""
    talk = Conversation(80).client(asked(init_token(KERBEROS, framed("0100", ap_req()))))
    late = der(0xA4, der(0x30, NTLM))
    return talk.server(answered(negotiate(der(0xA1, der(0x30, der(0xA0, der(10, b"\2")), late)))))


def iakerb() -> Conversation:
    """A frame with IAKERB's OID."""
    header = der(0x30, der(0xA1, der(0x0C, b"LAB.EXAMPLE")))
    return Conversation(80).client(asked(der(0x60, IAKERB, b"\x05\x01", header)))


def hint_token() -> Conversation:
    """A NegTokenInit2 that carries NegoEx messages."""
    carried = negoex_nego(1) + negoex_exchange(3, 1)
    hint = offer(NEGOEX, NTLM, more=der(0xA2, der(4, carried)) + HINTS)
    return Conversation(80).client(http(GET)).server(answered(negotiate(hint)))


def hint_in_bind() -> Conversation:
    """A NegTokenInit2 in answer to an empty bind."""
    talk = Conversation(389).client(sasl_bind(b"GSS-SPNEGO", b""))
    return talk.server(bind_response(14, b"", offer(NTLM, more=HINTS)))


def sasl_ntlm() -> Conversation:
    """A bind with the SASL mechanism NTLM."""
    talk = Conversation(389).client(sasl_bind(b"NTLM", NTLM_NEGOTIATE))
    return talk.server(bind_response(14, b"", ntlm_challenge(b"12345678", b"L\0A\0B\0")))


def empty_pair() -> Conversation:
    """An AV pair without a value."""
    talk = Conversation(80).client(asked(NTLM_NEGOTIATE, b"NTLM"))
    return talk.server(answered(b"NTLM " + b64encode(ntlm_challenge(b"12345678"))))


def bad_field() -> Conversation:
    """An AUTHENTICATE_MESSAGE whose first descriptor points out of it."""
    whole = ntlm_authenticate(b"a\0d\0a\0", b"L\0A\0B\0", b"D\0", bytes(24), bytes(24))
    broken = whole[:12] + struct.pack("<HHI", 24, 24, 0x7FFFFF00) + whole[20:]
    talk = Conversation(80).client(asked(NTLM_NEGOTIATE, b"NTLM"))
    talk.server(answered(b"NTLM " + b64encode(ntlm_challenge(b"12345678", b"L\0"))))
    return talk.client(asked(broken, b"NTLM"))


def unknown_port() -> Conversation:
    """SMB2 on a port that is nobody's."""
    return Conversation(4450).client(netbios(session_setup(init_token(NTLM, NTLM_NEGOTIATE))))


def dcerpc() -> Conversation:
    """A bind of DCE/RPC with an NTLM verifier."""
    syntaxes = bytes.fromhex("00000000010000000000010045ee2f1d6b2cc347ba86c3b58ae6f3fd01000000")
    context = b"\1\0\0\0" + syntaxes[8:12] + b"\1\0" + bytes(16) + b"\1\0\0\0"
    context = struct.pack("<BxxxHBx", 1, 0, 1) + bytes(range(16)) + struct.pack("<HH", 1, 0)
    context += bytes.fromhex("045d888aeb1cc9119fe808002b10486002000000")
    verifier = struct.pack("<BBBBI", 10, 6, 0, 0, 1) + NTLM_NEGOTIATE
    size = 24 + len(context) + len(verifier)
    head = struct.pack("<BBBB", 5, 0, 11, 3) + b"\x10\0\0\0"
    head += struct.pack("<HHI", size, len(NTLM_NEGOTIATE), 1) + struct.pack("<HHI", 4280, 4280, 0)
    return Conversation(135).client(head + context + verifier)


def negoex_negotiation() -> Conversation:
    """All kinds of NegoEx messages under SPNEGO."""
    opening = negoex_nego(0) + negoex_exchange(2, 1)
    talk = Conversation(80).client(asked(offer(NEGOEX, more=der(0xA2, der(4, opening)))))
    reply = negoex_nego(1, 2) + negoex_exchange(3, 3) + negoex_exchange(4, 4)
    said = der(0xA0, der(10, b"\1")), der(0xA1, NEGOEX), der(0xA2, der(4, reply))
    talk.server(answered(negotiate(der(0xA1, der(0x30, *said)))))
    last = negoex_exchange(5, 5) + negoex_verify(6)
    return talk.client(asked(resp_token(last, 1)))


def ap_req() -> bytes:
    """A plain AP-REQ."""
    issued = ticket(sealed(18, 60, 2), "HTTP", "web.lab.example")
    return message(0x6E, 14, der(0xA2, flags(1, 2)), der(0xA3, issued), der(0xA4, sealed(17, 40)))


def kerberos_messages() -> Conversation:
    """AP-REQ, KRB-ERROR with all its members, TGT-REQ and TGT-REP, each as the token of a request."""
    error = message(
        0x7E,
        30,
        der(0xA2, time("20260102030405Z")),
        der(0xA3, number(7)),
        der(0xA4, time("20261231235959Z")),
        der(0xA5, number(999_999)),
        der(0xA6, number(37)),
        der(0xA7, text("CLIENT.EXAMPLE")),
        der(0xA8, principal("ada", kind=1)),
        der(0xA9, text("LAB.EXAMPLE")),
        der(0xAA, principal("HTTP", "web.lab.example", kind=3)),
        der(0xAB, text("clock")),
    )
    members = der(0xA0, number(5)), der(0xA1, number(16)), der(0xA2, principal("HTTP", "web"))
    tgt_req = der(0x30, *members, der(0xA3, text("LAB.EXAMPLE")))
    issued = ticket(sealed(18, 60, 2), "krbtgt", "LAB.EXAMPLE")
    tgt_rep = der(0x30, der(0xA0, number(5)), der(0xA1, number(17)), der(0xA2, issued))
    user_to_user = bytes.fromhex("060a2a864886f71201020203")
    talk = Conversation(80).client(asked(framed("0100", ap_req())))
    talk.server(answered(negotiate(framed("0300", error))))
    talk.client(asked(framed("0400", tgt_req, oid=user_to_user)))
    return talk.server(answered(negotiate(framed("0401", tgt_rep, oid=user_to_user))))


def context_flags() -> Conversation:
    """reqFlags as RFC 4178 tags them."""
    asked_for = der(0xA1, der(3, b"\1\x76"))
    return Conversation(80).client(asked(offer(NTLM, more=asked_for)))


def per_message() -> Conversation:
    """Wrap tokens of both RFCs as SASL buffers."""
    talk = Conversation(389).client(sasl_bind(b"GSSAPI", framed("0100", ap_req())))
    part = message(0x6F, 15, der(0xA2, sealed(18, 40)))
    talk.server(bind_response(0, b"", framed("0200", part)))
    new = bytes.fromhex("0504 06 ff 0000 001c") + (77).to_bytes(8) + bytes(60)
    old = der(0x60, KERBEROS, bytes.fromhex("0201 1100 1000 ffff") + bytes(24) + b"m" * 16)
    return talk.client(netbios(new)).client(netbios(old))


TALKS: dict[str, Callable[[], Conversation]] = {
    "tshark-scheme-case": scheme_case,
    "tshark-several-challenges": several_challenges,
    "tshark-optimistic-mismatch": optimistic_mismatch,
    "tshark-init2-by-port": hint_from_a_high_port,
    "tshark-init-by-port": init_from_a_low_port,
    "tshark-late-fallback": late_fallback,
    "tshark-unknown-mechanism": iakerb,
    "tshark-hint-token": hint_token,
    "tshark-hint-in-bind": hint_in_bind,
    "tshark-sasl-ntlm-challenge": sasl_ntlm,
    "tshark-empty-pair-left-out": empty_pair,
    "tshark-stops-at-bad-field": bad_field,
    "tshark-unknown-port": unknown_port,
    "tshark-negoex-vector-length": negoex_negotiation,
    "ours-dcerpc": dcerpc,
}
"""Declared class -> a conversation in which it occurs."""

AGREED: dict[str, Callable[[], Conversation]] = {
    "kerberos": kerberos_messages,
    "context-flags": context_flags,
    "per-message": per_message,
}
"""Conversations that captures seldom hold, with nothing new to declare."""


# -- what tshark leaves out -----------------------------------------------------------------------


def _under_negoex(*messages: bytes) -> Conversation:
    """A NegTokenInit that offers NegoEx with these messages."""
    return Conversation(80).client(asked(build.neg_token_init(["negoex"], build.negoex(*messages))))


def negoex_extension() -> Conversation:
    """A NEGO message with an extension."""
    return _under_negoex(build.initiator_nego(extensions=[(1, b"more")]))


def negoex_alert() -> Conversation:
    """An ALERT message with a pulse."""
    return _under_negoex(build.initiator_nego(), build.alert(0xC000006D))


def pku2u() -> Conversation:
    """An AP_REQUEST message with an AS-REQ."""
    return _under_negoex(build.ap_request(build.as_req()))


def negoex_mic() -> Conversation:
    """A NegTokenResp with NegoEx inside, and a MIC token of the scheme's mechanism."""
    part = build.negoex(build.acceptor_nego())
    last = build.neg_token_resp("accept-completed", "negoex", part, build.mic_cfx())
    return _under_negoex(build.initiator_nego()).server(answered(negotiate(last)))


def deleted_context() -> Conversation:
    """A token that deletes a context: a MIC with another id."""
    deleting = build.mic_1964().replace(b"\x01\x01\x11\0", b"\x01\x02\x11\0")
    return Conversation(80).client(asked(deleting))


LEFT_OUT_TALKS: dict[str, Callable[[], Conversation]] = {
    "left-negoex-extension": negoex_extension,
    "left-negoex-alert": negoex_alert,
    "left-pku2u": pku2u,
    "left-negoex-mic": negoex_mic,
    "left-deleted-context": deleted_context,
}
"""What is left out -> a conversation in whose last token it is."""
