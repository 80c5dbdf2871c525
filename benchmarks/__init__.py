"""Benchmarks: captures to measure on, and what measures; `benchmarks/run` is the way in."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# The project itself, and the builders of messages that its tests have (`support`).
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "tests")) if path not in sys.path]
