"""LDAP result names."""

import pytest

from dissectors.codes.ldap_result import LDAP_RESULT, ldap_result_name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0, "success"),
        (7, "authMethodNotSupported"),
        (8, "strongerAuthRequired"),
        (14, "saslBindInProgress"),
        (49, "invalidCredentials"),
        (80, "other"),
        (15, "unknown(15)"),
    ],
)
def test_names(code, name):
    """Known codes have their name, unknown ones keep their number."""
    assert ldap_result_name(code) == name


def test_names_are_unique():
    """No name stands for two codes."""
    assert len(set(LDAP_RESULT.values())) == len(LDAP_RESULT)
