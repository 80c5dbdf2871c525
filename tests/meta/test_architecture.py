"""Imports go one way: this table is the architecture, and the test reads it from the sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LAYERS: list[tuple[str, set[str]]] = [
    # module prefix -> prefixes it may import (itself is always allowed); the first match counts
    ("dissectors.records", set()),
    ("dissectors.span", set()),
    ("dissectors.anomaly", {"dissectors.span"}),
    ("dissectors.status", set()),
    ("dissectors.visible", set()),
    ("dissectors.codes", set()),
    ("dissectors.mechs", set()),
    ("dissectors.recognise", {"dissectors.mechs"}),
    ("dissectors.der", {"dissectors.span", "dissectors.anomaly"}),
    ("dissectors.der_values", set()),
    ("dissectors.cursor", {"dissectors.span", "dissectors.anomaly"}),
    ("dissectors.names", set()),
    (
        "dissectors.tokens",
        {
            "dissectors.span",
            "dissectors.anomaly",
            "dissectors.codes",
            "dissectors.mechs",
            "dissectors.recognise",
            "dissectors.der",
            "dissectors.der_values",
            "dissectors.cursor",
            "dissectors.visible",
        },
    ),
    (
        "dissectors.carriers",
        {
            "dissectors.span",
            "dissectors.anomaly",
            "dissectors.status",
            "dissectors.codes",
            "dissectors.mechs",
            "dissectors.recognise",
            "dissectors.der",
            "dissectors.cursor",
            "dissectors.visible",
        },
    ),
    (
        "dissectors.layers",
        {
            "dissectors.codes",
            "dissectors.mechs",
            "dissectors.recognise",
            "dissectors.visible",
            "dissectors.tokens",
            "dissectors.carriers",
        },
    ),
    ("analyzer.errors", set()),
    ("analyzer.decode_as", {"analyzer.errors", "dissectors.carriers"}),
    (
        "analyzer.from_packets",
        {
            "analyzer.analysis",
            "analyzer.capture",
            "analyzer.decode_as",
            "analyzer.errors",
            "analyzer.reading",
            "dissectors.layers",
        },
    ),
    ("analyzer.signature", set()),  # independent on purpose: it checks the dissectors
    ("analyzer.unclaimed", {"analyzer.signature", "dissectors.span"}),
    ("analyzer.capture", {"analyzer.errors"}),
    ("analyzer.negotiation", {"dissectors", "analyzer.capture.model"}),
    ("analyzer.surroundings.watch", {"dissectors", "analyzer.surroundings", "analyzer.capture"}),
    ("analyzer.surroundings.hellos", {"dissectors", "analyzer.surroundings", "analyzer.capture"}),
    (
        "analyzer.surroundings.lookup_pairs",
        {"dissectors", "analyzer.surroundings", "analyzer.capture"},
    ),
    ("analyzer.surroundings.name_facts", {"dissectors", "analyzer.capture.addresses"}),
    (
        "analyzer.surroundings",
        {"dissectors", "analyzer.capture.model", "analyzer.negotiation.model"},
    ),
    (
        "analyzer.correlation",
        {
            "dissectors",
            "analyzer.capture.model",
            "analyzer.negotiation",
            "analyzer.surroundings.model",
            "analyzer.surroundings.name_facts",
        },
    ),
    ("analyzer.first_bytes", {"dissectors", "analyzer.capture", "analyzer.signature"}),
    ("analyzer.backlog", set()),
    (
        "analyzer.pipeline",
        {
            "dissectors",
            "analyzer.backlog",
            "analyzer.capture",
            "analyzer.first_bytes",
            "analyzer.negotiation",
            "analyzer.surroundings",
            "analyzer.errors",
            "analyzer.signature",
            "analyzer.unclaimed",
        },
    ),
    (
        "analyzer.tables",
        {
            "dissectors",
            "analyzer.negotiation",
            "analyzer.correlation",
            "analyzer.surroundings.kdc_chains",
            "analyzer.surroundings.kdc_facts",
            "analyzer.surroundings.model",
            "analyzer.surroundings.name_facts",
            "analyzer.capture.model",
            "analyzer.errors",
        },
    ),
    (
        "analyzer.audit",
        {"dissectors", "analyzer.negotiation.reasons", "analyzer.tables", "analyzer.errors"},
    ),
    ("analyzer.changes", {"analyzer.tables", "analyzer.errors"}),
    (
        "analyzer.report",
        {
            "dissectors",
            "analyzer.negotiation",
            "analyzer.tables",
            "analyzer.audit",
            "analyzer.errors",
        },
    ),
    (
        "analyzer.notebook",
        {"dissectors", "analyzer.errors", "analyzer.report", "analyzer.tables"},
    ),
    (
        "analyzer.crosscheck",
        {
            "analyzer.decode_as",
            "dissectors",
            "analyzer.capture",
            "analyzer.errors",
            "analyzer.negotiation.model",
            "analyzer.pipeline",
            "analyzer.surroundings.model",
            "analyzer.tables",
        },
    ),
    ("analyzer.pasted", {"analyzer.errors", "dissectors.recognise"}),
    (
        "analyzer.explain",
        {
            "dissectors",
            "analyzer.capture.model",
            "analyzer.correlation",
            "analyzer.errors",
            "analyzer.negotiation",
            "analyzer.pasted",
            "analyzer.pipeline",
            "analyzer.report",
            "analyzer.surroundings.model",
            "analyzer.tables",
        },
    ),
    (
        "analyzer.parallel",
        {
            "analyzer.capture",
            "analyzer.errors",
            "analyzer.pipeline",
            "analyzer.surroundings.watch",
            "analyzer.tables",
        },
    ),
    (
        "analyzer.cache",
        {"analyzer.capture", "analyzer.errors", "analyzer.pipeline", "analyzer.tables"},
    ),
    (
        "analyzer.cluster",
        {"analyzer.capture", "analyzer.errors", "analyzer.pipeline", "analyzer.tables"},
    ),
    (
        "analyzer.reading",
        {
            "analyzer.cache",
            "analyzer.capture",
            "analyzer.errors",
            "analyzer.parallel",
            "analyzer.pipeline",
            "analyzer.tables",
        },
    ),
    (
        "analyzer.derived",
        {"analyzer.audit", "analyzer.cache", "analyzer.report", "analyzer.tables"},
    ),
    ("analyzer.arguments", {"analyzer.cache", "analyzer.capture", "analyzer.errors"}),
    (
        "analyzer.analysis",
        {
            "analyzer.arguments",
            "analyzer.audit",
            "analyzer.cluster",
            "analyzer.cache",
            "analyzer.derived",
            "analyzer.reading",
            "analyzer.decode_as",
            "analyzer.explain",
            "analyzer.pipeline",
            "analyzer.capture",
            "analyzer.negotiation",
            "analyzer.tables",
            "analyzer.notebook",
            "analyzer.report",
            "analyzer.errors",
        },
    ),
    (
        "analyzer.diff",
        {"analyzer.analysis", "analyzer.changes", "analyzer.tables", "analyzer.errors"},
    ),
    (
        "analyzer.from_pyshark",
        {
            "analyzer.analysis",
            "analyzer.capture",
            "analyzer.decode_as",
            "analyzer.errors",
            "analyzer.reading",
        },
    ),
    ("analyzer.cli", {"analyzer", "dissectors"}),
]

EVERYWHERE = {
    "dissectors.records",  # what classes are made by
    "analyzer.__version__",
}

ONLY_IN = {
    "scapy": ("dissectors.layers", "analyzer.capture.scapy_source", "analyzer.secrets"),
    "pandas": (
        "analyzer.tables",
        "analyzer.analysis",
        "analyzer.diff",
        "analyzer.notebook",
        "analyzer.report",
        "analyzer.cli",
    ),
    "duckdb": (
        "analyzer.tables.duckdb_errors",
        "analyzer.tables.query",
        "analyzer.tables.parquet",
        "analyzer.cluster.exact",
    ),
    "dask": ("analyzer.cluster",),
    "distributed": ("analyzer.cluster",),
    "fsspec": ("analyzer.capture.remote", "analyzer.cluster.folder"),
    "pyasn1": ("dissectors.tokens", "dissectors.layers"),
    "jinja2": ("analyzer.report.rendering",),
    "markupsafe": ("analyzer.report.rendering",),
    "pyshark": ("analyzer.capture.pyshark_child",),
    "click": ("analyzer.cli",),
    "tqdm": ("analyzer.report.progress",),
    "numpy": (
        "analyzer.capture",
        "analyzer.parallel",
        "analyzer.first_bytes",
        "analyzer.surroundings.watch",
        "analyzer.surroundings.hellos",
        "analyzer.surroundings.lookup_pairs",
        "analyzer.surroundings.name_facts",
        "analyzer.tables.arrays",
        "analyzer.tables.query",
        "analyzer.tables.sql_rows",
    ),
}


def modules() -> list[tuple[str, Path]]:
    """Every module of the product, by dotted name."""
    found = []
    for package in ("dissectors", "analyzer"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def imports(path: Path, name: str) -> set[str]:
    """Modules that a source imports, also inside functions; TYPE_CHECKING blocks are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(module: str, prefix: str) -> bool:
    """Is `module` the prefix itself or below it?"""
    return module == prefix or module.startswith(prefix + ".")


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_imports_go_one_way(name: str, path: Path) -> None:
    """A module imports only what its layer may import."""
    rule = next(((prefix, allowed) for prefix, allowed in LAYERS if within(name, prefix)), None)
    if rule is None:
        assert name in {"dissectors", "analyzer"}, f"{name} has no place in the architecture"
        return
    prefix, allowed = rule
    for imported in imports(path, name):
        if not within(imported, "dissectors") and not within(imported, "analyzer"):
            continue
        if imported in {"dissectors", "analyzer"}:
            continue
        fine = any(within(imported, ok) for ok in {prefix, *allowed, *EVERYWHERE})
        assert fine, f"{name} imports {imported}"


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_classes_are_made_at_little_cost(name: str, path: Path) -> None:
    """The library's dataclasses and named tuples would slow down every start."""
    slow = {"dataclasses.dataclass", "typing.NamedTuple"} & imports(path, name)
    assert not slow, f"{name} imports {slow}: take it from dissectors.records"


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_libraries_stay_in_their_place(name: str, path: Path) -> None:
    """Heavy libraries are imported only where the design allows them."""
    for imported in imports(path, name):
        top = imported.split(".")[0]
        if top in ONLY_IN:
            assert any(within(name, place) for place in ONLY_IN[top]), f"{name} imports {imported}"


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_nothing_below_the_command_line_prints(name: str, path: Path) -> None:
    """Only the command line writes to the terminal."""
    if within(name, "analyzer.cli"):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert not calls, f"{name} prints in line {calls[0].lineno}"


def test_no_module_is_a_grab_bag() -> None:
    """Names of modules say what is inside."""
    for name, _ in modules():
        assert name.split(".")[-1] not in {"utils", "util", "helpers", "common", "misc"}, name
