"""Documents follow the code, and the closed lists of codes are closed: all registered, all used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.correlation.kdc_rules import Asker, Match, Use, When
from analyzer.negotiation.reasons import KRB_ERROR_REASONS, REASONS
from dissectors.anomaly import CODES

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / ".." / "shared" / "TABLES.md"
GROUPS = {"malformed", "protocol", "limit", "gap", "unsupported", "note"}
SEVERITIES = {"info", "low", "medium", "high", "critical"}
KINDS = {"failure", "weak", "fallback", "incomplete"}

FOR_LATER: set[str] = set()
"""Anomaly codes that are registered although nothing says them yet."""


def sources() -> list[Path]:
    """Every module of the product."""
    return [
        path for top in ("dissectors", "analyzer") for path in sorted((ROOT / top).rglob("*.py"))
    ]


def tree_of(path: Path) -> ast.Module:
    """Syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def literals(node: ast.AST) -> Iterator[str]:
    """Texts that an expression may evaluate to."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def said_codes(path: Path) -> Iterator[str]:
    """Codes given as literals where an `Anomaly` or a `CaptureLoss` is made."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in {"Anomaly", "CaptureLoss"}:
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "code")]
            yield from (text for value in given for text in literals(value))


def texts(path: Path) -> set[str]:
    """All text constants of a module."""
    return {
        node.value
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def dictionary_keys(path: Path, name: str) -> list[str]:
    """Keys of a dictionary as written: a repeated one is still there twice."""
    for node in tree_of(path).body:
        target = getattr(node, "target", None)
        if isinstance(node, ast.AnnAssign) and getattr(target, "id", "") == name:
            assert isinstance(node.value, ast.Dict)
            return [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
    pytest.fail(f"{path} has no {name}")


def test_generated_documents_are_fresh() -> None:
    """`docs/generate.py --check` has nothing to say."""
    command = [sys.executable, "docs/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


REASON_FAMILIES = {
    "accounts": ("ACCOUNT_REASONS",),
    "kerberos": ("KERBEROS_REASONS",),
    "exchange": ("EXCHANGE_REASONS",),
    "fallbacks": ("FALLBACK_REASONS",),
    "incomplete": ("WEAK_REASONS", "INCOMPLETE_REASONS"),
}


@pytest.mark.parametrize(
    ("places", "pattern"),
    [
        ({"dissectors/anomaly.py": ("CODES",)}, r"[a-z]+(-[a-z0-9]+)*"),
        (
            {f"analyzer/negotiation/reasons/{f}.py": n for f, n in REASON_FAMILIES.items()},
            r"[a-z]+(_[a-z]+)*",
        ),
    ],
    ids=["CODES", "REASONS"],
)
def test_codes_are_unique_and_spelt_alike(places: dict[str, tuple[str, ...]], pattern: str) -> None:
    """Anomalies in kebab case, reasons in snake case, none written twice."""
    keys = [
        key
        for place, names in places.items()
        for name in names
        for key in dictionary_keys(ROOT / place, name)
    ]
    assert len(keys) > 20
    assert len(keys) == len(set(keys))
    assert [key for key in keys if not re.fullmatch(pattern, key)] == []


def test_entries_are_complete() -> None:
    """Known groups and severities, a sentence without a full stop; no sentence twice."""
    for code, entry in CODES.items():
        assert entry.group in GROUPS, code
        assert entry.severity in SEVERITIES, code
        assert entry.sentence, code
        assert not entry.sentence.endswith("."), code
    sentences = [entry.sentence for entry in CODES.values()]
    assert len(sentences) == len(set(sentences))
    for code, reason in REASONS.items():
        assert reason.kind in KINDS, code
        assert reason.sentence, code
        assert reason.remedy, code
        assert reason.shown_by, code
        assert reason.confidence.split(":")[0].split(";")[0].split()[0].rstrip(",") in {
            "certain",
            "likely",
            "possible",
        }, code


@pytest.mark.skipif(not TABLES.is_file(), reason="../shared/TABLES.md is not there")
def test_the_reasons_are_the_published_ones() -> None:
    """Codes of the public contract: some may be added, none renamed."""
    text = TABLES.read_text(encoding="utf-8")
    section = text[text.index("## Reason codes") : text.index("## `tokens`")]
    lines = [line for line in section.splitlines()[1:] if re.match(r"[A-Z][^:]*: ", line)]
    named = {
        code for line in lines for code in re.findall(r"`([a-z]+(?:_[a-z]+)+|replay|gap)`", line)
    }
    named |= {"truncated", "encrypted", "anonymous"}
    assert len(named) > 60
    assert named - REASONS.keys() == set()


def test_every_said_code_is_registered() -> None:
    """A literal code that is not in the registry would be a KeyError in front of a user."""
    said = {(path.name, code) for path in sources() for code in said_codes(path)}
    assert len(said) > 20, "the search has gone blind"
    assert {pair for pair in said if pair[1] not in CODES} == set()


def test_every_registered_code_is_used() -> None:
    """The registry holds no code that the product cannot say."""
    found = set().union(*(texts(path) for path in sources() if path.name != "anomaly.py"))
    assert CODES.keys() - found == FOR_LATER


def test_every_reason_is_used() -> None:
    """A reason that is registered is also named by a mapping or a rule."""
    named = Counter(
        node.value
        for place in ("analyzer/negotiation", "analyzer/correlation")
        for path in sorted((ROOT / place).rglob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert {code for code in REASONS if named[code] < 2} == set()  # once in the registry itself


def test_links_read_through_scapy_are_listed() -> None:
    """docs/engines.md names every link type and tunnel that goes through Scapy, with its number."""
    from analyzer.capture.packet import UDP_TUNNELS
    from analyzer.capture.scapy_source import SCAPY_LINK_TYPES, SCAPY_TUNNELS
    from analyzer.tables.rows import link_type_name

    text = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    for number in SCAPY_LINK_TYPES:
        (row,) = [line for line in text.splitlines() if f"`{link_type_name(number)}`" in line]
        assert str(number) in row
    ports = {name: port for port, name in UDP_TUNNELS.items()}
    for name in SCAPY_TUNNELS:
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}`")]
        assert str(ports[name]) in row


def test_the_rules_of_a_kdcs_word_are_documented() -> None:
    """Each in its table, with what it allows; a code that a KDC may say leads there."""
    page = (ROOT / "docs/reasons.md").read_text(encoding="utf-8")
    for kind in (Use, Match, Asker, When):
        for rule in kind:
            assert f"| {rule.value.confidence} | {rule.value.where} |" in page
    for code in KRB_ERROR_REASONS.values():
        (line,) = (line for line in page.splitlines() if line.startswith(f"| `{code}` |"))
        assert line.split("|")[4].endswith(" † ")
