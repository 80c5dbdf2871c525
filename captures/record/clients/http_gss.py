"""One GET with a Kerberos token of one's own making inside SPNEGO, by the GSS-API.

http_gss.py HOST[:PORT] PATH [KIND...]
    plain      no mutual authentication asked for
    replay     the same token once more, over a second connection
    bound      channel bindings of a TLS connection that there is not
    raw        Kerberos without SPNEGO around it
    show       nothing is sent, the token is printed
"""

import base64
import http.client
import sys

import gssapi

host, path, *kinds = sys.argv[1:]
mechanism = "1.2.840.113554.1.2.2" if "raw" in kinds else "1.3.6.1.5.5.2"
wanted = gssapi.RequirementFlag.integrity
if "plain" not in kinds:
    wanted |= gssapi.RequirementFlag.mutual_authentication
bindings = gssapi.raw.ChannelBindings(application_data=b"tls-server-end-point:" + bytes(range(32)))
context = gssapi.SecurityContext(
    name=gssapi.Name(f"HTTP@{host.partition(':')[0]}", gssapi.NameType.hostbased_service),
    mech=gssapi.OID.from_int_seq(mechanism),
    flags=wanted,
    channel_bindings=bindings if "bound" in kinds else None,
    usage="initiate",
)
token = base64.b64encode(context.step()).decode()
if "show" in kinds:
    sys.exit(print(token))
for _ in range(2 if "replay" in kinds else 1):
    line = http.client.HTTPConnection(host)
    line.request("GET", path, headers={"Authorization": f"Negotiate {token}"})
    answer = line.getresponse()
    answer.read()
    print(answer.status, answer.headers.get_all("WWW-Authenticate"))
    line.close()
