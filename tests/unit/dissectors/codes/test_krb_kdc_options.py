"""Names of kdc-options."""

from dissectors.codes.krb_kdc_options import KRB_KDC_OPTIONS


def test_names():
    """Bits count from the left, as RFC 4120 counts them."""
    assert KRB_KDC_OPTIONS[1] == "forwardable"
    assert KRB_KDC_OPTIONS[14] == "cname-in-addl-tkt"
    assert KRB_KDC_OPTIONS[31] == "validate"
    assert max(KRB_KDC_OPTIONS) < 32
    assert len(set(KRB_KDC_OPTIONS.values())) == len(KRB_KDC_OPTIONS)
