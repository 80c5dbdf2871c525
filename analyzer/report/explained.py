"""Tokens explained: what `negoscope token` prints, and what a notebook shows of them."""

from __future__ import annotations

from typing import Any

from analyzer.report.exchange import Exchanged
from analyzer.report.token_text import field_lines, finding_lines, token_heading, told_lines
from dissectors.anomaly import Anomaly
from dissectors.records import dataclass
from dissectors.tokens import dissect_token
from dissectors.tokens.model import Token


@dataclass(frozen=True, slots=True)
class Explained:
    """A dissected token that prints as a tree; in a notebook as nested lists beside its bytes.

    `strict` is what the strict ASN.1 reading says besides the token's own findings. `number` and `line`
    tell which token of a given text it is (None: a single one), `role` who sent it (None: not known).
    """

    token: Token
    strict: tuple[Anomaly, ...] = ()
    role: str | None = None
    line: int = 1
    number: int | None = None

    @property
    def heading(self) -> str:
        """Type and size, with number, sender and line where there are several."""
        size = token_heading(self.token)
        if self.number is None:
            return size
        return f"{self.number}  {self.role}, line {self.line}: {size}"

    def lines(self, width: int = 100, *, meanings: bool = True, secrets: bool = False) -> list[str]:
        """The tree, wrapped at `width` cells; `meanings` adds plain words, `secrets` hidden bytes."""
        return [
            self.heading,
            *told_lines(self.token, "  ", width, self.role),
            *field_lines(self.token, width=width, meanings=meanings, secrets=secrets),
            *finding_lines((*self.token.findings, *self.strict), width=width),
        ]

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """The same as plain values for JSON."""
        from analyzer.report.token_json import token_dict  # noqa: PLC0415 - only where asked for

        return token_dict(self, secrets=secrets)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<{self.token.token_type}, {len(self.token.raw)} bytes>"

    def _repr_html_(self) -> str:
        from analyzer.report.static_html import token_html  # noqa: PLC0415 - only in notebooks

        return token_html(self)


@dataclass(frozen=True, slots=True)
class ExplainedExchange:
    """Several tokens of one text, and the negotiations that they make."""

    tokens: tuple[Explained, ...]
    negotiations: tuple[Exchanged, ...]

    def lines(self, width: int = 100, *, meanings: bool = True, secrets: bool = False) -> list[str]:
        """Ladder and verdict of each negotiation, then every token's tree."""
        made: list[str] = []
        for exchange in self.negotiations:
            made += [*exchange.lines(width)[2:], ""]
        for token in self.tokens:
            made += [*token.lines(width, meanings=meanings, secrets=secrets), ""]
        return made[:-1]

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """The same as plain values for JSON."""
        from analyzer.report.token_json import exchange_dict  # noqa: PLC0415 - only where asked for

        return exchange_dict(self, secrets=secrets)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<{len(self.tokens)} tokens, {len(self.negotiations)} negotiation(s)>"

    def _repr_html_(self) -> str:
        from analyzer.report.static_html import exchange_html  # noqa: PLC0415 - only in notebooks

        return exchange_html(self)


def explain_token(
    token: Token | bytes, *, role: str | None = None, line: int = 1, number: int | None = None
) -> Explained:
    """Dissect a token if it is not yet, and read it strictly too."""
    from dissectors.tokens.strict import strict_check  # noqa: PLC0415 - pyasn1 only on demand

    dissected = dissect_token(token) if isinstance(token, bytes) else token
    return Explained(dissected, tuple(strict_check(dissected)), role, line, number)
