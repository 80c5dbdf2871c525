"""Names in `krb_addr_type`."""

from dissectors.codes.krb_addr_type import KRB_ADDR_TYPE, krb_addr_type_name


def test_names():
    """Known numbers have their name, unknown ones keep their number."""
    assert krb_addr_type_name(20) == "NetBios"
    assert krb_addr_type_name(99) == "unknown(99)"


def test_names_are_unique():
    """No name stands for two numbers."""
    assert len(set(KRB_ADDR_TYPE.values())) == len(KRB_ADDR_TYPE)
