"""Refusals told as tries: which ones are of one account, which ones are one try, and by whom they came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.finding_rows import CAPTURE, SECOND, Row, columns_of, found, logon
from support.packets import datagram_of, pcapng, read_packets

from analyzer.analysis import read
from analyzer.audit.facts import Facts
from analyzer.audit.refusals import tries_by_client

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
CLIENT = "10.0.0.20"


def refused(number: int, user: str = "ada", domain: str | None = "LAB", **cells: Any) -> Row:
    """A logon by NTLM that the server refused for its password, at this second."""
    verdict = {"outcome": "failure", "reason": "bad_credentials", "last_frame": 10 * number + 2}
    return logon(number, user=user, domain=domain) | verdict | cells


def by_kdc(second: float, user: str = "ada", realm: str = "LAB.EXAMPLE", **cells: Any) -> Row:
    """An AS exchange refused for the password, at this second."""
    frame = 1000 + int(10 * second)
    row = {"capture": CAPTURE, "ts": int(second * SECOND), "client": CLIENT, "server": "10.0.0.1"}
    row |= {"exchange": "AS", "cname": user, "realm": realm, "error": "KDC_ERR_PREAUTH_FAILED"}
    return row | {"frame_request": frame, "frame_reply": frame + 1} | cells


def challenge(dns: str, netbios: str) -> Row:
    """What a server says of its domain."""
    info = {"MsvAvDnsDomainName": dns, "MsvAvNbDomainName": netbios}
    cells = {"negotiation_id": 1, "frame": 11, "ntlm_challenge_id": "00", "anomalies": 0}
    return {"capture": CAPTURE, "inner_type": "NTLM_CHALLENGE", "ntlm_target_info": info} | cells


# -- one account -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "accounts"),
    [
        ([("ada", "LAB"), ("ADA", "lab")], 1),
        ([("ada", "PC1"), ("ada", "PC2")], 2),
        ([("ada", "LAB"), ("ada", "lab.example")], 1),
        ([("ada", "LAB"), ("ada@lab.example", None), ("LAB\\ada", None)], 1),
        ([("ada", "LAB"), ("ada", "")], 1),
        ([("ada", None), ("ada", "")], 1),
        ([("ada", "PC1"), ("ada", "PC2"), ("ada", None)], 3),  # whose, nothing tells
        ([("ada", "CORP"), ("ada", "corp.a.test"), ("ada", "corp.b.test")], 3),
        ([("ada", "OLDNAME"), ("ada", "lab.example")], 2),
        ([("uid=ada,ou=a,o=x", None), ("uid=ada,ou=b,o=x", None)], 2),
    ],
)
def test_an_account_is_a_name_in_a_domain(names: list[tuple[str, str]], accounts: int) -> None:
    """Domains are one by case, by NetBIOS and DNS name, or if one is not said and there is one only."""
    rows = [refused(n, user, domain) for n, (user, domain) in enumerate(names, 1)]
    (tries,) = tries_by_client(Facts(columns_of(negotiations=rows))).values()
    assert len({each.account for each in tries}) == accounts


def test_a_servers_challenge_tells_a_domains_other_name() -> None:
    """Its NetBIOS name need not begin its DNS name."""
    rows = [refused(1, domain="OLDNAME"), refused(2, domain="lab.example")]
    told = columns_of(negotiations=rows, tokens=[challenge("lab.example", "OLDNAME")])
    (tries,) = tries_by_client(Facts(told)).values()
    assert {each.account for each in tries} == {("ada", "lab.example")}


@pytest.mark.parametrize(("server", "accounts"), [("10.0.0.2", 1), ("10.0.0.3", 2)])
def test_a_dot_is_the_servers_own_accounts(server: str, accounts: int) -> None:
    """`.` names no domain that two servers could share."""
    rows = [refused(1, domain="."), refused(2, domain=".", server=server)]
    (tries,) = tries_by_client(Facts(columns_of(negotiations=rows))).values()
    assert len({each.account for each in tries}) == accounts


def test_one_name_on_five_computers_is_five_accounts() -> None:
    """No password is guessed for one of them; one is tried on all."""
    rows = [
        refused(n, "Administrator", f"PC{n}", server=f"10.0.1.{n}", server_port=445, carrier="smb2")
        for n in range(1, 6)
    ]
    assert found("NGS-GUESS-002", negotiations=rows) == []
    (finding,) = found("NGS-GUESS-001", negotiations=rows)
    assert finding.why == f"{CLIENT} was refused as 5 users in 4 s by 5 servers"
    same = [row | {"domain": "LAB"} for row in rows]
    (finding,) = found("NGS-GUESS-002", negotiations=same)
    assert finding.why.startswith(f"{CLIENT} was refused 5 times as LAB\\Administrator in 4 s by 5")


# -- one try ---------------------------------------------------------------------------------------------


def times(**rows: list[Row]) -> list[int]:
    """How many refusals each try has, in order of time."""
    (tries,) = tries_by_client(Facts(columns_of(**rows))).values()
    return [len(each.refusals) for each in sorted(tries, key=lambda each: each.ts)]


@pytest.mark.parametrize(
    ("kdc", "servers", "expected"),
    [
        ([9.5], [10], [2]),
        ([0.5], [10], [2]),
        ([9.5], [20], [1, 1]),  # more than ten seconds later
        ([10.5], [10], [1, 1]),  # the server first: no fallback
        ([9.5], [10, 11], [2, 1]),
        ([9.2, 9.5], [10], [1, 2]),
        ([9.5, 19.5, 29.5], [10, 20, 30], [2, 2, 2]),
    ],
)
def test_what_the_kdc_and_then_the_server_refuses_is_one_try(
    kdc: list[float], servers: list[int], expected: list[int]
) -> None:
    """Each refusal of a KDC goes with one of a server, the next within ten seconds."""
    rows = [refused(second) for second in servers]
    assert times(negotiations=rows, kdc=[by_kdc(second) for second in kdc]) == expected


@pytest.mark.parametrize(
    ("repeats", "servers", "expected"),
    [
        (True, [], [2, 2, 2]),
        (False, [], [1] * 6),  # two requests: the second may have another password
        (True, [11, 21, 31], [3, 3, 3]),
    ],
)
def test_one_request_to_two_kdcs_is_one_try(
    repeats: bool, servers: list[int], expected: list[int]
) -> None:
    """The first one answers late, or both have got it: its number is the same (RFC 4120 5.4.1, nonce)."""
    seconds = [10, 20, 30]
    first = [by_kdc(second) for second in seconds]
    again = [
        by_kdc(second + 0.5, server="10.0.0.9")
        | {"continues": row["frame_request"] if repeats else None}
        for second, row in zip(seconds, first, strict=True)
    ]
    rows = [refused(second) for second in servers]
    assert times(negotiations=rows, kdc=[*first, *again]) == expected
    assert bool(found("NGS-GUESS-002", kdc=[*first, *again])) is not repeats


def test_requests_that_also_went_to_another_kdc(tmp_path: Path) -> None:
    """Each of six tries, a millisecond later to a KDC that refuses it as well."""
    kdc, other = bytes((10, 99, 0, 1)), bytes((10, 99, 0, 9))
    packets = []
    for packet in read_packets(CAPTURES / "kdc/brute_force/capture.pcapng"):
        datagram = datagram_of(packet)
        assert datagram is not None
        header = datagram.header[:12] + datagram.header[12:].replace(kdc, other)
        body = datagram.body[:6] + bytes(2) + datagram.body[8:]  # no UDP checksum
        later = packet._replace(ts_ns=packet.ts_ns + 1_000_000)
        packets += [packet, datagram._replace(packet=later, header=header).build(body)]
    path = tmp_path / "two.pcapng"
    path.write_bytes(pcapng(packets))
    analysis = read(path)
    assert set(analysis.tables.columns["kdc"]["server"]) == {"10.99.0.1", "10.99.0.9"}
    (finding,) = analysis.audit("NGS-GUESS-002").findings
    assert " was refused 6 times as blaise@NEGO.TEST " in finding.why
    assert len(finding.places[path.name].evidence) == 24  # request and answer, of both


@pytest.mark.parametrize("cells", [{"user": "bob"}, {"realm": "OTHER.EXAMPLE"}])
def test_another_accounts_refusal_is_another_try(cells: Row) -> None:
    """Whatever the time."""
    assert times(negotiations=[refused(10)], kdc=[by_kdc(9.5, **cells)]) == [1, 1]


def test_a_server_that_asks_the_kdc_tries_nothing() -> None:
    """The KDC's answer to it is about its client's logon, which `negotiation_ids` names."""
    rows = [refused(second) for second in range(1, 5)]
    asked = [
        by_kdc(second + 0.5, client="10.0.0.2", negotiation_ids=[second]) for second in range(1, 5)
    ]
    tries = tries_by_client(Facts(columns_of(negotiations=rows, kdc=asked)))
    assert list(tries) == [(CAPTURE, CLIENT)]
    assert times(negotiations=rows, kdc=asked) == [2, 2, 2, 2]


def test_three_typed_passwords_are_no_guessing() -> None:
    """Six refusals, but three tries; five tries are told, with the frames of both kinds."""
    seconds = [10, 20, 30, 40, 50]
    rows = [refused(second) for second in seconds]
    asked = [by_kdc(second - 0.5) for second in seconds]
    assert found("NGS-GUESS-002", negotiations=rows[:3], kdc=asked[:3]) == []
    (finding,) = found("NGS-GUESS-002", negotiations=rows, kdc=asked)
    assert finding.why == (
        f"{CLIENT} was refused 5 times as ada@LAB.EXAMPLE in 40 s by the KDC 10.0.0.1 and 10.0.0.2 over http"
    )
    (place,) = finding.places.values()
    assert len(place.evidence) == 15
    assert list(place.negotiation_ids) == seconds


def test_a_name_unknown_to_the_kdc_may_be_guessed_at_the_server() -> None:
    """A try keeps both reasons: the account may be the server's own."""
    seconds = [10, 20, 30, 40, 50]
    rows = [refused(second, domain=None) for second in seconds]
    asked = [by_kdc(second - 1, error="KDC_ERR_C_PRINCIPAL_UNKNOWN") for second in seconds]
    (finding,) = found("NGS-GUESS-002", negotiations=rows, kdc=asked)
    assert finding.count == 1


