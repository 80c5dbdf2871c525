"""The report as its reader meets it: opened from a file, filtered, looked into, by mouse and by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.facts import ROOT

from analyzer.analysis import read

CAPTURE = ROOT / "captures" / "smb" / "mixed" / "capture.pcapng"
HEAD = re.compile(r"(\d+)-(\d+)")


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    read(CAPTURE).to_html(path)
    return path


@pytest.fixture
def opened(visit, report):
    """The report, its first negotiation drawn."""
    visit.page.goto(report.as_uri())
    visit.page.wait_for_selector(".token")
    yield visit
    assert visit.complaints == []
    assert visit.requests == [report.as_uri()]


def rows(page) -> list[str]:
    return [row.inner_text() for row in page.locator(".window .row").all()]


def test_all_panes_are_filled(opened):
    page = opened.page
    assert len(rows(page)) == 7
    assert page.locator(".status").inner_text() == "7 of 7 negotiations"
    assert page.locator(".ladder h3").inner_text() == "capture.pcapng: negotiation 1"
    assert page.locator("[role=treeitem]").count() > 20
    assert page.locator("svg").count() == 5


def test_words_and_facets_filter(opened):
    page = opened.page
    page.get_by_label("filter negotiations by words").fill("GRACE smb")
    assert page.locator(".status").inner_text() == "1 of 7 negotiations"
    assert page.locator(".ladder h3").inner_text().endswith("negotiation 5")
    page.get_by_role("button", name="show all").click()
    page.get_by_label("outcome", exact=True).select_option(label="failure 1")
    assert [row.split()[0] for row in rows(page)] == ["5"]
    page.get_by_label("mechanism", exact=True).select_option(label="ntlm 1")
    page.get_by_label("outcome", exact=True).select_option(label="outcome: all")
    assert [row.split()[0] for row in rows(page)] == ["2", "4", "5", "6"]
    page.get_by_label("filter negotiations by words").fill("nothing has this")
    assert page.get_by_text("No negotiation passes the filters.").is_visible()
    assert rows(page) == []


def test_a_column_sorts_up_and_down(opened):
    page = opened.page
    heads = page.locator("[role=columnheader]")
    head = heads.nth(3)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    up = [row.split("\n")[3] for row in rows(page)]
    assert up == sorted(up)
    head.get_by_role("button").click()
    assert [row.split("\n")[3] for row in rows(page)] == sorted(up, reverse=True)
    page.locator("[role=columnheader]").nth(0).get_by_role("button").click()
    assert [row.split()[0] for row in rows(page)] == [*"1234567"]


def test_keys_lead_from_pane_to_pane(opened):
    page = opened.page
    page.locator(".list").focus()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.locator(".ladder h3", has_text="negotiation 5").wait_for()
    page.keyboard.press("End")
    page.locator(".ladder h3", has_text="negotiation 7").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("grace")
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    page.locator(".ladder h3", has_text="negotiation 5").wait_for()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "leg"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("button.leg[aria-pressed=true]").get_attribute("data-leg") == "1"
    tree = page.locator("[role=tree]")
    tree.focus()
    page.keyboard.press("ArrowDown")
    active = page.locator(f"#{tree.get_attribute('aria-activedescendant')}")
    assert "thisMech" in active.inner_text()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.locator("[role=treeitem]:visible").count() == 1
    page.keyboard.press("ArrowRight")
    assert page.locator("[role=treeitem]:visible").count() > 5


def test_a_field_pointed_at_lights_its_bytes(opened):
    """Each field of a token, on both sides of the hex; and a byte its field."""
    page = opened.page
    page.locator(".window .row", has_text="grace").first.click()
    page.locator("button.leg").nth(3).click()
    page.get_by_role("heading", name="frame 220").wait_for()
    items = page.locator("[role=treeitem]:visible")
    assert items.count() > 15
    for place in range(items.count()):
        item = items.nth(place)
        item.hover()
        start, end = map(int, HEAD.search(item.inner_text()).groups())
        lit = page.locator(".octets .lit").evaluate_all(
            "all => all.map(one => Number(one.dataset.byte))"
        )
        assert lit == list(range(start, end))
        assert page.locator(".text .lit").count() == end - start
    page.locator(".octets [data-byte='90']").hover()
    assert "TargetName" in page.locator("[role=treeitem].lit").inner_text()


def test_secrets_are_dots(opened):
    page = opened.page
    page.locator(".window .row", has_text="grace").first.click()
    page.locator("button.leg").nth(3).click()
    page.get_by_role("heading", name="frame 220").wait_for()
    challenge = page.locator("[role=treeitem]", has_text="ServerChallenge")
    challenge.hover()
    assert page.locator(".octets .lit").all_inner_texts() == ["··"] * 8


def test_it_reads_on_paper(opened, tmp_path):
    """As PDF, with what is folded on the screen."""
    page = opened.page
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator(".finding dl").first.is_visible()


def test_no_serious_fault_for_assistive_technology(opened):
    from axe_playwright_python.sync_playwright import Axe

    for _ in range(4):
        opened.page.locator(".list").press("ArrowDown")
    opened.page.locator(".ladder h3", has_text="negotiation 5").wait_for()
    found = Axe().run(opened.page).response["violations"]
    serious = [
        f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_without_script_all_but_the_list_is_there(browser, report):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.get_by_text("7 negotiations of 2 clients").is_visible()
    assert page.get_by_text("which this browser does not run").is_visible()
    assert page.locator("svg").count() == 5
    page.locator(".finding summary").first.click()
    assert page.locator(".finding dl").first.is_visible()
    context.close()


def test_the_same_captures_make_the_same_file(report, tmp_path):
    again = tmp_path / "again.html"
    read(CAPTURE).to_html(again)
    assert again.read_bytes() == report.read_bytes()
