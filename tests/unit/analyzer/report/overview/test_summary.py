"""The summary: what it says of real captures, in any room, and as HTML."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from support.finding_rows import columns_of, logon
from support.packets import pcapng, read_packets

from analyzer.analysis import read
from analyzer.audit.registry import all_rules
from analyzer.audit.run import audit
from analyzer.cli.main import run
from analyzer.report.grid import width_of
from analyzer.report.overview.kdc import tickets
from analyzer.report.overview.summary import READ, look_over
from analyzer.report.overview.why import reasons
from analyzer.surroundings.kdc_facts import CODE_CUT_OFF, NO_CODE

ROOT = Path(__file__).resolve().parents[5]
MIXED = ROOT / "captures/smb/mixed/capture.pcapng"
CASES = ("smb/mixed", "smb/snaplen_200", "kdc/kerberoasting", "http/open_page", "http/cut_off")


def of(case: str) -> str:
    """The text of one of our captures."""
    return str(read(ROOT / "captures" / case / "capture.pcapng").summary())


def part(text: str, title: str) -> str:
    """The section that begins with a title."""
    (found,) = [block for block in text.split("\n\n") if block.startswith(title)]
    return found


def test_a_busy_desk_reads_like_a_report() -> None:
    """Every question has its part, with an example and what to do."""
    text = of("smb/mixed")
    assert text.startswith("capture.pcapng: 270 packets, 23 streams, 27 tokens; nothing lost\n")
    assert "7 negotiations of 2 clients with 5 servers: 6 success, 1 failure" in text
    assert re.search(r"http +kerberos aes256 +1 +· +·\n", part(text, "What was run"))
    assert re.search(r"fd99::20 +1 +2 +1 +kerberos > ntlm", part(text, "Which client ran what"))
    why = part(text, "Why NTLM and not Kerberos: 4 negotiations")
    assert "2 × the service name is not known: unknown_service (certain)" in why
    assert "10.99.0.20 → HTTP/10.99.0.2, cifs/alias.nego.test (e.g. negotiation 2)" in why
    assert "register the SPN" in why
    assert "1 × the server offers no Kerberos: ntlm_only_server (certain)" in why
    assert "ntlm_only_client (likely)" in why  # the refused logon's, told by its detail
    failed = part(text, "What failed: 1 negotiation")
    assert "bad_credentials (likely)" in failed
    said = " ".join(failed.split())
    assert "as NEGO\\grace; said: STATUS_LOGON_FAILURE (e.g. negotiation 5)" in said
    assert "guest_access" in part(text, "What succeeded with a flaw")
    kdc = part(text, "Kerberos KDC: 13 requests of 1 client to 10.99.0.1")
    assert "AS (logon): 6 requests, 2 tickets, 4 steps" in kdc
    assert "TGS (service tickets): 7 requests, 2 tickets, 5 refused" in kdc
    assert "4 × KDC_ERR_S_PRINCIPAL_UNKNOWN: HTTP/10.99.0.2, cifs/alias.nego.test" in kdc
    assert (
        "steps in the normal course: KDC_ERR_PREAUTH_REQUIRED 2, KRB_ERR_RESPONSE_TOO_BIG 2" in kdc
    )
    assert "critical" in part(text, "Audit: ")
    assert "a.negotiation(5)" in part(text, "Look closer")


def test_losses_are_told() -> None:
    """What of the capture is not there stands at the top."""
    head = " ".join(of("smb/snaplen_200").split("\n\n")[0].split())
    assert (
        "lost: 13 packets were cut by the snap length; 1,399 bytes missing in TCP streams" in head
    )
    assert "nothing lost" not in head


def test_packets_that_nobody_looked_into_are_told(tmp_path: Path) -> None:
    """Nothing is known of what lies in frames without IP, be it ARP or a protocol that carries others."""
    whole = read_packets(ROOT / "captures/smb/mixed/capture.pcapng")
    unknown = [each._replace(data=each.data[:12] + b"\x88\xb5" + each.data[14:]) for each in whole]
    for kept, told in (
        (unknown, "nothing lost of what is IP; 270 packets without IP, not decoded"),
        (
            [*unknown[:1], *whole[1:]],
            "nothing lost of what is IP; 1 packet without IP, not decoded",
        ),
    ):
        (tmp_path / "capture.pcapng").write_bytes(pcapng(kept))
        head = str(read(tmp_path / "capture.pcapng").summary()).split("\n\n")[0]
        assert told in " ".join(head.split())
    (tmp_path / "other.pcapng").write_bytes(pcapng(whole))
    head = " ".join(str(read(tmp_path).summary()).split("\n\n")[0].split())
    assert "27 tokens; 1 packet without IP, not decoded" in head
    for number in range(4):
        (tmp_path / f"more{number}.pcapng").write_bytes(pcapng([*unknown[:1], *whole[1:]]))
    head = " ".join(str(read(tmp_path).summary()).split("\n\n")[0].split())
    assert "tokens; nothing lost of what is IP; 5 packets without IP, not decoded" in head
    lossy = (ROOT / "captures/http/lost_verdict/capture.pcapng").read_bytes()
    (tmp_path / "lossy.pcapng").write_bytes(lossy)
    head = " ".join(str(read(tmp_path).summary()).split("\n\n")[0].split())
    assert head.count(".pcapng") == 1  # the one that lost something
    assert "packets without IP, not decoded" in head.partition("missing in TCP streams")[2]


def test_weak_tickets_are_named() -> None:
    """RC4 tickets are what an administrator looks for in a KDC's traffic."""
    text = of("kdc/kerberoasting")
    assert "No negotiation was found" in text
    assert re.search(r"tickets: .*rc4 \d.*; weak: RC4 for ", part(text, "Kerberos KDC"))


