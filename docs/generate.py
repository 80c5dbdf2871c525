"""Write the documents that the code is the source of; `--check` fails if one is stale.

python docs/generate.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from analyzer.audit.registry import FAMILIES, all_rules
from analyzer.correlation.kdc_reasons import WHY_NTLM
from analyzer.correlation.kdc_rules import Asker, Beside, Match, Use, When
from analyzer.crosscheck.declared import DECLARED
from analyzer.crosscheck.left_out import LEFT_OUT
from analyzer.crosscheck.mapping import KERBEROS, NEGOEX, NTLM, PER_MESSAGE, SPNEGO
from analyzer.crosscheck.not_compared import NOT_COMPARED
from analyzer.negotiation.machine import CARRIER_TRANSITIONS, MEANINGS, TRANSITIONS
from analyzer.negotiation.reasons import KRB_ERROR_REASONS, REASONS
from analyzer.tables.schema import CHANGES, TABLES, TOKEN_BYTES
from analyzer.tables.weakness import WEAKNESSES
from benchmarks.page import performance
from benchmarks.scale import placed
from dissectors.anomaly import CODES
from dissectors.carriers import CARRIERS
from docs.exports_page import exports

NOTICE = "<!-- made by docs/generate.py: change the code, then run it -->\n"


WEAKEST_INTRO = (
    "`weakest` is the first of these that was seen: of a client in all that it sent, of a server in what it",
    "accepted, of both in the tickets that a KDC gave.",
    "",
)


def _weaknesses() -> Iterator[tuple[int, tuple[str, str]]]:
    return enumerate(WEAKNESSES.items(), 1)


def tables() -> str:
    """Every table and column."""
    lines = ["# Tables", NOTICE]
    for table in (*TABLES.values(), CHANGES):
        lines += [
            f"## `{table.name}`: one row per {table.row}",
            "",
            "| column | kind | meaning |",
            "|---|---|---|",
        ]
        lines += [f"| `{c.name}` | {c.kind} | {c.doc} |" for c in table.columns]
        if table.name == "tokens":
            lines.append(f"| `{TOKEN_BYTES.name}` | {TOKEN_BYTES.kind} | {TOKEN_BYTES.doc} |")
        lines.append("")
        if table.name == "hosts":
            lines += WEAKEST_INTRO
            lines += [f"{place}. `{code}`: {text}" for place, (code, text) in _weaknesses()]
            lines.append("")
    lines += [
        "Kinds: `category` repeated text, `str` text, `int`, `float`, `bool`, `time` nanoseconds since 1970 UTC,",
        "`strs`/`ints` lists in wire order, `dict`. A cell that is not known is null.",
        "",
    ]
    return "\n".join(lines)


def anomalies() -> str:
    """Every anomaly code."""
    lines = ["# Anomalies", NOTICE, "| code | group | severity | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{name}` | {c.group} | {c.severity} | {c.sentence} |" for name, c in CODES.items()
    ]
    return "\n".join(lines) + "\n"


REASONS_INTRO = """\
Column `reason` of `negotiations` holds one of these codes, `evidence` the frames that show it, and `confidence` how
sure it is: `certain` if one message states it and there is no other reading, `likely` for a general code with one
supporting observation, `possible` where only a pattern shows it. Where two reasons fit, the stronger evidence wins and
`reason_detail` names the other. A refused NTLM logon keeps its failure's code; why it was NTLM at all stands in
`reason_detail`. A success has a reason only if there is something to say: why NTLM, a weakness, a refusal afterwards.

The last column has the events of Windows that name the same thing: numbers of the Security log where no other log is
named, with status, sub status or failure code; 4001 to 4023 are of NTLM/Operational. Usage ids are those of KB5064479
(Windows 11 24H2, Windows Server 2025); where an event's id and text differ, as some hosts write them, go by the text.
Where it is empty, Windows writes nothing that says so.

