"""Reads and writes case.toml, the card beside every capture."""

import tomllib
from pathlib import Path
from typing import Any

CAPTURES = Path(__file__).resolve().parent.parent
LICENCE = "GPL-2.0-or-later"


def load(case: str) -> dict[str, Any]:
    """Return the card of `carrier/name`."""
    return tomllib.loads((CAPTURES / case / "case.toml").read_text())


def save(case: str, card: dict[str, Any]) -> None:
    """Write the card of `carrier/name`; every table goes below the plain values."""
    card = {"licence": LICENCE} | card
    plain = [
        f"{key} = {value_text(value)}" for key, value in card.items() if not isinstance(value, dict)
    ]
    tables = [
        "\n".join(
            [f"[{name}]", *(f"{quote(key)} = {value_text(value)}" for key, value in table.items())]
        )
        for name, table in card.items()
        if isinstance(table, dict)
    ]
    (CAPTURES / case / "case.toml").write_text("\n\n".join(["\n".join(plain), *tables]) + "\n")


def value_text(value: Any) -> str:
    """A TOML value: text, whole number, date or a list of texts."""
    if isinstance(value, str):
        return quote(value, always=True)
    if isinstance(value, list):
        return "[" + ", ".join(quote(one, always=True) for one in value) + "]"
    return str(value)


def quote(text: str, *, always: bool = False) -> str:
    """`text` as a basic string, or as a bare key where it may be one."""
    if not always and text.replace("_", "").isascii() and text.replace("_", "").isalnum():
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def all_names() -> list[str]:
    """Every `carrier/name` there is, in order."""
    return sorted(str(path.parent.relative_to(CAPTURES)) for path in CAPTURES.glob("*/*/case.toml"))
