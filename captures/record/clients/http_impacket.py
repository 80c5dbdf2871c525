"""One logon with NTLM messages by impacket, which still knows the LAN Manager session key.

http_impacket.py HOST[:PORT] PATH DOMAIN USER PASSWORD

No extended session security is asked for, and LM_KEY is; where the server grants it, impacket answers with an LM
response alone.
"""

import base64
import http.client
import sys

from impacket import ntlm

host, path, domain, user, password = sys.argv[1:]
line = http.client.HTTPConnection(host)


def ask(message) -> http.client.HTTPResponse:
    head = {"Authorization": f"NTLM {base64.b64encode(message.getData()).decode()}"}
    line.request("GET", path, headers=head)
    answer = line.getresponse()
    answer.read()
    print(answer.status)
    return answer


first = ntlm.getNTLMSSPType1(use_ntlmv2=False)
first["flags"] |= ntlm.NTLMSSP_NEGOTIATE_LM_KEY
first["flags"] &= ~ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY
told = base64.b64decode(ask(first).headers["WWW-Authenticate"].partition(" ")[2])
challenge = ntlm.NTLMAuthChallenge(told)
nonce = challenge["challenge"]
nt, lm, _ = ntlm.computeResponseNTLMv1(
    challenge["flags"], nonce, b"", b"", domain, user, password, use_ntlmv2=False
)
last = ntlm.NTLMAuthChallengeResponse(user, password, nonce)
last["flags"] = first["flags"]
last["domain_name"], last["host_name"] = domain.encode("utf-16le"), "DESK".encode("utf-16le")
last["lanman"], last["ntlm"] = lm, nt
ask(last)
line.close()
