"""docs/exports.md: what becomes of our columns in other systems, from the lists that the writers use.

The examples are made by the writers too, of a capture that comes with the project.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analyzer.analysis import Analysis, read
from analyzer.report import finding_id, siem
from analyzer.report.sarif import LEVELS, RANKS, SCORES, as_sarif
from analyzer.report.siem import ecs, ocsf, zeek
from analyzer.report.siem.mapping import Field
from analyzer.tables.schema import FINDINGS, NEGOTIATIONS, Table
from analyzer.tables.sql_rows import SQL_TYPES

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "captures/smb/mixed/capture.pcapng"
NUMBER = 5  # the negotiation that is shown
RULE = "NGS-SMB-002"  # the finding that is shown

INTRO = f"""\
Every table can be written as JSON Lines, CSV or Parquet; negotiations and findings also in the words of other
systems:

| format | is | commands |
|---|---|---|
| `ecs` | Elastic Common Schema {ecs.VERSION}, one JSON document per line | `negotiations`, `audit` |
| `ocsf` | Open Cybersecurity Schema Framework {ocsf.VERSION}, one JSON event per line: Authentication (3002), \
Detection Finding (2004) | `negotiations`, `audit` |
| `zeek`, `zeek-json` | Zeek logs `gssapi` and `notice`, as tabbed text (ASCII writer of Zeek 4 and later) or JSON \
lines | `negotiations`, `audit` |
| `sarif` | SARIF 2.1.0, one JSON document | `audit` |

    negoscope negotiations {EXAMPLE} --format ecs
    negoscope audit {EXAMPLE} --format sarif -o findings.sarif

For all of them:

