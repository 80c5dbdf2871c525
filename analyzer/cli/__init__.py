"""The `negoscope` command: one file per command."""
