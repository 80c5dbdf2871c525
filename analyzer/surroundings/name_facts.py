"""Names that clients learnt: each a fact, and look-ups that were answered at once as columns.

A network looks up names all the time, and few negotiations ask where one of them led: of such columns only
those rows become objects that somebody asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.addresses import address
from dissectors.names.dns import Question
from dissectors.records import NamedTuple, dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NameFact(NamedTuple):
    """A name that a client learnt, asked for or showed."""

    source: str  # `dns`, `mdns`, `llmnr`, `nbns`, `sni` (TLS ClientHello)
    client: str  # address of who asked
    name: str  # as asked, lower case, without the last dot
    addresses: tuple[str, ...]  # of the answer; (): none there is
    frame: int
    ts_ns: int
    record: str = "A"  # A, AAAA, SRV, CNAME, PTR, NB; "" for sni
    rcode: str = (
        "NOERROR"  # of the answer: `NXDOMAIN`, ...; `no-answer` for a question that got none
    )
    targets: tuple[str, ...] = ()  # CNAME chain, SRV targets, PTR names
    responder: str | None = None  # address of who answered
    broadcast: bool = False  # everybody was asked, not a server
    ttl: int | None = None  # seconds for which the answer holds; None: it leads nowhere, or is none
    partial: bool = False  # records of the answer are missing: cut off, truncated, not readable

    @property
    def denies(self) -> bool:
        """It says that there are no such records, or got no answer: not so if some may be missing."""
        return not (self.partial and self.rcode == "NOERROR")


class Told(NamedTuple):
    """What an answer says of the name that was asked for."""

    question: Question
    addresses: tuple[str, ...]
    rcode: str
    targets: tuple[str, ...]
    ttl: int | None


@dataclass(slots=True, eq=False)
class AnsweredNames:
    """Answers to DNS questions, n of them; row i says what `told[text[i]]` does, to one client."""

    told: list[Told]
    text: NDArray[np.int32]
    client: NDArray[np.uint64]  # shape (2, n): upper and lower half of the address
    responder: NDArray[np.uint64]
    frame: NDArray[np.int64]
    ts_ns: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.text)

    def facts(self, wanted: Callable[[Told], bool] | None = None) -> list[NameFact]:
        """Those as objects of which what is told is wanted; None: all."""
        if wanted is None:
            rows = np.arange(len(self))
        else:
            rows = np.flatnonzero(
                np.array([wanted(each) for each in self.told], np.bool_)[self.text]
            )
        columns = (
            map(address, *self.client[:, rows].tolist()),
            map(address, *self.responder[:, rows].tolist()),
            self.frame[rows].tolist(),
            self.ts_ns[rows].tolist(),
            map(self.told.__getitem__, self.text[rows].tolist()),
        )
        return [
            NameFact(
                "dns", client, question.name, addresses, frame, ts_ns, question.record, rcode, targets,
                responder, False, ttl,
            )
            for client, responder, frame, ts_ns, (question, addresses, rcode, targets, ttl) in zip(
                *columns, strict=True
            )
        ]  # fmt: skip
