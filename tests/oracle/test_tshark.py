"""Our rows of the project's own captures, held frame by frame against the tshark that is installed."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import read
from dissectors.codes.krb_etype import KRB_ETYPE
from dissectors.mechs import MECHS

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = {
    path.parent.relative_to(ROOT / "captures").as_posix(): path
    for path in sorted((ROOT / "captures").glob("*/*/capture.pcapng"))
}

TEXT_FIELDS = {
    "ntlm_user": "ntlmssp.auth.username",
    "ntlm_domain": "ntlmssp.auth.domain",
    "ntlm_workstation": "ntlmssp.auth.hostname",
    "ntlm_target_name": "ntlmssp.challenge.target_name",
    "hint_name": "spnego.hintName",
    "mech_types": "spnego.MechType",
    "supported_mech": "spnego.supportedMech",
    "krb_realm": "kerberos.realm",
    "krb_sname": "kerberos.SNameString",
}
NUMBER_FIELDS = {
    "ntlm_type": "ntlmssp.messagetype",
    "ntlm_flags": "ntlmssp.negotiateflags",
    "neg_state": "spnego.negResult",
    "krb_type": "kerberos.msg_type",
    "krb_etype": "kerberos.etype",
    "krb_kvno": "kerberos.kvno",
    "krb_error_code": "kerberos.error_code",
}
STATUS_FIELDS = {
    "smb1": "smb.nt_status",
    "smb2": "smb2.nt_status",
    "ldap": "ldap.resultCode",
    "http": "http.response.code",
    "http-proxy": "http.response.code",
}
FIELDS = [
    *("frame.number", "frame.time_epoch", "frame.protocols", "tcp.stream", "udp.stream"),
    *("smb.cmd", "smb.flags.response", "smb2.cmd", "smb2.flags.response", "ldap.protocolOp"),
    *("spnego.mechListMIC", "spnego.krb5.tok_id", "ntlmssp.verf.body"),
    *dict.fromkeys([*TEXT_FIELDS.values(), *NUMBER_FIELDS.values(), *STATUS_FIELDS.values()]),
]
CARRIERS = {"http", "smb", "smb2", "ldap", "cldap"}
MORE_PROCESSING, SASL_IN_PROGRESS = 0xC0000016, 14
TRUE = (["1"], ["True"])
AMONG, UNIT = "\x1e", "\x1f"  # between fields, between the values of one field

NTLM_TYPES = {"NTLM_NEGOTIATE": 1, "NTLM_CHALLENGE": 2, "NTLM_AUTHENTICATE": 3}
KRB_TYPES = {"KRB_AP_REQ": 14, "KRB_AP_REP": 15, "KRB_ERROR": 30}
KRB_TYPES |= {"KRB_TGT_REQ": 16, "KRB_TGT_REP": 17}
WRAP = "0x0405"  # RFC 4121 4.2.6.2, its two bytes swapped as tshark prints them
NEG_STATES = {"accept-completed": 0, "accept-incomplete": 1, "reject": 2, "request-mic": 3}
OIDS = {name: oid for oid, name in MECHS.items()}
ETYPES = {name: number for number, name in KRB_ETYPE.items()}

Frames = dict[int, dict[str, Any]]


def required() -> bool:
    """Tell whether a missing tshark is a failure."""
    return any(os.environ.get(name) for name in ("CI", "NEGOSCOPE_REQUIRE_TSHARK"))


# -- tshark ------------------------------------------------------------------------------------------------


def their_rows(path: Path) -> list[dict[str, list[str]]]:
    """Run tshark once; each frame as field -> its values in order."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a"]
    command += ["-E", f"separator={AMONG}", "-E", f"aggregator={UNIT}"]
    for field in FIELDS:
        command += ["-e", field]
    home = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent", "HOME": "/nonexistent"}  # no profile
    done = subprocess.run(command, capture_output=True, env=home, check=True)
    lines = done.stdout.decode("utf-8", "replace").rstrip("\n").split("\n")
    values = [dict(zip(FIELDS, line.split(AMONG), strict=True)) for line in lines]
    return [
        {field: text.split(UNIT) if text else [] for field, text in row.items()} for row in values
    ]


