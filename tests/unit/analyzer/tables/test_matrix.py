"""Counts of negotiations by two columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.analysis import Analysis, read
from analyzer.errors import UsageError

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def mixed() -> Analysis:
    """A busy desk."""
    return read(ROOT / "captures/smb/mixed/capture.pcapng")


def test_clients_by_mechanisms(mixed: Analysis) -> None:
    """The table that people ask for first needs no argument."""
    frame = mixed.matrix()
    assert (frame.index.name, frame.columns.name) == ("client", "mechanism")
    assert frame.loc["fd99::20"].to_dict() == {"ntlm": 1, "kerberos": 2, "simple": 1}
    assert frame.loc["10.99.0.20", "ntlm"] == 3
    assert set(map(str, frame.dtypes)) == {"int64"}


@pytest.mark.parametrize("values", ["count", "outcome"])
def test_nothing_gets_lost(mixed: Analysis, values: str) -> None:
    """Nulls and lists are headings too, and the sums are the negotiations."""
    for rows, columns in (("server", "reason"), ("client", "offered_mechs"), ("user", "tls")):
        frame = mixed.matrix(rows, columns, values=values, margins=True)
        assert frame.loc["(all)", "(all)"].sum() == 7
        assert frame.drop(index="(all)")["(all)"].to_numpy().sum() == 7
        assert frame.to_numpy().sum() == 4 * 7  # cells, two sides of sums, and the sum of sums
    assert "(none)" in mixed.matrix("client", "reason").columns
    assert "kerberos > ntlm" in mixed.matrix("client", "offered_mechs").columns


def test_outcomes_beside_each_other(mixed: Analysis) -> None:
    """Each mechanism has its own successes and failures."""
    frame = mixed.matrix("client", "mechanism", values="outcome")
    assert frame.loc["fd99::20", ("ntlm", "failure")] == 1
    assert frame.loc["10.99.0.20", ("ntlm", "success")] == 3
    assert frame.columns.names == ["mechanism", "outcome"]


@pytest.mark.parametrize("values", ["count", "outcome"])
def test_no_negotiations_make_an_empty_matrix(values: str) -> None:
    """An empty frame, not an error."""
    analysis = read(ROOT / "captures/http/open_page/capture.pcapng")
    assert analysis.matrix(values=values).shape == (0, 0)
    assert analysis.matrix(margins=True).to_numpy().sum() == 0


def test_the_same_column_twice(mixed: Analysis) -> None:
    """A diagonal."""
    frame = mixed.matrix("client", "client")
    assert frame.loc["fd99::20"].to_dict() == {"fd99::20": 4, "10.99.0.20": 0}


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ("clients", "mechanism", "'clients'; did you mean client"),
        ("client", "mechanisms", "'mechanisms'; did you mean mechanism"),
        ("client", "xyzzy", "'xyzzy'; docs/tables.md lists them"),
    ],
)
def test_a_wrong_name_is_the_callers_mistake(
    mixed: Analysis, rows: str, columns: str, said: str
) -> None:
    """With the names that were probably meant."""
    with pytest.raises(UsageError, match=said):
        mixed.matrix(rows, columns)


def test_wrong_values_are_the_callers_mistake(mixed: Analysis) -> None:
    """With what there is."""
    with pytest.raises(UsageError, match="there are count, outcome"):
        mixed.matrix(values="sum")
