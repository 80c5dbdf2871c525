"""Facts of a capture that are no negotiation but explain one.

They come out of the pipeline in any order, are kept until the capture has been read, and are then joined
with the negotiations by `analyzer.correlation`. Times are ns since 1970 UTC, or `NO_TIME`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from operator import attrgetter
from typing import TYPE_CHECKING

from analyzer.surroundings.name_facts import AnsweredNames, NameFact, Told
from dissectors.records import NamedTuple, dataclass

if TYPE_CHECKING:
    from analyzer.capture.model import Stream
    from analyzer.negotiation.model import Negotiation
    from analyzer.negotiation.site import Site


ANONYMOUS = "WELLKNOWN/ANONYMOUS"
"""The client's name in clear where only the armoured part of a reply tells it (RFC 6113 5.4.3)."""


_REDIRECTED = 300
"""First HTTP status of those that say that the request was not done (RFC 9110 15)."""


@dataclass(slots=True, eq=False)
class KdcExchange:
    """One request to a KDC and its answer; either may be missing, never both (RFC 4120 3.1, 3.3).

    An AS exchange with pre-authentication is two of them, as it is on the wire: one refused with
    `KDC_ERR_PREAUTH_REQUIRED`, one with the proof. `continues` leads back from the second to the first.
    """

    stream: Stream
    transport: (
        str  # `udp`, `tcp`, `kkdcp` (MS-KKDCP over HTTP), `iakerb` (inside a negotiation's tokens)
    )
    client: str  # address of who asked
    client_port: int
    server: str  # address of the KDC, of the proxy (kkdcp) or of the acceptor (iakerb)
    server_port: int
    frame_request: int | None = None  # the frame in which the request ends
    frame_reply: int | None = None
    ts_ns: int = 0  # of the request, else of the reply
    reply_ts_ns: int | None = None
    exchange: str | None = None  # `AS`, `TGS`; None for an error without its request
    # of the request
    cname: str | None = (
        None  # who asks: of an AS-REQ, or of the reply if no service acts for a user
    )
    crealm: str | None = None
    realm: str | None = None  # whose KDC is asked
    sname: str | None = None  # what for: `cifs/fs1.lab.example`, `krbtgt/LAB.EXAMPLE`
    requested_etypes: tuple[int, ...] = ()
    kdc_options: tuple[str, ...] = ()
    padata: tuple[int, ...] = ()  # PA-DATA types of the request
    request_cut: bool = False  # a part of the request is missing
    begin_seen: bool = (
        False  # of one that is cut: all before its realm is there, so padata and options
    )
    nonce: int | None = None  # the same in a request sent again
    ticket_used_etype: int | None = None  # of the ticket that a TGS-REQ presents
    ticket_used_sname: str | None = None
    ticket_used_id: bytes | None = None  # see dissectors.tokens.ticket_id
    ticket_used_names: tuple[str, ...] = ()  # to whom it was issued, if that is in the capture too
    for_user: str | None = None  # S4U2self: whom the service acts for
    s4u: str | None = None  # `self`, `proxy` (MS-SFU)
    u2u: bool = False  # enc-tkt-in-skey
    fast: bool = False  # request or reply is armoured; a mere PA-FX-FAST is none
    # of the reply
    ticket_sname: str | None = None  # as issued; another realm's krbtgt: a referral
    ticket_cname: str | None = None  # to whom: the KDC's own name of the client, also for an alias
    ticket_realm: str | None = None
    ticket_etype: int | None = None
    ticket_kvno: int | None = None
    ticket_id: bytes | None = None  # None also where the ticket is not all there
    reply_etype: int | None = None  # of the reply's encrypted part
    reply_torn: bool = False  # packets with the end of it are missing, so that it may not have come
    reply_lost: bool = False  # none was read, and the capture lacks, or hides, what was said since
    frame_closed: int | None = None  # in which who was asked closed the connection instead
    reply_cut: bool = False  # a part of it is missing for whatever cause: also by the snap length
    reply_padata: tuple[int, ...] = ()
    referral: str | None = None  # realm that the KDC sends the client to
    error_code: int | None = None
    error: str | None = (
        None  # `KDC_ERR_PREAUTH_REQUIRED`, or that none is told; None: no KRB-ERROR came
    )
    e_text: str | None = None
    nt_status: int | None = None
    proxy_status: int | None = None  # of HTTP, where no message of a KDC could be read (kkdcp): 503
    clock_offset_ms: float | None = None  # KDC's stime minus the capture's clock
    # links
    continues: KdcExchange | None = None  # the attempt that this one repeats or carries on
    carried_by: Negotiation | None = None  # iakerb only
    explains: list[Negotiation] = field(
        default_factory=list
    )  # used its ticket, or failed for its lack

    @property
    def granted(self) -> bool:
        """A ticket was issued."""
        return self.answered and self.error is None

    @property
    def answered(self) -> bool:
        """A KDC answered; a proxy's response without a message of one is none."""
        return self.frame_reply is not None and self.proxy_status is None

    @property
    def refusal(self) -> str | None:
        """What was said in place of a ticket: the error's name, or `HTTP 503` by a proxy."""
        return self.error if self.proxy_status is None else f"HTTP {self.proxy_status}"

    @property
    def asker(self) -> str | None:
        """Who asks: as the exchange itself says unless FAST hides it, else the owner of the ticket presented.

        None for an owner of two names, an alias among them: by which others know the user is open.
        """
        if self.cname not in (None, ANONYMOUS):
            return self.cname
        return self.ticket_used_names[0] if len(self.ticket_used_names) == 1 else None

    @property
    def frames(self) -> tuple[int, ...]:
        """Request and reply, or what came in its place, as far as they were seen."""
        return tuple(f for f in (self.frame_request, self.frame_reply) if f is not None)

    @property
    def turned_away(self) -> bool:
        """A proxy answered, and not with 2xx."""
        return self.proxy_status is not None and self.proxy_status >= _REDIRECTED


