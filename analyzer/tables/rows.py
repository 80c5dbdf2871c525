"""Turn objects of the negotiation layer into rows: tuples of plain values in schema order.

A row is made once, when its negotiation is over; nothing of it refers to a token's bytes. References to
negotiations become numbers in `number`, when all first frames are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.capture.model import NO_TIME, CaptureAccount
from analyzer.negotiation.community_id import community_id
from analyzer.negotiation.model import Negotiation, NoticedAnomaly
from analyzer.negotiation.offer import offer_roles
from dissectors.anomaly import CODES
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.mechs import mech_name

if TYPE_CHECKING:
    from analyzer.tables.collect import Listed

Row = list[Any]


def known_time(ts_ns: int | None) -> int | None:
    """The time; None for packets that carry none."""
    return None if ts_ns == NO_TIME else ts_ns


def negotiation_row(capture: str, negotiation: Negotiation) -> Row:
    """Cells of the `negotiations` table."""
    stream, status = negotiation.stream, negotiation.status
    reason, ticket, kdc = negotiation.reason, negotiation.ticket, negotiation.kdc
    frames = negotiation.frames
    started, ended = known_time(negotiation.started_ns), known_time(negotiation.ended_ns)
    return [
        capture,
        negotiation.negotiation_id,
        stream.stream_id,
        community_id(stream),
        started,
        ended,
        None if started is None or ended is None else (ended - started) / 1e6,
        frames[0],
        frames[-1],
        list(frames),
        negotiation.legs,
        stream.client,
        stream.client_port,
        stream.server,
        stream.server_port,
        negotiation.carrier,
        negotiation.carrier_version,
        negotiation.exchange_key,
        negotiation.scheme,
        negotiation.wrapper,
        negotiation.flow,
        negotiation.hinted_mechs,
        negotiation.offered_mechs,
        negotiation.optimistic_mech,
        negotiation.selected_mech,
        negotiation.mechanism,
        negotiation.mechanism_detail,
        negotiation.neg_states,
        negotiation.mech_list_mic,
        negotiation.outcome,
        negotiation.outcome_source,
        status.name if status else None,
        status.code if status else None,
        negotiation.gss_status,
        reason.code if reason else None,
        reason.detail if reason else None,
        list(reason.evidence) if reason else None,
        reason.confidence if reason else None,
        negotiation.retry_of.negotiation_id if negotiation.retry_of else None,
        negotiation.fallback_from.negotiation_id if negotiation.fallback_from else None,
        negotiation.fallback_kind,
        negotiation.user,
        negotiation.domain,
        negotiation.workstation,
        negotiation.realm,
        negotiation.spn,
        negotiation.server_name,
        negotiation.protection,
        negotiation.signed_messages,
        negotiation.sealed_messages,
        negotiation.channel_binding,
        negotiation.ntlm_mic,
        negotiation.delegation,
        negotiation.completeness,
        len(negotiation.anomalies),
        _etype(ticket.etype if ticket is not None else None),
        _etype(negotiation.session_etype),
        negotiation.tls,
        negotiation.mic_needed,
        negotiation.client_signing,
        negotiation.server_signing,
        list(kdc.frames) if kdc is not None else None,
        list(negotiation.names) or None,
        negotiation.fallback_reason,
        negotiation.fallback_confidence,
        negotiation.version_frame,
        negotiation.protection_frame,
        stream.client_seq,
        stream.server_seq,
    ]


def _etype(number: int | None) -> str | None:
    return krb_etype_name(number) if number is not None else None


def offer_rows(capture: str, negotiation: Negotiation) -> list[Row]:
    """Cells of the `offers` table: hints and offers of one negotiation."""
    stream = negotiation.stream
    rows: list[Row] = []
    for by, token in offer_roles(negotiation):
        step = next(step for step in negotiation.steps if step.token is token)
        for rank, oid in enumerate(token.mech_types, 1):
            name = mech_name(oid)
            rows.append(
                [
                    capture,
                    negotiation.negotiation_id,
                    stream.client,
                    stream.server,
                    negotiation.carrier,
                    by,
                    rank,
                    name,
                    oid,
                    name == negotiation.selected_mech,
                    by == "client" and name == negotiation.optimistic_mech,
                    stream.stream_id,
                    step.frame,
                    step.ts_ns,
                    negotiation.tls,
                ]
            )
    return rows


def scheme_rows(capture: str, listed: Listed, taken: str | None) -> list[Row]:
    """Cells of the `offers` table: schemes that the server's carrier lists by name; `taken` was then used."""
    return [
        [
            capture,
            None,
            listed.client,
            listed.server,
            listed.carrier,
            "server",
            rank,
            scheme,
            None,
            scheme == taken,
            False,
            listed.stream_id,
            listed.frame,
            listed.ts_ns,
            listed.tls,
        ]
        for rank, scheme in enumerate(listed.schemes, 1)
    ]


def anomaly_row(capture: str, noticed: NoticedAnomaly) -> Row:
    """Cells of the `anomalies` table."""
    anomaly = noticed.anomaly
    code = CODES[anomaly.code]
    negotiation = noticed.negotiation
    return [
        capture,
        noticed.stream_id,
        negotiation.negotiation_id if negotiation is not None else None,
        noticed.frame,
        known_time(noticed.ts_ns),
        anomaly.code,
        code.group,
        code.severity,
        anomaly.detail or code.sentence,
        anomaly.span.start,
        anomaly.span.length,
    ]


def capture_row(
    capture: str, account: CaptureAccount, counts: tuple[int, int, int], seconds: float, engine: str
) -> Row:
    """Cells of the `captures` table; `counts` are tokens, negotiations, anomalies."""
    return [
        capture,
        account.format or None,
        [link_type_name(number) for number in sorted(account.link_types)],
        account.packets,
        account.bytes,
        known_time(account.first_ts_ns),
        known_time(account.last_ts_ns),
        account.streams,
        account.tcp_bytes_missing,
        sum(account.undecoded.values()),
        account.truncated_packets,
        *counts,
        seconds,
        engine,
        account.not_ip,
        dict(sorted(account.undecoded.items())),
        account.file_bytes,
        not account.damaged,
        [loss.detail for loss in account.losses],
        account.streams_evicted,
        None,
        {_read_name(name): count for name, count in sorted(account.by_scapy.items())},
        [name for name, _ in account.files] or None,
        [frame for _, frame in account.files] or None,
        account.datagrams_copied,
    ]


def _read_name(name: str) -> str:
    """`gtp`, or a link type by its name."""
    number = name.removeprefix("link-type-")
    return link_type_name(int(number)) if number != name else name


LINK_TYPES = {
    0: "NULL",
    1: "ETHERNET",
    9: "PPP",
    12: "RAW",
    14: "RAW",
    101: "RAW",
    104: "C_HDLC",
    105: "IEEE802_11",
    108: "LOOP",
    113: "LINUX_SLL",
    117: "PFLOG",
    119: "IEEE802_11_PRISM",
    127: "IEEE802_11_RADIOTAP",
    163: "IEEE802_11_AVS",
    192: "PPI",
    204: "PPP_WITH_DIR",
    228: "IPV4",
    229: "IPV6",
    274: "ETHERNET_MPACKET",
    276: "LINUX_SLL2",
}


def link_type_name(number: int) -> str:
    """LINKTYPE_ name without the prefix; the number where it has none here."""
    return LINK_TYPES.get(number, str(number))
