"""Names made to harm who looks at them, and a capture that has one in every place where a peer may put one."""

from __future__ import annotations

from support.kdc_talk import over_tcp
from support.kerberos_messages import der, flags, kdc_req, message, time
from support.kerberos_messages import number as integer
from support.messages import (
    KERBEROS,
    NTLM,
    NTLM_NEGOTIATE,
    ap_req,
    authorization,
    bind_response,
    http,
    init_token,
    netbios,
    ntlm_authenticate,
    ntlm_challenge,
    resp_token,
    sasl_bind,
    session_setup,
    simple_bind,
    smb1_logon,
)
from support.packets import Conversation, pcapng

NAMES = {
    "escape": "\x1b[31mred\x1b[0m",
    "window title": "\x1b]0;title\x07",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "link": "\x1b]8;;http://x\x1b\\x\x1b]8;;\x1b\\",
    "C1": "a\x9b31mb\x85c\x7f",
    "NUL": "a\0b",
    "lines": "alice\nbob\r\ncarol\rdave\u2028eve\u2029",
    "tabs": "a\tb\x0bc\x0cd",
    "bidi": "abc\u202egpj.exe\u2066x\u2069\u200f\u061c",
    "zero width": "ad\u200bmin\ufeff\u2060\u00ad",
    "tag characters": "a\U000e0041\U000e007f",
    "noncharacters": "a\uffff\ufffe",
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "tab formula": "\t=1+1",
    "CR formula": "\r=1+1",
    "quotes": 'a"b,\'c;"d',
    "markup": "<script>alert(1)</script><img src=x onerror=y>",
    "rich markup": "[red]x[/nope]",
    "format": "%s%n{0}{x}\\x1b",
    "long": "A" * 5000,
}
UTF_16 = {name: text.encode("utf-16-le") for name, text in NAMES.items()}
UTF_16["lone surrogates"] = b"a\0\x00\xd8b\0\xff\xdfc\0"
UTF_16["half a character"] = b"a\0b"
BYTES = {name: text.encode() for name, text in NAMES.items()}
BYTES["not UTF-8"] = b"a\xff\xfe\x80\xc0\xafb"
BYTES["surrogates in UTF-8"] = b"a\xed\xa0\x80b"


def kdc_talk(name: bytes, client_port: int) -> Conversation:
    """A KDC is asked by, for and about a name, and says it again."""
    realm = der(0x1B, name)
    who = der(0x30, der(0xA0, integer(1)), der(0xA1, der(0x30, realm)))
    request = kdc_req(
        0x6A,
        10,
        der(0xA0, flags(1)),
        der(0xA1, who),
        der(0xA2, realm),
        der(0xA3, who),
        der(0xA5, time("20370913024805Z")),
        der(0xA7, integer(7)),
        der(0xA8, der(0x30, integer(18))),
    )
    error = message(
        0x7E,
        30,
        der(0xA4, time("20231114221320Z")),
        der(0xA5, integer(0)),
        der(0xA6, integer(7)),
        der(0xA9, realm),
        der(0xAA, who),
        der(0xAB, realm),
    )
    return (
        Conversation(88, client_port=client_port).client(over_tcp(request)).server(over_tcp(error))
    )


def capture(wide: bytes, name: bytes) -> bytes:
    """The name in every place where a peer may put one."""
    in_line = name.replace(b"\r", b"\x0e").replace(b"\n", b"\x0e")  # or the message would end there
    authenticate = ntlm_authenticate(wide, wide, wide, nt=bytes(24), lm=bytes(24))
    challenge = ntlm_challenge(b"12345678", wide)
    get, no = b"GET /" + in_line.replace(b" ", b"_") + b" HTTP/1.1", b"HTTP/1.1 401 " + in_line
    host = b"Host: " + in_line
    ticket = ap_req(name, (name, name), bytes(50), bytes(50))
    talks = [
        Conversation(80, client_port=1001)
        .client(http(get, host, authorization(b"Basic", name + b":x")))
        .server(http(no, b"WWW-Authenticate: Basic realm=" + in_line, b"Server: " + in_line)),
        Conversation(80, client_port=1002)
        .client(http(get, host, authorization(b"Negotiate", init_token(KERBEROS, ticket))))
        .server(http(no, b"WWW-Authenticate: " + in_line)),
        Conversation(80, client_port=1003)
        .client(http(get, host, b"Authorization: " + in_line))
        .server(http(no)),
        Conversation(389, client_port=1004)
        .client(simple_bind(name, b"x"))
        .server(bind_response(49, name)),
        Conversation(389, client_port=1005)
        .client(sasl_bind(b"GSS-SPNEGO", init_token(NTLM, NTLM_NEGOTIATE)))
        .server(bind_response(14, name, resp_token(challenge, 1)))
        .client(sasl_bind(b"GSS-SPNEGO", resp_token(authenticate), 2))
        .server(bind_response(49, name, number=2)),
        Conversation(389, client_port=1006)
        .client(sasl_bind(name, b"x"))
        .server(bind_response(7, name)),
        Conversation(389, client_port=1007)
        .client(sasl_bind(b"PLAIN", b"\0" + name + b"\0x"))
        .server(bind_response()),
        Conversation(445, client_port=1008).client(smb1_logon(name, b"x")),
        Conversation(445, client_port=1009).client(netbios(session_setup(authenticate))),
        Conversation(445, client_port=1010).client(netbios(session_setup(ticket))),
        kdc_talk(name, 1011),
    ]
    return pcapng([packet for talk in talks for packet in talk.close().packets])


def of(name: str) -> bytes:
    """A capture by the name of its names."""
    return capture(UTF_16.get(name, UTF_16["escape"]), BYTES.get(name, BYTES["escape"]))
