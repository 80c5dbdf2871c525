"""What changes in the reading of a capture when packets change places, are missing or are cut: counted.

Each kind of variant has a judge, which is shown the rows of a variant, those of the whole capture, and which
frame of the whole each packet of the variant was. It tells what is wrong; what is merely not known any more
is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from support.facts import Row, capture_name, name_by_place, rows_of
from support.packets import Packet, pcapng, read_packets
from support.variants import Variant, answer_missing, parts, swapped

from analyzer.analysis import read
from analyzer.errors import CaptureError
from analyzer.negotiation.reasons import REASONS
from analyzer.negotiation.reasons.fallbacks import WHAT_NOT_WHY

SEED = 5
LARGEST = 300_000
"""Packet bytes of a capture that is tried."""
CHAIN = ("retry_of", "fallback_from", "fallback_kind")
SILENCE = {"no_answer", "connection_closed", "client_gave_up"}
"""Reasons that say that somebody said nothing, who may have said what is missing."""

Figures = dict[str, Any]


class Wrong(NamedTuple):
    """What a row of a variant says wrong."""

    row: Row
    aspect: str
    true: Any  # what the whole capture has there
    told: Any


class Whole(NamedTuple):
    """A capture as it is."""

    name: str
    packets: list[Packet]
    rows: list[Row]


# -- judges ---------------------------------------------------------------------------------------------


def changed(rows: list[Row], whole: list[Row], _frames: list[int]) -> Iterator[Wrong]:
    """What the same packets in another order must leave as it is: all that is concluded."""
    before, after = ({row["negotiation_id"]: row for row in side} for side in (whole, rows))
    for name in sorted(before.keys() | after.keys()):
        was, row = before.get(name), after.get(name)
        if was is None or row is None:
            there = was or row
            assert there is not None
            yield Wrong(there, "rows", was and was["outcome"], row and row["outcome"])
            continue
        for column in ("outcome", "reason", "mechanism"):
            if row[column] != was[column]:
                yield Wrong(row, column, was[column], row[column])
        chains = [[each[column] for column in CHAIN] for each in (was, row)]
        if chains[0] != chains[1]:
            yield Wrong(row, "chain", *chains)


def false_claims(rows: list[Row], whole: list[Row], frames: list[int]) -> Iterator[Wrong]:
    """What an answer that is missing must not become: silence, or another outcome than the true one."""
    for row in rows:
        true = same(row, whole, frames)
        reasons, outcomes = ([each[name] for each in true] for name in ("reason", "outcome"))
        if row["reason"] in SILENCE and row["reason"] not in reasons:
            yield Wrong(row, row["reason"], reasons, row["reason"])
        if row["outcome"] != "incomplete" and row["outcome"] not in outcomes:
            yield Wrong(row, "outcome", outcomes, row["outcome"])


def contradictions(rows: list[Row], whole: list[Row], frames: list[int]) -> Iterator[Wrong]:
    """What a part must not be certain of: another reason than the whole has, unless it is the cut itself.

    A cause that the whole tells, and of which the part says only what came of it, is not contradicted; nor
    is one that the part lacks where it tells another that the whole's detail names as well.
    """
    for row in rows:
        true = same(row, whole, frames)
        known = [each[name] for each in true for name in ("reason", "fallback_reason")]
        details = [each["reason_detail"] or "" for each in true]
        came_of_it: set[str] = set()
        if any(each["mechanism"] == "ntlm" for each in true):
            came_of_it |= WHAT_NOT_WHY
        if any(each["outcome"] == "failure" for each in true):
            came_of_it.add("unspecified_failure")
        for name, sure in (("reason", "confidence"), ("fallback_reason", "fallback_confidence")):
            code = row[name]
            if code is None or row[sure] != "certain" or REASONS[code].kind == "incomplete":
                continue
            beside = any(REASONS[code].sentence in detail for detail in details)
            if code not in known and code not in came_of_it and not beside:
                yield Wrong(row, "reason", known, code)
                break


def same(row: Row, whole: list[Row], frames: list[int]) -> list[Row]:
    """Rows of the whole that share frames with one of a variant; else those of its connection."""
    connection = [each for each in whole if _ends(each) == _ends(row)]
    own = {frames[frame - 1] for frame in row["frames"]}
    return [each for each in connection if own & set(each["frames"])] or connection


def _ends(row: Row) -> set[int]:
    """Both ports: without the handshake roles are a guess."""
    return {row["client_port"], row["server_port"]}


# -- variants of all captures ---------------------------------------------------------------------------


class Kind(NamedTuple):
    """Something that may have happened to a capture, and what is wrong then."""

    means: str
    variants: Callable[[Whole], Iterator[Variant]]
    judge: Callable[[list[Row], list[Row], list[int]], Iterator[Wrong]]


KINDS = {
    "swapped": Kind(
        "two neighbouring packets in each other's place: outcome, reason, mechanism or chain changed",
        lambda whole: swapped(whole.packets, apart=True),
        changed,
    ),
    "missing": Kind(
        "an acknowledged packet of a server missing: told as silence, or as another outcome",
        lambda whole: answer_missing(
            whole.packets, ((row["client_port"], row["server_port"]) for row in whole.rows)
        ),
        false_claims,
    ),
    "cut": Kind(
        "parts of captures: a reason with `certain` that the whole does not have",
        lambda whole: parts(whole.packets),
        contradictions,
    ),
}


def robustness_figures(kind: Kind, paths: list[Path], sample: int | None = None) -> Figures:
    """Counts over all variants of the captures, or over a `sample` of so many, always the same ones.

    What is no capture, or too large a one, is passed over.
    """
    outcomes: Counter[str] = Counter()
    wrong: list[Figures] = []
    wholes = [whole for whole in map(_whole, paths) if whole is not None]
    variants = [(whole, variant) for whole in wholes for variant in kind.variants(whole)]
    tried = variants
    if sample is not None and sample < len(variants):
        tried = Random(SEED).sample(variants, sample)
    with TemporaryDirectory() as folder:
        target = Path(folder) / "variant.pcapng"
        for whole, variant in tried:
            target.write_bytes(pcapng(variant.packets))
            rows = _rows(target)
            outcomes.update(row["outcome"] for row in rows)
            wrong += [
                {
                    "capture": whole.name,
                    "done": variant.done,
                    "ports": [each.row["client_port"], each.row["server_port"]],
                    "aspect": each.aspect,
                    "whole": each.true,
                    "variant": each.told,
                }
                for each in kind.judge(rows, whole.rows, variant.frames)
            ]
    return {
        "captures": len(wholes),
        "variants": len(variants),
        "tried": len(tried),
        "negotiations": outcomes.total(),
        **{name: outcomes[name] for name in ("failure", "incomplete")},
        "wrong": len(wrong),
        "aspects": dict(sorted(Counter(each["aspect"] for each in wrong).items())),
        "wrong_ones": wrong,
    }


def _whole(path: Path) -> Whole | None:
    try:
        packets = read_packets(path)
    except CaptureError:
        return None
    if sum(len(packet.data) for packet in packets) > LARGEST:
        return None
    return Whole(capture_name(path), packets, _rows(path))


def _rows(path: Path) -> list[Row]:
    rows = rows_of(read(path, tables=["negotiations"]).tables.columns["negotiations"])
    name_by_place(rows)
    return rows
