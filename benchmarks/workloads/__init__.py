"""Captures made to measure on, the same bytes for the same seed; their truth lies beside them.

`shapes` says what is in them, the talks how each protocol speaks, `script` collects who says what,
`packets` makes packets of it, `wire` their bytes, `files` the files. `shelf` is where they are kept.
"""
