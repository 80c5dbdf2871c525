#!/usr/bin/env python3
"""Writes captures/README.md: what the captures are and one line for each. `index.py --check` fails if it is stale."""

import sys

import case_file

HEAD = """\
# Captures
<!-- made by captures/record/index.py: change a case or that file, then run it -->

Small recordings of real authentication, one folder per case: `capture.pcapng`, `case.toml` (what was done, by whom,
with which software, and the made-up passwords that decrypt it) and `expected.jsonl` (the negotiations in it, one per
line, checked by hand against what client and server were made to do). Domain, people, addresses and passwords are
invented. How they were made: [record/README.md](record/README.md).

They are examples to try negoscope on (`negoscope summary captures`) and tests (`tests/corpus/test_captures.py`).
A case that says *from* was made out of another one, as a worse recorder or another network would have shown it. One that
says *by hand* shows what the lab could not produce: tokens by negoscope's own builders in made-up packets, or a recorded
answer with another status in it. Where the exchanges with a KDC are the point, case.toml lists them too.
"""


def text() -> str:
    """The whole file."""
    names = case_file.all_names()
    parts = [HEAD]
    for carrier in sorted({name.split("/")[0] for name in names}):
        parts.append(f"\n## {carrier}\n\n| case | shows |\n|---|---|\n")
        for name in names:
            if name.startswith(f"{carrier}/"):
                card = case_file.load(name)
                source = f" (*from* `{card['derived_from']}`)" if "derived_from" in card else ""
                source += " (*by hand*)" if card.get("made") == "by hand" else ""
                parts.append(
                    f"| [{name.split('/')[1]}]({name}) | **{card['title']}.** {card['purpose']}{source} |\n"
                )
    return "".join(parts)


if __name__ == "__main__":
    readme = case_file.CAPTURES / "README.md"
    if "--check" in sys.argv:
        sys.exit(
            0
            if readme.read_text() == text()
            else f"{readme} is stale: run captures/record/index.py"
        )
    readme.write_text(text())
