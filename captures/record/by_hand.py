#!/usr/bin/env python3
"""Makes the cases that the lab cannot produce: tokens by negoscope's own builders, in made-up conversations.

by_hand.py [CASE...]    all of them, or those whose `carrier/name` begins with one of the words

Run it with the project's own Python. Their cards say `made = "by hand"`: nothing that spoke here was real, and
what only keys can make (tickets, responses, MICs) is dummy bytes.
"""

import datetime
import sys

import case_file
import frames
from hand_http import CASES as HTTP
from hand_kdc import CASES as KDC
from hand_reasons import CASES as REASONS
from hand_status import CASES as STATUS
from made import Made

DAY = datetime.date(2026, 11, 27)


def make(case: Made) -> None:
    """Write the case's capture and card."""
    folder = case_file.CAPTURES / case.case
    folder.mkdir(parents=True, exist_ok=True)
    kept = case.frames()
    frames.write_pcapng(folder / "capture.pcapng", kept, snaplen=262144)
    (folder / "expected.jsonl").unlink(missing_ok=True)
    case_file.save(case.case, card(case))
    print(f"{case.case}: {len(kept)} frames, {(folder / 'capture.pcapng').stat().st_size} bytes")


def card(case: Made) -> dict:
    """What case.toml says."""
    why = {"why_by_hand": case.why_by_hand} if case.why_by_hand else {}
    source = {"derived_from": case.source} if case.source else {}
    return {
        "title": case.title,
        "purpose": case.purpose,
        "made_by": f"python captures/record/by_hand.py {case.case}",
        "made": "by hand",
        **why,
        "date": DAY,
        **source,
        "peers": {"client": ["made by hand"], "server": ["made by hand"]},
        "secrets": {},
        "expect": {"negotiations": case.negotiations}
        | ({} if case.kdc is None else {"kdc": case.kdc}),
    }


if __name__ == "__main__":
    wanted = tuple(sys.argv[1:])
    for case in [*HTTP, *KDC, *STATUS, *REASONS]:
        if not wanted or case.case.startswith(wanted):
            make(case)
