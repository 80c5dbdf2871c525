"""SMB1 error names."""

import pytest

from dissectors.codes.dos_error import DOS_ERROR, DOS_ERROR_CLASS, dos_error_name


@pytest.mark.parametrize(
    ("error_class", "code", "name"),
    [
        (0, 0, "SUCCESS"),
        (1, 5, "ERRDOS/ERRnoaccess"),
        (2, 2, "ERRSRV/ERRbadpw"),
        (3, 31, "ERRHRD/ERRgeneral"),
        (2, 999, "ERRSRV/unknown(999)"),
        (0, 7, "SUCCESS/unknown(7)"),
        (0x80, 2, "unknown(128)/unknown(2)"),
    ],
)
def test_names(error_class, code, name):
    """Class and code have their names, unknown ones keep their number."""
    assert dos_error_name(error_class, code) == name


def test_every_code_has_a_known_class():
    """The two tables fit each other."""
    assert {error_class for error_class, _ in DOS_ERROR} <= set(DOS_ERROR_CLASS)
