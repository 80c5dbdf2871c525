"""Fuzz the three messages of NTLM."""

from __future__ import annotations

from collections.abc import Iterator

from harness import check_token, main, tokens_of


def seeds() -> Iterator[bytes]:
    """Sound tokens."""
    return tokens_of("NTLM 1", "NTLM 2", "NTLM 3")


def one(data: bytes) -> None:
    """Read one input."""
    check_token(data)


if __name__ == "__main__":
    main(one, seeds)
