"""Fuzz messages to and from a KDC, and KRB-CRED."""

from __future__ import annotations

from collections.abc import Iterator

from harness import check_token, main, tokens_of


def seeds() -> Iterator[bytes]:
    """Sound tokens."""
    return tokens_of("AS-REQ", "AS-REP", "TGS-REQ", "TGS-REP", "KRB-CRED")


def one(data: bytes) -> None:
    """Read one input."""
    check_token(data)


if __name__ == "__main__":
    main(one, seeds)
