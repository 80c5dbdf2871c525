"""docs/scapy.md: what it shows is what happens."""

import doctest

from support.layers import ROOT


def test_the_document_is_true(monkeypatch):
    """Every example of the document prints what the document says."""
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(str(ROOT / "docs" / "scapy.md"), module_relative=False)
    assert result.attempted > 20
    assert result.failed == 0
