"""NTSTATUS names."""

import pytest

from dissectors.codes.nt_status import NT_STATUS, nt_status_name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0, "STATUS_SUCCESS"),
        (0xC0000016, "STATUS_MORE_PROCESSING_REQUIRED"),
        (0xC000006D, "STATUS_LOGON_FAILURE"),
        (0xC0000234, "STATUS_ACCOUNT_LOCKED_OUT"),
        (0xC000035B, "STATUS_BAD_BINDINGS"),
        (0xC0000413, "STATUS_AUTHENTICATION_FIREWALL_FAILED"),
        (0xC0000418, "STATUS_NTLM_BLOCKED"),
        (0x00010002, "STATUS_INVALID_SMB"),
        (0x80090346, "SEC_E_BAD_BINDINGS"),
        (0xC0001234, "0xC0001234"),
        (0x9999, "0x00009999"),
    ],
)
def test_names(code, name):
    """Known codes have their name, unknown ones keep their number."""
    assert nt_status_name(code) == name


def test_table_is_well_formed():
    """Sorted, without a repeated number, names in capitals."""
    assert len(NT_STATUS) > 1800
    assert list(NT_STATUS) == sorted(NT_STATUS)
    assert all(name.replace("_", "").isalnum() and name.isupper() for name in NT_STATUS.values())