†: a KDC may say it too, beside the negotiation; how sure it is then, the last table tells.
"""

KDC_INTRO = """\
It comes over a connection of its own, so that it is about this negotiation is inferred: of each kind of rule the one
that fits is taken, and the one that allows least counts. As why NTLM a KDC's error is one of {as_why};
every other error is `kdc_error` there, and the detail names it.
"""
KDC_RULES = {
    "its use": Use,
    "the name": Match,
    "who asked": Asker,
    "when": When,
    "what else": Beside,
}

REASON_KINDS = {
    "failure": "Failures",
    "fallback": "Why NTLM and not Kerberos",
    "weak": "Successes with a flaw",
    "incomplete": "What the capture does not show",
}


def reasons() -> str:
    """Every reason code, by kind."""
    lines = ["# Reasons", NOTICE, REASONS_INTRO]
    said = {*KRB_ERROR_REASONS.values(), "kdc_error"}
    for kind, heading in REASON_KINDS.items():
        lines += [
            f"## {heading}",
            "",
            "| code | meaning | what the bytes show | confidence | what to do | on Windows hosts |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| `{name}` | {r.sentence} | {r.shown_by} | {r.confidence}{' †' if name in said else ''} "
            f"| {r.remedy} | {r.on_the_host} |"
            for name, r in REASONS.items()
            if r.kind == kind
        ]
        lines.append("")
    as_why = ", ".join(f"`{code}`" for code in REASONS if code in WHY_NTLM)
    lines += [
        "## What a KDC says beside the negotiation",
        "",
        KDC_INTRO.format(as_why=as_why),
        "| about | at most | where |",
        "|---|---|---|",
    ]
    lines += [
        f"| {about} | {rule.value.confidence} | {rule.value.where} |"
        for about, kind in KDC_RULES.items()
        for rule in kind
    ]
    return "\n".join([*lines, ""])


RULES_INTRO = """\
`negoscope audit CAPTURE...` and `Analysis.audit()` judge captures by these rules. A finding is one rule and one
subject (client, server, account or negotiation), with the frames that show it and how sure it is: `certain` if
messages state it, `likely` for one reading among few, `possible` for a pattern. What is said is said of the capture:
a weakness that nobody used in it is not seen. `--rules` takes ids, beginnings of ids (`NGS-KDC`) and families;
`--suppress FILE` leaves out what a TOML file lists:

