"""What tests share: modules under `tests/support` can be imported as `support.<name>`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from analyzer.pipeline import faults

faults.RAISED = True  # what costs others one conversation fails a test
