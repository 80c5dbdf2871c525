"""How a rule is declared, and where all of them are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module

from analyzer.audit.model import SEVERITIES, EachRow, OverAll, Rule
from analyzer.errors import UsageError

FAMILIES = (
    "passwords",
    "ntlm",
    "ntlm_choice",
    "ntlm_messages",
    "relay",
    "handed_on",
    "names",
    "guessing",
    "kerberos",
    "kdc",
    "kdc_etypes",
    "kdc_forged",
    "spnego",
    "integrity",
    "smb",
    "ldap",
    "http",
    "tls_bindings",
    "clocks",
    "malformed",
)
"""Modules of `analyzer.audit.rules`, in the order in which documents list them."""

_declared: dict[str, Rule] = {}


def rule(
    rule_id: str,
    severity: str,
    title: str,
    *,
    means: str,
    remedy: str,
    references: tuple[str, ...],
    table: str | None = "negotiations",
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Declare the function below as a rule; its docstring is what the rule looks at.

    It yields `Hit`s: for one row of `table`, or for `Facts` where `table` is None. ValueError for a number
    that is taken or a severity that is none.
    """
    if severity not in SEVERITIES:
        raise ValueError(f"{rule_id}: no severity {severity!r}")

    def declare(check: EachRow | OverAll) -> EachRow | OverAll:
        if rule_id in _declared:
            raise ValueError(f"{rule_id} is declared twice")
        family = check.__module__.rpartition(".")[2]
        looks_at = " ".join((check.__doc__ or "").split())
        _declared[rule_id] = Rule(
            rule_id, severity, title, means, remedy, references, looks_at, table, check, family
        )
        return check

    return declare  # type: ignore[return-value]


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by its id, family by family."""
    for family in FAMILIES:
        import_module(f"analyzer.audit.rules.{family}")
    order = {family: place for place, family in enumerate(FAMILIES)}
    ordered = sorted(_declared.values(), key=lambda each: (order[each.family], each.rule_id))
    return {each.rule_id: each for each in ordered}


def chosen_rules(names: str | Sequence[str] | None) -> list[Rule]:
    """Rules by id (`NGS-NTLM-001`), beginning of an id (`NGS-KDC`, `ntlm`) or family (`guessing`).

    None: all of them. `UsageError` for a name that means none.
    """
    rules = all_rules()
    if names is None:
        return list(rules.values())
    listed = names.split(",") if isinstance(names, str) else list(names)
    wanted = [name.strip() for name in listed if name.strip()]
    if not wanted:
        raise UsageError("no rule named")
    chosen: set[str] = set()
    for name in wanted:
        meant = {each.rule_id for each in rules.values() if _means(name.lower(), each)}
        if not meant:
            raise UsageError(
                f"no rule {name!r}: give an id of docs/rules.md, its beginning, or a family"
            )
        chosen |= meant
    return [each for each in rules.values() if each.rule_id in chosen]


def _means(name: str, each: Rule) -> bool:
    known = each.rule_id.lower()
    return name == each.family or any(
        known == begin
        or known.startswith(begin.rstrip("-*") + "-")
        or (begin.endswith("*") and known.startswith(begin[:-1]))
        for begin in (name, f"ngs-{name}")
    )
