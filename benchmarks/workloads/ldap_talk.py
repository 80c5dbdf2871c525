"""SASL binds and searches of a directory.

Spec: RFC 4511 4.2, 4.5.
"""

from __future__ import annotations

from typing import Any

from support.messages import bind_response, der, ldap, sasl_bind

from benchmarks.workloads.logon import Logon
from benchmarks.workloads.script import CLIENT, SERVER, Script


def directory(script: Script, mechanism: str, *, searches: int = 3, **how: Any) -> None:
    """A SASL bind and some searches."""
    script.open(389, **how)
    logon = Logon(script, "ldap", mechanism)
    number, of = 1, logon.number

    def bound(token: bytes) -> None:
        script.say(CLIENT, sasl_bind(b"GSS-SPNEGO", token, number), of=of)

    def told(code: int, token: bytes) -> None:
        script.say(SERVER, bind_response(code, token=token, number=number), of=of)

    if mechanism == "kerberos":
        bound(logon.ap_req())
        told(0, logon.ap_rep())
    else:
        bound(logon.negotiate())
        told(14, logon.challenge())
        number = 2
        bound(logon.authenticate())
        told(0, logon.accepted())
    user = logon.user.encode()
    for _ in range(searches):
        number += 1
        wanted = der(0xA3, der(4, b"sAMAccountName"), der(4, user))
        limits = der(10, b"\2"), der(10, b"\0"), der(2, b"\0"), der(2, b"\0"), der(1, b"\0")
        search = der(0x63, der(4, b"dc=lab,dc=example"), *limits, wanted, der(0x30, der(4, b"cn")))
        script.say(CLIENT, ldap(search, number))
        values = der(0x31, der(4, user * (1 + script.dice.randrange(40))))
        attributes = der(0x30, der(0x30, der(4, b"cn"), values))
        entry = der(0x64, der(4, b"cn=" + user + b",dc=lab,dc=example"), attributes)
        done = der(0x65, der(10, b"\0"), der(4), der(4))
        script.say(SERVER, ldap(entry, number) + ldap(done, number))
    script.say(CLIENT, ldap(der(0x42), number + 1))
    script.close()
