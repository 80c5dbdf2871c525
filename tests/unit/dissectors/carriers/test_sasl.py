"""SASL mechanism names, claimed users, and the layer negotiation of RFC 4752."""

import pytest

from dissectors.carriers import sasl

KERBEROS_OID = bytes.fromhex("06092a864886f712010202")
SPNEGO_INIT = bytes.fromhex("600a06062b0601050502a000")


def cfx_wrap(plain, *, flags=0, rotated=0, checksum=b"\xcc" * 12):
    """Build an RFC 4121 Wrap token without confidentiality."""
    body = plain + checksum
    turned = body[-rotated:] + body[:-rotated] if rotated else body
    counts = len(checksum).to_bytes(2) + rotated.to_bytes(2)
    return b"\x05\x04" + bytes([flags]) + b"\xff" + counts + b"\0" * 8 + turned


def rfc1964_wrap(plain, *, seal=b"\xff\xff"):
    """Build an RFC 1964 Wrap token."""
    inner = (
        b"\x02\x01\x11\x00" + seal + b"\xff\xff" + b"s" * 8 + b"c" * 8 + b"n" * 8 + plain + b"\1"
    )
    return b"\x60" + bytes([len(KERBEROS_OID) + len(inner)]) + KERBEROS_OID + inner


@pytest.mark.parametrize(
    ("mechanism", "gss", "layer"),
    [
        ("GSS-SPNEGO", True, True),
        ("gssapi", True, True),
        ("NTLM", True, True),
        ("GS2-KRB5-PLUS", True, True),
        ("DIGEST-MD5", False, True),
        ("SCRAM-SHA-256-PLUS", False, False),
        ("PLAIN", False, False),
    ],
)
def test_which_mechanisms_carry_tokens(mechanism, gss, layer):
    """GSS mechanisms carry tokens; DIGEST-MD5 has a layer without."""
    assert sasl.carries_gss(mechanism) is gss
    assert sasl.has_layer(mechanism) is layer


@pytest.mark.parametrize(
    ("mechanism", "name"),
    [
        ("PLAIN", "plain"),
        ("EXTERNAL", "external"),
        ("DIGEST-MD5", "digest"),
        ("CRAM-MD5", "cram-md5"),
        ("SCRAM-SHA-512", "scram"),
        ("X-Own", "x-own"),
    ],
)
def test_names_in_the_mechanism_column(mechanism, name):
    """Mechanisms without GSS get the names of the tables."""
    assert sasl.mechanism_name(mechanism) == name


@pytest.mark.parametrize(
    ("mechanism", "credentials", "user"),
    [
        ("PLAIN", b"admin\0bob\0hunter2", "bob"),
        ("PLAIN", b"\0bob\0hunter2", "bob"),
        ("PLAIN", b"no separators", None),
        ("DIGEST-MD5", b'charset=utf-8,username="b\\"ob",realm="r"', 'b"ob'),
        ("DIGEST-MD5", b'realm="username=x"', None),
        ("CRAM-MD5", b"bob smith 0123456789abcdef", "bob smith"),
        ("CRAM-MD5", b"", None),
        ("SCRAM-SHA-1", b"n,,n=b=2Cob=3D,r=abc", "b,ob="),
        ("SCRAM-SHA-1", b"p=tls-unique,a=other,n=bob,r=abc", "bob"),
        ("SCRAM-SHA-1", b"c=biws,r=abc,p=proof", None),
        ("PLAIN", b"\0b\xffb\0x", "b\\xffb"),
        ("EXTERNAL", b"dn:cn=bob", None),
    ],
)
def test_user_names_sent_in_clear(mechanism, credentials, user):
    """The user is read where the mechanism shows it, the password never."""
    assert sasl.claimed_user(mechanism, credentials) == user


@pytest.mark.parametrize(
    ("prompt", "user"),
    [(b"User Name\0", "bob"), (b"username:", "bob"), (b"Password:", None), (b"", None)],
)
def test_a_user_name_that_was_asked_for(prompt, user):
    """LOGIN's answers look alike: without the server's question any of them may be the password."""
    assert sasl.claimed_user("login", b"bob", prompt) == user


