"""Hits of rows: who is told, and with which frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzer.audit.model import Hit
from analyzer.tables.hosts import BEHIND_ANOTHER


def _hit(kind: str, subject: str, row: Any, why: str, confidence: str, evidence: Any) -> Hit:
    frames = row.frames if evidence is None else evidence
    return Hit(
        kind,
        subject,
        why,
        tuple(frames or ()),
        (row.negotiation_id,),
        row.capture,
        row.started,
        confidence,
    )


def with_frames(row: Any, *frames: int | None) -> tuple[int, ...]:
    """The frames of a negotiation and those beside it that show what it alone does not; None: not seen."""
    return tuple(sorted({*row.frames, *(frame for frame in frames if frame is not None)}))


def by_client(row: Any, why: str, confidence: str = "certain", evidence: Any = None) -> Hit:
    """The client of a negotiation; its frames unless others are given."""
    return _hit("client", row.client, row, why, confidence, evidence)


def by_server(row: Any, why: str, confidence: str = "certain", evidence: Any = None) -> Hit:
    """The server of a negotiation."""
    return _hit("server", row.server, row, why, confidence, evidence)


def by_negotiation(row: Any, why: str, confidence: str = "certain", evidence: Any = None) -> Hit:
    """A negotiation by itself."""
    return _hit("negotiation", str(row.negotiation_id), row, why, confidence, evidence)


NO_NAME, NOT_SEEN = "(no name)", "(name not seen)"
"""An account that says no name, and one whose name is not in the capture, or encrypted."""


def by_user(row: Any, why: str, confidence: str = "certain", evidence: Any = None) -> Hit:
    """The account of a negotiation."""
    return _hit("user", account(row.user, row.domain), row, why, confidence, evidence)


def account(user: str | None, domain: str | None) -> str:
    r"""`DOMAIN\user`, or the user alone."""
    name = user or (NOT_SEEN if user is None else NO_NAME)
    return f"{domain}\\{name}" if domain and "@" not in name and "=" not in name else name


def by_server_of(rows: Sequence[Any], why: str, framed: Sequence[Any] | None = None) -> Hit:
    """The server of several negotiations, with the frames of all of them or of those `framed`.

    Each with the message behind it that shows how it was protected.
    """
    frames = tuple(
        frame for row in framed or rows for frame in with_frames(row, row.protection_frame)
    )
    numbers = tuple(row.negotiation_id for row in rows)
    return by_server(rows[0], why, evidence=frames)._replace(negotiation_ids=numbers)


def by_offerer(offer: Any, why: str, confidence: str = "certain") -> Hit:
    """The server of a row of `offers`, in whose frame it is said."""
    numbers = () if offer.negotiation_id is None else (offer.negotiation_id,)
    where = (offer.frame,), numbers, offer.capture, offer.ts
    return Hit("server", offer.server, why, *where, confidence)


def kdc_hit(kind: str, subject: str, row: Any, why: str, confidence: str = "certain") -> Hit:
    """A row of `kdc`, with request and answer as evidence."""
    numbers = tuple(row.negotiation_ids or ())
    return Hit(kind, subject, why, kdc_frames(row), numbers, row.capture, row.ts, confidence)


def kdc_frames(row: Any) -> tuple[int, ...]:
    """Request and answer of a row of `kdc`, as far as they are in the capture."""
    return tuple(frame for frame in (row.frame_request, row.frame_reply) if frame is not None)


def the_kdc(row: Any) -> str:
    """Who answers a row of `kdc`: `the KDC 10.0.0.1`, or `a KDC of NEGO.TEST behind 10.0.0.2`."""
    if row.transport not in BEHIND_ANOTHER:
        return f"the KDC {row.server}"
    realm = row.realm or row.crealm
    return f"a KDC of {realm} behind {row.server}" if realm else f"a KDC behind {row.server}"


def kdc_subject(row: Any) -> str:
    """The KDC as a finding's server: its address, or its service's name where that is another's."""
    if row.transport not in BEHIND_ANOTHER:
        return str(row.server)
    return f"krbtgt/{row.realm or row.crealm or '?'}"


def principal(row: Any) -> str:
    """The client of a KDC exchange: `ada@NEGO.TEST`; without a realm where that may be the user's (S4U)."""
    if row.s4u is not None:
        return row.cname or NOT_SEEN
    return f"{row.cname or NOT_SEEN}@{row.crealm or row.realm or '?'}"


def service(row: Any) -> str:
    """The service that a KDC is asked for; a snap length may have cut its name off."""
    return row.sname or "a service whose name is cut off"


def place(row: Any) -> str:
    """`10.0.0.2 over smb2`: whom a negotiation was with."""
    return f"{row.server} over {row.carrier}"
