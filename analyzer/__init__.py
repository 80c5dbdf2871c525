"""From capture files to tables: reading, negotiations, tables, reports, the command line."""

__version__ = "0.1.0"