def their_frames(rows: list[dict[str, list[str]]]) -> Frames:
    """What tshark says of the tokens in each frame of a carrier that is read here."""
    frames = {}
    for row in rows:
        if not CARRIERS & set(row["frame.protocols"][0].split(":")):
            continue
        cells: dict[str, Any] = {}
        for name, field in TEXT_FIELDS.items():
            cells[name] = ["" if text == "NULL" else text for text in row[field]]
        for name, field in NUMBER_FIELDS.items():
            cells[name] = [int(text, 0) for text in row[field]]
        mics = row["spnego.mechListMIC"]
        cells["mech_list_mic_length"] = [len(mic) // 2 for mic in mics]
        signatures = [text for text in row["ntlmssp.verf.body"] if not any(text in m for m in mics)]
        cells["wraps"] = row["spnego.krb5.tok_id"].count(WRAP) + len(signatures)
        if any(cells.values()):
            cells["stream"] = [int(text) for text in row["tcp.stream"] or row["udp.stream"]]
            cells["ts"] = row["frame.time_epoch"]
            cells["krb_sname"] = "/".join(cells["krb_sname"])
            cells["krb_etype"] = ticket_etypes(cells["krb_type"], cells["krb_etype"])
            frames[int(row["frame.number"][0])] = cells
    return frames


def ticket_etypes(types: list[int], etypes: list[int]) -> list[int]:
    """Leave out the authenticators': an AP-REQ shows its ticket's etype, then its authenticator's."""
    found, rest = [], iter(etypes)
    for kind in types:
        if kind in {14, 15}:
            found.append(next(rest, -1))
        if kind == 14:
            next(rest, None)
    return found + list(rest)


# -- ours ----------------------------------------------------------------------------------------------------


def records(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Columns as rows."""
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def our_frames(tokens: list[dict[str, Any]]) -> Frames:
    """Put what our rows say of the tokens in each frame in tshark's words."""
    frames: Frames = {}
    for row in tokens:
        cells = frames.setdefault(row["frame"], defaultdict(list))
        for name, value in our_values(row):
            cells[name].append(value)
        cells["wraps"] = cells.get("wraps", 0) + (row["token_type"] == "GSS_WRAP")
        cells["tokens"].append(row["token_type"])
        cells["stream"] = [row["stream_id"]]
        cells["ts"] = [f"{row['ts'] // 10**9}.{row['ts'] % 10**9:09}"]
    for cells in frames.values():
        cells["krb_sname"] = "/".join(cells["krb_sname"])
    return frames


def our_values(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = row["inner_type"] or row["token_type"]
    if kind in NTLM_TYPES:
        yield "ntlm_type", NTLM_TYPES[kind]
        yield "ntlm_flags", row["ntlm_flags"]
    if kind in KRB_TYPES:
        yield "krb_type", KRB_TYPES[kind]
    if row["mech_list_mic_length"]:
        yield "mech_list_mic_length", row["mech_list_mic_length"]
    texts = ["hint_name", "krb_realm", "krb_sname"]
    texts += {
        "NTLM_CHALLENGE": ["ntlm_target_name"],
        "NTLM_AUTHENTICATE": ["ntlm_user", "ntlm_domain", "ntlm_workstation"],
    }.get(kind, [])
    for name in (*texts, "krb_kvno", "krb_error_code"):
        if row[name] is not None:
            yield name, row[name]
    if row["krb_etype"] is not None:
        yield "krb_etype", ETYPES[row["krb_etype"]]
    if row["neg_state"] is not None:
        yield "neg_state", NEG_STATES[row["neg_state"]]
    if row["supported_mech"] is not None:
        yield "supported_mech", OIDS.get(row["supported_mech"], row["supported_mech"])
    for mech in row["mech_types"] or ():
        yield "mech_types", OIDS.get(mech, mech)


# -- differences ---------------------------------------------------------------------------------------------


def verdict_frames(rows: list[dict[str, list[str]]]) -> set[int]:
    """Frames with the last word on a session setup or a bind: a response that is no 'go on'."""
    found = set()
    for row in rows:
        smb1 = row["smb.cmd"][:1] == ["0x73"] and row["smb.flags.response"][:1] in TRUE
        smb2 = row["smb2.cmd"][:1] == ["1"] and row["smb2.flags.response"][:1] in TRUE
        statuses = [int(text, 0) for text in row["smb.nt_status"] + row["smb2.nt_status"]]
        if (smb1 or smb2) and MORE_PROCESSING not in statuses:
            found.add(int(row["frame.number"][0]))
        if "1" in row["ldap.protocolOp"] and str(SASL_IN_PROGRESS) not in row["ldap.resultCode"]:
            found.add(int(row["frame.number"][0]))
    return found


def token_differences(name: str, theirs: Frames, ours: Frames) -> Iterator[tuple[Any, ...]]:
    """Yield where the tokens of a capture differ."""
    for frame in sorted(theirs.keys() | ours.keys()):
        if frame not in theirs:
            yield name, (frame,), "row", " ".join(ours[frame]["tokens"]), None
        elif frame not in ours:
            yield name, (frame,), "row", None, "token"
        else:
            left, right = ours[frame], theirs[frame]
            for column in sorted((left.keys() | right.keys()) - {"tokens"}):
                values = left.get(column) or [], right.get(column) or []
                if values[0] != values[1]:
                    yield name, (frame,), column, *values


def verdict_differences(
    name: str, rows: list[dict[str, list[str]]], negotiations: list[dict[str, Any]]
) -> Iterator[tuple[Any, ...]]:
    """Yield verdicts that differ, or that belong to no negotiation."""
    by_frame = {int(row["frame.number"][0]): row for row in rows}
    for row in negotiations:
        if row["status_code"] is None:
            continue
        last = by_frame[row["last_frame"]][STATUS_FIELDS[row["carrier"]]]
        codes = [int(text, 0) for text in last]
        if row["status_code"] not in codes:
            yield name, (row["last_frame"],), "status_code", row["status_code"], codes
    told = {frame for row in negotiations for frame in row["frames"]}
    for frame in sorted(verdict_frames(rows) - told):
        yield name, (frame,), "verdict", None, "verdict"


@cache
def differences(name: str) -> list[tuple[Any, ...]]:
    """All differences of one capture; tshark runs once for it."""
    columns = read(CAPTURES[name]).tables.columns
    rows = their_rows(CAPTURES[name])
    found = list(
        token_differences(name, their_frames(rows), our_frames(records(columns["tokens"])))
    )
    found += verdict_differences(name, rows, records(columns["negotiations"]))
    if columns["captures"]["packets"] != [len(rows)]:
        found.append((name, (), "packets", columns["captures"]["packets"], [len(rows)]))
    return found


@pytest.fixture(scope="module")
def found(difference):
    """Return a function that gives the differences of a capture."""
    if shutil.which("tshark") is None:
        if required():
            pytest.fail("tshark is not installed, and this run requires it")
        pytest.skip("tshark is not installed")
    return lambda name: [difference(*each) for each in differences(name)]


@pytest.mark.parametrize("name", CAPTURES)
def test_same_as_tshark(name, found, exceptions):
    """Tokens, their fields, streams, times and verdicts are tshark's, but for what is declared."""
    assert not exceptions("tshark").unexplained(found(name))


def declared_captures(entry: dict[str, Any]) -> list[str]:
    """Names of the captures that an exception speaks of."""
    return fnmatch.filter(CAPTURES, entry["capture"])


def test_no_declaration_is_stale(found, exceptions):
    """Every declared fault of tshark still shows somewhere."""
    declared = exceptions("tshark")
    for name in {name for entry in declared.declared for name in declared_captures(entry)}:
        declared.unexplained(found(name))
    assert not declared.stale()


def test_the_proof_is_in_the_captures(exceptions):
    """The declared bytes stand in every capture that is declared with them."""
    for entry in exceptions("tshark").declared:
        assert declared_captures(entry), entry
        for name in declared_captures(entry):
            assert bytes.fromhex(entry["bytes"]) in CAPTURES[name].read_bytes(), (name, entry)
