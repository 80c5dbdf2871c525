"""What callers may give to `read`: paths, an engine, a cache. What can't be had is refused."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.capture.inputs import Input, expand, with_distinct_names
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.cache.cache import Cache
    from analyzer.capture.tshark_source import Wireshark

ENGINES = ("native", "scapy", "tshark")
"""What can read packets; see docs/engines.md."""


def wireshark_wanted(engine: str, tls_keylog: str | PathLike[str] | None) -> Wireshark | None:
    """How Wireshark is to read; None for the other engines. `UsageError` for what can't be had."""
    if engine not in ENGINES:
        raise UsageError(f"no engine {engine!r}; there are {', '.join(ENGINES)}")
    if engine != "tshark":
        if tls_keylog is not None:
            raise UsageError("a TLS key log can only be used by the engine tshark")
        return None
    if tls_keylog is not None and not Path(tls_keylog).is_file():
        raise UsageError(f"{fspath(tls_keylog)}: no such TLS key log")
    from analyzer.capture.tshark_source import wireshark  # noqa: PLC0415 - only where it is wanted

    return wireshark(None if tls_keylog is None else fspath(tls_keylog))


def cache_wanted(given: str | PathLike[str] | Cache, analysis: Analysis) -> Cache | None:
    """The cache to use; None, with a notice, where rows may not be kept."""
    from analyzer.cache.cache import Cache  # noqa: PLC0415 - only where asked for

    why = "rows with secrets" if analysis.tables.secrets else "what Wireshark reads"
    if analysis.tables.secrets or analysis.options.wireshark is not None:
        analysis.notices.append(f"nothing is kept: {why} must be read each time")
        return None
    return given if isinstance(given, Cache) else Cache(given)


def paths(captures: Any) -> list[str]:
    """The paths as text; UsageError for what is none."""
    given = [captures] if isinstance(captures, (str, PathLike)) else captures
    if not isinstance(given, Iterable) or isinstance(given, (bytes, bytearray, memoryview)):
        raise UsageError(f"read() takes paths, not {type(captures).__name__}")
    found = [fspath(path) if isinstance(path, PathLike) else path for path in given]
    for path in found:
        if not isinstance(path, str):
            raise UsageError(f"read() takes paths, not {type(path).__name__}")
    return found


def inputs_wanted(arguments: list[str], analysis: Analysis) -> list[Input]:
    """Inputs that the arguments name, each once; what is not there goes to the errors."""
    found: dict[str, Input] = {}
    for argument in arguments:
        try:
            for source in expand([argument]):
                found.setdefault(source.identity, source)
        except UsageError as error:
            if len(arguments) == 1:
                raise
            analysis.errors.append(str(error))
            analysis.tables.unreadable(argument, str(error).removeprefix(f"{argument}: "))
    return with_distinct_names(list(found.values()))
