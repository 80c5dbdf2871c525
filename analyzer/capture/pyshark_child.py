"""A program by itself: runs pyshark over a file and prints the lines that `tshark_lines` reads.

It runs in a process of its own because pyshark wants the event loop for itself, which a notebook has
already, and because its way to wait for processes is gone since Python 3.14. The first argument is a JSON
object: `fields`, the names to print, and `capture`, the arguments of `pyshark.FileCapture`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pyshark

BYTES = frozenset({"tcp.payload", "udp.payload", "data.data"})
"""Fields of which the bytes are wanted, not how they are shown."""
FAILED = 2


def line_of(packet: Any, fields: list[str]) -> str:
    """The wanted fields of a packet, separated by tabs; several values of one by commas."""
    values: dict[str, list[str]] = {field: [] for field in fields}
    for layer in (packet.frame_info, *packet.layers):
        for name, container in layer._all_fields.items():  # noqa: SLF001 - get_field() tries all names
            if name in values:
                for field in container.all_fields:
                    values[name].append((field.raw_value if name in BYTES else field.show) or "")
    return "\t".join(",".join(values[field]) for field in fields)


def main(argument: str) -> int:
    """Print a line for each packet; return the exit status."""
    wanted = json.loads(argument)
    fields = wanted["fields"]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(
        loop
    )  # one that is given is used as it is, without a watcher of children
    capture = None
    try:
        capture = pyshark.FileCapture(**wanted["capture"], keep_packets=False, eventloop=loop)
        capture.apply_on_packets(
            lambda packet: sys.stdout.write(line_of(packet, fields) + "\n") and None
        )
        problem = None
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent tells it in one line
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
    said = getattr(capture, "_last_error_line", None)  # of tshark, whose status pyshark may lose
    if said and "as user" not in said:
        problem = said
    sys.stdout.flush()
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
    return 0 if problem is None else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
