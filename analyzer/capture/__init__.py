"""Capture files to streams: records, packet columns, reassembly."""
