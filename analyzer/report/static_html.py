"""Negotiations and tokens as HTML that needs nothing: no script, no reference, folding by itself.

It is what notebooks keep when they are saved, so it also shows on sites that host code and in mails.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analyzer.report.closeup import DETAIL, closeup, finding_closeup, token_closeup
from analyzer.report.ladder_svg import ladder_svg
from analyzer.report.legs import legs
from analyzer.report.rendering import render, trusted
from analyzer.report.style import style
from analyzer.report.token_text import hex_lines
from dissectors.span import Span

if TYPE_CHECKING:
    from analyzer.report.exchange import Exchanged
    from analyzer.report.explained import Explained, ExplainedExchange

GLYPHS = {"success": "✓", "failure": "✗", "incomplete": "…"}
"""Outcomes without colour."""


def negotiation_html(exchanged: Exchanged) -> str:
    """Draw a negotiation: ladder, verdict, and each token folded away; secrets are hidden."""
    told = _drawn(exchanged)
    tokens = [
        (f"{leg['token']['where']}: {leg['token']['heading']}", _laid_out(leg["token"]))
        for leg in told["legs"]
        if leg["token"] is not None
    ]
    heading = f"{told['capture']}: negotiation {told['id']}"
    return render(
        "exchange.html", heading=heading, negotiations=[told], tokens=tokens, style=style()
    )


def exchange_html(explained: ExplainedExchange) -> str:
    """Several tokens of a text: the negotiations that they make, then each token folded away."""
    return render(
        "exchange.html",
        heading="",
        negotiations=[_drawn(each) for each in explained.negotiations],
        tokens=[(token.heading, _explained(token)) for token in explained.tokens],
        style=style(),
    )


def token_html(explained: Explained) -> str:
    """One token: heading, sentence, tree and bytes, findings also of the strict reading."""
    return render("token.html", it=_explained(explained), style=style())


def _drawn(exchanged: Exchanged) -> dict[str, Any]:
    told = closeup(exchanged)
    drawing = ladder_svg(legs(exchanged.negotiation), told["client"], told["server"])
    return told | {"ladder": trusted(drawing), "glyph": GLYPHS.get(told["outcome"], "")}


def _explained(explained: Explained) -> dict[str, Any]:
    told = token_closeup(explained.token, role=explained.role)
    told["findings"] += [finding_closeup(found) for found in explained.strict]
    return _laid_out(told | {"heading": explained.heading})


def _laid_out(token: dict[str, Any]) -> dict[str, Any]:
    return token | {"tree": _tree(token["fields"]), "hex": hex_text(token)}


def _tree(fields: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Nest fields: each belongs to the last one before it that is less deep."""
    top: list[dict[str, Any]] = []
    open_ones: list[tuple[int, list[dict[str, Any]]]] = [(-1, top)]
    for depth, name, text, meaning, start, end, flags in fields:
        node = {
            "name": name, "text": text, "meaning": meaning, "start": start, "end": end,
            "detail": bool(flags & DETAIL), "parts": [], "folded": False,
        }  # fmt: skip
        while open_ones[-1][0] >= depth:
            open_ones.pop()
        open_ones[-1][1].append(node)
        open_ones.append((depth, node["parts"]))
    _fold(top)
    return top


def _fold(nodes: list[dict[str, Any]]) -> None:
    """Close branches that hold details only."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        node["folded"] = bool(node["parts"]) and all(part["detail"] for part in node["parts"])
        waiting += node["parts"]


def hex_text(token: dict[str, Any]) -> str:
    """The bytes of a token as lines of hex and text, secrets as dots."""
    raw = b64decode(token["bytes"])
    lines = [line[2:] for line in hex_lines(raw, (Span(*hidden) for hidden in token["hidden"]))]
    if token["length"] > len(raw):
        lines.append(f"… {token['length'] - len(raw):,} bytes more")
    return "\n".join(lines)
