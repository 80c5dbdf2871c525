"""Turn objects of the negotiation layer into rows: tuples of plain values in schema order.

A row is made once, when its negotiation is over; nothing of it refers to a token's bytes. References to
negotiations become numbers in `number`, when all first frames are known.
"""

from __future__ import annotations

import hashlib
from typing import Any

from analyzer.capture.model import NO_TIME, CaptureAccount, Stream
from analyzer.negotiation.community_id import community_id
from analyzer.negotiation.model import Negotiation, NoticedAnomaly, Step
from analyzer.negotiation.offer import offer_roles
from dissectors.anomaly import CODES
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.mechs import mech_name
from dissectors.tokens.model import (
    KrbApRep,
    KrbApReq,
    KrbError,
    KrbTgtRep,
    KrbTgtReq,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    Token,
)

Row = list[Any]


def _known(ts_ns: int | None) -> int | None:
    """The time; None for packets that carry none."""
    return None if ts_ns == NO_TIME else ts_ns


def negotiation_row(capture: str, negotiation: Negotiation) -> Row:
    """Cells of the `negotiations` table."""
    stream, exchange, status = negotiation.stream, negotiation.exchange, negotiation.status
    reason = negotiation.reason
    started, ended = _known(negotiation.started_ns), _known(negotiation.ended_ns)
    return [
        capture,
        negotiation.negotiation_id,
        stream.stream_id,
        community_id(stream),
        started,
        ended,
        None if started is None or ended is None else (ended - started) / 1e6,
        negotiation.first_frame,
        negotiation.last_frame,
        list(negotiation.frames),
        negotiation.legs,
        stream.client,
        stream.client_port,
        stream.server,
        stream.server_port,
        negotiation.carrier,
        negotiation.carrier_version,
        (exchange.key or None) if exchange is not None else None,
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
    ]


def token_row(capture: str, stream: Stream, step: Step, carrier: str) -> Row:
    """Cells of the `tokens` table; the negotiation's number (cell 1) is filled in later."""
    token = step.token
    assert token is not None
    from_client = step.side == 0
    ends = (stream.client, stream.client_port, stream.server, stream.server_port)
    inner = token.inner
    message = step.message
    in_pieces = message.runs and not message.base64  # over several messages: in no one range
    place = None if in_pieces else message.token_span
    return [
        capture,
        None,
        stream.stream_id,
        step.frame,
        list(step.frames),
        _known(step.ts_ns),
        *(ends if from_client else ends[2:] + ends[:2]),
        step.role,
        carrier,
        step.token_index,
        token.token_type,
        inner.token_type if inner is not None else None,
        len(token.raw),
        token.this_mech,
        *_spnego_cells(token),
        *_ntlm_cells(inner if inner is not None else token),
        *_kerberos_cells(inner if inner is not None else token),
        hashlib.sha256(token.raw).hexdigest(),
        len(token.findings),
        place.start if place is not None else None,
        place.end - place.start if place is not None else None,
        None if message.token_span is None else "base64" if message.base64 else "raw",
    ]


def _spnego_cells(token: Token) -> Row:
    """From mech_types to hint_address."""
    if isinstance(token, NegTokenInit):
        cells: Row = [
            [mech_name(oid) for oid in token.mech_types],
            list(token.req_flags) if token.req_flags is not None else None,
            None,
            None,
            len(token.mech_list_mic) if token.mech_list_mic is not None else None,
        ]
        if not isinstance(token, NegTokenInit2):
            return [*cells, None, None]
        address = token.hint_address
        return [*cells, token.hint_name, address.hex() if address is not None else None]
    if isinstance(token, NegTokenResp):
        return [
            [mech_name(oid) for oid in token.late_mech_types] if token.late_mech_types else None,
            None,
            token.neg_state,
            mech_name(token.supported_mech) if token.supported_mech is not None else None,
            len(token.mech_list_mic) if token.mech_list_mic is not None else None,
            None,
            None,
        ]
    return [None] * 7


def _ntlm_cells(token: Token) -> Row:
    """From ntlm_flags to ntlm_mic."""
    match token:
        case NtlmNegotiate():
            named: Row = [None, token.domain, token.workstation, None, None, None, None]
            return [token.flags, token.version, *named]
        case NtlmChallenge():
            named = [None, None, None, token.target_name, token.target_info, None, None]
            return [token.flags, token.version, *named]
        case NtlmAuthenticate():
            return [
                token.flags,
                token.version,
                token.user,
                token.domain,
                token.workstation,
                token.target_name,
                token.target_info,
                token.response,
                token.mic,
            ]
    return [None] * 9


def _kerberos_cells(token: Token) -> Row:
    """From krb_etype to negoex_messages."""
    etype = realm = sname = kvno = options = code = error = negoex = None
    match token:
        case KrbApReq():
            etype, realm, sname, kvno = token.etype, token.realm, token.sname, token.kvno
            options = list(token.ap_options)
        case KrbApRep():
            etype = token.etype
        case KrbError():
            realm, sname, code, error = token.realm, token.sname, token.error_code, token.error
        case KrbTgtReq():
            realm, sname = token.realm, token.sname
        case KrbTgtRep():
            realm, sname, etype, kvno = token.realm, token.sname, token.etype, token.kvno
        case NegoexMessages():
            negoex = [message.name for message in token.messages]
    named = krb_etype_name(etype) if etype is not None else None
    return [named, realm, sname, kvno, options, code, error, negoex]


def offer_rows(capture: str, negotiation: Negotiation) -> list[Row]:
    """Cells of the `offers` table: hints and offers of one negotiation."""
    stream = negotiation.stream
    rows: list[Row] = []
    for by, token in offer_roles(negotiation):
        frame = next(step.frame for step in negotiation.steps if step.token is token)
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
                    frame,
                ]
            )
    return rows


def scheme_rows(
    capture: str, stream: Stream, carrier: str, schemes: tuple[str, ...], frame: int
) -> list[Row]:
    """Cells of the `offers` table: schemes that the server's carrier lists by name."""
    return [
        [
            capture,
            None,
            stream.client,
            stream.server,
            carrier,
            "server",
            rank,
            scheme,
            None,
            False,
            False,
            stream.stream_id,
            frame,
        ]
        for rank, scheme in enumerate(schemes, 1)
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
        _known(noticed.ts_ns),
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
        _known(account.first_ts_ns),
        _known(account.last_ts_ns),
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
