"""A small HTTP/1.1 server that accepts `Negotiate` by MIT's GSS-API library, and hands on what that says of a failure.

gss_acceptor.py PORT [MECHANISM...] [raw]
    MECHANISM  only kerberos, ntlm or iakerb, inside SPNEGO
    raw        the mechanism by itself

The key is in $KRB5_KTNAME, users for NTLM (gss-ntlmssp) in $NTLM_USER_FILE. Where the library has no credentials for
one of the mechanisms the answer is 500, as from a server that never thought of it.
"""

import base64
import sys
from http.server import ThreadingHTTPServer

import gssapi
from answering import Answering

OIDS = {
    "kerberos": "1.2.840.113554.1.2.2",
    "ntlm": "1.3.6.1.4.1.311.2.2.10",
    "iakerb": "1.3.6.1.5.2.5",
}
port, *allowed = sys.argv[1:]
raw = "raw" in allowed
mechanisms = [gssapi.OID.from_int_seq(OIDS[one]) for one in allowed if one != "raw"]
gssapi.SecurityContext.__DEFER_STEP_ERRORS__ = False


class Acceptor(Answering):
    """One context per connection."""

    def do_GET(self):
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Negotiate":
            return self.answer(401, "Negotiate")
        try:
            if self.context is None:
                for mechanism in mechanisms:
                    gssapi.Credentials(usage="accept", mechs=[mechanism])
                own = gssapi.Credentials(usage="accept", mechs=mechanisms if raw else None)
                if mechanisms and not raw:
                    gssapi.raw.set_neg_mechs(own, mechanisms)
                self.context = gssapi.SecurityContext(creds=own, usage="accept")
        except gssapi.exceptions.GSSError as problem:
            print("no credentials:", problem, flush=True)
            return self.answer(500)
        try:
            token = self.context.step(base64.b64decode(text))
        except gssapi.exceptions.GSSError as problem:
            print("refused:", problem, flush=True)
            token, self.context = problem.token, None
            return self.answer(401, self.challenge("Negotiate", token))
        if not self.context.complete:
            return self.answer(401, self.challenge("Negotiate", token))
        print("accepted:", self.context.initiator_name, flush=True)
        self.context = None
        return self.answer(200, self.challenge("Negotiate", token) if token else None)


ThreadingHTTPServer(("0.0.0.0", int(port)), Acceptor).serve_forever()
