"""NTLM messages as they are under a scheme of one's choice, by pyspnego.

http_raw.py HOST:PORT PATH SCHEME USER PASSWORD [tls] [bound] [for NAME] [via PROXY:PORT]
    tls       over TLS, with its keys in $SSLKEYLOGFILE
    bound     with channel bindings: those of the TLS connection, or of one that there is not
    for NAME  the messages are meant for that host
    via PROXY the messages are for a proxy, which is asked first what it takes

Spec: RFC 5929 4.
"""

import base64
import hashlib
import http.client
import os
import ssl
import sys

import spnego
from spnego.channel_bindings import GssChannelBindings

host, path, scheme, user, password, *kinds = sys.argv[1:]
end_point = bytes(range(32))
proxy = kinds[kinds.index("via") + 1] if "via" in kinds else ""
if "tls" in kinds:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    trusting.keylog_filename = os.environ.get("SSLKEYLOGFILE")
    line = http.client.HTTPSConnection(host, context=trusting)
    line.connect()
    end_point = hashlib.sha256(line.sock.getpeercert(binary_form=True)).digest()
else:
    line = http.client.HTTPConnection(proxy or host)
bindings = GssChannelBindings(application_data=b"tls-server-end-point:" + end_point)
context = spnego.client(
    user,
    password,
    protocol="ntlm",
    service="HTTP",
    hostname=kinds[kinds.index("for") + 1] if "for" in kinds else host.partition(":")[0],
    channel_bindings=bindings if "bound" in kinds else None,
)
ours, theirs = "Authorization", "WWW-Authenticate"
if proxy:
    ours, theirs = "Proxy-Authorization", "Proxy-Authenticate"
    path = f"http://{host}{path}"
    line.request("GET", path)
    line.getresponse().read()
token = context.step()
while token:
    line.request("GET", path, headers={ours: f"{scheme} {base64.b64encode(token).decode()}"})
    answer = line.getresponse()
    answer.read()
    print(answer.status)
    text = answer.headers.get(theirs, "").partition(" ")[2]
    token = context.step(base64.b64decode(text)) if text and not context.complete else None
line.close()
