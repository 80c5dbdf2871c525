"""Frames have `df.negoscope` as soon as both pandas and negoscope are imported, whichever comes first.

pandas takes half a second to import, and much of negoscope does without it: so it is not imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


def register_with_pandas() -> None:
    """Register the accessor now if pandas is there, else when it comes."""
    if "pandas" in sys.modules:
        _register()
    elif not any(isinstance(finder, _PandasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _PandasFinder())


class _PandasFinder(MetaPathFinder):
    """Asked for every module until pandas is wanted; then it leaves, and has pandas run us when ready."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "pandas":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_register(module: ModuleType) -> None:
                run(module)
                _register()

            spec.loader.exec_module = run_and_register  # type: ignore[method-assign]
        return spec


def _register() -> None:
    import analyzer.notebook.accessor  # noqa: F401, PLC0415 - importing it registers
