"""Words for people and other systems: text, ladders, JSON, CSV, SIEM formats."""
