"""Names in `krb_padata`."""

from dissectors.codes.krb_padata import KRB_PADATA, krb_padata_name


def test_names():
    """Known numbers have their name, unknown ones keep their number."""
    assert krb_padata_name(19) == "PA-ETYPE-INFO2"
    assert krb_padata_name(777) == "unknown(777)"


def test_names_are_unique():
    """No name stands for two numbers."""
    assert len(set(KRB_PADATA.values())) == len(KRB_PADATA)
