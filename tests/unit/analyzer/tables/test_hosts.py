"""The `hosts` table on real captures, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, read
from analyzer.tables.collect import Tables
from analyzer.tables.hosts import LISTED, host_columns
from analyzer.tables.schema import HOSTS

ROOT = Path(__file__).resolve().parents[4]
CORPUS = ROOT / ".." / "shared" / "corpus" / "files"


def hosts(analysis: Analysis) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows by address and role."""
    columns = analysis.columns("hosts")
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return {(row["host"], row["role"]): row for row in rows}


def of(case: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Hosts of one of our captures."""
    return hosts(read(ROOT / "captures" / case / "capture.pcapng"))


def test_a_busy_desk() -> None:
    """Clients and servers of captures/smb/mixed, with all that its case.toml tells of them."""
    found = of("smb/mixed")
    assert len(found) == 7
    desk = found["fd99::20", "client"]
    assert (desk["negotiations"], desk["success"], desk["failure"], desk["incomplete"]) == (
        4,
        3,
        1,
        0,
    )
    assert desk["mechanisms"] == {"kerberos": 2, "ntlm": 1, "simple": 1}
    assert desk["accepted"] == {"kerberos": 2, "simple": 1}  # its NTLM failed
    assert set(desk["carriers"]) == {"smb2", "http", "ldap"}
    assert set(desk["offers"]) == {"kerberos", "ms-kerberos", "ntlm", "simple"}
    assert desk["users"] == ["NEGO\\grace", "grace@nego.test"]
    assert (desk["weakest"], desk["weakest_negotiation_id"]) == ("clear-password", 7)
    assert desk["reasons"] == {"bad_credentials": 1}
    other = found["10.99.0.20", "client"]
    assert (other["weakest"], other["weakest_negotiation_id"]) == ("guest", 6)
    assert "kdc" in other["carriers"]
    assert other["names"] == ["DESK"]
    dc = found["10.99.0.1", "server"]
    assert (dc["signing"], dc["weakest"]) == ("required", "ntlmv2")
    assert {"dc.nego.test", "alias.nego.test", "DC"} <= set(dc["names"])
    assert (dc["os"], dc["os_build"]) == ("version 6.1 build 0", "6.1.0")
    assert found["10.99.0.4", "server"]["signing"] == "enabled"
    assert found["10.99.0.4", "server"]["offers"] == ["ntlm"]
    assert found["fd99::2", "server"]["weakest"] == "kerberos"


@pytest.mark.parametrize(
    ("case", "client", "server"),
    [
        ("http/basic", "clear-password", "clear-password"),
        ("http/proxy_basic_wrong_password", "clear-password", None),
        ("http/lm_only", "lm", "lm"),
        ("http/lm_response", "ntlmv1", "ntlmv1"),
        ("http/ntlm_anonymous", "anonymous", "anonymous"),
        ("http/des_ticket", "des", "des"),
        ("smb/ntlmv1_refused", "ntlmv1-ess", None),
        ("kdc/rc4_service", "rc4", "rc4"),
        ("kdc/rc4_logon", "rc4", "rc4"),
        ("kdc/fast", "kerberos", "kerberos"),
    ],
)
def test_the_weakest_thing_seen(case: str, client: str, server: str | None) -> None:
    """A client is judged by what it sent, a server by what it took."""
    found = of(case)
    assert {row["weakest"] for (_, role), row in found.items() if role == "client"} == {client}
    assert {row["weakest"] for (_, role), row in found.items() if role == "server"} == {server}


def test_what_a_server_refuses_it_does_not_accept() -> None:
    """It was run all the same."""
    [server] = [row for (_, role), row in of("smb/ntlm_blocked").items() if role == "server"]
    assert (server["mechanisms"], server["accepted"]) == ({"ntlm": 1}, {})


def test_an_lm_response_beside_a_better_one_counts() -> None:
    """It can be broken by itself; which of the two the server took is not known."""
    columns = read(ROOT / "captures/http/ntlmv1_ess/capture.pcapng").tables.columns
    kinds = list(columns["tokens"]["ntlm_lm"])
    kinds[kinds.index("client-challenge")] = "lm"
    made = host_columns({**columns, "tokens": {**columns["tokens"], "ntlm_lm": kinds}})
    assert dict(zip(made["role"], made["weakest"], strict=True)) == {
        "client": "lm",
        "server": "ntlmv1-ess",
    }


def test_a_server_whose_list_nobody_took_up_is_there() -> None:
    """Its schemes are what is known of it."""
    ((_, role),) = found = of("http/no_credentials")
    assert role == "server"
    (row,) = found.values()
    assert (row["negotiations"], row["weakest"], row["first_seen"]) == (0, None, None)
    assert row["offers"]
    assert row["mechanisms"] == {}


def test_who_only_asks_a_kdc_is_a_client() -> None:
    """Without a single negotiation."""
    found = of("kdc/wrong_password")
    asker = found["10.99.0.20", "client"]
    assert (asker["negotiations"], asker["carriers"], asker["weakest"]) == (0, ["kdc"], None)
    assert asker["users"]
    assert asker["first_seen"] is not None
    kdc = read(ROOT / "captures/kdc/wrong_password/capture.pcapng").tables.columns["kdc"]
    ended = max(ts + round(ms * 1e6) for ts, ms in zip(kdc["ts"], kdc["duration_ms"], strict=True))
    assert asker["last_seen"] == ended  # with the last answer


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
def test_windows_says_which_release_it_is() -> None:
    """By build, in the words that client and server releases share."""
    found = hosts(read(CORPUS / "Pcaps__cme-smb-chip-douglas.pcap"))
    server = found["192.168.1.46", "server"]
    assert server["os"] == "Windows 7 SP1 or Server 2008 R2 SP1 (build 7601)"
    assert server["os_build"] == "6.1.7601"
    assert "CHIP_DOUGLAS-PC" in server["names"]


def test_the_frame_has_the_schema(tmp_path: Path) -> None:
    """Also without rows; the attribute and the table are the same."""
    analysis = read(ROOT / "captures/smb/mixed/capture.pcapng")
    assert list(analysis.hosts.columns) == HOSTS.names
    assert len(analysis.hosts) == 7
    assert str(analysis.hosts["first_seen"].dtype) == "datetime64[ns, UTC]"
    empty = read(ROOT / "captures/http/open_page/capture.pcapng").hosts
    assert list(empty.columns) == HOSTS.names
    assert len(empty) == 0


def test_what_it_is_made_of_is_read_for_it() -> None:
    """Asking for `hosts` alone is enough."""
    analysis = read(ROOT / "captures/smb/mixed/capture.pcapng", tables=["hosts"])
    assert hosts(analysis) == of("smb/mixed")


def test_each_capture_has_its_own_hosts() -> None:
    """The same address may be another machine elsewhere."""
    cases = [ROOT / "captures" / case / "capture.pcapng" for case in ("http/basic", "http/digest")]
    columns = read(cases).columns("hosts")
    assert list(zip(columns["capture"], columns["role"], columns["weakest"], strict=True)) == [
        ("basic/capture.pcapng", "client", "clear-password"),
        ("basic/capture.pcapng", "server", "clear-password"),
        ("digest/capture.pcapng", "client", "digest"),
        ("digest/capture.pcapng", "server", "digest"),
    ]


def test_names_in_several_cases_are_one() -> None:
    """Counted together, and spelt as they were first; another name stays another."""
    analysis = read(ROOT / "captures/http/basic/capture.pcapng")
    columns = analysis.tables.columns
    rows = {name: cells[:1] * 6 for name, cells in columns["negotiations"].items()}
    rows["user"] = ["bob", "Ada", "ada", "ADA", "carl", "carl"]
    rows["domain"] = [None, "nego", "NEGO", "Nego", None, None]
    rows["server_name"] = ["web", "Web.nego.test", "WEB.NEGO.TEST", "web.nego.test", "WEB", None]
    rows["negotiation_id"] = list(range(1, 7))
    tables = Tables().columns | {"negotiations": rows, "captures": columns["captures"]}
    made = host_columns(tables)
    assert made["users"][0] == ["nego\\Ada", "carl", "bob"]
    assert made["names"][1] == ["Web.nego.test", "web"]


@pytest.mark.parametrize(("transport", "weakest"), [("kkdcp", None), ("tcp", "rc4")])
def test_a_proxy_is_not_as_weak_as_the_kdc_behind_it(transport: str, weakest: str | None) -> None:
    """Only who seals tickets himself is judged by them."""
    columns = read(ROOT / "captures/kdc/rc4_service/capture.pcapng").tables.columns
    kdc = columns["kdc"] | {"transport": [transport] * len(columns["kdc"]["capture"])}
    made = host_columns(Tables().columns | {"kdc": kdc, "captures": columns["captures"]})
    assert dict(zip(made["role"], made["weakest"], strict=True))["server"] == weakest


def test_many_users_of_one_client_are_bounded() -> None:
    """The most frequent ones are listed, all are counted."""
    analysis = read(ROOT / "captures/http/basic/capture.pcapng")
    columns = analysis.tables.columns
    rows = columns["negotiations"]
    many: dict[str, list[Any]] = {name: cells[:1] * 1000 for name, cells in rows.items()}
    many["user"] = [f"user{number}" if number % 2 else "ada" for number in range(1000)]
    many["negotiation_id"] = list(range(1, 1001))
    tables = Tables().columns | {"negotiations": many, "captures": columns["captures"]}
    made = host_columns(tables)
    assert made["negotiations"] == [1000, 1000]
    assert len(made["users"][0]) == LISTED
    assert made["users"][0][0] == "ada"
    assert made["weakest_negotiation_id"] == [1, 1]
