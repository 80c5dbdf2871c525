"""Web sites that share an address, read from whole conversations: what is said of one is not said of another."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from support.packets import Conversation, pcap

from analyzer.analysis import read
from analyzer.capture.inputs import expand
from analyzer.pipeline import Options, run
from analyzer.surroundings.name_facts import NameFact
from analyzer.tables.collect import Collector, Tables
from dissectors.tokens import build

FIRST, SECOND, THIRD = (
    build.ntlm_negotiate(),
    build.ntlm_challenge(),
    build.ntlm_authenticate(user="ada", domain="LAB"),
)
APPLICATION = "application_chose_ntlm"


def ask(host: str, token: bytes = b"", target: str = "/", field: str = "Authorization") -> bytes:
    """A GET, with a token of the NTLM scheme or without."""
    head = f"{field}: NTLM {b64encode(token).decode()}\r\n" if token else ""
    name = f"Host: {host}\r\n" if host else ""
    return f"GET {target} HTTP/1.1\r\n{name}{head}\r\n".encode()


def answer(code: int, *lines: str) -> bytes:
    """An answer without content."""
    heads = "".join(f"{line}\r\n" for line in lines)
    return f"HTTP/1.1 {code} X\r\n{heads}Content-Length: 0\r\n\r\n".encode()


def challenge(family: str = "WWW") -> str:
    """The field with NTLM's second token."""
    return f"{family}-Authenticate: NTLM {b64encode(SECOND).decode()}"


def logon(talk: Conversation, host: str, code: int = 200, target: str = "/") -> Conversation:
    """Three legs of NTLM; 401 at the end refuses."""
    talk.client(ask(host, FIRST, target)).server(answer(401, challenge()))
    last = ("WWW-Authenticate: NTLM",) if code == 401 else ()
    return talk.client(ask(host, THIRD, target)).server(answer(code, *last))


def capture_of(folder: Path, *talks: Conversation) -> Path:
    """A capture of one conversation after the other."""
    packets = [packet for talk in talks for packet in talk.packets]
    start = packets[0].ts_ns
    timed = [packet._replace(ts_ns=start + at * 1_000_000) for at, packet in enumerate(packets)]
    path = folder / "sites.pcap"
    path.write_bytes(pcap(timed))
    return path


def rows_of(folder: Path, *talks: Conversation) -> list[dict[str, Any]]:
    """The negotiations of one conversation after the other."""
    path = capture_of(folder, *talks)
    return list(read(path).negotiations.astype(object).to_dict("records"))


@pytest.mark.parametrize(
    ("first", "second", "linked"),
    [
        (("web", "/", 80), ("web", "/", 80), True),
        (("web", "/", 80), ("WEB.", "/", 80), True),
        (("web", "/", 80), ("web:80", "/", 80), True),  # the port that is meant anyway
        (("web", "/", 80), ("", "/", 80), True),  # one that names no host
        (("web", "/", 80), ("app", "/", 80), False),
        (("web", "/", 80), ("web:8081", "/", 80), False),
        (("web", "/", 80), ("web", "/", 8081), False),
        (("web:8081", "/", 8081), ("web", "/", 8081), True),
        (("", "/", 80), ("", "/", 8081), False),
        # through proxies: neither their address nor their port matters
        (("web", "http://web/", 3128), ("web", "http://web:80/", 8080), True),
        (("web", "https://web/", 3128), ("web", "http://web/", 3128), False),
        (("web", "http://web/", 3128), ("app", "http://app/", 3128), False),
        (("web", "http://web/", 3128), ("web.lab", "http://web.lab/", 3128), False),
        (("web", "/", 80), ("web.lab", "/", 80), True),  # one address: the short form of a name
        (("[fd00::1]", "/", 80), ("[fd00::1]:80", "/", 80), True),
    ],
)
def test_the_same_service_is_the_same_site(
    tmp_path: Path, first: tuple[str, str, int], second: tuple[str, str, int], linked: bool
) -> None:
    """The name and the port that the client asked for; where one side names none, the address."""
    (host, target, port), (again, there, other_port) = first, second
    refused = logon(Conversation(port), host, 401, target)
    taken = logon(Conversation(other_port, client_port=40_001), again, 200, there)
    one, other = rows_of(tmp_path, refused, taken)
    assert one["outcome"] == "failure"
    assert (other["retry_of"] == 1) is linked


@pytest.mark.parametrize("keep_steps", [False, True])
def test_a_name_that_was_looked_up_makes_no_site(tmp_path: Path, keep_steps: bool) -> None:
    """Which site a request without a name was for, the look-up of its address does not tell."""
    refused = logon(Conversation(80), "", 401)
    taken = logon(Conversation(80, client_port=40_001), "app", 200)
    path = capture_of(tmp_path, refused, taken)
    tables = Tables(frozenset(), keep_steps=keep_steps)
    collector = Collector(tables, str(path))
    looked_up = NameFact("dns", "10.0.0.1", "web", ("10.0.1.1",), 1, refused.packets[0].ts_ns)
    collector.surrounding(looked_up)
    collector.close(*run(expand([str(path)])[0], collector, Options()))
    rows = tables.columns["negotiations"]
    assert list(rows["server_name"]) == ["web", "app"]
    assert list(rows["retry_of"]) == [None, 1]