def test_nothing_to_tell_is_said() -> None:
    """A page without authentication."""
    text = of("http/open_page")
    assert text.endswith("No negotiation was found in what could be read.")


def test_tls_is_named_where_nothing_else_is_seen() -> None:
    """So that nobody takes it for a network without authentication."""
    tables = columns_of(names=[{"source": "sni", "name": "web.nego.test", "client": "fd99::20"}])
    over = look_over(tables, lambda: audit(tables, all_rules().values()), READ)
    text = "\n".join(line for each in over.sections(None) for line in each.lines(None))
    assert (
        "TLS was spoken with web.nego.test: what is inside can be read with its keys only" in text
    )


def test_logons_by_an_rc4_key_are_told() -> None:
    """The ticket may be of AES all the same."""
    assert "logons by a weak key: RC4 for ada" in part(of("kdc/rc4_logon"), "Kerberos KDC")


def test_a_client_that_had_nothing_to_answer_with() -> None:
    """A 401 that nobody took up is no negotiation, but it is no page without authentication either."""
    title = "Asked for credentials over HTTP and sent none: 1 client"
    text = of("http/no_credentials")
    assert "No negotiation was found in what could be read." in text
    assert "fd99::20 at fd99::2 (http), asked for Negotiate" in part(text, title)
    assert "(http-proxy), asked for Negotiate" in part(of("http/proxy_no_credentials"), title)
    assert "sent none" not in of("http/negotiate_kerberos")
    assert "sent none" not in of("smb/mixed")


def test_an_unfinished_logon_does_not_tell_twice_why_it_was_ntlm() -> None:
    """Why there is no verdict is another question than why NTLM."""
    text = of("http/client_gave_up")
    cut = part(text, "What has no verdict in the capture")
    assert "ntlm_only" not in cut


@pytest.mark.parametrize("room", [60, 80, 120])
@pytest.mark.parametrize("case", CASES)
def test_it_fits_the_terminal(case: str, room: int) -> None:
    """No line is wider; commands, which are there to be copied, are never cut."""
    path = str(ROOT / "captures" / case / "capture.pcapng")
    parts = read(path).derived.overview().sections([path])
    for section in parts:
        lines = list(section.lines(room))
        for line in lines[: len(lines) - len(section.calls)]:
            assert width_of(line) <= room, line
        for call, line in zip(section.calls, lines[len(lines) - len(section.calls) :], strict=True):
            assert "…" not in line
            assert line.strip().startswith(("negoscope ",))
            assert width_of(line) <= room or line.strip() == call.short


def test_commands_that_it_names_work(capsys: pytest.CaptureFixture[str]) -> None:
    """Each can be typed as it stands."""
    import shlex

    parts = read(MIXED).derived.overview().sections([str(MIXED)])
    calls = [call for section in parts for call in section.calls]
    assert len(calls) == 5
    for call in calls:
        assert run(shlex.split(call.words)[1:]) == 0, call.words
        assert capsys.readouterr().out


