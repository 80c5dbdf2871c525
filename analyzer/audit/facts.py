"""The tables as rows with named cells, which is how rules read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.audit.row_views import row_views

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns

READ = ("negotiations", "tokens", "offers", "anomalies", "captures", "kdc", "names")
"""Tables that rules look at."""

_CUT = frozenset({"truncated", "snaplen", "gap", "cut-off", "limit-token-size"})


class Facts:
    """All tables of an analysis. Rows are made anew at each pass: a million need not exist at once."""

    def __init__(self, tables: dict[str, Columns]) -> None:
        self._tables = tables

    def rows(
        self, table: str, column: str | None = None, among: Container[str] | None = None
    ) -> Iterator[Any]:
        """Rows of a table in its order; each column is an attribute.

        With `column` only those whose cell there is `among` these, or, without them, is not None: what a
        rule passes over need not become rows.
        """
        return row_views(self._tables[table], column, among)

    @cached_property
    def by_negotiation(self) -> dict[int, Any]:
        """Rows of `negotiations` by their number."""
        return {row.negotiation_id: row for row in self.rows("negotiations")}

    @cached_property
    def _mechanism_tokens(self) -> tuple[list[Any], list[Any]]:
        """Rows of `tokens` that belong to a negotiation: with an NTLM message, with an AP-REQ."""
        ntlm, requests = [], []
        for row in self.rows("tokens"):
            if row.negotiation_id not in self.by_negotiation:
                continue
            kind = row.inner_type or row.token_type or ""
            if kind == "KRB_AP_REQ":
                requests.append(row)
            elif kind.startswith("NTLM_"):
                ntlm.append(row)
        return ntlm, requests

    @property
    def ntlm_messages(self) -> list[Any]:
        """Rows of `tokens` with an NTLM message that belongs to a negotiation."""
        return self._mechanism_tokens[0]

    @property
    def ap_requests(self) -> list[Any]:
        """Rows of `tokens` with an AP-REQ that belongs to a negotiation."""
        return self._mechanism_tokens[1]

    @cached_property
    def challenges(self) -> dict[int, Any]:
        """The last NTLM challenge of each negotiation, as its row of `tokens`."""
        return {
            row.negotiation_id: row
            for row in self.ntlm_messages
            if row.ntlm_challenge_id is not None
        }

    @cached_property
    def authenticates(self) -> list[Any]:
        """Rows of `tokens` with an NTLM AUTHENTICATE message that belongs to a negotiation."""
        return [row for row in self.ntlm_messages if row.ntlm_response is not None]

    @cached_property
    def _places(self) -> dict[int, list[int]]:
        """Where in `tokens` those of each negotiation are."""
        places: dict[int, list[int]] = defaultdict(list)
        for place, number in enumerate(self._tables["tokens"]["negotiation_id"]):
            if number is not None:
                places[number].append(place)
        return places

    def said(self, number: int) -> list[tuple[Any, ...]]:
        """Tokens of a negotiation in their order: time, role, SHA-256, where it begins in its stream."""
        columns = self._tables["tokens"]
        cells = [columns[name] for name in ("ts", "role", "sha256", "stream_offset")]
        return [tuple(column[place] for column in cells) for place in self._places.get(number, ())]

    @cached_property
    def cut_frames(self) -> set[tuple[str, int]]:
        """Frames in which a token or message ends before its own length says, by capture."""
        return {
            (row.capture, row.frame)
            for row in self.rows("anomalies")
            if row.code in _CUT and row.frame is not None
        }

    def is_cut(self, token: Any) -> bool:
        """Whether a part of the token, a row of `tokens`, is missing: what is left may equal another's."""
        return bool(token.anomalies) and (token.capture, token.frame) in self.cut_frames

    @cached_property
    def broken_streams(self) -> dict[tuple[str, int], set[str]]:
        """Codes of what the capture itself lost, by capture and stream."""
        found: dict[tuple[str, int], set[str]] = defaultdict(set)
        for row in self.rows("anomalies"):
            if row.group in {"gap", "limit"} and row.stream_id is not None:
                found[row.capture, row.stream_id].add(row.code)
        return found
