"""A box between HTTP clients and a server: it hands requests and answers on, and changes one thing.

between.py PORT SERVER:PORT CHANGE
    nothing      every request and answer as it came; the client's Host stays
    no-affinity  every request over a connection of its own, and the client's ends with each answer
    cut          the client's offer of Kerberos and NTLM is answered by the box; the server hears of NTLM only
    reorder      the same, but the server hears NTLM, then Kerberos
    prepend      a mechanism that nobody has goes before the client's Kerberos; the box says to either side what it expects
    no-mic       the MIC of NTLM's last message is taken out
    damage       one bit of what a Kerberos ticket's owner sealed (the authenticator) is turned

Where the offer is changed both sides' mechListMIC is taken out as well, for it would tell.
Spec: RFC 4178 4.2 and 5, MS-NLMP 2.2.1.3.
"""

import base64
import http.client
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from spnego._spnego import NegState, NegTokenInit, NegTokenResp, unpack_token

NTLM, KERBEROS = "1.3.6.1.4.1.311.2.2.10", "1.2.840.113554.1.2.2"
NOBODYS = "1.3.6.1.4.1.311.2.2.30"  # NegoEx, which no library of the lab has
port, server, change = sys.argv[1:]


FIELDS, MIC, MIC_END = range(16, 64, 8), 72, 88
"""Where an AUTHENTICATE message has the offsets of what follows its head, and where its MIC."""


def without_mic(message: bytes) -> bytes:
    """An AUTHENTICATE message without the field of its MIC; any other message as it is."""
    if message[:8] != b"NTLMSSP\0" or message[8] != 3:
        return message
    head = bytearray(message[:MIC])
    for at in FIELDS:
        offset = int.from_bytes(head[at : at + 4], "little") - (MIC_END - MIC)
        head[at : at + 4] = offset.to_bytes(4, "little")
    return bytes(head) + message[MIC_END:]


class Between(BaseHTTPRequestHandler):
    """One connection to the server for each of the client's."""

    protocol_version = "HTTP/1.1"
    server_version = "between"
    sys_version = ""
    line = None
    offered = False

    def do_GET(self):
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        token = base64.b64decode(text) if text else b""
        if token and change in ("cut", "reorder"):
            token = self.changed(token)
            if token is None:
                return None
        elif token and change == "prepend":
            token = self.prepended(token)
        elif token and change == "no-mic":
            token = without_mic(token)
        elif len(token) > 1000 and change == "damage":
            token = token[:-100] + bytes([token[-100] ^ 1]) + token[-99:]
        head = {"Host": self.headers["Host"]}
        if scheme:
            head["Authorization"] = f"{scheme} {base64.b64encode(token).decode()}".strip()
        answer, body = self.handed_on(head)
        self.send_response(answer.status)
        for challenge in answer.headers.get_all("WWW-Authenticate") or []:
            self.send_header("WWW-Authenticate", self.told(challenge))
        if change == "no-affinity":
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def handed_on(self, head: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        """The server's answer to the client's request, and its body."""
        if self.line is None or change == "no-affinity":
            self.line = http.client.HTTPConnection(server)
        self.line.request("GET", self.path, headers=head)
        answer = self.line.getresponse()
        return answer, answer.read()

    def prepended(self, token: bytes) -> bytes:
        """The client's token as a later one, after the server has chosen out of a longer list."""
        said = unpack_token(token)
        if not isinstance(said, NegTokenInit):
            return token
        longer = NegTokenInit(mech_types=[NOBODYS, *said.mech_types]).pack()
        text = base64.b64encode(longer).decode()
        self.handed_on({"Host": self.headers["Host"], "Authorization": f"Negotiate {text}"})
        return NegTokenResp(response_token=said.mech_token).pack()

    def changed(self, token: bytes) -> bytes | None:
        """The client's token with another offer; None: the box has answered it itself."""
        said = unpack_token(token)
        if isinstance(said, NegTokenInit):
            self.offered = True
            back = NegTokenResp(neg_state=NegState.request_mic, supported_mech=NTLM).pack()
            self.send_response(401)
            self.send_header("WWW-Authenticate", f"Negotiate {base64.b64encode(back).decode()}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        said.mech_list_mic = None
        if self.offered:
            self.offered = False
            order = [NTLM] if change == "cut" else [NTLM, KERBEROS]
            return NegTokenInit(mech_types=order, mech_token=said.response_token).pack()
        return said.pack()

    def told(self, challenge: str) -> str:
        """The server's challenge without a mechListMIC."""
        scheme, _, text = challenge.partition(" ")
        if change not in ("cut", "reorder", "prepend") or not text:
            return challenge
        said = unpack_token(base64.b64decode(text))
        said.mech_list_mic = None
        if change == "prepend" and said.response_token is not None:
            said.neg_state, said.supported_mech = NegState.request_mic, KERBEROS
        return f"{scheme} {base64.b64encode(said.pack()).decode()}"


ThreadingHTTPServer(("0.0.0.0", int(port)), Between).serve_forever()
