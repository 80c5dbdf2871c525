"""Our tokens held against tshark's: every difference a row, each one declared or unexplained."""
