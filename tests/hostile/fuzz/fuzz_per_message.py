"""Fuzz per-message tokens of RFC 4121, RFC 1964 and NTLM."""

from __future__ import annotations

from collections.abc import Iterator

from harness import check_token, main, tokens_of


def seeds() -> Iterator[bytes]:
    """Sound tokens."""
    return tokens_of(
        "Wrap, RFC 4121", "MIC, RFC 4121", "Wrap, RFC 1964", "MIC, RFC 1964", "NTLM signature"
    )


def one(data: bytes) -> None:
    """Read one input."""
    check_token(data)


if __name__ == "__main__":
    main(one, seeds)
