"""Verdicts that tshark shows, packet by packet, and which of ours differ from them.

A row is one packet: field -> its values in order.
"""

from __future__ import annotations

from typing import Any

from analyzer.crosscheck.pdml import Node

STATUS_FIELDS = {
    "smb1": "smb.nt_status",
    "smb2": "smb2.nt_status",
    "ldap": "ldap.resultCode",
    "http": "http.response.code",
    "http-proxy": "http.response.code",
}
FIELDS = frozenset(
    {
        *("frame.number", "smb.cmd", "smb.flags.response", "smb2.cmd", "smb2.flags.response"),
        *("ldap.protocolOp", *STATUS_FIELDS.values()),
    }
)
MORE_PROCESSING, SASL_IN_PROGRESS = 0xC0000016, 14
TRUE = (["1"], ["True"])

Row = dict[str, list[str]]


def row_of(tree: Node) -> Row:
    """What a packet's tree says in the fields above."""
    row: Row = {field: [] for field in FIELDS}
    for node in tree.walk():
        if node.name in FIELDS:
            row[node.name].append(node.show)
    return row


def verdict_frames(rows: list[Row]) -> set[int]:
    """Frames with the last word on a session setup or a bind: a response that is no 'go on'."""
    found = set()
    for row in rows:
        smb1 = row["smb.cmd"][:1] in (["0x73"], ["115"]) and row["smb.flags.response"][:1] in TRUE
        smb2 = row["smb2.cmd"][:1] == ["1"] and row["smb2.flags.response"][:1] in TRUE
        statuses = [int(text, 0) for text in row["smb.nt_status"] + row["smb2.nt_status"]]
        if (smb1 or smb2) and MORE_PROCESSING not in statuses:
            found.add(int(row["frame.number"][0]))
        if "1" in row["ldap.protocolOp"] and str(SASL_IN_PROGRESS) not in row["ldap.resultCode"]:
            found.add(int(row["frame.number"][0]))
    return found


def wrong_codes(rows: list[Row], negotiations: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Verdicts whose code is not the one that tshark shows in their frame.

    The last frame has the verdict; where none came, the latest status is in front of a client's last leg.
    """
    by_frame = {int(row["frame.number"][0]): row for row in rows}
    told = [row for row in negotiations if row["status_code"] is not None]
    pairs = [
        (
            row,
            [
                code
                for at in _of_status(row)
                for code in by_frame[at][STATUS_FIELDS[row["carrier"]]]
            ],
        )
        for row in told
    ]
    return [
        (row["last_frame"], row["status_code"], codes)
        for row, codes in pairs
        if row["status_code"] not in [int(text, 0) for text in codes]
    ]


def _of_status(row: dict[str, Any]) -> list[int]:
    """Frames in which the status of a negotiation may stand; a closed connection ends it without one."""
    unanswered = row["outcome"] == "incomplete" or row["reason"] == "connection_closed"
    return row["frames"] if unanswered else [row["last_frame"]]
