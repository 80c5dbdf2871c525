"""Whether a password, a hash of one or a token was really sent: rules, hosts and exports say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.messages import bind_response, der, http, ldap, sasl_bind
from support.packets import Conversation, pcapng

from analyzer.analysis import Analysis, read
from analyzer.report.siem.ocsf import negotiation as ocsf
from analyzer.report.siem.record import records

REFUSED, GO_ON, DENIED = 7, 14, 53
UNAUTHORIZED = http(b"HTTP/1.1 401 Unauthorized", b'WWW-Authenticate: Basic realm="x"')
NAMED = sasl_bind(b"SCRAM-SHA-256", b"n,,n=ada,r=abc")
ASKED = bind_response(GO_ON, token=b"r=abcdef,s=QSXCR+Q6sek8bf92,i=4096")
PROVED = sasl_bind(b"SCRAM-SHA-256", b"c=biws,r=abcdef,p=dHzbZapWIk4jUhN+Ute9ytag", 2)


def bare_bind(mechanism: bytes) -> bytes:
    """A SASL bind that names its mechanism, and has no credentials."""
    return ldap(der(0x60, der(2, b"\3"), der(4), der(0xA3, der(4, mechanism))))


def asks(authorization: bytes) -> bytes:
    """A request with credentials of some kind."""
    return http(b"GET / HTTP/1.1", b"Host: web", b"Authorization: " + authorization)


def analysed(tmp_path: Path, port: int, *said: bytes) -> Analysis:
    """A connection in which client and server speak in turn."""
    talk = Conversation(port, client_port=1001)
    for turn, data in enumerate(said):
        talk = talk.server(data) if turn % 2 else talk.client(data)
    made = tmp_path / "made.pcapng"
    made.write_bytes(pcapng(talk.close().packets))
    return read(made)


def told(analysis: Analysis) -> tuple[list[str], str | None, bool]:
    """Rules about secrets, the client's weakest, and whether an export says that it was readable."""
    rules = list(analysis.columns("findings")["rule_id"])
    (row,) = records(analysis.columns("negotiations"), [0])
    weakest = analysis.columns("hosts")["weakest"][0]
    secret = [rule for rule in rules if rule.startswith("NGS-PWD") or rule == "NGS-LDAP-004"]
    return secret, weakest, json.loads(ocsf(row))["is_cleartext"]


@pytest.mark.parametrize(
    ("port", "said"),
    [
        (389, [bare_bind(b"PLAIN"), bind_response(REFUSED)]),
        (389, [bare_bind(b"PLAIN"), bind_response(GO_ON)]),
        (389, [bare_bind(b"CRAM-MD5"), bind_response(GO_ON, token=b"<1@x>")]),
        (389, [bare_bind(b"LOGIN"), bind_response(GO_ON, token=b"Username:")]),
        (
            389,
            [
                bare_bind(b"LOGIN"),
                bind_response(GO_ON, token=b"Username:"),
                sasl_bind(b"LOGIN", b"ada", 2),
                bind_response(GO_ON, token=b"Password:", number=2),
            ],
        ),
        (389, [NAMED, ASKED]),
        (389, [NAMED, bind_response(REFUSED)]),
        (80, [asks(b"Basic"), UNAUTHORIZED]),
        (80, [asks(b"Bearer"), UNAUTHORIZED]),
        (80, [asks(b"Digest"), UNAUTHORIZED]),
        (
            80,
            [asks(b'Digest username="", realm="x", nonce="", uri="/", response=""'), UNAUTHORIZED],
        ),
    ],
)
def test_a_scheme_that_is_named_sends_nothing(tmp_path: Path, port: int, said: list[bytes]) -> None:
    """No finding, no weakness and no readable logon, whatever the server answers."""
    analysis = analysed(tmp_path, port, *said)
    assert told(analysis) == ([], None, False)
    assert analysis.columns("negotiations")["mechanism_detail"][0] == "no-secret"


@pytest.mark.parametrize(
    ("port", "said", "expected"),
    [
        (
            389,
            [sasl_bind(b"PLAIN", b"\0ada\0"), bind_response(49)],
            (["NGS-PWD-004"], "clear-password", True),
        ),
        (
            389,
            [
                bare_bind(b"PLAIN"),
                bind_response(GO_ON),
                sasl_bind(b"PLAIN", b"\0ada\0pw", 2),
                bind_response(0, number=2),
            ],
            (["NGS-PWD-004"], "clear-password", True),
        ),
        (
            389,
            [sasl_bind(b"OAUTHBEARER", b"n,a=ada,\1auth=Bearer vF9\1\1"), bind_response(0)],
            ([], "clear-password", True),
        ),
        (80, [asks(b"Basic YWRhOg=="), UNAUTHORIZED], (["NGS-PWD-001"], "clear-password", True)),
        (389, [NAMED, ASKED, PROVED], (["NGS-LDAP-004"], "scram", False)),
        (
            389,
            [NAMED, ASKED, PROVED, bind_response(DENIED, number=2)],
            (["NGS-LDAP-004"], "scram", False),
        ),
    ],
)
def test_what_was_sent_is_told(
    tmp_path: Path, port: int, said: list[bytes], expected: tuple[list[str], str, bool]
) -> None:
    """An empty password is one, and a proof is there to be tried whether or not it was answered."""
    analysis = analysed(tmp_path, port, *said)
    assert told(analysis) == expected
    assert analysis.columns("negotiations")["mechanism_detail"][0] is None
