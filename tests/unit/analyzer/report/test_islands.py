"""What lies in a page: packed the same way each time, unpacked to what it was, and listed in short."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from pathlib import Path

from analyzer.analysis import read
from analyzer.report.closeup import closeup
from analyzer.report.islands import CHUNK, islands, packed
from analyzer.report.listing import listing
from analyzer.report.page import SUBJECTS, report_html

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


def unpacked(data: str) -> object:
    return json.loads(gzip.decompress(b64decode(data)))


def test_packing_keeps_what_it_packs():
    value = {"a": [1, None, "é\u2026</script>"], "b": {"c": True}}
    assert unpacked(packed(value)) == value
    assert packed(value) == packed(value)
    assert "<" not in packed(value)


def test_negotiations_come_in_chunks_that_share_their_fields():
    analysis = read(CAPTURES / "smb")
    made = list(islands(analysis.exchanges(), with_secrets=False))
    count = len(analysis.columns("negotiations")["capture"])
    assert count > CHUNK
    assert [island.first for island in made] == list(range(1, count + 1, CHUNK))
    found = {}
    for island in made:
        chunk = unpacked(island.data)
        for number, told in chunk["negotiations"].items():
            for leg in told["legs"]:
                if leg["token"]:
                    leg["token"]["fields"] = [chunk["fields"][at] for at in leg["token"]["fields"]]
            found[int(number)] = told
    for number in (1, CHUNK, count):
        assert found[number] == json.loads(json.dumps(closeup(analysis.negotiation(number))))


def test_the_list_tells_what_the_rows_tell():
    rows = read(CAPTURES / "smb" / "mixed").columns("negotiations")
    listed = listing(rows)

    def texts(name: str) -> list[str | None]:
        column = listed[name]
        return [None if cell is None else column.texts[cell] for cell in column.cells]

    assert texts("id") == list("1234567")
    assert texts("outcome") == rows["outcome"]
    assert texts("ran")[4] == "ntlm ntlmv2"
    assert texts("user")[4] == "NEGO\\grace"
    assert texts("offered")[0] == "kerberos > ntlm"
    assert texts("offered")[6] == "simple"
    assert texts("started")[4].startswith("11-27 17:45:48.")
    assert all(len(set(column.texts)) == len(column.texts) for column in listed.values())


def test_a_long_name_is_listed_in_short():
    rows = read(CAPTURES / "smb" / "mixed").columns("negotiations")
    rows = {name: list(cells) for name, cells in rows.items()}
    rows["user"][0] = "x" * 1_000_000
    assert max(map(len, listing(rows)["user"].texts)) < 600


def test_a_page_of_nothing_is_a_page():
    empty = {name: [] for name in read(CAPTURES / "smb" / "mixed").columns("negotiations")}
    page = report_html("nothing", "0", [], [], empty, [])
    assert "There is nothing to draw." in page
    assert "No rule found anything." in page


def test_of_a_rule_with_many_subjects_some_are_told():
    analysis = read(CAPTURES / "smb" / "mixed")
    (finding, *_) = analysis.audit().findings
    page = report_html(
        "x", "0", [], [finding] * (SUBJECTS + 5), analysis.columns("negotiations"), []
    )
    assert page.count(f"<td>{finding.subject}</td>") == SUBJECTS
    assert "and 5 more</p>" in page


def test_secrets_are_in_the_page_only_if_asked_for(tmp_path):
    analysis = read(CAPTURES / "smb" / "mixed")
    token = next(
        s.token
        for s in analysis.negotiation(5).steps
        if s.token and "Authenticate" in type(s.token.inner).__name__
    )
    proof = next(
        token.bytes_of(field) for field in token.fields if field.name == "NTProofStr"
    ).hex()
    texts = []
    for with_secrets in (False, True):
        analysis.to_html(tmp_path / "r.html", with_secrets=with_secrets)
        page = (tmp_path / "r.html").read_text("utf-8")
        data = page.split('data-first="1">')[1].split("<")[0]
        texts.append((json.dumps(unpacked(data)), "CONTAINS SECRETS" in page))
    assert [(proof in text, marked) for text, marked in texts] == [(False, False), (True, True)]
