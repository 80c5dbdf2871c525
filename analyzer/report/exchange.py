"""One negotiation to look at: ladder, verdict, and each token as a tree."""

from __future__ import annotations

import textwrap
from typing import Any

from analyzer.errors import UsageError
from analyzer.negotiation.model import Negotiation, Step
from analyzer.negotiation.place import Located
from analyzer.report.ladder import ladder
from analyzer.report.legs import ends, legs
from analyzer.report.token_text import token_hex_lines, tree_lines
from analyzer.report.verdict import verdict_lines
from dissectors.records import dataclass
from dissectors.span import Field, Span
from dissectors.visible import visible

FRAMES_LISTED = 4  # of a token; of more only the first and the last
RANGES_LISTED = 3  # of a token that came in pieces


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A negotiation with its steps; prints as ladder and verdict.

    `row` holds the cells of its `negotiations` row; `steps` the messages with their tokens. `of_text`: it
    was given as text, whose messages the steps' frames count.

    Every field of a token leads back to the capture: to its bytes in the token and in the stream, and
    to the frames that carried them. The same by the number of the step, `e.locate(2, field.span)`.

    >>> from analyzer.analysis import read
    >>> e = read("captures/smb/small_segments/capture.pcapng").negotiation(1)
    >>> step = e.steps[2]
    >>> field = next(f for f in step.token.fields if f.name == "mechToken")
    >>> field.span
    Span(start=46, end=1442)
    >>> [(place.side, place.stream, place.frames) for place in step.locate(field.span)]
    [(0, Span(start=462, end=1858), (72, 73, 74, 75, 76, 77, 78))]
    >>> step.locate(Span(46, 48))[0].frames
    (72,)
    """

    negotiation: Negotiation
    capture: str
    row: dict[str, Any]
    of_text: bool = False

    @property
    def steps(self) -> list[Step]:
        """Messages of the negotiation in order: role, frame, token, status, states before and after."""
        return self.negotiation.steps

    def fields_of(self, step_index: int) -> list[Field]:
        """Fields of the token of `steps[step_index]`, with their byte ranges; [] where it has no token.

        Raises `UsageError` if there is no such step.
        """
        token = self._step(step_index).token
        return token.fields if token is not None else []

    def locate(self, step_index: int, span: Span | None = None) -> tuple[Located, ...]:
        """Where bytes of the token of `steps[step_index]` lie, all of them or those of `span`.

        An entry for each run of the stream that holds some, in token order; see `Step.locate`. Raises
        `UsageError` if there is no such step.
        """
        step = self._step(step_index)
        if span is None:
            span = Span(0, len(step.token.raw) if step.token is not None else 0)
        return step.locate(span)

    def _step(self, step_index: int) -> Step:
        steps = self.negotiation.steps
        if not 0 <= step_index < len(steps):
            raise UsageError(f"no step {step_index}; there are {len(steps)}, counted from 0")
        return steps[step_index]

    def heading(self, step: Step) -> str:
        """Say where a token comes from: its frame, all its frames if they are others, who, and where."""
        frames = ""
        if step.frames != (step.frame,):
            listed = ", ".join(map(str, step.frames))
            if len(step.frames) > FRAMES_LISTED:
                listed = f"{step.frames[0]} ... {step.frames[-1]}, {len(step.frames)} frames"
            frames = f" ({listed})"
        parts = [f"frame {step.frame}{frames}", step.role, *self._place(step)]
        return ", ".join(parts)

    def _place(self, step: Step) -> list[str]:
        span = step.message.token_span
        if span is None:
            return []
        if step.message.base64:
            return [f"base64 at {span.start}-{span.end}"]
        whose = "datagram" if self.negotiation.stream.transport == "udp" else "stream"
        runs = step.message.runs or (span,)
        listed = ", ".join(f"{run.start}-{run.end}" for run in runs[:RANGES_LISTED])
        more = f" and {len(runs) - RANGES_LISTED} more" if len(runs) > RANGES_LISTED else ""
        return [f"{whose} bytes {listed}{more}"]

    def lines(
        self,
        width: int = 100,
        *,
        trees: bool = False,
        details: bool = False,
        raw: bool = False,
        secrets: bool = False,
    ) -> list[str]:
        """Text of the whole, at most `width` cells wide.

        `trees` adds tokens, `details` every last field of them, `raw` their hex, without secrets unless
        `secrets` are wanted.
        """
        negotiation = self.negotiation
        title = f"{visible(self.capture)}: negotiation {negotiation.negotiation_id}"
        made = [
            title,
            "",
            *ladder(legs(negotiation), *ends(negotiation), width),
            "",
            *verdict_lines(negotiation, of_text=self.of_text, width=width),
        ]
        if trees or raw:
            for step in negotiation.steps:
                if step.token is None or not step.token.raw:
                    continue
                made += ["", *textwrap.wrap(self.heading(step), width)]
                made += tree_lines(step.token, indent="  ", width=width, details=details)
                if raw:
                    made += token_hex_lines(step.token, secrets=secrets)
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
        from analyzer.report.static_html import negotiation_html  # noqa: PLC0415 - only in notebooks

        return negotiation_html(self)
