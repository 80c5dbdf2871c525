"""Logons that prove nobody: each is told by what it is, with the messages that show it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.messages import bind_response, sasl_bind, simple_bind
from support.packets import Conversation, pcap

from analyzer.analysis import read

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


def told(capture: Path) -> list[tuple[str, str, list[int]]]:
    """Detail, confidence and evidence of each negotiation."""
    rows = read(capture).negotiations.to_dict("records")
    return [(row["reason_detail"], row["confidence"], list(row["evidence"])) for row in rows]


@pytest.mark.parametrize(
    ("request_", "detail"),
    [
        (simple_bind(b"", b""), "the logon is anonymous (empty bind)"),
        (sasl_bind(b"ANONYMOUS", b"trace"), "the logon is anonymous (SASL ANONYMOUS)"),
        (
            simple_bind(b"cn=ada", b""),
            "a name without password: the success proves nothing",
        ),
    ],
)
def test_binds_of_ldap(tmp_path: Path, request_: bytes, detail: str) -> None:
    """No NTLM runs there: request and answer show it."""
    path = tmp_path / "bind.pcap"
    talk = Conversation(389).client(request_).server(bind_response()).close()
    path.write_bytes(pcap(talk.packets))
    assert told(path) == [(detail, "certain", [4, 5])]


def test_a_recorded_empty_bind() -> None:
    """What a server and a client of others say."""
    assert told(CAPTURES / "ldap/anonymous/capture.pcapng") == [
        ("the logon is anonymous (empty bind)", "certain", [8, 10])
    ]


def test_ntlm_without_credentials() -> None:
    """The AUTHENTICATE alone shows it."""
    (found,) = told(CAPTURES / "http/ntlm_anonymous/capture.pcapng")
    assert found[:2] == ("the logon is anonymous (empty NTLM credentials)", "certain")
