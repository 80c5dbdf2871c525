"""The grammar of challenges, credentials and token68."""

import base64

import pytest

from dissectors.carriers.http_auth import (
    Challenge,
    basic_user,
    canonical,
    challenges,
    credentials,
    decode_cut_token68,
    decode_token68,
    digest_user,
    holds_secret,
)


def schemes(value):
    return [challenge.scheme for challenge in challenges(value)]


@pytest.mark.parametrize(
    ("sent", "printed"),
    [("negotiate", "Negotiate"), ("NTLM", "NTLM"), ("bAsIc", "Basic"), ("X-Odd", "X-Odd")],
)
def test_known_schemes_get_their_canonical_spelling(sent, printed):
    """Letter case never matters; an unknown scheme stays as sent."""
    assert canonical(sent) == printed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Negotiate", ["Negotiate"]),
        (b"Negotiate, NTLM", ["Negotiate", "NTLM"]),
        (b'Basic realm="x, NTLM y", Negotiate', ["Basic", "Negotiate"]),
        (b'Negotiate,Basic realm="lab",NTLM', ["Negotiate", "Basic", "NTLM"]),
        (b'Digest realm="a", nonce="b", qop="auth,auth-int", Negotiate', ["Digest", "Negotiate"]),
        (b'Digest realm = "a", nonce = b ,Negotiate', ["Digest", "Negotiate"]),
        (b'Basic realm="a \\" b, Negotiate", NTLM', ["Basic", "NTLM"]),
        (b", ,NTLM,,", ["NTLM"]),
        (b'Basic realm="never closed, NTLM', ["Basic"]),
        (b"", []),
        (b"\x00\xff", []),
    ],
)
def test_challenge_lists_are_split_at_commas_outside_quotes(value, expected):
    """Parameters belong to the challenge before them, whatever their spacing."""
    assert schemes(value) == expected


def test_challenge_with_a_token_beside_bare_ones():
    """A token68 is told from a parameter although both may hold `=`."""
    found = challenges(b"NTLM TlRMTVNTUAAC==, Negotiate, Basic realm=lab")
    assert found[0] == Challenge("NTLM", b"TlRMTVNTUAAC==")
    assert [challenge.token68 for challenge in found[1:]] == [None, None]


def test_credentials_of_known_schemes():
    """Scheme, token68 or parameters."""
    assert credentials(b"negotiate  YII= ") == Challenge("Negotiate", b"YII=")
    assert credentials(b"Negotiate") == Challenge("Negotiate")
    digest = credentials(b'Digest username="bob", realm="a"')
    assert digest == Challenge("Digest", None, b'username="bob", realm="a"')


@pytest.mark.parametrize(
    "value",
    [b"eyJhbGciOi.secret", b"", b'"Basic" x', b"a" * 33 + b" b", b"Basic\x00abc", b"s3cr3t"],
)
def test_a_word_that_is_no_scheme_is_not_repeated(value):
    """API keys are sent without a scheme; they must not come out as one."""
    assert credentials(value) is None


@pytest.mark.parametrize("length", range(1, 8))
@pytest.mark.parametrize("edit", ["as is", "no padding", "spaces", "url", "wrapped"])
def test_token68_is_read_with_its_usual_damage(length, edit):
    """Missing padding, white space and the URL alphabet do not matter."""
    token = bytes(range(0xF8, 0xF8 + length))
    text = base64.b64encode(token)
    if edit == "no padding":
        text = text.rstrip(b"=")
    elif edit == "spaces":
        text = b" ".join(text[at : at + 1] for at in range(len(text)))
    elif edit == "url":
        text = base64.urlsafe_b64encode(token)
    elif edit == "wrapped":
        text = text[:2] + b"\r\n\t" + text[2:]
    assert decode_token68(text) == token


@pytest.mark.parametrize("text", [b"A", b"!!!!", b"YII=YII=", b"YI\xffI", b"AAAAA"])
def test_what_is_no_base64_gives_none(text):
    """A length that cannot be, foreign characters, text behind the padding."""
    assert decode_token68(text) is None


def test_cut_base64_gives_what_is_whole():
    """Every prefix of a base64 text gives a prefix of its bytes."""
    token = b"NTLMSSP\x00\x03"
    text = base64.b64encode(token)
    for end in range(len(text) + 1):
        cut = decode_cut_token68(text[:end])
        assert cut is not None
        assert token.startswith(cut)
        assert len(cut) >= end * 3 // 4 - 1


def test_basic_user_without_the_password():
    """The user's name alone comes out, split where Windows puts its domain."""
    assert basic_user(base64.b64encode(b"alice:pw:with:colons")) == ("alice", None)
    assert basic_user(base64.b64encode(rb"LAB\alice:pw")) == ("alice", "LAB")
    assert basic_user(base64.b64encode("jürgen:pw".encode())) == ("jürgen", None)
    assert basic_user(base64.b64encode("jürgen:pw".encode("latin-1"))) == ("jürgen", None)
    assert basic_user(b"???") is None


@pytest.mark.parametrize(
    ("parameters", "user"),
    [
        (b'username="bob", realm="x"', "bob"),
        (b'realm="a, username=eve", username="b\\"ob"', 'b"ob'),
        (b"USERNAME = bob", "bob"),
        (b"username*=UTF-8''J%C3%BCrgen, nc=1", "Jürgen"),
        (b'username="488869477bf257147b804c45308cd62a", userhash=true', None),
        (b'realm="x"', None),
        (b"username*=broken", None),
    ],
)
def test_digest_user(parameters, user):
    """Quoted, extended or hashed user names of RFC 7616."""
    assert digest_user(parameters) == user


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (b"Basic", False),
        (b"Basic ", False),
        (b"Basic YWRhOg==", True),  # an empty password is one
        (b"Basic !", True),
        (b"Bearer", False),
        (b"Bearer abc", True),
        (b"Digest", False),
        (b'Digest username="a", response=""', False),
        (b'Digest username="a", response="0f"', True),
        (b"Digest username=a,response=0f", True),
        (b"SCRAM-SHA-256 data=biws", None),
        (b"HOBA result=x", None),
    ],
)
def test_whether_credentials_hold_a_secret(value, holds):
    """The scheme's name alone is none."""
    assert holds_secret(credentials(value)) is holds
