"""The forms of a KRB-ERROR's e-data."""

from __future__ import annotations

import pytest
from support.kerberos_messages import der, message, number, padata

from dissectors.tokens import dissect_token, token_fields
from dissectors.tokens.kerberos_e_data import e_data_form, is_ext_error

STATUS = bytes.fromhex("bb0000c0 00000000 03000000")
TYPED = der(0x30, der(0x30, der(0xA0, number(-128)), der(0xA1, der(4))))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (der(0x30, padata(19, b"")), "METHOD-DATA"),
        (b"\x30\x00", "METHOD-DATA"),
        (TYPED, "TYPED-DATA"),
        (der(0x30, der(0xA1, number(3)), der(0xA2, der(4, STATUS))), "KERB-ERROR-DATA"),
        (der(0x30, der(0xA1, number(2))), "KERB-ERROR-DATA"),
        (b"free text", None),
        (b"", None),
        (b"\x30", None),
        (b"\x30\x01\x30", None),
        (der(0x30, number(5)), None),
        (der(0x30, der(0x30)), None),
        (der(0x30, der(0x30, number(5))), None),
    ],
)
def test_form_by_first_tags(data: bytes, form: str | None) -> None:
    """Each form shows in its first tags; anything else has none."""
    assert e_data_form(data) == form


def test_salt_or_error() -> None:
    """Windows' error and a salt of twelve octets are not mistaken for each other."""
    assert is_ext_error(STATUS)
    assert not is_ext_error(b"LAB.COMalice")
    assert not is_ext_error(STATUS[:8])


@pytest.mark.parametrize(
    ("data", "path", "text"),
    [
        (TYPED, "TYPED-DATA.0.data-type", "-128 (TD-MUST-USE-USER2USER)"),
        (
            der(0x30, der(0xA1, number(2))),
            "KERB-ERROR-DATA.data-type",
            "2 (KERB_AP_ERR_TYPE_SKEW_RECOVERY)",
        ),
        (
            der(0x30, der(0xA1, number(3)), der(0xA2, der(4, STATUS))),
            "KERB-ERROR-DATA.data-value.status",
            "0xC00000BB (STATUS_NOT_SUPPORTED)",
        ),
        (
            der(0x30, der(0xA1, number(3)), der(0xA2, der(4, b"\x01"))),
            "KERB-ERROR-DATA.data-value",
            "01",
        ),
        (b"free text", "", "667265652074657874"),
    ],
)
def test_shown(data: bytes, path: str, text: str) -> None:
    """What e-data holds is shown by name; other octets as they are."""
    raw = message(0x7E, 30, der(0xA6, number(7)), der(0xAC, der(4, data)))
    found = {f.path: f.text for f in token_fields(dissect_token(raw))}
    assert found[f"KRB-ERROR.e-data.{path}".rstrip(".")] == text
