"""A small HTTP/1.1 server that accepts logons by Samba's own library, as the host it runs on: a domain controller or not.

samba_acceptor.py PORT SMB_CONF [KEY=VALUE...]
    KEY=VALUE  settings of smb.conf, e.g. `spnego:simulate_w2k=yes`

/nego takes SPNEGO or whatever comes under Negotiate, /ntlm takes the NTLM scheme. Runs with Debian's Python, which has
Samba's modules.
"""

import base64
import sys
from http.server import ThreadingHTTPServer

from answering import Answering
from samba import auth, credentials, gensec, param
from samba.auth import system_session
from samba.samdb import SamDB

port, file, *settings = sys.argv[1:]
conf = param.LoadParm(filename_for_non_global_lp=file)
for setting in settings:
    conf.set(*setting.split("=", 1))
own = credentials.Credentials()
own.guess(conf)
if conf.server_role() != "ROLE_STANDALONE":
    own.set_machine_account(conf)
database = SamDB(session_info=system_session(conf), lp=conf)
SCHEMES = {
    "/nego": ("Negotiate", "spnego"),
    "/ntlm": ("NTLM", "ntlmssp"),
    "/bare": ("Negotiate", "ntlmssp"),
}


class Acceptor(Answering):
    """One context per connection."""

    def do_GET(self):
        scheme, mechanism = SCHEMES["/" + self.path.split("/")[1]]
        said, _, text = self.headers.get("Authorization", "").partition(" ")
        if said != scheme:
            return self.answer(401, scheme)
        if self.context is None:
            users = auth.AuthContext(lp_ctx=conf, ldb=database)
            settings = {"lp_ctx": conf, "target_hostname": conf.get("netbios name")}
            self.context = gensec.Security.start_server(settings, users)
            self.context.set_credentials(own)
            self.context.start_mech_by_name(mechanism)
        try:
            done, token = self.context.update(base64.b64decode(text))
        except Exception as problem:
            print("refused:", problem, flush=True)
            self.context = None
            return self.answer(401, scheme)
        back = self.challenge(scheme, token)
        if not done:
            return self.answer(401, back)
        print("accepted", flush=True)
        self.context = None
        return self.answer(200, back if token else None)


ThreadingHTTPServer(("0.0.0.0", int(port)), Acceptor).serve_forever()
