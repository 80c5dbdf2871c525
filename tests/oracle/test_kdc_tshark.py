"""Messages to and from KDCs, held against those that the installed tshark finds."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from support.captured import ROOT, captures
from support.facts import SWEEP, capture_name, unless_refused

from analyzer.analysis import read
from analyzer.capture.tshark_program import find_tshark, surroundings

KINDS = {"10", "11", "12", "13", "30"}
"""AS-REQ, AS-REP, TGS-REQ, TGS-REP, KRB-ERROR."""
OTHERS = {"icmp", "gss-api", "spnego", "smb", "smb2", "ldap", "cldap", "http", "dcerpc", "kpasswd"}
"""Protocols in which tshark shows such a message for another reason: quoted, or a context token."""
REORDERED = {
    "http/reordered": "tshark reads the segments in the order of the capture",
    "smb/reordered": "tshark reads the segments in the order of the capture",
    "hard_capdrop_mss200_smb311_krb5.pcap": "tshark shows no message whose end was not captured",
}
"""Where we find more than tshark."""
ALL = {capture_name(path): path for path in captures()}
CHOSEN = [name for name, path in ALL.items() if SWEEP or path.is_relative_to(ROOT / "captures/kdc")]
CHOSEN += [name for name in ALL if "KRB5" in name or ("kdc_" in name and name not in CHOSEN)]


def theirs(path: Path) -> dict[int, set[str]]:
    """Frame -> message types, of KDC traffic only."""
    command = [find_tshark(), "-n", "-r", str(path), "-Y", "kerberos.msg_type", "-T", "fields"]
    for field in ("frame.number", "frame.protocols", "kerberos.msg_type"):
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, env=surroundings(), check=False)
    found: dict[int, set[str]] = defaultdict(set)
    for line in done.stdout.decode().splitlines():
        frame, protocols, types = line.split("\t")
        if not OTHERS & set(protocols.split(":")):
            found[int(frame)] |= KINDS & set(types.split(","))
    return {frame: types for frame, types in found.items() if types}


def ours(path: Path) -> dict[int, set[str]]:
    """The same, of UDP and TCP."""
    columns = read(path, tables=["kdc"]).tables.columns["kdc"]
    found: dict[int, set[str]] = defaultdict(set)
    names = ("frame_request", "frame_reply", "exchange", "error", "transport")
    for asked, answered, exchange, error, transport in zip(
        *(columns[name] for name in names), strict=True
    ):
        if transport not in {"udp", "tcp"}:
            continue
        if asked is not None:
            found[asked].add({"AS": "10", "TGS": "12"}[exchange])
        if answered is not None:
            found[answered].add("30" if error else {"AS": "11", "TGS": "13"}[exchange])
    return found


@pytest.mark.parametrize("name", CHOSEN)
def test_the_same_messages_in_the_same_frames(name: str) -> None:
    """Each request, reply and error, with its type, in the frame in which it ends; and no other."""
    with unless_refused(ALL[name]):
        found, known = ours(ALL[name]), theirs(ALL[name])
        if name in REORDERED:
            assert set(known) <= set(found)
        else:
            assert found == known


def test_there_is_something_to_compare() -> None:
    """Enough captures of our own hold exchanges of either kind."""
    kinds = {
        kind
        for name in CHOSEN
        if ALL[name].is_relative_to(ROOT)
        for types in ours(ALL[name]).values()
        for kind in types
    }
    assert kinds == KINDS
