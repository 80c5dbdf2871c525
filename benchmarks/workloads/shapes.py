"""What is in a capture: which conversation comes next.

| shape | content |
|---|---|
| haystack | bulk SMB2 and HTTP, TLS, with decoys; a logon for every 500 kB |
| dense | one logon after the other: SMB2 45 %, HTTP 35 %, LDAP 20 % |
| tiny | scans, DNS, acknowledgements; a logon for every 2 MB |
| raw | the smallest logons there are: NTLM alone under HTTP's Negotiate |
| syns | a SYN each to ever other ports |
| open | connections that ask for a page, get it and stay open |
| bytes | logons in segments of one byte |
| backwards | logons whose segments come last first |
| claims | messages that announce 16 MB and do not come |
| tokens | tokens of up to 64 KiB, made to be expensive |
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.workloads.http_talk import http, web
from benchmarks.workloads.ldap_talk import directory
from benchmarks.workloads.other_talks import chatter, lookup, scan, tls
from benchmarks.workloads.script import Script
from benchmarks.workloads.smb_talk import smb
from benchmarks.workloads.worst import claims, large_tokens

Shape = Callable[[Script], None]

PER_LOGON = {"haystack": 500_000, "tiny": 2_000_000}
"""Bytes of capture for each logon."""


def _due(script: Script, shape: str) -> bool:
    return len(script.truth.negotiations) <= script.size // PER_LOGON[shape]


def haystack(script: Script) -> None:
    """Bulk data with decoys, few logons; one in thirteen belongs to a large transfer."""
    dice = script.dice

    def bulk() -> int:
        return 1 << 14 + dice.randrange(6)  # 16 to 512 KiB

    kind, slow, requests = dice.randrange(100), dice.randrange(4) == 0, dice.randrange(3)
    mechanism = ("ntlm", "kerberos")[dice.randrange(2)]
    if _due(script, "haystack"):
        if kind < 8:
            smb(script, mechanism, bulk=bulk, reads=2 + dice.randrange(12))
        elif kind < 45:
            smb(script, mechanism, reads=1 + requests)
        elif kind < 82:
            raw = mechanism == "ntlm" and kind < 60
            http(script, mechanism, wrapped=not raw, requests=requests, slow=slow)
        else:
            directory(script, mechanism)
    elif kind < 35:
        web(script, bulk=bulk, requests=1 + dice.randrange(12))
    elif kind < 60:
        web(script, requests=1 + dice.randrange(12))
    else:
        tls(script, 4 + dice.randrange(20), (600, 1200, 5000, 60_000)[dice.randrange(4)])


def dense(script: Script) -> None:
    """Logons, each with a little use of it."""
    dice = script.dice
    kind, requests = dice.randrange(100), dice.randrange(3)
    if kind < 45:
        smb(script, "ntlm" if kind < 25 else "kerberos", reads=requests)
    elif kind < 65:
        http(script, "ntlm", wrapped=kind >= 55, requests=requests)
    elif kind < 80:
        http(script, "kerberos", requests=requests)
    else:
        directory(script, "ntlm" if kind < 90 else "kerberos")


def tiny(script: Script) -> None:
    """Packets of 60 to 90 bytes; 6 of 10 conversations are scans."""
    dice = script.dice
    kind = dice.randrange(100)
    if _due(script, "tiny"):
        if kind < 34:
            smb(script, "ntlm", reads=1)
        elif kind < 67:
            http(script, "ntlm", wrapped=False)
        else:
            directory(script, "kerberos")
    elif kind < 60:
        scan(script, 1 + dice.randrange(20_000))
    elif kind < 80:
        lookup(script)
    else:
        chatter(script)


def raw(script: Script) -> None:
    """As many negotiations in as few bytes as can be."""
    http(script, "ntlm", wrapped=False, requests=0)


def syns(script: Script) -> None:
    """A scan without end; each SYN is a connection of its own."""
    nth = script.truth.streams
    ends = nth // 60_000, nth % 60, 1024 + nth % 60_000
    scan(script, 1 + nth % 20_011, ends=ends)


def open_streams(script: Script) -> None:
    """A connection that is used once and never closed."""
    nth = script.truth.streams
    web(script, close=False, ends=(nth // 60_000, nth % 60, 1024 + nth % 60_000))


def one_byte(script: Script) -> None:
    """Logons in segments of one byte."""
    dice = script.dice
    mechanism = ("ntlm", "kerberos")[dice.randrange(2)]
    logon = (smb, http, directory)[dice.randrange(3)]
    logon(script, mechanism, mss=1)


def backwards(script: Script) -> None:
    """Logons and pages whose segments come last first, some hundred bytes each."""
    dice = script.dice
    kind, mechanism = dice.randrange(4), ("ntlm", "kerberos")[dice.randrange(2)]
    if kind == 0:
        web(script, bulk=lambda: 1 << 14, requests=2, mss=536, backwards=True)
    else:
        logon = (smb, http, directory)[kind - 1]
        logon(script, mechanism, mss=200, backwards=True)


SHAPES: dict[str, Shape] = {
    "haystack": haystack,
    "dense": dense,
    "tiny": tiny,
    "raw": raw,
    "syns": syns,
    "open": open_streams,
    "bytes": one_byte,
    "backwards": backwards,
    "claims": claims,
    "tokens": large_tokens,
}
