"""Bytes in, facts out: tokens of security mechanisms and the protocols that carry them."""
