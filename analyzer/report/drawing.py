"""An SVG built from a few shapes. It stands inline in a page: no reference, script, style or id.

Lines and text take the colour of the page (`currentColor`), so they read on light and on dark ground.
Text is escaped by the library that writes the elements; who draws makes it visible and short.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from analyzer.report.grid import shorten, width_of

CELL = 7.25
"""Width of a character of the 12-pixel monospaced font."""
FONT = {"font-family": "ui-monospace, Menlo, Consolas, monospace", "font-size": "12"}
FAINT = 0.65


class Drawing:
    """A picture `width` by `height`; `told` says in words what it shows."""

    def __init__(self, width: float, height: float, told: str) -> None:
        self.root = Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {width:g} {height:g}",
                "width": f"{width:g}",
                "role": "img",
                "aria-label": told,
                "fill": "currentColor",
                **FONT,
            },
        )

    def svg(self) -> str:
        """The whole as text."""
        return tostring(self.root, encoding="unicode")

    def group(self, tip: str, parent: Element | None = None) -> Element:
        """Shapes that belong together and share a tooltip."""
        made = SubElement(self.root if parent is None else parent, "g")
        SubElement(made, "title").text = tip
        return made

    def text(
        self,
        x: float,
        y: float,
        text: str,
        parent: Element | None = None,
        *,
        anchor: str = "start",
        opacity: float = 1,
        room: float | None = None,
        **more: str,
    ) -> None:
        """A line of text whose base is at `y`, cut to `room` pixels if that is given."""
        if room is not None:
            text = shorten(text, max(1, int(room / CELL)))
        attributes = {"x": f"{x:.4g}", "y": f"{y:.4g}"} | _hyphened(more)
        if anchor != "start":
            attributes["text-anchor"] = anchor
        if opacity != 1:
            attributes["opacity"] = f"{opacity:g}"
        SubElement(self.root if parent is None else parent, "text", attributes).text = text

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        parent: Element | None = None,
        *,
        opacity: float = 1,
    ) -> None:
        """A thin line."""
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        attributes = {name: f"{value:.4g}" for name, value in ends.items()}
        attributes |= {"stroke": "currentColor"}
        if opacity != 1:
            attributes["opacity"] = f"{opacity:g}"
        SubElement(self.root if parent is None else parent, "line", attributes)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        parent: Element | None = None,
        **more: str,
    ) -> None:
        """A filled rectangle."""
        sides = {"x": x, "y": y, "width": max(width, 0), "height": max(height, 0)}
        attributes = {name: f"{value:.4g}" for name, value in sides.items()}
        SubElement(self.root if parent is None else parent, "rect", attributes | _hyphened(more))

    def shape(self, name: str, parent: Element | None = None, **attributes: str) -> None:
        """Any other element."""
        SubElement(self.root if parent is None else parent, name, _hyphened(attributes))


def room_for(texts: list[str], most: float) -> float:
    """Pixels that the longest of some texts takes, at most `most`."""
    return min(most, max(map(width_of, texts), default=0) * CELL)


def _hyphened(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in attributes.items()}