@dataclass(slots=True, frozen=True)
class ConnectionAttempt:
    """A client asked a KDC's port and got nothing, or a refusal."""

    client: str
    server: str
    port: int  # 88, 464 or another port known for KDC traffic in this capture
    transport: str  # `tcp`, `udp`
    frames: tuple[int, ...]
    ts_ns: int  # of the first
    how: str  # `no-answer`, `reset`, `ICMP port unreachable` or what else ICMP says


_Lister = tuple[str, str, int, str, "Site | None"]


class SchemesListed(NamedTuple):
    """Names of mechanisms or schemes that a server's carrier listed without being asked by a token."""

    client: str
    server: str
    port: int
    carrier: str
    frame: int
    names: tuple[str, ...]
    whole: bool = True  # nothing is cut off: a name that is missing was not said
    site: Site | None = None  # that it is about, where the carrier's servers have many

    @property
    def key(self) -> _Lister:
        """Who told whom, over what, and for which site."""
        return self.client, self.server, self.port, self.carrier, self.site

    @property
    def told(self) -> tuple[tuple[str, ...], bool]:
        """What it says, and whether that is all."""
        return self.names, self.whole


Fact = KdcExchange | NameFact | AnsweredNames | ConnectionAttempt


@dataclass(slots=True)
class Surroundings:
    """All facts of one capture, each list in order of time once `put_in_order` was called."""

    kdc: list[KdcExchange] = field(default_factory=list)
    names: list[NameFact] = field(default_factory=list)
    answered: list[AnsweredNames] = field(default_factory=list)  # more names, in no order
    attempts: list[ConnectionAttempt] = field(default_factory=list)
    lists: list[SchemesListed] = field(default_factory=list)  # only where they change
    _last_lists: dict[_Lister, int] = field(default_factory=dict)  # its place

    def add_list(self, listed: SchemesListed) -> None:
        """Keep a list, unless the same client was told the same by the same server last.

        Connections are not read in the order of their frames: the earliest of equal lists is kept.
        """
        key = listed.key
        place = self._last_lists.get(key)
        if place is None or self.lists[place].told != listed.told:
            self._last_lists[key] = len(self.lists)
            self.lists.append(listed)
        elif listed.frame < self.lists[place].frame:
            self.lists[place] = listed

    def join(self, others: Surroundings) -> None:
        """Add the facts of a part of the capture that another process has read."""
        self.kdc += others.kdc
        self.names += others.names
        self.answered += others.answered
        self.attempts += others.attempts
        self.lists += others.lists

    def add(self, fact: Fact) -> None:
        """Keep a fact."""
        if type(fact) is NameFact:
            self.names.append(fact)
        elif isinstance(fact, AnsweredNames):
            self.answered.append(fact)
        elif isinstance(fact, KdcExchange):
            self.kdc.append(fact)
        elif isinstance(fact, ConnectionAttempt):
            self.attempts.append(fact)

    def all_names(self, wanted: Callable[[Told], bool] | None = None) -> list[NameFact]:
        """Names, in order of frames; of those that were `answered` only what is wanted."""
        found = self.names.copy()
        for answers in self.answered:
            found += answers.facts(wanted)
        found.sort(key=attrgetter("frame"))
        return found

    def put_in_order(self) -> None:
        """Order each list by frame, which is the order of time as the capture saw it."""
        self._last_lists.clear()  # no more will come
        self.kdc.sort(key=lambda each: (each.frames[0], each.stream.stream_id))
        self.names.sort(key=attrgetter("frame"))
        self.attempts.sort(key=lambda each: each.frames[:1])
        self.lists = _changes(sorted(self.lists, key=lambda each: each.frame))


def _changes(lists: list[SchemesListed]) -> list[SchemesListed]:
    """Those that say something else than the one before them."""
    kept: list[SchemesListed] = []
    last: dict[_Lister, tuple[tuple[str, ...], bool]] = {}
    for listed in lists:
        key, told = listed.key, listed.told
        if last.get(key) != told:
            last[key] = told
            kept.append(listed)
    return kept
