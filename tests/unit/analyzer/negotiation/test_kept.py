"""Facts that outlive a negotiation's steps, from real captures."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.capture.inputs import expand
from analyzer.negotiation.model import Negotiation
from analyzer.pipeline import Options, run
from analyzer.tables.collect import Collector, Tables

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


def negotiations(case: str) -> list[Negotiation]:
    """Finished negotiations of an own capture, their steps let go as the tables do."""
    (source,) = expand([str(CAPTURES / case / "capture.pcapng")])
    collector = Collector(Tables(frozenset()), source.name)
    kept: list[Negotiation] = []
    collected = collector.negotiation

    def keep(negotiation: Negotiation) -> None:
        collected(negotiation)
        kept.append(negotiation)

    collector.negotiation = keep  # type: ignore[method-assign]
    collector.close(*run(source, collector, Options()))
    return kept


def test_the_ticket_of_an_ap_req() -> None:
    """Everything outside its encrypted parts."""
    (row,) = negotiations("http/negotiate_kerberos")
    assert row.ticket is not None
    assert row.ticket.sname == row.spn == "HTTP/web.nego.test"
    assert row.ticket.realm == row.realm == "NEGO.TEST"
    assert (row.ticket.etype, row.ticket.session_etype) == (18, 18)
    assert row.ticket.kvno is not None
    assert row.ticket.authenticator_length is not None
    assert row.ticket.frame in row.frames
    assert row.ticket.ticket_id is not None
    assert row.user_agent is not None
    assert row.user_agent.startswith("curl/")


def test_what_is_let_go() -> None:
    """Steps, exchange and empty lists, which nobody can add to by mistake."""
    for row in negotiations("http/negotiate_kerberos") + negotiations("smb/smb311_ntlm"):
        assert row.exchange is None
        assert row.exchange_key is not None
        assert not row.steps
        assert not row.anomalies
        assert list(row.frames) == sorted(set(row.frames))
        is_ntlm = row.mechanism == "ntlm"  # why it is, is told by them
        assert is_ntlm == (row.key_frames is not None) == (row.proof_ns is not None)
        with pytest.raises(AttributeError):
            row.steps.append(None)  # type: ignore[arg-type]
        with pytest.raises(AttributeError):
            row.anomalies.append(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("case", "kind", "computer", "domain"),
    [
        ("smb/smb311_ntlm", "domain", "DC", "NEGO"),
        ("smb/local_account", "server", "FILES", "FILES"),
    ],
)
def test_what_a_challenge_says_of_the_server(
    case: str, kind: str, computer: str, domain: str
) -> None:
    """A member names its domain, a server that stands alone itself."""
    (row,) = negotiations(case)
    assert row.ntlm_server is not None
    assert row.ntlm_server.target_type == kind
    assert (row.ntlm_server.nb_computer, row.ntlm_server.nb_domain) == (computer, domain)
    assert row.ntlm_local_call is False


def test_a_challenge_that_is_cut_off() -> None:
    """A name that is missing there may have been said."""
    (cut,) = negotiations("http/snaplen_256")
    (whole,) = negotiations("http/ntlm")
    assert cut.ntlm_server is not None
    assert whole.ntlm_server is not None
    assert (cut.ntlm_server.whole, whole.ntlm_server.whole) == (False, True)


def test_the_frames_that_reasons_rest_on() -> None:
    """Hint, offer, first answer, proof: in this order, and frames of the negotiation."""
    (row,) = negotiations("smb/smb311_ntlm")
    assert row.key_frames is not None
    places = list(row.key_frames)
    assert None not in places
    assert places == sorted(places)
    assert set(places) <= set(row.frames)


def test_the_list_before_the_first_token() -> None:
    """What the server's challenges named, also where they came over another connection."""
    (row,) = negotiations("http/ntlm_though_more_was_offered")
    assert row.listed is not None
    assert row.listed.names == ("Negotiate", "NTLM")
    assert not row.listed.same_connection


def test_a_kerberos_error_is_kept() -> None:
    """By name and number."""
    (row,) = negotiations("http/clock_skew")
    assert row.kerberos_refusal is not None
    assert row.kerberos_refusal[1:] == (37, "KRB_AP_ERR_SKEW")
