"""negoscope: who negotiated which GSS-API mechanism, with what result, from captures.

`import negoscope as ng; ng.read("x.pcapng").negotiations` - see `analyzer.analysis`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.notebook.registration import register_with_pandas

if TYPE_CHECKING:
    from analyzer.analysis import Analysis, read, token
    from analyzer.crosscheck.table import crosscheck
    from analyzer.diff import diff
    from analyzer.errors import CaptureError, NegoscopeError, UsageError
    from analyzer.from_packets import from_packets
    from analyzer.from_pyshark import from_pyshark

__all__ = [
    "Analysis",
    "CaptureError",
    "NegoscopeError",
    "UsageError",
    "crosscheck",
    "diff",
    "from_packets",
    "from_pyshark",
    "read",
    "token",
]

_HOMES = {
    "Analysis": "analyzer.analysis",
    "CaptureError": "analyzer.errors",
    "NegoscopeError": "analyzer.errors",
    "UsageError": "analyzer.errors",
    "__version__": "analyzer",
    "crosscheck": "analyzer.crosscheck.table",
    "diff": "analyzer.diff",
    "from_packets": "analyzer.from_packets",
    "from_pyshark": "analyzer.from_pyshark",
    "read": "analyzer.analysis",
    "token": "analyzer.analysis",
}


def __getattr__(name: str) -> Any:
    """Import public names when first used (PEP 562): `negoscope --version` must not pay for numpy."""
    from importlib import import_module  # noqa: PLC0415

    if name not in _HOMES:
        raise AttributeError(f"module 'negoscope' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


register_with_pandas()  # `df.negoscope`