def test_a_locked_account_is_told_once_of_a_try() -> None:
    """The server's word is certain; the KDC's code alone may mean another cause."""
    locked = refused(10, reason="account_locked")
    by_code = by_kdc(9.5, error="KDC_ERR_CLIENT_REVOKED")
    (finding,) = found("NGS-GUESS-004", negotiations=[locked], kdc=[by_code])
    assert (finding.count, finding.confidence) == (1, "certain")
    assert (
        finding.why
        == f"LAB\\ada from {CLIENT} was refused by 10.0.0.2 over http: the account is locked"
    )
    (place,) = finding.places.values()
    assert list(place.evidence) == [1095, 1096, 102]
    (finding,) = found("NGS-GUESS-004", kdc=[by_code])
    assert finding.confidence == "possible"


# -- by whom ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("servers", "kdcs", "words"),
    [
        (["10.0.1.1"], [], "10.0.1.1 over http"),
        (["10.0.1.1", "10.0.1.2"], [], "10.0.1.1 over http and 10.0.1.2 over http"),
        (
            ["10.0.1.1", "10.0.1.2"],
            ["10.0.0.1"],
            "10.0.1.1 over http, 10.0.1.2 over http and the KDC 10.0.0.1",
        ),
        (["10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4"], [], "4 servers"),
        (["10.0.1.1", "10.0.1.2", "10.0.1.3"], ["10.0.0.1"], "3 servers and 1 KDC"),
        ([], ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"], "4 KDCs"),
    ],
)
def test_all_who_refused_are_told(servers: list[str], kdcs: list[str], words: str) -> None:
    """By name while they are few."""
    rows = [
        refused(n + 1, f"user{n}", server=servers[n % len(servers)])
        for n in range(6 if servers else 0)
    ]
    asked = [
        by_kdc(100 + n, f"other{n}", server=kdcs[n % len(kdcs)]) for n in range(6 if kdcs else 0)
    ]
    (finding,) = found("NGS-GUESS-001", negotiations=rows, kdc=asked)
    assert finding.why.endswith(f" by {words}")
    unknown = "KDC_ERR_C_PRINCIPAL_UNKNOWN"
    if not servers:
        asked = [row | {"error": unknown} for row in asked]
        (finding,) = found("NGS-GUESS-003", kdc=asked)
        assert finding.why == f"{CLIENT} asked {words} for 6 names that do not exist"