```toml
[[suppress]]
rule = "NGS-SMB-002"           # id, beginning of an id, or family
subject = "10.0.0.*"           # optional
reason = "printers, replaced in May"
until = 2027-05-31             # optional
```
"""


def rules() -> str:
    """Every rule of the audit."""
    lines = ["# Rules", NOTICE, RULES_INTRO]
    known = all_rules().values()
    lines += ["| rule | severity | family | finds |", "|---|---|---|---|"]
    lines += [
        f"| [{r.rule_id}](#{r.rule_id.lower()}) | {r.severity} | {r.family} | {r.title} |"
        for r in known
    ]
    for family in FAMILIES:
        lines += ["", f"## {family}"]
        for r in known:
            if r.family == family:
                lines += [
                    "",
                    f"### {r.rule_id}",
                    "",
                    f"**{r.title}** ({r.severity}). {r.means}",
                    "",
                    f"- Looks at: {r.looks_at}",
                    f"- What to do: {r.remedy}",
                    f"- See: {', '.join(r.references)}",
                ]
    return "\n".join(lines) + "\n"


CARRIER_WORDS = (
    "What the carrier says by its status codes. `continue`: another leg is due (STATUS_MORE_PROCESSING_REQUIRED,",
    "saslBindInProgress, HTTP 401 with a token); `success` and `failure`: its verdict; `closed`: the server closed the",
    "connection while its answer was due. A final state keeps its word.",
)


def machines() -> str:
    """Both machines, as diagram and table."""
    lines = ["# The two machines of a negotiation", NOTICE]
    lines += [
        "A negotiation is read twice over: by the tokens, and by what the carrier says with them. Each has a state, and the",
        "outcome is read from the pair (`analyzer/negotiation/verdict.py`).",
        "",
        "What the tokens say. On the arrows stand who sent the token, `A` for the acceptor (the server) or `I` for the",
        "initiator (the client), and the token by one of the words below; anything else is the anomaly",
        "`token-out-of-order`, and the state stays.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        *_arrows(),
        "```",
        "",
        "The last five stand for tokens of a mechanism that come without SPNEGO around them.",
        "",
        "| token | what it is |",
        "|---|---|",
        *(f"| {token} | {meaning} |" for token, meaning in MEANINGS.items()),
        "",
        "| state | who | token | state after |",
        "|---|---|---|---|",
    ]
    for state, rows in TRANSITIONS.items():
        lines += [
            f"| {state} | {role} | {token} | {after} |" for (role, token), after in rows.items()
        ]
    lines += ["", *CARRIER_WORDS, "", "| state | verdict | state after |", "|---|---|---|"]
    for state, verdicts in CARRIER_TRANSITIONS.items():
        lines += [f"| {state} | {verdict} | {after} |" for verdict, after in verdicts.items()]
    return "\n".join(lines) + "\n"


def _arrows() -> Iterator[str]:
    joined: dict[tuple[str, str], list[str]] = {}
    for state, rows in TRANSITIONS.items():
        for (role, token), after in rows.items():
            joined.setdefault((state, after), []).append(f"{role[0].upper()} {token}")
    for (state, after), labels in joined.items():
        yield f"    {state} --> {after}: {', '.join(labels)}"


FIDELITY = """\
`negoscope crosscheck CAPTURE` reads a capture twice, by itself and through Wireshark's tshark, and compares every
token, every cell of its row, and every field of its tree: value, bytes and the place of the bytes. What differs is
of a class below, proved for each difference from its own bytes (`analyzer/crosscheck/proof`), or it is unexplained
and the command ends with status 1. In the project's own captures, and in the public and lab captures that its tests
read where they are there, nothing is unexplained.
"""


def fidelity() -> str:
    """Where tshark differs, and who is right."""
    lines = ["# Fidelity: held against tshark", NOTICE, FIDELITY]
    pairs = (
        *SPNEGO,
        *NTLM,
        *PER_MESSAGE,
        *NEGOEX,
        *(p for rows in KERBEROS.values() for p in rows),
    )
    lines += [
        (
            f"{len({p.theirs for p in pairs})} of tshark's fields are held against ours; "
            f"{len(NOT_COMPARED)} more are branches, complaints or the same bytes again. "
            "Any other field of a token fails the tests."
        ),
        "",
        "## What tshark gets wrong or leaves out",
        "",
        *_classes("tshark-"),
        "",
        "## What tshark leaves out, with nothing to compare",
        "",
        (
            "Where tshark has no field for what the bytes say, or one that is about other bytes, `crosscheck` has "
            "nothing to hold against ours. Each of these is tested on tshark's tree and ours of every frame named."
        ),
        "",
        *_left_out(),
        "",
        "## What negoscope leaves out",
        "",
        *_classes("ours-"),
        "",
        (
            "Examples: `http/...`, `ldap/...` and `smb/...` are in `captures/`; names with `__` are public captures, "
            "project first; others are the lab's; crafted ones are in `tests/support/tshark_talks.py`."
        ),
    ]
    return "\n".join(lines) + "\n"


def _classes(beginning: str) -> Iterator[str]:
    yield "| class | tshark shows | the bytes say | by | example | seen in tshark |"
    yield "|---|---|---|---|---|---|"
    for name, each in DECLARED.items():
        if name.startswith(beginning):
            cells = (each.shows, each.why, each.spec, each.example, each.versions)
            yield f"| `{name}` | {' | '.join(cells)} |"


def _left_out() -> Iterator[str]:
    yield "| name | tshark shows | the bytes say | by | examples | seen in tshark |"
    yield "|---|---|---|---|---|---|"
    for name, each in LEFT_OUT.items():
        cells = (each.shows, each.why, each.spec, "; ".join(each.examples), each.versions)
        yield f"| `{name}` | {' | '.join(cells)} |"


def carriers() -> str:
    """The README's carrier table."""
    lines = ["| carrier | reads | by |", "|---|---|---|"]
    lines += [f"| `{name}` | {entry.reads} | {entry.spec} |" for name, entry in CARRIERS.items()]
    return "\n".join(lines)


def readme(text: str) -> str:
    """The README with its generated part made anew."""
    start, end = "<!-- carriers -->\n", "\n<!-- /carriers -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}{carriers()}{end}{after}"


def documents() -> dict[Path, str]:
    """Path -> what it must hold."""
    made = {
        ROOT / "docs" / "tables.md": tables(),
        ROOT / "docs" / "anomalies.md": anomalies(),
        ROOT / "docs" / "reasons.md": reasons(),
        ROOT / "docs" / "rules.md": rules(),
        ROOT / "docs" / "negotiation.md": machines(),
        ROOT / "docs" / "fidelity.md": fidelity(),
        ROOT / "docs" / "exports.md": f"# Exports\n{NOTICE}\n{exports()}",
        ROOT / "docs" / "performance.md": f"# Performance\n{NOTICE}\n{performance()}",
    }
    for page, filled in ((ROOT / "README.md", readme), (ROOT / "docs" / "scale.md", placed)):
        made[page] = filled(page.read_text(encoding="utf-8"))
    return made


def main() -> int:
    """Write the documents, or check them."""
    stale = []
    for path, text in documents().items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'stale' if '--check' in sys.argv else 'written'}: {path}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
