"""The VERSION structure and who reports itself by it."""

import pytest

from dissectors.span import Span
from dissectors.tokens.ntlm_version import RELEASES, record_version, version_claim
from dissectors.tokens.recorder import Recorder

SLOT = bytes.fromhex("0601b11d0000000f")


def recorded(raw, version):
    fields = []
    record_version(Recorder(fields, 0, ""), b"xx" + raw, 2, version)
    return {f.path: f for f in fields}


def test_version_and_its_parts():
    """Five fields, the whole with the release that reports itself so."""
    fields = recorded(SLOT, "6.1.7601/15")
    whole = fields["Version"]
    assert (whole.value, whole.span) == ("6.1.7601/15", Span(2, 10))
    assert whole.text == "6.1.7601/15, as Windows 7 SP1 / Server 2008 R2 SP1 reports itself"
    assert [(path, f.value, f.text, f.span) for path, f in fields.items()][1:] == [
        ("Version.ProductMajorVersion", 6, "6", Span(2, 3)),
        ("Version.ProductMinorVersion", 1, "1", Span(3, 4)),
        ("Version.ProductBuild", 7601, "7601", Span(4, 6)),
        ("Version.Reserved", bytes(3), "000000", Span(6, 9)),
        ("Version.NTLMRevisionCurrent", 15, "15 (NTLMSSP_REVISION_W2K3)", Span(9, 10)),
    ]


def test_slot_that_the_flags_do_not_announce():
    """Its bytes are shown, and told to mean nothing."""
    (field,) = recorded(SLOT, None).values()
    assert (field.value, field.span) == (SLOT, Span(2, 10))
    assert field.text == "0601b11d0000000f, unused: NTLMSSP_NEGOTIATE_VERSION is not set"


@pytest.mark.parametrize("raw", [bytes(8), SLOT])
def test_unannounced_slot_that_is_one(raw):
    """Zeros, or what looks like a VERSION."""
    assert recorded(raw, None)["Version"].value == raw


@pytest.mark.parametrize("raw", [b"RESPONSE", SLOT[:7] + b"\x10", SLOT[:6] + b"\1\x0f"])
def test_unannounced_slot_that_may_be_payload(raw):
    """With a false descriptor, bytes of a response can stand there: they are not shown."""
    (field,) = recorded(raw, None).values()
    assert (field.value, field.secret) == (None, True)
    assert field.text == "8 bytes, not shown, unused: NTLMSSP_NEGOTIATE_VERSION is not set"


def test_unknown_revision():
    """A number without a name stays a number, and a build without a release has no claim."""
    fields = recorded(bytes.fromhex("000c04000000000a"), "0.12.4/10")
    assert fields["Version"].text == "0.12.4/10"
    assert fields["Version.NTLMRevisionCurrent"].text == "10"


@pytest.mark.parametrize(
    ("version", "claim"),
    [
        ((6, 1, 7600), "as Windows 7 / Server 2008 R2 reports itself"),
        ((6, 3, 9600), "as Windows 8.1 / Server 2012 R2 reports itself"),
        ((10, 0, 20348), "as Windows Server 2022 reports itself"),
        ((6, 1, 0), "as Samba reports itself"),
        ((10, 0, 30000), "as Windows 10, Server 2016 or a later release reports itself"),
        ((10, 0, 0), ""),
        ((6, 1, 7602), ""),
        ((0, 0, 0), ""),
    ],
)
def test_claims(version, claim):
    """A release only where the build is known."""
    assert version_claim(*version) == claim


def test_releases_fit_their_fields():
    """Numbers of one, one and two bytes, in the order of their age."""
    assert list(RELEASES) == sorted(RELEASES)
    assert all(minor < 256 and build < 65536 for _, minor, build in RELEASES)
