"""Scapy writes below the home directory when it is imported: not in tests."""

import os
import tempfile

for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
    os.environ.setdefault(variable, tempfile.gettempdir())
