"""Our tokens of 202 captures of other people, held against tshark's rows of them."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / ".." / "shared"
CORPUS = SHARED / "corpus"
COMMAND = f'{sys.executable} -c "from analyzer.cli.main import main; main()"'

MISSING = re.compile(r"(?P<name>\S+): missing frame (?P<frame>\d+) (?P<carrier>\S+) (?P<type>\S+)")
EXTRA = re.compile(r"(?P<name>\S+): extra(?: \(known\))? frame (?P<frame>\d+) \S+ (?P<type>\S+)")
CELL = re.compile(
    r"(?P<name>\S+): frame (?P<frame>\d+) \S+ \S+ (?P<column>\w+): (?P<ours>.*); tshark {"
)
CARRIER = re.compile(r"(?P<carrier>[\w-]+)(?P<counts>(?: +[\d.]+){9})")

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")


@pytest.fixture(scope="module")
def report():
    """Return the lines of the oracle's report."""
    command = [sys.executable, str(SHARED / "tools" / "oracle_check.py")]
    command += ["--negoscope", COMMAND, "--verbose"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def read(lines, difference, later):
    """Return the differences and the carriers that lack tokens; a line that cannot be read fails."""
    found, absent = [], set()
    start = next(at for at, line in enumerate(lines) if re.match(r"\d+ captures$", line))
    for line in lines[:start]:
        if line.startswith("note: "):
            assert line.startswith(
                "note: exit status 3: negoscope: NTLMRawUnHide__capture.cap: a "
            ), line
        elif match := MISSING.fullmatch(line):
            if match["carrier"] in later:
                absent.add(match["carrier"])
                continue
            frames = (int(match["frame"]),)
            found.append(difference(match["name"], frames, "row", None, match["type"]))
        elif match := EXTRA.fullmatch(line):
            frames = (int(match["frame"]),)
            found.append(difference(match["name"], frames, "row", match["type"], None))
        else:
            match = CELL.match(line)
            assert match, line
            ours = ast.literal_eval(match["ours"])
            found.append(
                difference(match["name"], (int(match["frame"]),), match["column"], ours, "*")
            )
    return found, absent


def test_every_difference_is_declared(report, exceptions, difference):
    """Nothing differs but what is declared, and all that is declared differs."""
    declared = exceptions("corpus")
    found, absent = read(report, difference, declared.later)
    assert found, "the report was not understood"
    assert not declared.unexplained(found)
    assert not declared.stale()
    assert absent <= set(declared.later)


def test_whole_carriers_are_missing_only_where_declared(report, exceptions):
    """A carrier of which not one token is found is declared as one to come, and the other way round."""
    later = exceptions("corpus").later
    rows = [match for line in report if (match := CARRIER.fullmatch(line))]
    assert len(rows) > 3
    none_found = set()
    for row in rows:
        found, of, _, _, _, optional_found, optional, *_ = (float(n) for n in row["counts"].split())
        if found + optional_found == 0 and of + optional > 0:
            none_found.add(row["carrier"])
    assert none_found == set(later)


def test_the_proof_is_in_the_capture(exceptions):
    """The declared bytes stand in the file, and the oracle says what is declared for it."""
    for entry in exceptions("corpus").declared:
        content = (CORPUS / "files" / entry["capture"]).read_bytes()
        assert bytes.fromhex(entry["bytes"]) in content, entry
        if entry["column"] != "row":
            lines = (CORPUS / "oracle" / f"{entry['capture']}.jsonl").read_text().splitlines()
            rows = [row for row in map(json.loads, lines) if row["frame"] in entry["frames"]]
            assert {row["frame"] for row in rows if entry["theirs"] in row.values()} == set(
                entry["frames"]
            ), entry
