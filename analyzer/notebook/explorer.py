"""`a.explore()`: a widget with three panes that belong together: negotiations, ladder, token with its bytes.

Its script asks for rows in pages, and for a negotiation when it is looked at; what it draws comes from here
alone. Where no kernel runs, a saved notebook shows the summary instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anywidget import AnyWidget

from analyzer.errors import NegoscopeError
from analyzer.report.closeup import closeup
from analyzer.report.listing import listing
from analyzer.report.web_files import script, style_sheet

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.report.exchange import Exchanged

MOST_ROWS = 10_000
"""In one answer, whatever the page asks for."""
KEPT = 5_000
"""Negotiations up to which those of a capture are kept, so that it is not read again for each."""


class Explorer(AnyWidget):
    """The widget of one analysis; `with_secrets` also shows responses and tickets."""

    _esm = f"{script('widget')}\nexport default {{ render: renderWidget }};\n"
    _css = style_sheet()

    def __init__(self, analysis: Analysis, *, with_secrets: bool = False) -> None:
        super().__init__()
        self._analysis = analysis
        self._listing = listing(analysis.columns("negotiations"))
        self._with_secrets = with_secrets
        self._near: dict[int, Exchanged] = {}
        self.on_msg(self._answer)

    def _answer(self, _widget: Any, asked: dict[str, Any], _buffers: Sequence[Any]) -> None:
        self.send({"number": asked.get("number"), "content": self.answer(asked)})

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return what the page asks for: `texts` of the columns, `rows` of a page, a `negotiation`."""
        match asked:
            case {"want": "texts"}:
                texts = {name: column.texts for name, column in self._listing.items()}
                return {"count": len(self._listing["id"].cells), "texts": texts}
            case {"want": "rows", "start": int(start), "count": int(count)}:
                page = slice(max(0, start), max(0, start) + min(count, MOST_ROWS))
                return {name: column.cells[page] for name, column in self._listing.items()}
            case {"want": "negotiation", "id": int(number)}:
                try:
                    return closeup(self._exchanged(number), with_secrets=self._with_secrets)
                except NegoscopeError as error:  # the capture is gone, or was standard input
                    return {"problem": str(error)}
        return {"problem": "the page asked for nothing that there is"}

    def _exchanged(self, number: int) -> Exchanged:
        """A negotiation; those of the same capture are kept if they are few."""
        if number in self._near:
            return self._near[number]
        found = {each.row["negotiation_id"]: each for each in self._analysis.exchanges_with(number)}
        self._near = found if len(found) <= KEPT else {}
        return found[number]

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """Show the widget; and, where there is none, the summary."""
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["text/html"] = self._analysis.summary()._repr_html_()
        return bundle
