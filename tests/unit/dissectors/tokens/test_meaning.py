"""Plain words for fields."""

from __future__ import annotations

import pytest
from support.facts import captures

from analyzer.analysis import read
from dissectors.span import Field, Span
from dissectors.tokens import build, dissect_token
from dissectors.tokens.meaning import MEANINGS, field_meaning, is_detail

CLEAR = {
    "AcceptorSubkey", "AvId", "AvLen", "BufferOffset", "Checksum", "Flags", "HiRespType", "KeyExchange", "Len",
    "MaxLen", "MsvAvEOL", "ProductMajorVersion", "ProductMinorVersion", "Reserved", "Reserved1",
    "Reserved2", "Reserved3", "Sealed", "SentByAcceptor", "Signature", "Size", "Value", "Z(16)", "Z4",
    "data", "name-string", "tkt-vno", "MIC present", "account authentication constrained",
    "DomainName", "Workstation", "checksum", "EncryptedData", "padata-type", "padata-value", "r7", "cksumtype",
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


@pytest.mark.parametrize(
    ("token", "path", "words"),
    [
        (build.negoex(build.initiator_nego()), "NEGOEX.0.MessageType", "of NegoEx"),
        (build.negoex(build.initiator_nego()), "NEGOEX.0.cbHeaderLength", "fixed part"),
        (build.negoex(build.verify()), "NEGOEX.0.Checksum.cbHeaderLength", "this structure"),
        (build.ntlm_signature(b"said"), "NTLMSSP_MESSAGE_SIGNATURE.Version", "always 1"),
        (build.mic_cfx(), "MIC", "sent apart"),
        (build.ntlm_authenticate(mic=b"m" * 16), "AUTHENTICATE_MESSAGE.MIC", "three messages"),
        (build.tgt_rep(), "TGT-REP.ticket", "ticket-granting"),
        (build.tgt_req(), "TGT-REQ.server-name", "that the client means"),
        (
            build.neg_token_init2(["ntlm"], build.ntlm_negotiate()),
            "NegTokenInit2.mechToken",
            "acceptor's own",
        ),
    ],
)
def test_words_fit_the_message_they_stand_in(token: bytes, path: str, words: str) -> None:
    """Specifications use one name for several things: none gets the words of another."""
    (field,) = [f for f in dissect_token(token).fields if f.path.endswith(path)]
    assert words in (field_meaning(field) or "")


WRAPPED = "InitialContextToken.innerContextToken.Wrap.ciphertext"


@pytest.mark.parametrize(
    ("token", "path", "words", "never"),
    [
        (
            build.neg_token_resp(response_token=build.ap_rep(), mech_list_mic=build.ap_rep()),
            "mechListMIC",
            "proves nothing",
            "nobody removed",
        ),
        (bytes.fromhex("a1063004a3020400"), "mechListMIC", "nothing is proven", "nobody removed"),
        (
            bytes.fromhex("a110300ea30c300aa0081b06686f6e657374"),
            "mechListMIC",
            "something else",
            "nobody removed",
        ),
        (build.neg_token_resp(mech_list_mic=build.mic_cfx()), "mechListMIC", "nobody removed", "!"),
        (build.ntlm_authenticate(mic=bytes(16)), "MIC", "nothing is proven", "nobody changed"),
        (build.wrap_1964(cipher=b"c" * 32), WRAPPED, "confounder", "rotated"),
        (build.wrap_cfx(cipher=b"c" * 32), "Wrap.ciphertext", "rotated", "confounder"),
        (build.negoex(build.alert()), "NEGOEX.0.ErrorCode", "SSPI", "!"),
        (build.ap_req(), "sname.name-type", "hint", "1 is a user"),
    ],
)
def test_words_never_contradict_the_value(token: bytes, path: str, words: str, never: str) -> None:
    """A checksum that is none proves nothing; a field is told as what it is in its own token."""
    fields = [f for f in dissect_token(token).fields if f".{f.path}".endswith(f".{path}")]
    assert fields
    said = field_meaning(fields[0]) or ""
    assert words in said
    assert never not in said


def test_every_bit_of_the_flags_pair_has_words() -> None:
    """MsvAvFlags has three bits (MS-NLMP 2.2.2.1)."""
    for bit in "124":
        assert f"{bit}: " in MEANINGS["MsvAvFlags"]


def test_preauthentication_data_is_told_by_its_type() -> None:
    """Items of padata, in requests and errors, have words; those of other lists take none from the wire."""
    request = build.as_req(padata=[build.pa_enc_timestamp()])
    error = build.krb_error(e_data=build.method_data([(19, b"")]))
    items = {
        f.text: field_meaning(f)
        for token in (request, error)
        for f in dissect_token(token).fields
        if f.path.endswith(("padata.0", "METHOD-DATA.0"))
    }
    assert "the time, encrypted" in (items["PA-ENC-TIMESTAMP"] or "")
    assert "which ciphers" in (items["PA-ETYPE-INFO2"] or "")
    name = Field("cname.name-string.0", "0", None, "PA-ENC-TIMESTAMP", Span(0, 1))
    assert field_meaning(name) is None


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
