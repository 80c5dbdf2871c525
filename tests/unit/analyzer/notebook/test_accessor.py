"""`df.negoscope` works on frames of an analysis, and on those that were written and read back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import analyzer.notebook.accessor
from analyzer.analysis import read
from analyzer.errors import UsageError
from analyzer.notebook import plots

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
assert analyzer.notebook.accessor


@pytest.fixture(scope="module")
def analysis():
    return read(CAPTURES / "smb" / "mixed")


@pytest.fixture(scope="module")
def read_back(analysis, tmp_path_factory):
    """Frames of `negotiations` and `tokens` as another session has them."""
    folder = tmp_path_factory.mktemp("export")
    analysis.to_parquet(folder)
    with duckdb.connect() as connection:
        return tuple(
            connection.sql(f"from '{folder}/{name}.parquet'").df()
            for name in ("negotiations", "tokens")
        )


PICTURES = [
    ("timeline", ()), ("shares", ()), ("shares", ("client",)), ("reasons", ()), ("flow", ()),
    ("matrix", ()), ("matrix", ("server", "outcome")), ("ladder", (5,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), PICTURES)
def test_a_frame_read_back_gives_the_same_picture(analysis, read_back, name, options):
    first, second = (
        getattr(frame.negoscope, name)(*options) for frame in (analysis.negotiations, read_back[0])
    )
    assert first == second
    assert first.rows
    assert first._repr_html_().startswith("<div")


def test_tokens_draw_the_whole_ladder(analysis, read_back):
    """From the frame of tokens itself, or beside one of negotiations."""
    drawn = analysis.negotiations.negoscope.ladder(5, analysis.tokens)
    assert drawn == analysis.tokens.negoscope.ladder(5) == read_back[1].negoscope.ladder(5)
    assert [row[:2] for row in drawn.rows] == [
        (215, "server"), (218, "server"), (219, "client"), (220, "server"), (221, "client"),
    ]  # fmt: skip
    assert "NTLM_AUTHENTICATE, NEGO\\grace, ntlmv2" in drawn.rows[-1][2]
    assert "fd99::20:34876" in drawn.svg


def test_a_row_alone_draws_a_sketch(analysis):
    drawn = analysis.negotiations.negoscope.ladder(5)
    assert "sketch" in drawn.title
    assert drawn.rows == [
        (215, "server", "hints ms-kerberos > kerberos > ntlm"),
        ("", "client", "offers ntlm"),
        ("", "server", "selects ntlm"),
        ("", "client", "ntlm, ntlmv2, grace, cifs/dc.nego.test"),
        (223, "server", "STATUS_LOGON_FAILURE, failure"),
    ]


def test_a_part_of_a_frame_is_drawn(analysis):
    failed = analysis.negotiations[analysis.negotiations["outcome"] == "failure"]
    assert {row[0] for row in failed.negoscope.reasons().rows} == set(failed["reason"].dropna())


def test_another_table_is_refused(analysis):
    with pytest.raises(UsageError, match="no column started"):
        analysis.offers.negoscope.timeline()
    with pytest.raises(UsageError, match="no column"):
        pd.DataFrame({"a": [1]}).negoscope.ladder(1)
    with pytest.raises(UsageError, match="no negotiation 99"):
        analysis.negotiations.negoscope.ladder(99)
    with pytest.raises(UsageError, match="has a time"):
        plots.timeline(analysis.negotiations[:0])


ORDERS = [
    "import negoscope, pandas",
    "import pandas, negoscope",
    "import negoscope, duckdb; import pandas",
]


@pytest.mark.parametrize("imports", ORDERS)
def test_either_import_may_come_first(imports):
    code = f"{imports}; print(hasattr(pandas.DataFrame, 'negoscope'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_negoscope_alone_imports_no_pandas():
    code = "import sys, negoscope; print('pandas' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
