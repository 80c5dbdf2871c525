"""Names made to harm: they are text in the report, whatever they look like and however long they are."""

from __future__ import annotations

import socket

import pytest
from support.hostile_names import NAMES, capture, of
from support.messages import authorization, bind_response, http, simple_bind
from support.packets import Conversation, pcapng
from support.visit import Visit

from analyzer.analysis import read

HARMFUL = {
    "markup": NAMES["markup"],
    "attribute": '" onmouseover="alert(1)" x="\' onfocus=\'alert(1)',
    "comment": "--><!--<svg onload=alert(1)>]]>",
    "template": "{{ 7 * 7 }}${7*7}{% raw %}",
    "right to left": NAMES["bidi"],
    "escapes": NAMES["escape"],
}


@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.parametrize("visit", ["light"], indirect=True)
def test_a_hostile_name_is_inert(visit, tmp_path, name):
    """Nothing runs, loads or complains, in any negotiation of it; what can't be seen is spelled out."""
    text = HARMFUL[name]
    (tmp_path / "names.pcapng").write_bytes(capture(text.encode("utf-16-le"), text.encode()))
    analysis = read(tmp_path / "names.pcapng")
    report = tmp_path / "report.html"
    analysis.to_html(report)
    page = visit.page
    page.goto(report.as_uri())
    count = len(analysis.columns("negotiations")["capture"])
    assert count > 8
    page.locator(".ladder").wait_for()
    for number in range(1, count + 1):
        page.locator(".ladder h3", has_text=f"negotiation {number}").wait_for()
        for leg in page.locator("button.leg").all():
            leg.click()
        page.locator(".list").press("ArrowDown")
    shown = page.locator("body").inner_text()
    assert text[:8] in shown or "\\x" in shown or "\\u" in shown
    assert not set("\u202e\u2066\x1b\x07") & set(shown)
    assert (
        page.locator(
            "img, iframe, object, embed, link, base, form, svg[onload], [onmouseover]"
        ).count()
        == 0
    )
    assert (
        page.evaluate("document.scripts.length") == 2 + page.locator("script[data-first]").count()
    )
    assert visit.complaints == []
    assert visit.requests == [report.as_uri()]


@pytest.mark.parametrize("visit", ["light"], indirect=True)
def test_a_name_of_a_megabyte_is_cut(visit, tmp_path):
    """As long as a carrier lets it be: the page stays small enough to open, and does."""
    text = b"<b>" + b"A" * 1_000_000
    talks = [
        Conversation(389, client_port=1001)
        .client(simple_bind(text, b"x"))
        .server(bind_response(49, text)),
        Conversation(80, client_port=1002)
        .client(http(b"GET / HTTP/1.1", b"Host: " + text, authorization(b"Basic", text + b":x")))
        .server(http(b"HTTP/1.1 401 no")),
    ]
    packets = [packet for talk in talks for packet in talk.close().packets]
    (tmp_path / "names.pcapng").write_bytes(pcapng(packets))
    report = tmp_path / "report.html"
    read(tmp_path / "names.pcapng").to_html(report)
    assert report.stat().st_size < 3_000_000
    visit.page.goto(report.as_uri())
    visit.page.locator(".ladder").wait_for()
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth + 40")
    assert visit.complaints == []


def test_the_policy_stops_what_would_get_in(browser, tmp_path):
    """Even markup that somebody adds to the file neither runs nor loads, with a network."""
    (tmp_path / "names.pcapng").write_bytes(of("markup"))
    report = tmp_path / "report.html"
    read(tmp_path / "names.pcapng").to_html(report)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(1)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        evil = (
            f"<img src='{address}/x' onerror='window.ran=1'><script>window.ran=2</script>"
            f"<script src='{address}/y'></script><body>"
        )
        report.write_text(report.read_text("utf-8").replace("<body>", evil), "utf-8")
        with browser.new_context() as context:
            visit = Visit(context.new_page()).watch()
            visit.page.goto(report.as_uri())
            visit.page.locator(".ladder").wait_for()
            assert visit.page.evaluate("window.ran") is None
            assert any("Content Security Policy" in text for text in visit.complaints)
        with pytest.raises(TimeoutError):
            server.accept()
