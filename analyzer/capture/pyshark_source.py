"""pyshark in place of tshark: the same lines, by a child process that runs pyshark with given settings.

Not handled: pyshark's live captures, and files in memory.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from analyzer.capture.tshark_lines import FIELDS
from analyzer.capture.tshark_program import find_tshark
from analyzer.capture.tshark_source import Wireshark
from analyzer.errors import UsageError
from dissectors.records import dataclass

SETTINGS = {  # arguments of FileCapture -> where a capture keeps them
    "display_filter": "_display_filter",
    "decode_as": "_decode_as",
    "disable_protocol": "_disable_protocol",
    "override_prefs": "_override_prefs",
    "tshark_path": "tshark_path",
}


@dataclass(frozen=True, slots=True)
class Pyshark(Wireshark):
    """How pyshark is to read; `capture` holds arguments of its FileCapture."""

    name: str = "pyshark"
    feeds: bool = False
    capture: dict[str, Any] = field(default_factory=dict, repr=False)  # may hold keys

    def command(self, path: str) -> list[str]:
        """The command line of the child."""
        ours = [*self.settings(), *self.capture.get("custom_parameters", ())]
        arguments = {**self.capture, "input_file": path, "custom_parameters": ours}
        child = Path(__file__).with_name("pyshark_child.py")
        told = json.dumps({"fields": FIELDS, "capture": arguments})
        # -P: the modules beside the child are not to be found by pyshark's imports
        return [self.program, "-P", "-W", "ignore", str(child), told]

    def tshark(self) -> str:
        """Path of the tshark that pyshark runs."""
        return self.capture.get("tshark_path") or find_tshark()

    def surroundings(self) -> dict[str, str]:
        """Ours as they are: pyshark works with the user's profile of Wireshark."""
        return {**os.environ, "PYTHONIOENCODING": "utf-8"}


def is_capture(given: Any) -> bool:
    """Whether something is a pyshark FileCapture."""
    return hasattr(given, "input_filepath") and hasattr(given, "apply_on_packets")


def pyshark(given: Any = None) -> Pyshark:
    """How pyshark reads a file: as `given`, a FileCapture, is set up, or by default.

    Raises `UsageError` if pyshark is not installed.
    """
    if find_spec("pyshark") is None:
        raise UsageError("pyshark is not installed: pip install 'negoscope[pyshark]'")
    arguments: dict[str, Any] = {}
    for name, attribute in SETTINGS.items():
        value = getattr(given, attribute, None)
        if value is not None:
            arguments[name] = value if isinstance(value, (dict, str)) else str(value)
    key, kind = getattr(given, "encryption", (None, None))
    if key:
        arguments |= {"decryption_key": key, "encryption_type": kind}
    custom = getattr(given, "_custom_parameters", None) or []
    if isinstance(custom, dict):
        custom = [part for pair in custom.items() for part in pair]
    arguments["custom_parameters"] = list(map(str, custom))
    return Pyshark(sys.executable, capture=arguments)
