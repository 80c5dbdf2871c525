"""Mechanism names."""

from __future__ import annotations

import pytest

from dissectors.der_values import oid_text
from dissectors.mechs import MECHS, NEGOEX_SCHEMES, mech_family, mech_name


@pytest.mark.parametrize(
    ("der", "name", "family"),
    [
        ("2b0601050502", "spnego", "spnego"),
        ("2a864886f712010202", "kerberos", "kerberos"),
        ("2a864882f712010202", "ms-kerberos", "kerberos"),
        ("2a864886f71201020203", "kerberos-u2u", "kerberos"),
        ("2b05010502", "kerberos-draft", "kerberos"),
        ("2b0601050205", "iakerb", "iakerb"),
        ("2b0601050207", "pku2u", "pku2u"),
        ("2b06010401823702020a", "ntlm", "ntlm"),
        ("2b06010401823702021e", "negoex", "negoex"),
        ("2b060104018237020228", "negotiate-late-fallback", "negotiate-late-fallback"),
        ("2b060105050e", "scram-sha-1", "scram-sha-1"),
        ("2b06010401a94a1a016e", "sanon-x25519", "sanon-x25519"),
    ],
)
def test_names_of_wire_oids(der: str, name: str, family: str) -> None:
    """The octets that travel lead to the names of the tables."""
    oid = oid_text(bytes.fromhex(der))
    assert oid is not None
    assert mech_name(oid) == name
    assert mech_family(oid) == family


def test_unknown_mechanism_keeps_its_number() -> None:
    """An object identifier without a name is its own name."""
    assert mech_name("1.2.3") == "1.2.3"
    assert mech_family("1.2.3") == "1.2.3"


def test_names_are_unique() -> None:
    """No two object identifiers share a name."""
    assert len(set(MECHS.values())) == len(MECHS)


def test_both_pku2u_schemes_have_its_name() -> None:
    """The scheme Windows sends and the one its specification names are the same."""
    assert [name for name in NEGOEX_SCHEMES.values() if name == "pku2u"] == ["pku2u", "pku2u"]
    assert all(guid == guid.lower() and len(guid) == 36 for guid in NEGOEX_SCHEMES)
