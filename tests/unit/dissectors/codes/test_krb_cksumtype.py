"""Kerberos checksum type names."""

from dissectors.codes.krb_cksumtype import KRB_CKSUMTYPE, UNKEYED, krb_cksumtype_name


def test_names():
    """Known types have their name, unknown ones keep their number."""
    assert krb_cksumtype_name(16) == "hmac-sha1-96-aes256"
    assert krb_cksumtype_name(-138) == "hmac-md5"
    assert krb_cksumtype_name(99) == "unknown(99)"


def test_types_without_a_key():
    """No checksum that is made with a key is taken for one that anybody can compute."""
    assert {KRB_CKSUMTYPE[number] for number in UNKEYED} == {"CRC32", "rsa-md4", "rsa-md5", "sha1"}
