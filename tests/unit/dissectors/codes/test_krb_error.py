"""Kerberos error names."""

import pytest

from dissectors.codes.krb_error import KRB_ERROR, krb_error_name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0, "KDC_ERR_NONE"),
        (7, "KDC_ERR_S_PRINCIPAL_UNKNOWN"),
        (24, "KDC_ERR_PREAUTH_FAILED"),
        (37, "KRB_AP_ERR_SKEW"),
        (41, "KRB_AP_ERR_MODIFIED"),
        (52, "KRB_ERR_RESPONSE_TOO_BIG"),
        (68, "KDC_ERR_WRONG_REALM"),
        (99, "unknown(99)"),
        (-1, "unknown(-1)"),
    ],
)
def test_names(code, name):
    """Known codes have their name, unknown ones keep their number."""
    assert krb_error_name(code) == name


def test_names_are_unique():
    """No name stands for two codes."""
    assert len(set(KRB_ERROR.values())) == len(KRB_ERROR)
