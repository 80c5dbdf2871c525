"""One negotiation to look at: ladder, verdict, and each token as a tree."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from analyzer.negotiation.model import Negotiation
from analyzer.report.ladder import ladder, verdict_lines
from analyzer.report.token_text import hex_lines, tree_lines
from dissectors.visible import visible


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A negotiation with its steps; prints as ladder and verdict.

    `row` holds the cells of its `negotiations` row; `steps` the messages with their tokens.
    """

    negotiation: Negotiation
    capture: str
    row: dict[str, Any]

    @property
    def steps(self) -> list[Any]:
        """Messages of the negotiation in order: role, frame, token, status, states before and after."""
        return self.negotiation.steps

    def lines(self, width: int = 100, *, trees: bool = False, raw: bool = False) -> list[str]:
        """Text of the whole, at most `width` cells wide; `trees` adds tokens, `raw` their hex."""
        negotiation = self.negotiation
        title = f"{visible(self.capture)}: negotiation {negotiation.negotiation_id}"
        made = [title, "", *ladder(negotiation, width), "", *verdict_lines(negotiation)]
        if trees or raw:
            for step in negotiation.steps:
                if step.token is None or not step.token.raw:
                    continue
                made += ["", f"frame {step.frame}, {step.role}"]
                made += tree_lines(step.token, indent="  ", width=width)
                if raw:
                    made += hex_lines(step.token.raw)
        return made

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        negotiation = self.negotiation
        return (
            f"<Negotiation {negotiation.negotiation_id}: {visible(str(negotiation.mechanism))} over "
            f"{negotiation.carrier}, {negotiation.outcome}>"
        )

    def _repr_html_(self) -> str:
        return f"<pre style='font-family:monospace'>{escape(chr(10).join(self.lines(trees=True)))}</pre>"
