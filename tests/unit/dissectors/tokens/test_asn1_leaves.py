"""How primitive ASN.1 values are shown."""

from __future__ import annotations

from typing import Any

import pytest

from dissectors.tokens import asn1_leaves as leaves


@pytest.mark.parametrize(
    ("leaf", "content", "value", "text"),
    [
        (leaves.INTEGER, "05", 5, "5"),
        (leaves.INTEGER, "ff7b", -133, "-133"),
        (leaves.INTEGER, "", None, "<0 bytes>"),
        (leaves.number({1: "one"}), "01", 1, "1 (one)"),
        (leaves.number({1: "one"}), "02", 2, "unknown(2)"),
        (leaves.quantity(lambda value: f"{value} things"), "03", 3, "3 things"),
        (leaves.quantity(str), "", None, "<0 bytes>"),
        (leaves.bits({0: "a"}), "06c0", ["a", "bit(1)"], "a, bit(1)"),
        (leaves.bits({0: "a"}), "00", [], "none"),
        (leaves.bits({0: "a"}), "", None, "<0 bytes>"),
        (leaves.mask({1: "a", 0x10: "b"}), "13000000", 0x13, "0x00000013 (a, bit(1), b)"),
        (leaves.mask({}), "00000000", 0, "0x00000000 (none)"),
        (leaves.mask({}), "", b"", "empty"),
        (leaves.little_endian(hex), "0102", 0x201, "0x201"),
        (leaves.BOOLEAN, "ff", True, "true"),
        (leaves.BOOLEAN, "00", False, "false"),
        (leaves.BOOLEAN, "0000", None, "<2 bytes>"),
        (leaves.TEXT, "611b62", "a\x1bb", "a\\x1bb"),
        (leaves.TEXT, "ff", "\\xff", "\\xff"),
        (leaves.OID, "2b0601050502", "1.3.6.1.5.5.2", "1.3.6.1.5.5.2 (spnego)"),
        (leaves.OID, "2a03", "1.2.3", "1.2.3"),
        (leaves.OID, "", None, "<0 bytes>"),
        (leaves.OCTETS, "aabb", b"\xaa\xbb", "aabb"),
        (leaves.OCTETS, "00" * 33, bytes(33), "<33 bytes>"),
        (leaves.OCTETS, "", b"", "empty"),
        (leaves.OPAQUE, "aabb", None, "<2 bytes>"),
        (leaves.SECRET, "aabb", None, "2 bytes, not shown"),
    ],
)
def test_values_and_texts(leaf: leaves.Leaf, content: str, value: Any, text: str) -> None:
    """Each type has a value and a text; hidden ones have no value."""
    assert leaf.show(bytes.fromhex(content)) == (value, text)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("20370913024805Z", "20370913024805Z (2037-09-13 02:48:05 UTC)"),
        ("20371301000000Z", "20371301000000Z"),
        ("soon\x07", "soon\\x07"),
        ("", ""),
    ],
)
def test_times_as_sent_and_as_read(sent: str, text: str) -> None:
    """A time is shown as it was sent, and readably if it is one."""
    assert leaves.TIME.show(sent.encode()) == (sent, text)


def test_long_texts_are_cut() -> None:
    """A text of any length fits a line or two; its value is whole."""
    value, text = leaves.TEXT.show(b"\0" * 60_000)
    assert len(value) == 60_000
    assert len(text) < 2500
    assert text.endswith("... (60000 characters)")


def test_only_secrets_are_secret() -> None:
    """SECRET alone hides its octets for good."""
    assert leaves.SECRET.secret
    assert not leaves.OPAQUE.secret
    assert not leaves.OCTETS.secret
