"""Small SVGs: well formed, within their frame, readable without colour, whatever the names are."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from analyzer.report.charts.bars import Bar, bars_svg, series
from analyzer.report.charts.flow import OTHERS, SHOWN, flow_svg
from analyzer.report.charts.heat import heat_svg
from analyzer.report.charts.palette import OUTCOME_COLOUR, OUTCOMES, SERIES, ink, signs
from analyzer.report.charts.timeline import BINS, SECOND, binned, clock, span_words, timeline_svg

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>" + "x" * 5_000


def drawn(svg: str) -> ET.Element:
    """The picture; every box lies in it, nothing is a script or refers to anything."""
    root = ET.fromstring(svg)
    _, _, width, height = (float(part) for part in root.get("viewBox", "").split())
    assert root.get("role") == "img"
    assert root.get("aria-label")
    for box in root.iter(f"{SVG}rect"):
        x, y, wide, tall = (float(box.get(name, "-1")) for name in ("x", "y", "width", "height"))
        assert x >= 0 <= y
        assert x + wide <= width + 1
        assert y + tall <= height + 1
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            "svg",
            "g",
            "title",
            "text",
            "rect",
            "line",
            "path",
        }
        assert not {"style", "href", "class", "id"} & set(element.attrib)
    for text in root.iter(f"{SVG}text"):
        assert len(text.text or "") < 120
    return root


def said(root: ET.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def test_bars_as_shares_fill_their_row():
    parts = ["ntlm", "kerberos"]
    bars = [Bar("smb2", {"ntlm": 3, "kerberos": 1}, "3, 1"), Bar("http", {"kerberos": 1}, "1")]
    root = drawn(bars_svg("shares", bars, parts, series(parts), whole=True))
    boxes = [float(box.get("width", 0)) for box in root.iter(f"{SVG}rect")][2:]
    assert boxes[0] + boxes[1] == pytest.approx(boxes[2], abs=2)
    assert boxes[0] == pytest.approx(3 * boxes[1], abs=3)
    assert {"smb2", "http", "ntlm", "kerberos"} <= set(said(root))


def test_bars_as_counts_are_to_scale():
    bars = [Bar("a", {"success": 10}, "10"), Bar("b", {"success": 5}, "5")]
    root = drawn(bars_svg("counts", bars, OUTCOMES, OUTCOME_COLOUR, whole=False))
    first, second = (float(box.get("width", 0)) for box in root.iter(f"{SVG}rect"))
    assert first == pytest.approx(2 * second, abs=2)


def test_hostile_names_are_text_and_short():
    bars = [Bar(EVIL, {"success": 1}, EVIL)]
    drawn(bars_svg(EVIL[:90], bars, OUTCOMES, OUTCOME_COLOUR, whole=True))
    drawn(heat_svg("m", [EVIL], [EVIL, "b"], [[1, 0]]))
    drawn(flow_svg(("a", "b"), {(EVIL, EVIL): 3}))


def test_the_heat_map_tells_each_count():
    root = drawn(heat_svg("m", ["c1", "c2"], ["ntlm", "kerberos"], [[5, 0], [1, 1_234]]))
    assert [text for text in said(root) if text[0].isdigit()] == ["5", "1", "1,234"]
    shades = [float(box.get("fill-opacity", 0)) for box in root.iter(f"{SVG}rect")]
    assert shades[3] == max(shades)
    assert shades[1] == min(shades)


def test_flow_keeps_the_number_of_negotiations():
    """In every column; rare names are counted together."""
    ways = {(f"mech{n}", "x", "success" if n % 2 else "failure"): n + 1 for n in range(20)}
    root = drawn(flow_svg(("offered", "used", "outcome"), ways))
    counts = [
        int(text.rsplit(" ", 1)[1]) for text in said(root) if text.rsplit(" ", 1)[-1].isdigit()
    ]
    assert sum(counts) == 3 * sum(ways.values())
    offered = [text for text in said(root) if text.startswith(("mech", OTHERS))]
    assert len(offered) == SHOWN + 1
    assert "✗ failure 100" in said(root)


@pytest.mark.parametrize(
    "span", [0, 1, SECOND, 59 * SECOND, 86_400 * SECOND, 400 * 86_400 * SECOND]
)
def test_time_is_cut_into_few_bars(span):
    start = 1_700_000_000 * SECOND + 123
    begin, width, counts = binned([start, start + span], ["success", "failure"])
    assert len(counts["success"]) <= BINS + 1
    assert sum(map(sum, counts.values())) == 2
    assert begin <= start < begin + width
    root = drawn(timeline_svg(begin, width, counts))
    assert clock(begin, width) in said(root)
    assert not any("incomplete" in text for text in said(root))


def test_times_are_as_exact_as_the_bars():
    at = 1_700_000_000 * SECOND + 5_000_000
    assert clock(at, SECOND // 1000) == "2023-11-14 22:13:20.005"
    assert clock(at, SECOND) == "2023-11-14 22:13:20"
    assert clock(at, 60 * SECOND) == "2023-11-14 22:13"
    assert clock(at, 86_400 * SECOND) == "2023-11-14"
    assert [span_words(w) for w in (SECOND // 10, 15 * SECOND, 300 * SECOND, 6 * 3600 * SECOND)] == [
        "100 ms", "15 s", "5 min", "6 h",
    ]  # fmt: skip


def test_text_reads_on_every_colour():
    """A contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3)."""

    def luminance(colour: str) -> float:
        colour = "#" + "".join(c * 2 for c in colour[1:]) if len(colour) == 4 else colour
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in (*SERIES, *OUTCOME_COLOUR.values()):
        light, dark = sorted((luminance(colour), luminance(ink(colour))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour


def test_outcomes_have_signs():
    assert signs({"success": 1_200, "failure": 3}) == "1,200 ✓ 3 ✗"
