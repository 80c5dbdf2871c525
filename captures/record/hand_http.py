"""The cases over HTTP made by hand: what clients and servers of the lab would not say.

Spec: RFC 4559 4, RFC 4178 4.2 and 5, MS-NLMP 2.2.1 and 2.2.2, RFC 4120 7.5.9.
"""

from base64 import b64encode

from frames import Frame
from made import Made
from talk import START, Talk

from dissectors.tokens import build

REALM = "NEGO.TEST"
LOCAL_CALL, ESS, KEY_128, KEY_56 = 0x4000, 0x80000, 1 << 29, 1 << 31
FILETIME = START // 100 + 116_444_736_000_000_000
INFO = {
    "MsvAvNbDomainName": "NEGO",
    "MsvAvNbComputerName": "WEB",
    "MsvAvDnsDomainName": "nego.test",
    "MsvAvDnsComputerName": "web.nego.test",
    "MsvAvTimestamp": FILETIME,
}
SERVICE = "HTTP/web.nego.test"


def ask(
    token: bytes | None = None, scheme: str = "Negotiate", host: str = "web.nego.test"
) -> bytes:
    """A GET, with a token or without."""
    head = f"Authorization: {scheme} {b64encode(token).decode()}\r\n" if token else ""
    return f"GET /page HTTP/1.1\r\nHost: {host}\r\n{head}\r\n".encode()


def answer(status: str, *schemes: str | tuple[str, bytes]) -> bytes:
    """An answer without content; schemes alone or with a token."""
    lines = [
        one if isinstance(one, str) else f"{one[0]} {b64encode(one[1]).decode()}" for one in schemes
    ]
    heads = "".join(f"WWW-Authenticate: {line}\r\n" for line in lines)
    return f"HTTP/1.1 {status}\r\n{heads}Content-Length: 0\r\n\r\n".encode()


OK, UNAUTHORIZED = "200 OK", "401 Unauthorized"


def called_locally() -> list[Frame]:
    """Three legs of the NTLM scheme, in which both sides agree that they are one host."""
    told = build.ntlm_challenge(
        target_name="NEGO",
        target_info=INFO,
        server_challenge=b"\x3a\x91\x07\xc4\x5e\x22\xb8\x6d",
        flags=0xE289_8215 | LOCAL_CALL,
        reserved=b"\x10\x32\x54\x76\0\0\0\0",
    )
    flags = 0xE288_8215 | LOCAL_CALL
    last = build.ntlm_authenticate(
        user="", domain="", workstation="DESK", lm_response=b"", nt_response=b"", flags=flags
    )
    talk = Talk().open().client(ask()).server(answer(UNAUTHORIZED, "NTLM"))
    talk.client(ask(build.ntlm_negotiate(), "NTLM")).server(answer(UNAUTHORIZED, ("NTLM", told)))
    return talk.client(ask(last, "NTLM")).server(answer(OK)).close().frames


def through_the_acceptor():
    """IAKERB: the acceptor hands the client's messages on to the KDC, then takes the ticket."""
    tgt = f"krbtgt/{REALM}"
    proof = build.ap_req(sname=tgt, realm=REALM, ap_options=(), form="bare")
    said = [
        (
            build.as_req(cname="ada", realm=REALM, sname=tgt, padata=[build.pa_enc_timestamp()]),
            build.as_rep(cname="ada", crealm=REALM, sname=tgt, realm=REALM),
        ),
        (
            build.tgs_req(realm=REALM, sname=SERVICE, padata=[build.pa_tgs_req(proof)]),
            build.tgs_rep(cname="ada", crealm=REALM, sname=SERVICE, realm=REALM),
        ),
    ]
    talk = Talk().open()
    for turn, (asked, told) in enumerate(said):
        token = build.iakerb(asked, realm=REALM)
        talk.client(
            ask(
                build.neg_token_resp(None, None, token)
                if turn
                else build.neg_token_init(["iakerb"], token)
            )
        )
        back = build.neg_token_resp(
            "accept-incomplete", None if turn else "iakerb", build.iakerb(told, realm=REALM)
        )
        talk.server(answer(UNAUTHORIZED, ("Negotiate", back)))
    ticket = build.ap_req(sname=SERVICE, realm=REALM, mech="iakerb")
    talk.client(ask(build.neg_token_resp(None, None, ticket)))
    done = build.neg_token_resp("accept-completed", None, build.ap_rep(mech="iakerb"))
    return talk.server(answer(OK, ("Negotiate", done))).close()


CASES = [
    Made(
        case="http/ntlm_local_call", title="A local call from elsewhere",
        purpose="Challenge and answer say that client and server are one host, but their addresses differ.",
        frames=called_locally,
        why_by_hand="It takes Windows on one side: no acceptor of the lab (Samba 4.17, gss-ntlmssp 1.2, pyspnego 0.12, impacket 0.13) "
        "set NTLMSSP_NEGOTIATE_LOCAL_CALL in any recorded CHALLENGE.",
    ),
    Made(
        case="http/iakerb", title="Kerberos through the acceptor",
        purpose="IAKERB: AS and TGS exchange travel inside the negotiation's tokens, then the ticket.",
        frames=lambda: through_the_acceptor().frames,
        kdc=["AS ada krbtgt/NEGO.TEST aes256-cts-hmac-sha1-96", "TGS ada HTTP/web.nego.test aes256-cts-hmac-sha1-96"],
        why_by_hand="MIT's SPNEGO 1.20 does not offer IAKERB (\"SPNEGO cannot find mechanisms to negotiate\" with IAKERB as the only "
        "mechanism allowed); what its library does without SPNEGO is http/iakerb_raw.",
    ),
]  # fmt: skip