- What is not known is left out (Zeek's text: `-`). Where a schema demands a field, it says that it is not known:
  `unknown` as OCSF's `user.name`, 0 and `Unknown` for its numbers. No value is guessed.
- Names, users and texts come from the wire as claimed there. Characters that do not show themselves are escaped:
  `\\u202e` in JSON, the bytes `\\xe2\\x80\\xae` in Zeek's text.
- None of these formats holds a password, hash, key or token.
- ECS and OCSF keep every column: what has no field of its own there, or only a coarser one, stands under
  `negoscope.` and `unmapped.` by its name in [tables.md](tables.md).
- The same capture makes the same output, byte by byte.
"""

ECS = """\
A negotiation is an event, a finding an alert. Fields of our own stand under `negoscope.`. A document whose packets
had no time has no `@timestamp`.
"""

OCSF = """\
A negotiation is a `Logon` of class Authentication, a finding a `Create` of class Detection Finding. `user.domain` is
the domain that the client claimed; the realm of a Kerberos ticket is in `unmapped.realm`. `service.name` is the
service's principal name where one is seen.
"""

ZEEK = """\
`uid` has the form of Zeek's connection uids and is the same for all rows of a connection; to join with logs that Zeek
itself wrote of the same packets, take `community_id`. `#open` and `#close` are the times of the first and last row in
UTC. The JSON lines have the same names, leave out what is not set, and name the log in `_path`. In the text a backslash
is written twice and other escapes are `\\xNN` for each byte; text that would read as not set (`-`) or empty
(`(empty)`) has its first character escaped.
"""

SARIF = f"""\
Each rule that was applied is a rule of the tool, also if it found nothing; each finding is a result. Suppressed
findings stay results, with the reason. Captures are artifacts: their `uri` is relative to the working directory
(`uriBaseId` `WORKDIR`) where they lie below it, else a `file:` URI; every character that a URI does not allow is
percent-encoded. Frames are no lines of a text, so there are no regions.

Level by severity: {", ".join(f"{word} `{level}`" for word, level in LEVELS.items())}. `security-severity`:
{", ".join(f"{word} {score}" for word, score in SCORES.items())}. `rank` by confidence:
{", ".join(f"{word} {rank:g}" for word, rank in RANKS.items())}.
"""

SARIF_RESULT = (
    ("ruleId", "`rule_id`"),
    ("level", "`severity`"),
    ("rank", "`confidence`"),
    (
        "message.text",
        "`title`, `why`, `count`, `remedy`; brackets are escaped, so that no text makes a link",
    ),
    ("locations.physicalLocation.artifactLocation.index", "a capture of `captures`"),
    ("locations.logicalLocations", "`subject`, and the capture's part of `negotiation_ids`"),
    ("locations.properties.frames", "the capture's part of `evidence`"),
    ("occurrenceCount", "`count`"),
    (
        "partialFingerprints.negoscope/v1",
        finding_id.MADE_OF,
    ),
    ("properties.severity", "`severity`"),
    ("properties.confidence", "`confidence`"),
    ("properties.subjectKind", "`subject_kind`"),
    ("properties.subject", "`subject`"),
    ("properties.firstSeen", "`first_seen`"),
    ("properties.lastSeen", "`last_seen`"),
    ("suppressions", "entry of `--suppress`: reason as `justification`, `until`; else empty"),
)
SARIF_RULE = (
    ("id", "`rule_id`"),
    ("name", "the title as one word"),
    ("shortDescription.text", "`title`"),
    ("fullDescription.text", "what it means, and what it looks at"),
    ("help.text", "what it means, `remedy`, `references`"),
    ("help.markdown", "the same, with links"),
    ("helpUri", "the first of `references` with a known address"),
    ("defaultConfiguration.level", "`severity`"),
    ("properties.tags", "`security`, `authentication`, the rule's family, CWE numbers"),
    ("properties.security-severity", "`severity`"),
    ("properties.references", "`references`"),
)

OWN = {
    "jsonl": {"time": "text, ISO 8601 in UTC with nanoseconds", "strs": "array", "ints": "array", "dict": "object",
              "bool": "`true`, `false`", "int": "number", "float": "number"},
    "csv": {"time": "text, ISO 8601 in UTC with nanoseconds", "strs": "JSON array", "ints": "JSON array",
            "dict": "JSON object", "bool": "`yes`, `no`", "int": "number", "float": "number"},
}  # fmt: skip


def exports() -> str:
    """The whole document."""
    analysis = read(ROOT / EXAMPLE)
    lines = [INTRO, f"## ECS {ecs.VERSION}", "", ECS]
    lines += _mapped("A negotiation", ecs.NEGOTIATION, "negoscope", NEGOTIATIONS)
    lines += _mapped("A finding", ecs.FINDING, "negoscope", FINDINGS)
    lines += _documents(analysis, "ecs")
    lines += [f"## OCSF {ocsf.VERSION}", "", OCSF]
    lines += _mapped("A negotiation", ocsf.NEGOTIATION, "unmapped", NEGOTIATIONS)
    lines += _mapped("A finding", ocsf.FINDING, "unmapped", FINDINGS)
    lines += _documents(analysis, "ocsf")
    lines += ["## Zeek", "", ZEEK]
    for table, (path, fields) in zeek.LOGS.items():
        lines += [f"### `{path}`: {table}", "", "| field | type | from |", "|---|---|---|"]
        lines += [f"| `{each.name}` | {each.kind} | {each.source} |" for each in fields]
        lines.append("")
    lines += _zeek_example(analysis)
    lines += ["## SARIF 2.1.0", "", SARIF, *_sarif(analysis)]
    lines += _own_formats()
    return "\n".join(lines)


def _mapped(title: str, fields: Sequence[Field], own: str, table: Table) -> Iterator[str]:
    """One table: fields of the schema, then the names under our own branch."""
    yield f"### {title}"
    yield ""
    yield "| field | from |"
    yield "|---|---|"
    rest = []
    for field in fields:
        branch, _, name = field.path.partition(".")
        if branch == own and name in table.names:
            rest.append(f"`{name}`")
        else:
            yield f"| `{field.path}` | {field.source} |"
    yield f"| `{own}.*` | {', '.join(rest)} |"
    yield ""


def _documents(analysis: Analysis, form: str) -> Iterator[str]:
    columns = analysis.tables.columns["negotiations"]
    (line,) = siem.lines(form, "negotiations", columns, [NUMBER - 1])
    yield from _shown(f"negoscope negotiations {EXAMPLE} --format {form}", json.loads(line))
    findings = analysis.audit().columns
    row = findings["rule_id"].index(RULE)
    (line,) = siem.lines(form, "findings", findings, [row])
    yield from _shown(f"negoscope audit {EXAMPLE} --format {form}", json.loads(line))


def _shown(command: str, document: Any, what: str = "documents") -> Iterator[str]:
    """One document of a command's output, on several lines."""
    yield f"One of the {what} of `{command}`:"
    yield ""
    yield "```json"
    yield _wide(document)
    yield "```"
    yield ""


def _wide(value: Any, indent: str = "") -> str:
    """JSON in which what fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= 100 or not isinstance(value, dict | list) or not value:
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_wide(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _wide(item, inner) for item in value) + f"\n{indent}]"


def _zeek_example(analysis: Analysis) -> Iterator[str]:
    columns = analysis.tables.columns["negotiations"]
    lines = list(siem.lines("zeek", "negotiations", columns, range(len(columns["capture"]))))
    wanted = ("ts", "uid", "id.orig_h", "id.resp_h", "mechanism", "outcome", "user")
    names = next(line for line in lines if line.startswith("#fields")).split("\t")[1:]
    yield f"`negoscope negotiations {EXAMPLE} --format zeek | zeek-cut {' '.join(wanted)}`:"
    yield ""
    yield "```text"
    for line in lines:
        if not line.startswith("#"):
            cells = line.split("\t")
            yield "\t".join(cells[names.index(name)] for name in wanted)
    yield "```"
    yield ""


def _sarif(analysis: Analysis) -> Iterator[str]:
    text = as_sarif(analysis.audit(), {"capture.pcapng": str(ROOT / EXAMPLE)})
    run = json.loads(text)["runs"][0]
    result = next(each for each in run["results"] if each["ruleId"] == RULE)
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    for title, mapping, example in (("result", SARIF_RESULT, result), ("rule", SARIF_RULE, rule)):
        yield f"| field of a {title} | from |"
        yield "|---|---|"
        for path, source in mapping:
            if not _is_there(example, path):
                raise ValueError(f"docs/exports.md: SARIF has no {path}")
            yield f"| `{path}` | {source} |"
        yield ""
    yield from _shown(f"negoscope audit {EXAMPLE} --format sarif", result, "results")


def _is_there(document: Any, path: str) -> bool:
    """Whether a field is in the example, lists by their first item."""
    for step in path.split("."):
        document = document[0] if isinstance(document, list) else document
        if step not in document:
            return False
        document = document[step]
    return True


def _own_formats() -> Iterator[str]:
    yield "## JSON Lines, CSV, Parquet"
    yield ""
    yield "Keys, heading and column names are those of [tables.md](tables.md). Where nothing is known, JSON Lines have"
    yield "`null`, CSV an empty cell. A CSV cell that a spreadsheet would take for a formula begins with `'`. By kind of"
    yield "column:"
    yield ""
    yield "| kind | JSON Lines | CSV | Parquet |"
    yield "|---|---|---|---|"
    for kind, parquet in SQL_TYPES.items():
        jsonl, csv = (OWN[form].get(kind, "text") for form in ("jsonl", "csv"))
        yield f"| `{kind}` | {jsonl} | {csv} | {parquet} |"
    yield ""
