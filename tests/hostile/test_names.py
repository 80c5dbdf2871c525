"""Names from the wire that try to reach the terminal, the spreadsheet, the log or the page."""

from __future__ import annotations

import csv
import io
import shutil

import pytest
from support.hostile_names import BYTES, NAMES, UTF_16, of
from support.outputs import (
    TABLES,
    command_line,
    crosschecked,
    frames,
    outputs,
    printed_well,
)

from analyzer.analysis import read
from dissectors.visible import UNSAFE


@pytest.fixture(params=sorted(UTF_16.keys() | BYTES.keys()))
def path(request, tmp_path):
    """A capture full of one hostile name."""
    target = tmp_path / "names.pcapng"
    target.write_bytes(of(request.param))
    return target


def test_no_output_holds_what_cannot_be_seen(path):
    """Every command, format and frame; JSON parses, Zeek's rows have their fields."""
    for words, text in (*outputs(path), *frames(path)):
        printed_well(words, text)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_no_difference_holds_what_cannot_be_seen(path):
    """What tshark says of a name is as untrusted as the name; cells of CSV are no formulas either."""
    seen = 0
    for words, text in crosschecked(path):
        printed_well(words, text)
        if "csv" in words:
            rows = list(csv.reader(io.StringIO(text)))
            assert len({len(row) for row in rows}) == 1
            seen = len(rows)
            for cell in (cell for row in rows for cell in row):
                if not cell.lstrip("-").replace(".", "").isdigit():
                    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    assert seen > 1


def test_no_cell_holds_what_cannot_be_seen(path):
    """Cells of frames are safe whatever prints them."""
    analysis = read(path)
    for table in TABLES:
        for name, column in analysis.frame(table).items():
            for cell in column:
                assert not UNSAFE.search(str(cell)), (table, name, ascii(cell))


def test_no_cell_of_csv_is_a_formula(path):
    """Rows stay rows, and no cell starts like a formula."""
    for table in TABLES:
        _, text, _ = command_line(table, str(path), "--format", "csv")
        rows = list(csv.reader(io.StringIO(text)))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) - 1 == len(read(path).columns(table)["capture"])
        for cell in (cell for row in rows for cell in row):
            if not cell.lstrip("-").replace(".", "").isdigit():
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell


def test_no_page_holds_markup_of_others(path):
    """What a notebook shows is text."""
    analysis = read(path)
    page = analysis.summary()._repr_html_()
    assert "<script" not in page
    assert "<img" not in page
    assert not UNSAFE.search(page.replace("\n", ""))
    for number in analysis.tables.columns["negotiations"]["negotiation_id"]:
        page = analysis.negotiation(number)._repr_html_()
        assert "<script" not in page
        assert "<img" not in page
        assert not UNSAFE.search(page.replace("\n", ""))


def test_names_are_there(tmp_path):
    """The names do reach the tables, so the tests above look at something."""
    target = tmp_path / "names.pcapng"
    target.write_bytes(of("markup"))
    analysis = read(target)
    rows = analysis.columns("negotiations")
    assert len(rows["user"]) >= 9
    assert sum(NAMES["markup"] in str(value) for value in rows["user"]) >= 5
    assert sum(NAMES["markup"] in str(value) for value in rows["server_name"]) >= 2
    assert sum(NAMES["markup"] in str(value) for value in rows["spn"]) >= 2
    (asked,) = analysis.columns("kdc")["sname"]
    assert asked == NAMES["markup"]
    hosts = analysis.columns("hosts")
    for column in ("users", "names", "domains"):
        assert any(NAMES["markup"] in value for cell in hosts[column] for value in cell), column
    assert "&lt;script" in analysis.summary()._repr_html_()


def test_a_hostile_file_name_is_shown_safely(tmp_path):
    """The capture's own name is not trusted either."""
    target = tmp_path / "=\x1b[31m\u202ex\n.pcapng"
    target.write_bytes(of("formula"))
    for words, text in outputs(target):
        printed_well(words, text)
    for words, text in frames(target):
        printed_well(words, text)
    target.write_bytes(b"no capture")
    status, out, err = command_line("summary", str(target))
    assert status == 2
    printed_well("complaint", out + err)
    assert err.count("\n") == 1
