"""From capture files to tables: reading, negotiations, tables, reports, the command line."""
