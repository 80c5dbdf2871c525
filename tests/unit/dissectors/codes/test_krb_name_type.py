"""Names in `krb_name_type`."""

from dissectors.codes.krb_name_type import KRB_NAME_TYPE, krb_name_type_name


def test_names():
    """Known numbers have their name, unknown ones keep their number."""
    assert krb_name_type_name(2) == "NT-SRV-INST"
    assert krb_name_type_name(99) == "unknown(99)"


def test_names_are_unique():
    """No name stands for two numbers."""
    assert len(set(KRB_NAME_TYPE.values())) == len(KRB_NAME_TYPE)
