"""A fault of this program costs the conversation in which it shows, not the reading of the capture.

Wire bytes never raise: if something does, it is a mistake of ours. A capture of millions of packets is worth
reading all the same, so the conversation ends there with a row that says so. Tests set `RAISED`: to them a
fault is a failure.
"""

from __future__ import annotations

from pathlib import Path

from dissectors.anomaly import Anomaly
from dissectors.span import Span

RAISED = False
"""Whether faults are raised after all."""


def fault_anomaly(fault: Exception) -> Anomaly:
    """The row for a fault: its kind and place, not its words, which may quote the wire."""
    if RAISED:
        raise fault
    from traceback import extract_tb  # noqa: PLC0415 - there are no faults in a good program

    last = extract_tb(fault.__traceback__)[-1]
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return Anomaly("reader-fault", Span(0, 0), f"{type(fault).__name__} in {where}")
