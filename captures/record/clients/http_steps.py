"""Attempts one after the other on one connection, whatever the server says to each.

http_steps.py HOST[:PORT][=ADDRESS[:PORT]] PATH ATTEMPT...
    =ADDRESS            where to connect to in place of the host, whose name stays
    negotiate           SPNEGO and a ticket from the cache by pyspnego, as long as it has something to say
    ticket              SPNEGO with a ticket from the cache, by MIT's library
    ntlm:USER:PASSWORD  the NTLM scheme, by pyspnego
    offer               SPNEGO that offers NTLM only, with its first message
    insist              a NegTokenResp with NTLM's first message, as if a negotiation were under way
    pause:SECONDS       a while
"""

import base64
import http.client
import sys
import time

import gssapi
import spnego
from spnego._spnego import NegTokenInit, NegTokenResp

NTLM, SPNEGO = "1.3.6.1.4.1.311.2.2.10", "1.3.6.1.5.5.2"
host, path, *attempts = sys.argv[1:]
host, _, address = host.partition("=")
name = host.partition(":")[0]
line = http.client.HTTPConnection(address or host)


def ask(scheme: str, token: bytes) -> bytes:
    """One request; the server's token if it sends one under the same scheme."""
    head = {"Host": host, "Authorization": f"{scheme} {base64.b64encode(token).decode()}"}
    line.request("GET", path, headers=head)
    answer = line.getresponse()
    answer.read()
    said = answer.headers.get_all("WWW-Authenticate") or []
    print(answer.status, said)
    back = [one.partition(" ")[2] for one in said if one.startswith(f"{scheme} ")]
    return base64.b64decode(back[0]) if back else b""


for attempt in attempts:
    kind, _, rest = attempt.partition(":")
    if kind == "pause":
        time.sleep(float(rest))
    elif kind == "ticket":
        context = gssapi.SecurityContext(
            name=gssapi.Name(f"HTTP@{name}", gssapi.NameType.hostbased_service),
            mech=gssapi.OID.from_int_seq(SPNEGO),
            usage="initiate",
        )
        ask("Negotiate", context.step())
    elif kind == "negotiate":
        context = spnego.client(
            service="HTTP", hostname=name, options=spnego.NegotiateOptions.use_negotiate
        )
        token = context.step()
        while token:
            back = ask("Negotiate", token)
            token = context.step(back) if back else None
    elif kind == "ntlm":
        user, _, password = rest.partition(":")
        context = spnego.client(user, password, protocol="ntlm", service="HTTP", hostname=name)
        token = context.step()
        while token:
            back = ask("NTLM", token)
            token = context.step(back) if back else None
    else:
        message = spnego.client("ada", "no-matter", protocol="ntlm").step()
        if kind == "offer":
            token = NegTokenInit(mech_types=[NTLM], mech_token=message).pack()
        else:
            token = NegTokenResp(response_token=message).pack()
        ask("Negotiate", token)
line.close()
