"""Turn a token into its row of the `tokens` table."""

from __future__ import annotations

from hashlib import sha256

from analyzer.capture.model import Stream
from analyzer.negotiation.model import Step
from analyzer.tables.fingerprints import lm_response_kind, response_digest, short_digest
from analyzer.tables.rows import Row, known_time
from analyzer.tables.token_clock import clock_offset_ms
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.mechs import mech_name, mech_names
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
from dissectors.tokens.ticket_id import ticket_id


def token_row(capture: str, stream: Stream, step: Step, carrier: str) -> Row:
    """Cells of the `tokens` table; the negotiation's number (cell 1) is filled in later."""
    token = step.token
    assert token is not None
    from_client = step.side == 0
    ends = (stream.client, stream.client_port, stream.server, stream.server_port)
    inner = token.inner
    said = inner if inner is not None else token
    message = step.message
    in_pieces = message.runs and not message.base64  # over several messages: in no one range
    place = None if in_pieces else message.token_span
    return [
        capture,
        None,
        stream.stream_id,
        step.frame,
        list(step.frames),
        known_time(step.ts_ns),
        *(ends if from_client else ends[2:] + ends[:2]),
        step.role,
        carrier,
        step.token_index,
        token.token_type,
        inner.token_type if inner is not None else None,
        len(token.raw),
        token.this_mech,
        *_spnego_cells(token),
        *_ntlm_cells(said),
        *_kerberos_cells(said),
        sha256(token.raw).hexdigest(),
        len(token.findings),
        place.start if place is not None else None,
        place.end - place.start if place is not None else None,
        None if message.token_span is None else "base64" if message.base64 else "raw",
        sha256(inner.raw).hexdigest() if inner is not None else None,
        *_compared_cells(said),
        clock_offset_ms(token, step.ts_ns, message.context),
        _ticket_id(said),
    ]


def _spnego_cells(token: Token) -> Row:
    """From mech_types to hint_address."""
    if isinstance(token, NegTokenInit):
        cells: Row = [
            mech_names(token.mech_types),
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
            mech_names(token.late_mech_types) if token.late_mech_types else None,
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
            options = None if token.ap_options is None else list(token.ap_options)
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


def _ticket_id(token: Token) -> str | None:
    digest = ticket_id(token) if isinstance(token, KrbApReq) else None
    return None if digest is None else digest.hex()


def _compared_cells(token: Token) -> Row:
    """From ntlm_challenge_id to krb_authenticator_length."""
    match token:
        case NtlmChallenge():
            return [short_digest(token.server_challenge), None, None, None, None]
        case NtlmAuthenticate():
            return [None, response_digest(token), lm_response_kind(token), None, None]
        case KrbApReq():
            etype = token.authenticator_etype
            named = krb_etype_name(etype) if etype is not None else None
            return [None, None, None, named, token.authenticator_length]
    return [None] * 5