def test_the_command_prints_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """But names commands where Python names attributes."""
    assert run(["summary", str(MIXED)]) == 0
    out = capsys.readouterr().out
    assert f"negoscope show {MIXED} 5" in out
    mine = [line for line in str(read(MIXED).summary()).splitlines() if " s" not in line]
    assert set(mine[2:20]) <= set(out.splitlines())


def test_titles_are_bold_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """The eye finds the part; outcome words have their colours."""
    assert run(["summary", str(MIXED), "--color", "always"]) == 0
    out = capsys.readouterr().out
    assert "\x1b[1mWhat was run\x1b[0m\n" in out
    assert "\x1b[31mfailure\x1b[0m" in out


def test_a_notebook_shows_tables() -> None:
    """All that the text says, without a script."""
    summary = read(MIXED).summary()
    page = summary._repr_html_()
    assert page.count("<table") == 3
    assert "<script" not in page
    shown = unescape(re.sub(r"<[^>]*>", " ", page))
    for said in (
        "unknown_service (certain)",
        "register the SPN",
        "a.negotiation(5)",
        "kerberos aes256",
    ):
        assert said in shown
    assert repr(summary) == str(summary)


def test_the_frame_holds_the_counts() -> None:
    """As before: one row per combination, most frequent first."""
    frame = read(MIXED).summary().frame
    assert list(frame.columns) == [
        "carrier",
        "mechanism",
        "mechanism_detail",
        "outcome",
        "reason",
        "count",
    ]
    assert frame["count"].sum() == 7


def test_no_audit_by_half() -> None:
    """A rule that looks for what is not there must not be shown tables that were not read."""
    text = str(read(MIXED, tables=["negotiations"]).summary())
    assert re.search(r"^Audit: not done without .*tokens", text, re.MULTILINE)


def test_many_captures_are_summed_up(tmp_path: Path) -> None:
    """A directory has one line for all, and one for each that lost something."""
    names = ("basic", "digest", "forbidden", "ntlm", "snaplen_300")
    paths = [ROOT / "captures/http" / name / "capture.pcapng" for name in names]
    head = str(read(paths).summary()).split("\n\n")[0]
    assert head.startswith("5 captures: ")
    assert "snaplen_300/capture.pcapng: " in head
    assert "basic/capture.pcapng" not in head


def test_a_proxy_that_refuses_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By its status, with what was asked for, and among the errors."""
    real = ROOT / "captures/kdc/by_http_proxy/capture.pcapng"
    refusing = tmp_path / "refusing.pcapng"
    refusing.write_bytes(real.read_bytes().replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 503 OK"))
    found = read(refusing)
    told = part(str(found.summary()), "Kerberos KDC")
    assert re.search(r"\d × HTTP 503 of the KDC proxy: ", told)
    assert re.search(r"AS \(logon\): (\d) requests?, 0 tickets, \1 refused\n", told)
    assert run(["kdc", str(refusing)]) == 0
    assert " HTTP 503 " in capsys.readouterr().out


def test_errors_are_named() -> None:
    """Where a reason stands for many errors, the summary says which it was."""
    why = part(of("http/kdc_error"), "Why NTLM and not Kerberos")
    assert re.search(r"\n +error +KDC_ERR_SVC_UNAVAILABLE\n", why)
    why = part(of("http/kerberos_then_ntlm"), "Why NTLM and not Kerberos")
    assert re.search(r"\n +error +KRB_AP_ERR_BAD_INTEGRITY\n", why)


def test_a_closed_connection_says_nothing() -> None:
    """The status before it asked to go on, and failed nobody."""
    failed = part(of("smb/connection_closed"), "What failed")
    assert "connection_closed (likely)" in failed
    assert "said:" not in failed


def why_rows(*rows: dict[str, Any]) -> str:
    """The sections on reasons of rows that are made up."""
    columns = columns_of(negotiations=[logon(**row) for row in rows])
    return "\n".join(line for each in reasons(columns["negotiations"]) for line in each.lines(None))


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        (
            "another Kerberos error (KDC_ERR_POLICY, STATUS_X (text) for a)",
            "KDC_ERR_POLICY, STATUS_X",
        ),
        ("refused; NTLM since another Kerberos error (HTTP 503 for x)", "HTTP 503"),
        ("another Kerberos error (unknown(250): KDC_ERR_NONE)", "unknown(250)"),
        ("another Kerberos error (who knows)", None),
    ],
)
def test_how_a_detail_names_an_error(detail: str, shown: str | None) -> None:
    """Only what stands first: the rest is text of the other side."""
    row = {"outcome": "success", "reason": "kdc_error", "fallback_reason": "kdc_error"}
    text = why_rows({**row, "reason_detail": detail})
    found = re.search(r"\n +error +(.+)\n", text)
    assert (found and found[1]) == shown


def test_an_end_that_stands_behind_why_ntlm() -> None:
    """A logon that the client left keeps that as its end, though the KDC's word is its first reason."""
    row = {
        "outcome": "incomplete",
        "reason": "unknown_service",
        "fallback_reason": "unknown_service",
    }
    detail = "the service name is not known (x); also: the client did not go on after the server's answer"
    for end in ("", " (a proxy asked)"):
        text = why_rows({**row, "reason_detail": detail + end})
        assert "1 × the client did not go on after the server's answer: client_gave_up" in text
        assert "nothing shows why" not in text
    text = why_rows({**row, "reason_detail": "the service name is not known (x)"})
    assert "1 × nothing shows why" in text


