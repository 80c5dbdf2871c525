"""Which KDC's reply gave the ticket of an AP-REQ or a TGS-REQ: held against the ciphers that tshark finds there.

The same octets in the frame of a reply and in the frame that shows the ticket are the whole proof. They are
read by tshark and compared as they stand; none of our readers has a part in it.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from support.captured import ROOT, captures
from support.facts import SWEEP, capture_name

from analyzer.analysis import read
from analyzer.capture.tshark_program import find_tshark, surroundings
from analyzer.errors import CaptureError

REPLIES = {"11", "13"}
"""AS-REP, TGS-REP."""
UNPROVEN = {
    "http/lost_in_token": "the AP-REQ's ticket is cut: client, name and time have to do",
    "http/iakerb": "tshark does not look into IAKERB",
    "http/iakerb_raw": "tshark does not look into IAKERB",
    "http/reordered": "tshark reads the segments in the order of the capture",
    "smb/reordered": "tshark reads the segments in the order of the capture",
}
"""Where a ticket is joined, and tshark shows no reason."""
OURS = [path for path in captures() if path.is_relative_to(ROOT / "captures")]
OTHERS = [path for path in captures() if path not in OURS]
CHOSEN = [path for n, path in enumerate(OURS) if SWEEP or n % 4 == 0 or "log" in path.parent.name]
CHOSEN += OTHERS

Columns = dict[str, Any]


class Ciphers(NamedTuple):
    """What tshark finds: the ciphers in each frame, and the frames of replies that issue a ticket."""

    of: dict[int, set[str]]
    replies: set[int]

    def sources(self, frame: int) -> set[int]:
        """Replies that share a cipher with a frame."""
        return {reply for reply in self.replies if self.of[reply] & self.of[frame]}


class Shown(NamedTuple):
    """A ticket that is shown to a service."""

    negotiation_id: int
    frame: int
    reply: int | None  # of the KDC exchange that we join with it


def theirs(path: Path) -> Ciphers:
    """Ciphers by frame."""
    command = [find_tshark(), "-n", "-r", str(path), "-Y", "kerberos.cipher", "-T", "fields"]
    for field in ("frame.number", "kerberos.msg_type", "kerberos.cipher"):
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, env=surroundings(), check=False)
    found: dict[int, set[str]] = defaultdict(set)
    replies = set()
    for line in done.stdout.decode().splitlines():
        frame, types, ciphers = line.split("\t")
        found[int(frame)] |= set(ciphers.split(","))
        if REPLIES & set(types.split(",")):
            replies.add(int(frame))
    return Ciphers(found, replies)


def rows(columns: Columns) -> list[dict[str, Any]]:
    """Rows of a table."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def shown(tables: dict[str, Columns]) -> list[Shown]:
    """The first AP-REQ of each negotiation."""
    first: dict[int, int] = {}
    for token in rows(tables["tokens"]):
        number, frame = token["negotiation_id"], token["frame"]
        if number is not None and "KRB_AP_REQ" in (token["token_type"], token["inner_type"]):
            first.setdefault(number, frame)
    granted = {row["frame_reply"] for row in rows(tables["kdc"]) if row["outcome"] == "success"}
    joined = {n["negotiation_id"]: set(n["kdc_frames"] or ()) for n in rows(tables["negotiations"])}
    return [
        Shown(number, frame, next(iter(joined[number] & granted), None))
        for number, frame in first.items()
    ]


@cache
def compared() -> list[tuple[str, dict[str, Columns], Ciphers]]:
    """Captures in which a KDC gave a ticket, and, unless in a sweep, a ticket was shown to a service too."""
    found = []
    for path in CHOSEN:
        try:
            tables = read(path, tables=["kdc", "tokens", "negotiations"]).tables.columns
        except CaptureError:
            continue
        if "success" in list(tables["kdc"]["outcome"]) and (SWEEP or shown(tables)):
            found.append((capture_name(path), tables, theirs(path)))
    return found


def test_an_ap_req_is_joined_with_the_reply_that_holds_its_ticket() -> None:
    """Every equal cipher is a join, and there is no join between different ones."""
    wrong, right, foreign = [], 0, 0
    for name, tables, ciphers in compared():
        for each in shown(tables):
            sources = ciphers.sources(each.frame)
            if name in UNPROVEN:
                assert each.reply is not None
                assert not sources
                continue
            if each.reply is None and not sources:
                foreign += 1
            elif each.reply in sources:
                right += 1
            else:
                wrong.append((name, each, sorted(sources)))
    assert not wrong
    assert right >= (50 if OTHERS else 8)
    assert foreign or not OTHERS


def test_a_tgs_req_presents_what_a_reply_gave() -> None:
    """The column presented_id is another exchange's ticket_id just where the ciphers are the same.

    A request for user-to-user or S4U2proxy holds one more ticket, which may be of the capture as well.
    """
    wrong, right = [], 0
    for name, tables, ciphers in compared():
        kdc = rows(tables["kdc"])
        for row in kdc:
            if row["exchange"] != "TGS" or row["frame_request"] not in ciphers.of:
                continue
            presented = row["presented_id"]
            ours = {
                other["frame_reply"]
                for other in kdc
                if presented is not None and other["ticket_id"] == presented
            }
            sources = ciphers.sources(row["frame_request"])
            one_more = row["u2u"] or row["s4u"] == "proxy"
            if ours - sources or (sources - ours and not one_more):
                wrong.append((name, row["frame_request"], sorted(ours), sorted(sources)))
            right += bool(ours)
    assert not wrong
    assert right >= (50 if OTHERS else 3)
