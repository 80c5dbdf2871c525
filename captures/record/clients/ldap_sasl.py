"""One SASL bind by pyspnego, and a search after it, with the protection asked for and no other.

ldap_sasl.py HOST USER PASSWORD MECHANISM KIND...
    MECHANISM  GSS-SPNEGO (SPNEGO around NTLM), or NTLM, as it is, under that name
    sign       signatures, and nothing sealed
    seal       sealed
    plain      neither
    leave      close the connection when the challenge has come
    upgrade    StartTLS when the challenge has come, and the answer to it inside TLS
    raw        NTLM without SPNEGO around it, whatever the mechanism's name
    zeros      (with raw) the MIC of AUTHENTICATE taken out, as relays do that change the messages before it

ldap_sasl.py HOST - - MECHANISM HEX    one bind with these bytes as its credentials

Spec: RFC 4422 3, MS-ADTS 5.1.1.1.2, MS-NLMP 3.4.
"""

import socket
import ssl
import sys

import spnego
from ldap_ber import bound, root_search, sasl, start_tls, unbind
from spnego import ContextReq, NegotiateOptions

AUTHENTICATE = b"NTLMSSP\0\3\0\0\0"
TRUSTING = ssl.create_default_context()
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE
WANTED = {
    "sign": ContextReq.integrity | ContextReq.sequence_detect,
    "seal": ContextReq.integrity | ContextReq.sequence_detect | ContextReq.confidentiality,
    "plain": ContextReq.none,
}


def main(host, user, password, mechanism, *kinds):
    """Bind, search, and take leave."""
    with socket.create_connection((host, 389)) as line:
        if user == "-":
            line.sendall(sasl(1, mechanism, bytes.fromhex(kinds[0])))
            print(bound(line.recv(65536)))
            line.sendall(unbind(2))
            return
        layer = next(kind for kind in kinds if kind in WANTED)
        raw = "raw" in kinds or mechanism == "NTLM"
        context = spnego.client(
            user,
            password,
            hostname=host,
            service="ldap",
            protocol="ntlm" if raw else "negotiate",
            options=NegotiateOptions.use_ntlm if raw else NegotiateOptions.use_negotiate,
            context_req=WANTED[layer],
        )
        number, code, back = 1, 14, None
        while code == 14:
            token = context.step(back)
            if "zeros" in kinds and token.startswith(AUTHENTICATE):
                token = token[:72] + bytes(16) + token[88:]
            line.sendall(sasl(number, mechanism, token))
            code, said, back = bound(line.recv(65536))
            print(code, said, back)
            number += 1
            if "leave" in kinds:
                return
            if "upgrade" in kinds and code == 14:
                line.sendall(start_tls(number))
                print(line.recv(65536).hex())
                line, number = TRUSTING.wrap_socket(line), number + 1
        if code:
            line.sendall(unbind(number))
            return
        if back:
            context.step(back)
        for request in (root_search(number), unbind(number + 1)):
            if layer != "plain":
                request = context.wrap(request, encrypt=layer == "seal").data
                request = len(request).to_bytes(4, "big") + request
            line.sendall(request)
            print(line.recv(65536).hex())


main(*sys.argv[1:])
