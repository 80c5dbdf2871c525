"""What binds and root DSE entries say, whole, cut and broken."""

import pytest

from dissectors.carriers.ldap_message import (
    SASL,
    SICILY_DISCOVERY,
    SIMPLE,
    extended_name,
    policy_error,
    read_bind_request,
    read_bind_response,
    result_code,
    sasl_mechanisms,
    sub_code,
)
from dissectors.carriers.ldap_pdu import read_head


def ber(tag, *parts):
    """Build an element."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    return bytes([tag, 0x82]) + len(body).to_bytes(2) + body


def message(op, *parts):
    """Build a message and read its header."""
    octets = ber(0x30, b"\2\1\7", ber(op, *parts))
    return octets, read_head(octets)


def request(*parts, length=None):
    """Read a BindRequest of these parts; return it, its bytes and the anomalies."""
    octets, head = message(0x60, *parts)
    anomalies = []
    return read_bind_request(octets[:length], head, anomalies), octets, anomalies


def response(*parts, length=None):
    """Read a BindResponse of these parts."""
    octets, head = message(0x61, *parts)
    anomalies = []
    return read_bind_response(octets[:length], head, anomalies), octets, anomalies


def test_simple_bind():
    """A simple bind keeps its name, and of its password only that there is one."""
    bind, _, anomalies = request(b"\2\1\3", ber(4, b"cn=bob"), ber(0x80, b"hunter2"))
    assert (bind.version, bind.name, bind.choice, bind.has_password) == (3, "cn=bob", SIMPLE, True)
    assert "hunter2" not in repr(bind)
    assert not anomalies


def test_sasl_bind():
    """A SASL bind names its mechanism and the place of its credentials."""
    bind, octets, _ = request(b"\2\1\3\4\0", ber(0xA3, ber(4, b"GSSAPI"), ber(4, b"token")))
    assert (bind.choice, bind.mechanism) == (SASL, "GSSAPI")
    assert octets[slice(*bind.credentials)] == b"token"


def test_absent_and_empty_credentials_differ():
    """No credentials and empty ones are two things."""
    absent, _, _ = request(b"\2\1\3\4\0", ber(0xA3, ber(4, b"GSSAPI")))
    empty, _, _ = request(b"\2\1\3\4\0", ber(0xA3, ber(4, b"GSSAPI"), ber(4)))
    assert absent.credentials is None
    assert empty.credentials is not None
    assert empty.credentials.length == 0


def test_sicily_discovery_has_no_token():
    """Package discovery carries nothing."""
    bind, _, _ = request(b"\2\1\3\4\0", ber(SICILY_DISCOVERY))
    assert bind.choice == SICILY_DISCOVERY
    assert bind.credentials is None


@pytest.mark.parametrize("parts", [(), (b"\4\0",), (b"\2\1\3",), (b"\2\1\3\2\1\3",)])
def test_no_bind_request(parts):
    """Without version and name there is no BindRequest."""
    bind, _, _ = request(*parts)
    assert bind is None


@pytest.mark.parametrize(("length", "version"), [(7, 0), (8, 0), (9, 0), (10, 3), (11, 3)])
def test_a_bind_cut_before_its_name_is_one_all_the_same(length, version):
    """Its header says so; what it says beyond is not known."""
    bind, _, anomalies = request(b"\2\1\3", ber(4, b"cn=a"), ber(0x80, b"x"), length=length)
    assert (bind.version, bind.name, bind.choice, anomalies) == (version, "", 0, [])


def test_an_element_longer_than_its_container_is_cut_and_told():
    """Credentials that want more than the message has are taken as far as they go."""
    bind, octets, anomalies = request(b"\2\1\3\4\0", ber(0xA3, b"\4\6GSSAPI", b"\4\x7ftok"))
    assert octets[slice(*bind.credentials)] == b"tok"
    assert [anomaly.code for anomaly in anomalies] == ["bad-length"]


def test_a_cut_message_is_no_news():
    """Of a cut message the beginning of the token is kept, half a mechanism name is not."""
    parts = (b"\2\1\3\4\0", ber(0xA3, b"\4\6GSSAPI", ber(4, b"x" * 100)))
    bind, _, anomalies = request(*parts, length=50)
    assert (bind.mechanism, bind.credentials.length, anomalies) == ("GSSAPI", 26, [])
    bind, _, _ = request(*parts, length=20)
    assert (bind.choice, bind.mechanism) == (SASL, None)
    bind, _, _ = request(*parts, length=12)
    assert bind.choice == 0


def test_a_password_that_is_cut_away_was_there():
    """A simple bind cut before its password is not an anonymous one."""
    bind, _, _ = request(b"\2\1\3\4\0", ber(0x80, b"hunter2"), length=14)
    assert bind.choice == SIMPLE
    assert bind.has_password


def test_names_that_are_no_text():
    """Undecodable bytes are shown as such, and an endless name is cut."""
    bind, _, anomalies = request(b"\2\1\3", ber(4, b"b\xffb"), ber(0x80))
    assert bind.name == "b\\xffb"
    assert [anomaly.code for anomaly in anomalies] == ["bad-text"]
    bind, _, anomalies = request(b"\2\1\3", ber(4, b"x" * 5000), ber(0x80))
    assert bind.name == "x" * 4096
    assert [anomaly.code for anomaly in anomalies] == ["limit-message-size"]


def test_bind_response():
    """A BindResponse has a code, a text and credentials behind a referral."""
    answer, octets, anomalies = response(
        ber(0x0A, b"\x31"), ber(4, b"dn"), ber(4, b"why\0"), ber(0xA3, b"\4\1x"), ber(0x87, b"tok")
    )
    assert (answer.code, answer.diagnostic) == (49, "why")
    assert octets[slice(*answer.matched_dn)] == b"dn"
    assert octets[slice(*answer.credentials)] == b"tok"
    assert not anomalies


def test_bind_response_without_code():
    """Without a result code there is no BindResponse."""
    assert response(b"\4\0")[0] is None
    assert response(b"\x0a\0")[0] is None
    assert response(b"\x0a\1\0\4\0\4\0", length=9)[0] is None


def test_a_result_of_two_octets():
    """Codes beyond 127 have more octets."""
    assert response(ber(0x0A, b"\x10\0"), b"\4\0\4\0")[0].code == 4096


POLICY = b"1.3.6.1.4.1.42.2.27.8.5.1"


def control(oid, *rest):
    """Build a Control of RFC 4511 4.1.11."""
    return ber(0x30, ber(4, oid), *rest)


def with_controls(*controls):
    """Build a BindResponse with controls behind it, read to its header."""
    data = ber(0x30, b"\2\1\1", ber(0x61, b"\x0a\1\x31\4\0\4\0"), ber(0xA0, *controls))
    return data, read_head(data)


WARNING, LOCKED = ber(0xA0, ber(0x80, b"\5")), ber(0x81, b"\1")


@pytest.mark.parametrize(
    ("controls", "error"),
    [
        ([control(POLICY, ber(4, ber(0x30, LOCKED)))], 1),
        ([control(POLICY, b"\1\1\xff", ber(4, ber(0x30, WARNING, LOCKED)))], 1),
        (
            [control(b"1.2.3", ber(4, b"x")), control(POLICY, ber(4, ber(0x30, ber(0x81, b"\0"))))],
            0,
        ),
        ([control(b"1.2.3", ber(4, ber(0x30, LOCKED)))], None),
        ([control(POLICY, ber(4, ber(0x30, WARNING)))], None),
        ([control(POLICY, ber(4, b"\x30\0"))], None),
        ([control(POLICY)], None),
        ([b"\x31\0"], None),
        ([], None),
    ],
)
def test_errors_of_the_password_policy(controls, error):
    """The error stands in a control behind the answer, maybe beside a warning and other controls."""
    data, head = with_controls(*controls)
    found = []
    assert policy_error(data, head, found) == error
    assert not found
    for stop in range(head.stop, len(data)):  # cut: never another error
        assert policy_error(data[:stop], head, []) in {None, error}


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        *((bytes([number]), number) for number in range(9)),
        (b"", None),
        (b"\x09", None),
        (b"\xff", None),
        (b"\0\1", None),
        (b"\0\0\0\0\1", None),
    ],
)
def test_an_error_is_one_of_nine(octets, error):
    """An ENUMERATED of one octet; anything else says no more than that it is odd."""
    data, head = with_controls(control(POLICY, ber(4, ber(0x30, ber(0x81, octets)))))
    found = []
    assert policy_error(data, head, found) == error
    at = len(data) - len(octets)
    assert [(a.code, a.span) for a in found] == [("bad-value", (at, len(data)))] * (error is None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v2580",
            0x52E,
        ),
        (
            "8009030C: LdapErr: DSID-0C0904DC, comment: AcceptSecurityContext error, data 775, v1",
            0x775,
        ),
        (
            "80090346: LdapErr: DSID-0C090597, comment: AcceptSecurityContext error, data 80090346, v4563",
            0x80090346,
        ),
        (
            "80090346: LdapErr: DSID-0C090597, comment: AcceptSecurityContext error, data 57, v4563",
            0x80090346,
        ),
        (
            "00002028: LdapErr: DSID-0C090202, comment: The server requires binds to be signed, data 0, v1",
            0x2028,
        ),
        (
            "000004DC: LdapErr: DSID-0C090728, comment: a successful bind must be completed, data 0, v1",
            0x4DC,
        ),
        ("AcceptSecurityContext error, data 0", 0),
        ("SASL(-13): user not found: no secret in database", None),
        ("metadata 52e", None),
        ("", None),
    ],
)
def test_sub_codes_of_active_directory(text, code):
    """The number behind `data` counts; where it says nothing, the one in front does."""
    assert sub_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("80090308: LdapErr: DSID-0C09, comment: error, data 775, v", 0x775),
        ("80090308: LdapErr: DSID-0C09, comment: error, data 775", None),
        ("80090308: LdapErr: DSID-0C09, comment: error, data 57", None),
        ("80090308: LdapErr: DSID-0C09, comment: error, dat", None),
        ("80090346: LdapErr: DSID-0C09, comment: error, data 5", 0x80090346),
    ],
)
def test_sub_codes_of_a_text_that_is_cut(text, code):
    """`data 57` may be the beginning of another number."""
    assert sub_code(text, whole=False) == code


def test_extended_operations():
    """The OID of a request and the code of its answer."""
    assert extended_name(*message(0x77, ber(0x80, b"1.2.3"))) == b"1.2.3"
    assert extended_name(*message(0x77, ber(0x81, b"1.2.3"))) == b""
    assert result_code(*message(0x78, ber(0x0A, b"\2"), b"\4\0\4\0")) == 2
    assert result_code(*message(0x78, ber(4))) is None


def attribute(name, *values):
    """Build one attribute of an entry."""
    return ber(0x30, ber(4, name), ber(0x31, *(ber(4, value) for value in values)))


def test_sasl_mechanisms_in_wire_order():
    """The list is found among other attributes, whatever its case."""
    entry = message(
        0x64,
        b"\4\0",
        ber(
            0x30,
            attribute(b"vendor", b"x"),
            attribute(b"SUPPORTEDsaslMechanisms", b"GSSAPI", b"PLAIN"),
        ),
    )
    assert sasl_mechanisms(*entry, []) == ("GSSAPI", "PLAIN")


@pytest.mark.parametrize(
    "parts",
    [
        (b"\4\0", ber(0x30)),
        (b"\4\0", ber(0x30, attribute(b"vendor", b"supportedSASLMechanisms"))),
        (b"\4\0", ber(0x30, ber(0x30, ber(4, b"supportedSASLMechanisms")))),
        (ber(2, b"supportedSASLMechanisms"),),
    ],
)
def test_no_sasl_mechanisms(parts):
    """The name in another place is no list."""
    assert sasl_mechanisms(*message(0x64, *parts), []) == ()


def test_endless_lists_are_cut():
    """More than 64 mechanisms are told as a limit."""
    names = [b"M%d" % number for number in range(70)]
    anomalies = []
    entry = message(0x64, b"\4\0", ber(0x30, attribute(b"supportedSASLMechanisms", *names)))
    assert len(sasl_mechanisms(*entry, anomalies)) == 64
    assert [anomaly.code for anomaly in anomalies] == ["limit-count"]


@pytest.mark.parametrize("rest", [b"\x80", b"\xa3\x84\0", b"\xa3\x80\4\0\0\0"])
def test_broken_choices(rest):
    """A choice without length, with half of one or with an indefinite one is none."""
    bind, _, anomalies = request(b"\2\1\3\4\0", rest)
    assert bind.choice == 0
    assert [anomaly.code for anomaly in anomalies] == ["bad-length"]
