"""Several processes at one analysis: over many captures, or over the conversations of a large one."""
