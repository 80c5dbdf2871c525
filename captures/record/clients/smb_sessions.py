"""Sessions that smbclient does not make, by smbprotocol.

smb_sessions.py KIND SERVER
    retry      wrong password, then the right one, on one connection
    two        two users' sessions on one connection, both alive
    again      log off, then log on anew on the same connection
    raw-ntlm   NTLM without SPNEGO around it
    raw-krb    Kerberos without SPNEGO around it
    krb        what the ticket cache has, inside SPNEGO
    leave      hangs up when NTLM's challenge has come
    late       the same with a ticket of ten seconds; the share is asked for when it is over
"""

import sys
import time
import uuid

import gssapi
from smbprotocol.connection import Connection, Dialects
from smbprotocol.exceptions import LogonFailure, SMBResponseException
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

kind, server = sys.argv[1:]
ADA = ("NEGO\\ada", "Engine-1843")
GRACE = ("NEGO\\grace", "Nanosecond-11")

connection = Connection(uuid.uuid4(), server, 445, require_signing=True)
connection.connect(Dialects.SMB_3_0_2)


def log_on(user, auth="ntlm"):
    session = Session(connection, *user, require_encryption=False, auth_protocol=auth)
    session.connect()
    return session


def use(session):
    tree = TreeConnect(session, rf"\\{server}\pub")
    tree.connect(require_secure_negotiate=False)
    tree.disconnect()


if kind == "retry":
    try:
        log_on(("NEGO\\ada", "not-hers"), "negotiate")
    except LogonFailure as problem:
        print(problem)
    use(log_on(ADA, "negotiate"))
elif kind == "two":
    first, second = log_on(ADA, "negotiate"), log_on(GRACE, "negotiate")
    use(first)
    use(second)
elif kind == "again":
    first = log_on(ADA, "negotiate")
    use(first)
    first.disconnect()
    use(log_on(GRACE, "negotiate"))
elif kind == "raw-ntlm":
    use(log_on(ADA, "ntlm"))
elif kind in ("raw-krb", "krb"):
    use(log_on((None, None), "kerberos" if kind == "raw-krb" else "negotiate"))
elif kind == "leave":
    receive = connection.receive

    def challenged(request, **how):
        try:
            receive(request, **how)
        finally:
            connection.transport.close()
            sys.exit("challenged, and gone")

    connection.receive = challenged
    log_on(ADA, "negotiate")
elif kind == "late":
    service = gssapi.Name(f"cifs@{server}", gssapi.NameType.hostbased_service)
    gssapi.SecurityContext(name=service, usage="initiate", lifetime=10).step()  # into the cache
    session = log_on((None, None), "negotiate")
    time.sleep(11)
    try:
        use(session)
    except SMBResponseException as problem:
        print(problem)
connection.disconnect()
