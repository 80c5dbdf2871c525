"""Data that lie in a page until its script looks at them: JSON, compressed, in base64, so never markup."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from analyzer.report.closeup import closeup
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from analyzer.report.exchange import Exchanged

CHUNK = 64
"""Negotiations that are compressed, and unpacked, together."""


class Island(NamedTuple):
    """Packed data, and the number of the first negotiation in them."""

    first: int
    data: str


def packed(value: Any) -> str:
    """Return a value of JSON's types as compressed text; the same for the same value."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def islands(negotiations: Iterable[Exchanged], *, with_secrets: bool) -> Iterator[Island]:
    """Pack negotiations, in order of their numbers; equal fields of a chunk are written once."""
    chunk: dict[int, dict[str, Any]] = {}
    fields: dict[str, int] = {}
    for each in negotiations:
        told = closeup(each, with_secrets=with_secrets)
        for leg in told["legs"]:
            if leg["token"] is not None:
                leg["token"]["fields"] = [
                    fields.setdefault(json.dumps(field), len(fields))
                    for field in leg["token"]["fields"]
                ]
        chunk[told["id"]] = told
        if len(chunk) == CHUNK:
            yield _island(chunk, fields)
            chunk, fields = {}, {}
    if chunk:
        yield _island(chunk, fields)


def _island(chunk: dict[int, dict[str, Any]], fields: dict[str, int]) -> Island:
    return Island(
        min(chunk),
        packed({"fields": [json.loads(field) for field in fields], "negotiations": chunk}),
    )
