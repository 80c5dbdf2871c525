"""What tests share: modules under `tests/support` can be imported as `support.<name>`."""

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

from analyzer.pipeline import faults

sys.path.insert(0, str(Path(__file__).parent))

faults.RAISED = True  # what costs others one conversation fails a test

# How long an example takes depends on what else the machine does: no test may fail for that.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
