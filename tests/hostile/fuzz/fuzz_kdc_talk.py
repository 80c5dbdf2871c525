"""Fuzz conversations with a KDC: over TCP and UDP, and through an HTTP proxy."""

from __future__ import annotations

from collections.abc import Iterator

from harness import check_conversation, conversations_of, main


def seeds() -> Iterator[bytes]:
    """Captured and made conversations."""
    return conversations_of("kdc")


def one(data: bytes) -> None:
    """Read one input."""
    check_conversation(data)


if __name__ == "__main__":
    main(one, seeds)
