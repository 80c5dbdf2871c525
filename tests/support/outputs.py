"""Everything that the project prints about a capture, in every format."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pandas as pd
from support.facts import ROOT

from analyzer.analysis import read
from analyzer.capture.inputs import Input
from analyzer.cli.main import run
from analyzer.crosscheck.check import check_capture
from analyzer.explain import explain
from analyzer.report.json_text import json_text
from dissectors.visible import UNSAFE

TABLES = ("negotiations", "tokens", "offers", "anomalies", "captures", "kdc", "names", "hosts")
SHOWN = 10
"""Negotiations of a capture that are shown one by one."""


def command_line(*arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process: exit status, standard output, standard error."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(list(arguments))
    return status, out.getvalue(), err.getvalue()


def outputs(path: Path, *, secrets: bool = False) -> Iterator[tuple[str, str]]:
    """What each command prints, by its words; the exit status is 0 or 3."""
    name = str(path)
    commands = [["summary", name]]
    for table in TABLES:
        siem = ("ecs", "ocsf", "zeek", "zeek-json") if table == "negotiations" else ()
        forms = ("table", "jsonl", "csv", *siem)
        wanted = ["--with-secrets"] if secrets and table == "tokens" else []
        commands += [[table, name, "--format", form, *wanted] for form in forms]
        commands.append([table, name, "--columns", "capture", *wanted])
    audited = ("table", "json", "jsonl", "csv", "sarif", "ecs", "ocsf", "zeek", "zeek-json")
    commands += [["audit", name, "--format", form] for form in audited]
    count = len(read(path, tables=["negotiations"]).tables.columns["negotiations"]["capture"])
    for number in range(1, min(count, SHOWN) + 1):
        shown = ["show", name, str(number)]
        commands += [shown, [*shown, "--details"], [*shown, "--ladder-only", "--hex"]]
    for words in commands:
        status, out, err = command_line(*words)
        assert status in {0, 3}, (words, err)
        yield " ".join([words[0], *words[2:]]), out + err


def crosschecked(path: Path) -> Iterator[tuple[str, str]]:
    """What `crosscheck` prints of all differences, in every format; tshark runs once."""
    checked = check_capture(Input(str(path)))
    with patch("analyzer.crosscheck.check.check_capture", lambda *_: checked):
        for form in ("table", "jsonl", "csv"):
            words = ["crosscheck", str(path), "--all", "--format", form]
            status, out, err = command_line(*words)
            assert status in {0, 1}, (words, err)
            yield " ".join([words[0], *words[2:]]), out + err


def frames(path: Path) -> Iterator[tuple[str, str]]:
    """What pandas and Python show of an analysis and its parts."""
    analysis = read(path)
    yield "repr of the analysis", repr(analysis)
    with pd.option_context("display.max_colwidth", None, "display.width", None):
        for table in TABLES:
            yield f"frame {table}", analysis.frame(table).to_string()
        audited = analysis.audit()
        yield "frame findings", audited.frame.to_string()
        yield "findings", str(audited)
        yield "HTML of the findings", _text_of(audited._repr_html_())
        summary = analysis.summary()
        yield "frame summary", summary.frame.to_string()
        yield "summary", str(summary)
        yield "HTML of the summary", _text_of(summary._repr_html_())
        yield "matrix", analysis.matrix("user", "server_name", margins=True).to_string()
        yield "matrix of outcomes", analysis.matrix(values="outcome").to_string()
    for number in analysis.tables.columns["negotiations"]["negotiation_id"][:SHOWN]:
        exchanged = analysis.negotiation(number)
        yield f"negotiation {number}", str(exchanged)
        yield f"repr of negotiation {number}", repr(exchanged)
        yield f"HTML of negotiation {number}", _text_of(exchanged._repr_html_())
        negotiation = exchanged.negotiation
        yield f"repr of the object {number}", repr(negotiation)
        for step in negotiation.steps:
            yield "repr of a token", repr(step.token)
            if step.token is not None and step.token.raw:
                yield from explained(step.token.raw)


def explained(token: bytes) -> Iterator[tuple[str, str]]:
    """What is said of one token, in every form."""
    made = explain(token)
    yield "text of a token", str(made)
    yield "JSON of a token", json_text(made.to_dict())
    yield "HTML of a token", _text_of(made._repr_html_())


class _Page(HTMLParser):
    """Text, tooltips and labels of a page that holds nothing but what we make pages of."""

    TAGS = frozenset({
        "div", "details", "summary", "span", "pre", "b", "table", "tr", "th", "td", "h4", "dl", "dt",
        "dd", "style", "svg", "g", "line", "polygon", "text", "title", "p", "section", "code",
    })  # fmt: skip
    SAID = frozenset({"title", "aria-label"})

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.TAGS, tag
        self._in_style = tag == "style"
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in {"href", "src", "xlink:href"}, name
            if name in self.SAID:
                self.said.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.said.append(data)


def _text_of(html: str) -> str:
    """What a browser shows of it, tooltips too; markup that the wire smuggled in would fail here."""
    page = _Page()
    page.feed(html)
    page.close()
    return " ".join(page.said)


def printed_well(words: str, text: str) -> None:
    """Lines of their format, without any character that is not to be seen."""
    if "zeek" in words:
        rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
        assert len({len(row) for row in rows}) <= 1, words
        text = text.replace("\t", "")
    unsafe = UNSAFE.search(text.replace("\n", ""))
    assert unsafe is None, f"{words}: {text[max(unsafe.start() - 40, 0) : unsafe.end() + 20]!a}"
    if any(form in words for form in ("jsonl", "ecs", "ocsf", "zeek-json")):
        for line in text.splitlines():
            json.loads(line)


def in_a_small_process(
    code: str, *arguments: str, memory: int = 1_500_000_000, seconds: int = 120
) -> str:
    """Run Python code in a process with bounded address space and time; what it prints."""
    bounded = (
        f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))\n{code}"
    )
    command = [sys.executable, "-c", bounded, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
