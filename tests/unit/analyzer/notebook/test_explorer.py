"""What the explorer answers its page, in pages and one by one, and what a saved notebook keeps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.notebook import explorer
from analyzer.notebook.explorer import Explorer
from analyzer.report.closeup import closeup
from analyzer.report.listing import listing

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
MIXED = CAPTURES / "smb" / "mixed" / "capture.pcapng"


@pytest.fixture
def analysis():
    return read([MIXED, CAPTURES / "smb" / "small_segments" / "capture.pcapng"])


def test_rows_come_in_pages(analysis):
    widget = Explorer(analysis)
    told = widget.answer({"want": "texts"})
    assert told["count"] == 8
    listed = listing(analysis.columns("negotiations"))
    pages = [widget.answer({"want": "rows", "start": at, "count": 3}) for at in (0, 3, 6, 9)]
    for name, column in listed.items():
        assert told["texts"][name] == column.texts
        assert [cell for page in pages for cell in page[name]] == column.cells


def test_a_negotiation_is_drawn_when_it_is_looked_at(analysis):
    widget = analysis.explore()
    told = widget.answer({"want": "negotiation", "id": 5})
    assert told == closeup(analysis.negotiation(5))
    assert json.loads(json.dumps(told))
    assert widget.answer({"want": "negotiation", "id": 8}) == closeup(analysis.negotiation(8))


def test_a_capture_is_read_again_once_for_all_of_it(analysis, monkeypatch):
    asked = []
    found = analysis.exchanges_with
    monkeypatch.setattr(
        analysis, "exchanges_with", lambda number: asked.append(number) or found(number)
    )
    widget = Explorer(analysis)
    for number in (5, 1, 7, 8, 5):
        widget.answer({"want": "negotiation", "id": number})
    assert asked == [5, 8, 5]
    monkeypatch.setattr(explorer, "KEPT", 2)
    for number in (1, 2):
        widget.answer({"want": "negotiation", "id": number + 5})
    assert asked == [5, 8, 5]
    widget.answer({"want": "negotiation", "id": 8})
    widget.answer({"want": "negotiation", "id": 1})
    widget.answer({"want": "negotiation", "id": 2})
    assert asked == [5, 8, 5, 8, 1, 2]


def test_what_is_gone_or_never_was_is_told(tmp_path):
    path = Path(shutil.copy(MIXED, tmp_path / "a.pcapng"))
    widget = Explorer(read(path))
    path.unlink()
    assert "a.pcapng" in widget.answer({"want": "negotiation", "id": 1})["problem"]
    assert "no negotiation 99" in widget.answer({"want": "negotiation", "id": 99})["problem"]
    for nonsense in ({}, {"want": "x"}, {"want": "rows", "start": "a", "count": None}):
        assert "problem" in widget.answer(nonsense)


def test_huge_pages_are_cut(analysis, monkeypatch):
    monkeypatch.setattr(explorer, "MOST_ROWS", 2)
    page = Explorer(analysis).answer({"want": "rows", "start": -5, "count": 10**9})
    assert {len(cells) for cells in page.values()} == {2}


def test_secrets_only_if_asked_for(analysis):
    def hidden(widget: Explorer) -> list[object]:
        legs = widget.answer({"want": "negotiation", "id": 5})["legs"]
        return [leg["token"]["hidden"] for leg in legs if leg["token"]]

    assert any(hidden(Explorer(analysis)))
    assert not any(hidden(Explorer(analysis, with_secrets=True)))


def test_a_saved_notebook_keeps_the_summary(analysis):
    bundle = Explorer(analysis)._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "negotiations of" in data["text/html"]
    assert "<script" not in data["text/html"]