def test_a_proxy_asks_for_itself(tmp_path: Path) -> None:
    """Whatever site is asked for, its own credentials are the same ones; the origin's are not."""

    def by_proxy(host: str, port: int, code: int) -> Conversation:
        talk = Conversation(3128, client_port=port)
        for token, said in ((FIRST, challenge("Proxy")), (THIRD, "Proxy-Authenticate: NTLM")):
            talk.client(ask(host, token, f"http://{host}/", "Proxy-Authorization"))
            talk.server(answer(407 if token == FIRST else code, said))
        return talk

    through = logon(Conversation(3128, client_port=40_002), "app", 200, "http://app/")
    refused, again, origin = rows_of(
        tmp_path, by_proxy("web", 40_000, 407), by_proxy("app", 40_001, 200), through
    )
    assert (refused["carrier"], refused["outcome"]) == ("http-proxy", "failure")
    assert again["retry_of"] == 1
    assert (origin["carrier"], origin["retry_of"]) == ("http", None)


def test_another_site_on_the_same_connection_is_another_logon(tmp_path: Path) -> None:
    """What was begun at one site and left does not lend its name to the next."""
    talk = (
        Conversation(3128).client(ask("web", FIRST, "http://web/")).server(answer(401, challenge()))
    )
    left, whole = rows_of(tmp_path, logon(talk, "app", 200, "http://app/"))
    assert (left["server_name"], left["outcome"]) == ("web", "incomplete")
    assert (whole["server_name"], whole["outcome"], whole["retry_of"]) == ("app", "success", None)


def listing(talk: Conversation, host: str, *schemes: str) -> Conversation:
    """A request without credentials, and the schemes that the site takes."""
    return talk.client(ask(host)).server(answer(401, *(f"WWW-Authenticate: {s}" for s in schemes)))


@pytest.mark.parametrize("connections", [1, 2, 3])
@pytest.mark.parametrize(
    ("host", "code"),
    [("web", "ntlm_only_server"), ("app", APPLICATION), ("new", "ntlm_only_client")],
)
def test_a_list_is_of_its_site(tmp_path: Path, connections: int, host: str, code: str) -> None:
    """On one connection or on several, the latest list of the site itself counts."""
    talks = [Conversation(client_port=40_000 + n, port=80) for n in range(connections)]
    listing(talks[0], "web", "NTLM")
    listing(talks[len(talks) // 2], "app", "Negotiate", "NTLM")
    logon(talks[-1], host)
    (row,) = rows_of(tmp_path, *talks)
    assert row["reason"] == code


def test_a_list_of_the_site_at_another_address(tmp_path: Path) -> None:
    """A client that is told there of more than NTLM knows it here too; of another site it is told nothing."""
    for host, code in (("web", APPLICATION), ("app", "ntlm_only_client")):
        there = listing(Conversation(80, server=2), "web", "Negotiate", "NTLM")
        here = logon(Conversation(80, client_port=40_001), host)
        (row,) = rows_of(tmp_path, there, here)
        assert row["reason"] == code
    there = listing(Conversation(80, server=2), "", "Negotiate", "NTLM")
    (row,) = rows_of(tmp_path, there, logon(Conversation(80, client_port=40_001), "web"))
    assert row["reason"] == "ntlm_only_client"


def test_a_request_without_a_name_takes_the_latest_list(tmp_path: Path) -> None:
    """Then address and port are all that is known of it."""
    for connections in (1, 2):
        talks = [Conversation(client_port=40_000 + n, port=80) for n in range(connections)]
        listing(listing(talks[0], "app", "Negotiate"), "web", "NTLM")
        (row,) = rows_of(tmp_path, logon(talks[-1], "") and talks[0], *talks[1:])
        assert row["reason"] == "ntlm_only_server"


def test_an_offer_goes_with_the_logon_that_it_was_for(tmp_path: Path) -> None:
    """In `offers` a site's list is not that of the logon at another one on the same connection."""
    talk = Conversation(80)
    listing(listing(talk, "web", "NTLM"), "app", "NTLM")
    path = tmp_path / "offers.pcap"
    path.write_bytes(pcap(logon(logon(talk, "app"), "web").packets))
    listed = read(path).offers
    assert listed[listed["by"] == "server"]["negotiation_id"].tolist() == [2, 1]


def test_many_sites_of_one_connection_are_bounded(tmp_path: Path) -> None:
    """The list of the site asked for last is still known after more sites than are kept."""
    talk = Conversation(80)
    for number in range(100):
        listing(talk, f"web{number}", "NTLM")
    (row,) = rows_of(tmp_path, logon(talk, "web99"))
    assert (row["reason"], row["confidence"]) == ("ntlm_only_server", "certain")
