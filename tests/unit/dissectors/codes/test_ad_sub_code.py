"""Active Directory's sub-codes."""

import pytest

from dissectors.codes.ad_sub_code import AD_SUB_CODE, AdSubCode, ad_sub_code_name
from dissectors.codes.nt_status import NT_STATUS


@pytest.mark.parametrize(
    ("code", "known"),
    [
        (0x525, AdSubCode("ERROR_NO_SUCH_USER", 0xC0000064)),
        (0x52E, AdSubCode("ERROR_LOGON_FAILURE", 0xC000006D)),
        (0x773, AdSubCode("ERROR_PASSWORD_MUST_CHANGE", 0xC0000224)),
        (0x80090346, AdSubCode("SEC_E_BAD_BINDINGS", 0xC000035B)),
    ],
)
def test_codes(code, known):
    """A code has its Win32 name and the NTSTATUS that means the same."""
    assert AD_SUB_CODE[code] == known
    assert ad_sub_code_name(code) == known.name


def test_unknown_code():
    """It is named as Active Directory writes it."""
    assert ad_sub_code_name(0xABC) == "data abc"


def test_every_nt_status_is_known():
    """The two tables fit each other, and SSPI names agree."""
    for code, known in AD_SUB_CODE.items():
        assert known.nt_status is None or known.nt_status in NT_STATUS
        if known.name.startswith("SEC_E_"):
            assert NT_STATUS[code] == known.name
