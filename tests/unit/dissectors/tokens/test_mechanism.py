"""Whose token it is."""

from dissectors.tokens.mechanism import token_mech
from dissectors.tokens.model import KrbApReq, OpaqueToken


def test_frame_decides_where_the_form_does_not():
    """A bare form is taken as it is; IAKERB and PKU2U frame Kerberos' messages as theirs."""
    request = KrbApReq(raw=b"")
    assert token_mech(request) == "kerberos"
    request.this_mech = "1.3.6.1.5.2.7"
    assert token_mech(request) == "pku2u"
    request.this_mech = "1.3.6.1.5.5.14"
    assert token_mech(request) == "kerberos"
    assert token_mech(OpaqueToken(raw=b"", this_mech="1.3.6.1.5.5.14")) == "scram-sha-1"
    assert token_mech(OpaqueToken(raw=b"")) is None
