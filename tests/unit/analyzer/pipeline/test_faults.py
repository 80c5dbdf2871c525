"""A fault of this program costs one conversation, is told, and is none in tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.facts import rows_of
from support.http_talk import NTLM1, ntlm, refuse
from support.packets import Conversation, pcapng

from analyzer.analysis import read
from analyzer.negotiation.rebuild import StreamNegotiations
from analyzer.pipeline import faults
from dissectors.carriers.base import SERVER
from dissectors.carriers.http import HttpCarrier
from dissectors.carriers.ldap import LdapCarrier

BIND = bytes.fromhex("301702010160120201030404636e3d61800778787878787878")
BOUND = bytes.fromhex("300c02010161070a010004000400")
HTTP = Conversation(80).client(ntlm(NTLM1)).server(refuse(b"NTLM " + b"TlRMTVNTUAACAAAA"))
LDAP = Conversation(389).client(BIND).server(BOUND).close()
SECRET = "what the wire said"


def fails(*_: Any, **__: Any) -> Any:
    """A mistake."""
    raise KeyError(SECRET)


def read_both(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Negotiations and anomalies of a capture with a connection of either carrier."""
    path.write_bytes(pcapng([*HTTP.packets, *LDAP.packets]))
    columns = read(path).tables.columns
    return rows_of(columns["negotiations"]), rows_of(columns["anomalies"])


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a capture may be written, read as users do."""
    monkeypatch.setattr(faults, "RAISED", False)
    return tmp_path / "two.pcapng"


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (HttpCarrier, "receive"),
        (HttpCarrier, "end"),
        (StreamNegotiations, "add"),
    ],
)
def test_the_others_are_read(
    place: Any, name: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row says where it failed, not with what words."""
    whole = getattr(place, name)

    def some(self: Any, *said: Any) -> Any:
        http = not isinstance(self, StreamNegotiations) or self.stream.server_port == 80
        return fails() if http else whole(self, *said)

    monkeypatch.setattr(place, name, some)
    negotiations, anomalies = read_both(target)
    told = [row for row in anomalies if row["code"] == "reader-fault"]
    assert {row["stream_id"] for row in told} == {0}
    assert told[0]["detail"].startswith("KeyError in test_faults.py, line ")
    assert SECRET not in str(anomalies)
    assert [r["outcome"] for r in negotiations if r["stream_id"] == 1] == ["success"]


def test_what_was_known_before_is_concluded(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bind was asked for; that its answer was not read makes it incomplete."""
    whole = LdapCarrier.receive

    def receive(self: LdapCarrier, side: int, *said: Any) -> int:
        return fails() if side == SERVER else whole(self, side, *said)

    monkeypatch.setattr(LdapCarrier, "receive", receive)
    negotiations, anomalies = read_both(target)
    assert [(r["carrier"], r["outcome"]) for r in negotiations if r["stream_id"] == 1] == [
        ("ldap", "incomplete")
    ]
    assert {row["stream_id"] for row in anomalies if row["code"] == "reader-fault"} == {1}


@pytest.mark.parametrize("name", ["receive", "end"])
def test_tests_fail_by_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a mistake would hide behind a row."""
    monkeypatch.setattr(HttpCarrier, name, fails)
    with pytest.raises(KeyError):
        read_both(tmp_path / "two.pcapng")
