"""Names of the numbers that protocols use for verdicts, algorithms and options: data only."""
