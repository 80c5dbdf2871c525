"""One logon with the tokens of Samba's own library, whose settings allow what other clients no longer do.

http_samba.py HOST[:PORT] PATH SCHEME MECHANISM USER PASSWORD [KEY=VALUE...]
    USER       as DOMAIN\\name; empty with an empty password: anonymous
    MECHANISM  ntlmssp or spnego; Kerberos is used in SPNEGO if a setting says `kerberos=desired` or `required`
    KEY=VALUE  settings of smb.conf, e.g. `ntlmssp_client:128bit=no`

Runs with Debian's Python, which has Samba's modules.
"""

import base64
import http.client
import os
import sys

from samba import credentials, gensec, param

host, path, scheme, mechanism, user, password, *settings = sys.argv[1:]
settings = dict(one.split("=", 1) for one in settings)
KERBEROS = {
    "desired": credentials.AUTO_USE_KERBEROS,
    "required": credentials.MUST_USE_KERBEROS,
    "off": credentials.DONT_USE_KERBEROS,
}
name = host.partition(":")[0]  # Samba keeps no copy of its own
kerberos = KERBEROS[settings.pop("kerberos", "off")]
conf = param.LoadParm()
conf.load(f"{os.environ['LAB']}/desk/smb.conf")
for key, value in settings.items():
    conf.set(key, value)

who = credentials.Credentials()
who.guess(conf)
who.set_kerberos_state(kerberos)
if user:
    domain, _, account = user.rpartition("\\")
    who.set_domain(domain)
    who.set_username(account)
    who.set_password(password)
    if kerberos != credentials.DONT_USE_KERBEROS:
        who.set_realm(conf.get("realm"))
else:
    who.set_anonymous()

context = gensec.Security.start_client({"lp_ctx": conf, "target_hostname": name})
context.set_credentials(who)
context.set_target_hostname(name)
context.set_target_service("http")
context.want_feature(gensec.FEATURE_SIGN)
context.start_mech_by_name(mechanism)
line = http.client.HTTPConnection(host)
_, token = context.update(b"")
while token:
    head = {"Authorization": f"{scheme} {base64.b64encode(token).decode()}"}
    line.request("GET", path, headers=head)
    answer = line.getresponse()
    answer.read()
    print(answer.status, answer.headers.get_all("WWW-Authenticate"))
    text = (answer.headers.get("WWW-Authenticate") or "").partition(" ")[2]
    token = context.update(base64.b64decode(text))[1] if text else b""
line.close()
