"""Kerberos encryption type names."""

import pytest

from dissectors.codes.krb_etype import KRB_ETYPE, krb_etype_name


@pytest.mark.parametrize(
    ("etype", "name"),
    [
        (3, "des-cbc-md5"),
        (17, "aes128-cts-hmac-sha1-96"),
        (18, "aes256-cts-hmac-sha1-96"),
        (20, "aes256-cts-hmac-sha384-192"),
        (23, "arcfour-hmac-md5"),
        (-135, "rc4-hmac-old-exp"),
        (99, "unknown(99)"),
    ],
)
def test_names(etype, name):
    """Known types have their name, unknown ones keep their number."""
    assert krb_etype_name(etype) == name


def test_names_are_unique():
    """No name stands for two types."""
    assert len(set(KRB_ETYPE.values())) == len(KRB_ETYPE)