@pytest.mark.parametrize(
    ("mechanism", "credentials", "prompt", "holds"),
    [
        ("PLAIN", b"\0bob\0hunter2", b"", True),
        ("PLAIN", b"\0bob\0", b"", True),
        ("plain", b"", b"", False),
        ("LOGIN", b"", b"", False),
        ("LOGIN", b"bob", b"", None),
        ("LOGIN", b"bob", b"User Name\0", False),
        ("LOGIN", b"x", b"Password:", True),
        ("LOGIN", b"", b"Password:", True),
        ("CRAM-MD5", b"", b"", False),
        ("CRAM-MD5", b"bob 0123456789abcdef", b"<1@x>", True),
        ("DIGEST-MD5", b"", b"", False),
        ("DIGEST-MD5", b'username="bob",response=0123,qop=auth', b"nonce=1", True),
        ("DIGEST-MD5", b'username="bob",response="",qop=auth', b"nonce=1", False),
        ("SCRAM-SHA-256", b"n,,n=bob,r=abc", b"", False),
        ("SCRAM-SHA-256", b"p=tls-unique,,n=bob,r=abc", b"", False),
        ("SCRAM-SHA-256", b"c=biws,r=abc,p=proof", b"r=abc", True),
        ("SCRAM-SHA-256", b"c=biws,r=abc", b"r=abc", False),
        ("OAUTHBEARER", b"n,a=bob,\1auth=Bearer vF9\1\1", b"", True),
        ("XOAUTH2", b"user=bob\1auth=Bearer vF9\1\1", b"", True),
        ("OAUTHBEARER", b"n,a=bob,\1auth=\1\1", b"", False),
        ("EXTERNAL", b"", b"", None),
        ("ANONYMOUS", b"trace", b"", None),
    ],
)
def test_whether_a_message_holds_a_secret(mechanism, credentials, prompt, holds):
    """The mechanism's name alone is no password; an empty password is one."""
    assert sasl.holds_secret(mechanism, credentials, prompt) is holds


@pytest.mark.parametrize(
    ("credentials", "length"),
    [(b"n,,tok", 3), (b"F,y,,tok", 5), (b"p=tls-unique,a=bob,tok", 19), (b"tok", 0), (b"", 0)],
)
def test_gs2_header(credentials, length):
    """The header of a GS2 mechanism is measured, and only of such a mechanism."""
    assert sasl.gs2_header("GS2-KRB5", credentials) == length
    assert sasl.gs2_header("GSSAPI", credentials) == 0


@pytest.mark.parametrize(
    ("token", "first"),
    [
        (SPNEGO_INIT, True),
        (b"NTLMSSP\0\1\0\0\0", True),
        (b"NTLMSSP\0\3\0\0\0", False),
        (b"\xa1\x07\x30\x05", False),
        (b"\x60\x0d" + KERBEROS_OID + b"\1\0", False),
        (b"\x60", False),
        (b"", False),
    ],
)
def test_tokens_that_begin_a_context(token, first):
    """Only SPNEGO's and NTLM's first tokens can be nothing else; Kerberos frames all of them."""
    assert sasl.begins_context(token) is first


@pytest.mark.parametrize("rotated", [0, 5, 12, 16])
def test_layer_octets_of_rfc_4121(rotated):
    """The four octets are found whatever the rotation."""
    token = cfx_wrap(b"\x07\0\x10\0", rotated=rotated)
    assert sasl.is_wrap_token(token)
    assert sasl.layer_octets(token) == b"\x07\0\x10\0"


def test_layer_octets_of_rfc_1964():
    """The four octets stand behind the confounder."""
    token = rfc1964_wrap(b"\x04\0\0\0bob")
    assert sasl.is_wrap_token(token)
    assert sasl.layer_octets(token) == b"\x04\0\0\0"


@pytest.mark.parametrize(
    "token",
    [
        cfx_wrap(b"\x07\0\x10\0", flags=2),
        rfc1964_wrap(b"\x07\0\0\0", seal=b"\x10\0"),
        cfx_wrap(b"\x07\0\x10\0")[:20],
        rfc1964_wrap(b"\x07\0\0\0")[:40],
        b"\x04\x04\0\xff" + b"\0" * 20,
        SPNEGO_INIT,
        b"",
    ],
)
def test_no_layer_octets(token):
    """A sealed, cut or other token shows no layer."""
    assert sasl.layer_octets(token) is None


@pytest.mark.parametrize(
    ("mechanism", "credentials", "bound"),
    [
        ("SCRAM-SHA-256", b"p=tls-endpoint,,n=ada,r=x", "present"),
        ("scram-sha-1-plus", b"p=tls-unique,a=bob,n=ada,r=x", "present"),
        ("SCRAM-SHA-256", b"n,,n=ada,r=x", "absent"),
        ("SCRAM-SHA-256", b"y,,n=ada,r=x", "absent"),
        ("GS2-KRB5-PLUS", b"F,p=tls-exporter,,\x6e", "present"),
        ("SCRAM-SHA-256", b"p=,,n=ada", None),
        ("SCRAM-SHA-256", b"", None),
        ("PLAIN", b"n,,n=ada", None),
    ],
)
def test_channel_bindings_in_clear(mechanism, credentials, bound):
    """The first letters of the first message say whether the client binds to the channel."""
    assert sasl.channel_binding(mechanism, credentials) == bound
