"""Decode-as rules: whose bytes go over a port, for our own reading and for Wireshark's.

A rule is written as for Wireshark's option `-d`. One that names a carrier is taken by both, and Wireshark is
given its own name of it; any other can only be taken by Wireshark, as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.errors import UsageError
from dissectors.carriers import CARRIERS
from dissectors.records import NamedTuple

Given = Mapping[tuple[str, int], str] | Iterable[str] | None
"""One rule, several, or a mapping: ("tcp", 4450) -> "smb"."""

WIRESHARK_NAMES = {"smb": "nbss", "kdc": "kerberos"}
"""Carrier -> what Wireshark calls that which begins at the port, where its name is another."""

_FORM = "tcp.port==4450,smb"


class DecodeAs(NamedTuple):
    """Rules, sorted by who takes them."""

    carriers: dict[tuple[str, int], str]  # ("tcp", server port) -> carrier
    for_wireshark: tuple[str, ...]  # values of its option -d, in the order given


def read_rules(given: Given, *, with_wireshark: bool) -> DecodeAs:
    """Take rules apart; `with_wireshark`: it reads too, and judges those that name no carrier.

    Raises `UsageError` for what is no rule, and without Wireshark for a rule that is not ours.
    """
    carriers: dict[tuple[str, int], str] = {}
    for_wireshark: list[str] = []
    for rule in _texts(given):
        ours = _ours(rule)
        if ours is not None:
            port, carrier = ours
            carriers["tcp", port] = carrier
            for_wireshark.append(f"tcp.port=={port},{WIRESHARK_NAMES.get(carrier, carrier)}")
        elif with_wireshark and rule.isprintable():
            for_wireshark.append(rule)
        else:
            raise UsageError(f"decode-as rule {rule}: {_why_not(rule)}")
    return DecodeAs(carriers, tuple(for_wireshark))


def _texts(given: Given) -> list[str]:
    if given is None:
        return []
    if isinstance(given, Mapping):
        given = [_text(place, name) for place, name in given.items()]
    rules = [given] if isinstance(given, str) else given
    if not isinstance(rules, Iterable):
        raise UsageError(f"decode_as takes rules such as {_FORM}, not {type(given).__name__}")
    rules = list(rules)
    for rule in rules:
        if not isinstance(rule, str):
            raise UsageError(f"decode_as takes rules such as {_FORM}, not {type(rule).__name__}")
    return rules


def _text(place: object, name: object) -> str:
    if isinstance(place, tuple) and len(place) == 2:
        return f"{place[0]}.port=={place[1]},{name}"
    raise UsageError(f'decode_as takes ("tcp", port) -> carrier, not {place!r}')


def _ours(rule: str) -> tuple[int, str] | None:
    """Port and carrier of a rule that names one; None for any other."""
    where, _, carrier = rule.partition(",")
    transport, _, port = where.partition(".port==")
    if transport != "tcp" or carrier not in CARRIERS or not (port.isascii() and port.isdecimal()):
        return None
    return (int(port), carrier) if len(port) <= 5 and int(port) <= 0xFFFF else None


def _why_not(rule: str) -> str:
    where, _, name = rule.partition(",")
    if "==" not in where or not name or not rule.isprintable():
        return f"write it as {_FORM}"
    mistake = f"write it as {_FORM}" if name in CARRIERS else f"carriers are {', '.join(CARRIERS)}"
    return f"{mistake}; --engine tshark takes all rules that Wireshark knows"
