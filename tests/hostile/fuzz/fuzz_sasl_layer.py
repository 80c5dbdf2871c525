"""Fuzz Wrap tokens that a carrier says negotiate SASL's security layer."""

from __future__ import annotations

from collections.abc import Iterator

from harness import check_token, main, tokens_of


def seeds() -> Iterator[bytes]:
    """Sound tokens."""
    return tokens_of("SASL layer")


def one(data: bytes) -> None:
    """Read one input."""
    check_token(data, sasl_layer=True)


if __name__ == "__main__":
    main(one, seeds)
