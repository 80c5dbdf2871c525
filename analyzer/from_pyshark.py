"""Read a capture as a pyshark FileCapture would: with its display filter, decode-as rules and preferences.

pyshark itself runs over the file, in a process of its own, so that this works in a notebook; the packets
that the capture object may hold already are not used.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike, fspath
from typing import Any

from analyzer.analysis import Analysis, begin
from analyzer.capture.inputs import expand
from analyzer.capture.pyshark_source import is_capture, pyshark
from analyzer.decode_as import Given
from analyzer.errors import UsageError
from analyzer.reading import Progress, read_inputs


def from_pyshark(
    capture: Any,
    *,
    tables: Iterable[str] | None = None,
    decode_as: Given = None,
    progress: Progress | None = None,
    with_secrets: bool = False,
) -> Analysis:
    """Read what a pyshark capture reads and return its `Analysis`.

    `capture`: a `pyshark.FileCapture`, or a path to read with pyshark's defaults. Its display filter
    decides which packets are seen; what a filter leaves out counts as not captured. The other arguments
    are those of `read`; rules of `decode_as` are added to the capture's own. pyshark is slow:
    `read(path, engine="tshark")` gives the same tables in a fraction of the time where none of the capture's
    settings matter.

    Raises `UsageError` if pyshark is not installed or `capture` is neither, `CaptureError` if the file
    cannot be read.
    """
    if isinstance(capture, (str, PathLike)):
        path, how = fspath(capture), pyshark()
    elif is_capture(capture):
        path, how = fspath(capture.input_filepath), pyshark(capture)
    else:
        kind = type(capture).__name__
        raise UsageError(f"from_pyshark() takes a FileCapture or a path, not {kind}")
    inputs = expand([path])
    if len(inputs) != 1 or inputs[0].is_standard_input:
        raise UsageError(f"{path}: from_pyshark() reads one file")
    analysis = begin(tables=tables, decode_as=decode_as, with_secrets=with_secrets, wireshark=how)
    return read_inputs(inputs, analysis, progress)
