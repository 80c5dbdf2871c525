"""Zeek's text logs, read back by a small reader that knows nothing but the format: as `zeek-cut` does.

Spec: Zeek's ASCII log format: header lines, `\\xNN` for bytes, a backslash twice.
"""

from __future__ import annotations

import re
from typing import Any

HEADER = ["separator", "set_separator", "empty_field", "unset_field", "path", "open", "fields"]


class Log:
    """A Zeek log, read by its own header."""

    def __init__(self, lines: list[str]) -> None:
        head = [line for line in lines if line.startswith("#")]
        assert head[0] == "#separator \\x09"
        self.head = dict(line[1:].split("\t", 1) for line in head[1:])
        assert [*self.head] == [*HEADER[1:], "types", "close"]
        assert lines[: len(HEADER) + 1] == head[:-1]
        assert lines[-1] == head[-1]
        self.fields = self.head["fields"].split("\t")
        self.types = self.head["types"].split("\t")
        self.rows = [self._row(line) for line in lines[len(HEADER) + 1 : -1]]

    def _row(self, line: str) -> dict[str, Any]:
        cells = line.split("\t")
        assert len(cells) == len(self.fields) == len(self.types)
        named = zip(self.fields, self.types, cells, strict=True)
        return {name: self._value(kind, cell) for name, kind, cell in named}

    def _value(self, kind: str, cell: str) -> Any:
        if cell == self.head["unset_field"]:
            return None
        if found := re.fullmatch(r"vector\[(.*)\]", kind):
            if cell == self.head["empty_field"]:
                return []
            return [self._value(found[1], each) for each in cell.split(self.head["set_separator"])]
        match kind:
            case "time" | "interval":
                assert re.fullmatch(r"-?\d+\.\d{6}", cell)
                return float(cell)
            case "port" | "count":
                return int(cell)
            case "bool":
                return {"T": True, "F": False}[cell]
            case "string" | "enum" | "addr":
                return "" if cell == self.head["empty_field"] else unescaped(cell)
        raise AssertionError(kind)


def unescaped(cell: str) -> str:
    """Text of a cell."""
    raw = re.sub(
        rb"\\(?:x([0-9a-f]{2})|(\\))",
        lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\",
        cell.encode(),
    )
    return raw.decode("utf-8", "surrogatepass")