KDC_STEPS = [
    {"exchange": "AS", "outcome": "failure", "error": "KDC_ERR_PREAUTH_REQUIRED", "error_code": 25},
    {"exchange": "AS", "outcome": "failure", "error": "KDC_ERR_MORE_PREAUTH_DATA_REQUIRED", "error_code": 91},
    {"exchange": "AS", "outcome": "failure", "error": "KDC_ERR_WRONG_REALM", "error_code": 68, "referral": "B"},
]  # fmt: skip


def test_steps_are_no_refusals() -> None:
    """The counts of a line add up, and what is refused is what the lines below it name."""
    asker = {"client": "10.0.0.20", "server": "10.0.0.1"}
    lost = {
        "exchange": "AS",
        "outcome": "failure",
        "error": "KDC_ERR_WRONG_REALM",
        "error_code": 68,
    }
    granted = {
        "exchange": "AS",
        "outcome": "success",
        "ticket_etype": "des3-cbc-sha1",
        "sname": "nfs/x",
    }
    section = tickets(columns_of(kdc=[asker | row for row in (*KDC_STEPS, lost, granted)])["kdc"])
    assert section is not None
    text = "\n".join(section.lines(None))
    assert "AS (logon): 5 requests, 1 ticket, 1 refused, 3 steps\n" in text
    assert "1 × KDC_ERR_WRONG_REALM: ?\n" in text
    assert "des3-cbc-sha1 1; weak: 3DES for nfs/x\n" in text
    steps = text.partition("steps in the normal course: ")[2]
    assert all(f"{row['error']} 1" in " ".join(steps.split()) for row in KDC_STEPS)


def test_an_error_that_is_cut_off_is_no_refusal() -> None:
    """Neither one without its code nor one that may go on to name another realm."""
    asker = {"client": "10.0.0.20", "server": "10.0.0.1", "exchange": "AS", "outcome": "failure"}
    elsewhere = {"error": "KDC_ERR_WRONG_REALM", "error_code": 68}
    rows = [
        asker | cells
        for cells in (
            {"error": CODE_CUT_OFF, "reply_cut": True},
            {"error": CODE_CUT_OFF, "reply_cut": True},
            elsewhere | {"reply_cut": True},
            elsewhere | {"reply_cut": False},
            {"error": NO_CODE, "reply_cut": False},
        )
    ]
    section = tickets(columns_of(kdc=rows)["kdc"])
    assert section is not None
    text = "\n".join(section.lines(None))
    assert "AS (logon): 5 requests, 0 tickets, 2 refused, 3 errors cut off\n" in text
    assert f"2 × {CODE_CUT_OFF}, 1 × KDC_ERR_WRONG_REALM" in text
    assert f"1 × {NO_CODE}: ?" in text


@pytest.mark.parametrize(
    "call",
    [
        "negoscope summary captures/smb/mixed/capture.pcapng",
        "negoscope show captures/http/fallback_in_negotiation/capture.pcapng 1 --ladder-only",
    ],
)
def test_the_readme_shows_what_is_printed(
    call: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but how long the reading took."""
    monkeypatch.chdir(ROOT)
    rest = (ROOT / "README.md").read_text().partition(f"$ {call}\n")[2]
    shown = rest.partition("\n\n$ ")[0].partition("\n```")[0]
    assert run(call.split()[1:]) == 0
    printed = capsys.readouterr().out.rstrip("\n")
    taken = re.compile(r"read in [\d.]+ s")
    assert taken.sub("", shown) == taken.sub("", printed)
