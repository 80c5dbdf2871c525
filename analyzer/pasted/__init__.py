"""Tokens that somebody pasted: out of header lines, curl's output, a browser's HAR, base64 or hex."""
