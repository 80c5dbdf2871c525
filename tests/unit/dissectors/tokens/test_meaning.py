"""Plain words for fields."""

from __future__ import annotations

from support.facts import captures

from analyzer.analysis import read
from dissectors.span import Field, Span
from dissectors.tokens import dissect_token
from dissectors.tokens.meaning import MEANINGS, field_meaning, is_detail

CLEAR = {
    "AcceptorSubkey", "AvId", "AvLen", "BufferOffset", "Checksum", "Flags", "HiRespType", "KeyExchange", "Len",
    "MaxLen", "MsvAvEOL", "ProductMajorVersion", "ProductMinorVersion", "Reserved", "Reserved1",
    "Reserved2", "Reserved3", "Sealed", "SentByAcceptor", "Signature", "Size", "Value", "Z(16)", "Z4",
    "data", "name-string", "tkt-vno", "MIC present", "account authentication constrained",
    "DomainName", "Workstation", "checksum",
}  # fmt: skip
"""Names that need no words: what they are for stands in their name, or in their text."""


def named(path: str) -> Field:
    """A field of this path."""
    return Field(path, path.rpartition(".")[2], None, "", Span(0, 1))


def test_the_longer_name_counts() -> None:
    """A field may mean something else below another one."""
    assert field_meaning(named("a.NEGOTIATE_MESSAGE.Workstation")) == "the client's own name"
    assert (
        field_meaning(named("AUTHENTICATE_MESSAGE.Workstation")) == "the client's name, as claimed"
    )
    assert (
        field_meaning(named("x.sname"))
        == field_meaning(named("sname"))
        == "the service's name (SPN)"
    )
    assert field_meaning(named("nothing.of.the.kind")) is None


def test_words_are_short_and_plain() -> None:
    """One clause without a capital or a full stop at its end: it stands beside a value."""
    for name, words in MEANINGS.items():
        assert len(words) < 95, name
        assert not words.endswith("."), name


def test_every_field_of_our_captures_has_words_or_needs_none() -> None:
    """Flags explain themselves in their text, descriptors and list items by their names."""
    seen = set()
    for path in captures():
        for token in set(
            read(path, tables={"tokens"}, with_secrets=True).tables.columns["tokens"]["token"]
        ):
            seen |= {field.path for field in dissect_token(bytes.fromhex(token)).fields}
    silent = {path.rpartition(".")[2] for path in seen if field_meaning(named(path)) is None}
    unexplained = {
        name
        for name in silent - CLEAR
        if not name.isdigit() and not name.startswith("NTLMSSP_") and not name.endswith("Fields")
    }
    assert not unexplained


def test_details_are_what_the_branch_above_says_too() -> None:
    """Bits of flags, parts of descriptors, versions and values; nothing else is left out."""
    for path in (
        "AUTHENTICATE_MESSAGE.NegotiateFlags.NTLMSSP_NEGOTIATE_SIGN",
        "AUTHENTICATE_MESSAGE.Version.Reserved",
        "AUTHENTICATE_MESSAGE.UserNameFields.Len",
        "CHALLENGE_MESSAGE.TargetInfo.MsvAvFlags.Value",
        "CHALLENGE_MESSAGE.TargetInfo.MsvAvFlags.Value.MIC present",
    ):
        assert is_detail(named(path)), path
    for path in (
        "AUTHENTICATE_MESSAGE.NegotiateFlags",
        "CHALLENGE_MESSAGE.Reserved",
        "NTLMSSP_MESSAGE_SIGNATURE.Version",
        "CHALLENGE_MESSAGE.TargetInfo.MsvAvFlags",
    ):
        assert not is_detail(named(path)), path
