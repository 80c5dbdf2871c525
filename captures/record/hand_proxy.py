"""Proxies and load balancers in the way of a logon, and what they ask for themselves.

Spec: RFC 9110 11.5 and 11.7, RFC 4559 6, MS-NTHT 2, MS-SPNG 3.2.5 (product note on NTLM as the only mechanism).
"""

from base64 import b64encode

import hand_http
from frames import Frame
from hand_http import FILETIME, OK, REALM, UNAUTHORIZED, answer
from made import Made
from talk import Talk, merged

from dissectors.tokens import build

INFO = {
    "MsvAvNbDomainName": "NEGO",
    "MsvAvNbComputerName": "PROXY",
    "MsvAvDnsDomainName": "nego.test",
    "MsvAvDnsComputerName": "proxy.nego.test",
    "MsvAvTimestamp": FILETIME,
}


def ask(token: bytes | None = None) -> bytes:
    """A GET through the proxy, with a token for the proxy or without."""
    head = f"Proxy-Authorization: Negotiate {b64encode(token).decode()}\r\n" if token else ""
    return f"GET http://web.nego.test/page HTTP/1.1\r\nHost: web.nego.test\r\n{head}\r\n".encode()


def refuse(*schemes: str) -> bytes:
    """The proxy's 407."""
    heads = "".join(f"Proxy-Authenticate: {scheme}\r\n" for scheme in schemes)
    return (
        f"HTTP/1.1 407 Proxy Authentication Required\r\n{heads}Content-Length: 0\r\n\r\n".encode()
    )


def raw_ntlm() -> Talk:
    """Three legs, all under Negotiate."""
    challenge = build.ntlm_challenge(target_name="NEGO", target_info=INFO)
    proof = build.ntlm_authenticate(user="ada", domain="NEGO", workstation="DESK", target_info=INFO)
    talk = Talk(port=3128).open().client(ask()).server(refuse("Negotiate", "NTLM"))
    talk.client(ask(build.ntlm_negotiate()))
    talk.server(refuse(f"Negotiate {b64encode(challenge).decode()}")).client(ask(proof))
    return talk.server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").close()


def two_sites() -> list[Frame]:
    """One address, two names: at the first the ticket is refused, the second takes NTLM only."""
    ticket = build.neg_token_init(["kerberos"], build.ap_req(sname=hand_http.SERVICE, realm=REALM))
    web = Talk().open().client(hand_http.ask(ticket))
    no = hand_http.refused("KRB_AP_ERR_MODIFIED")
    web.server(answer(UNAUTHORIZED, ("Negotiate", no), "Negotiate")).close()
    app = Talk(client_port=40_002, at=500).open()
    app.client(hand_http.ask(None, host="app.nego.test")).server(answer(UNAUTHORIZED, "NTLM"))
    challenge = build.ntlm_challenge(target_name="NEGO", target_info=hand_http.INFO)
    proof = build.ntlm_authenticate(user="ada", domain="NEGO", workstation="DESK")
    app.client(hand_http.ask(build.ntlm_negotiate(), "NTLM", "app.nego.test"))
    app.server(answer(UNAUTHORIZED, ("NTLM", challenge)))
    app.client(hand_http.ask(proof, "NTLM", "app.nego.test")).server(answer(OK)).close()
    return merged(web, app)


CASES = [
    Made(
        case="http/proxy_ntlm_in_negotiate", title="Raw NTLM to a proxy that lists Negotiate",
        purpose="The proxy would take Negotiate and NTLM; the client says Negotiate and sends NTLM without SPNEGO. Whether it wanted that or had nothing else, the bytes do not tell.",
        frames=lambda: raw_ntlm().frames,
    ),
    Made(
        case="http/two_sites", title="Two web sites at one address",
        purpose="A ticket is refused at web.nego.test; then the same client logs on to app.nego.test, which lists NTLM only. The one has nothing to do with the other.",
        frames=two_sites, negotiations=2,
    ),
]  # fmt: skip
