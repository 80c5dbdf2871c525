"""What the messages to and from a KDC say, written into a `KdcExchange`.

Spec: RFC 4120 3.1, 3.3, 5.4, 5.9; RFC 6113 5.4 (FAST); RFC 6806 4 and 8 (referrals); MS-SFU 2.2.
"""

from __future__ import annotations

from datetime import date

from analyzer.capture.model import NO_TIME
from analyzer.surroundings.model import KdcExchange
from dissectors.tokens.model import (
    KrbAsRep,
    KrbAsReq,
    KrbError,
    KrbKdcRep,
    KrbKdcReq,
    KrbTgsRep,
    KrbTgsReq,
    Token,
)
from dissectors.tokens.ticket_id import ticket_id

Reply = KrbKdcRep | KrbError

PA_FOR_USER, PA_S4U_X509_USER = 129, 130
WRONG_REALM = 68  # KDC_ERR_WRONG_REALM: the client's realm is another one
NO_CODE = "KRB-ERROR without a code"
CODE_CUT_OFF = "KRB-ERROR cut off before its code"
_EPOCH = date(1970, 1, 1).toordinal()
_CUT = frozenset({"truncated", "limit-token-size"})
"""Anomalies of a message whose end is not in the capture, or was not read."""
_TGT = "krbtgt/"
_EXCHANGES: dict[type[Token], str] = {
    KrbAsReq: "AS",
    KrbAsRep: "AS",
    KrbTgsReq: "TGS",
    KrbTgsRep: "TGS",
}


def exchange_of(token: Token) -> str | None:
    """`AS` or `TGS`; None for an error, which may answer either."""
    return _EXCHANGES.get(type(token))


def take_request(exchange: KdcExchange, request: KrbKdcReq, *, cut: bool = False) -> None:
    """Note what is asked; `cut`: what carries it lacks its end."""
    exchange.exchange = exchange_of(request)
    exchange.cname = request.cname
    exchange.realm = request.realm
    exchange.sname = request.sname
    exchange.requested_etypes = request.etypes
    exchange.kdc_options = request.kdc_options
    exchange.padata = request.padata_types
    exchange.request_cut = cut or is_cut(request)
    exchange.begin_seen = request.realm is not None  # the padata and the options stand before it
    exchange.nonce = request.nonce
    exchange.ticket_used_etype = request.ticket_etype
    exchange.ticket_used_sname = request.ticket_sname
    exchange.ticket_used_id = ticket_id(request)
    exchange.for_user = request.for_user
    if PA_FOR_USER in request.padata_types or PA_S4U_X509_USER in request.padata_types:
        exchange.s4u = "self"
    elif "cname-in-addl-tkt" in request.kdc_options:
        exchange.s4u = "proxy"
    exchange.u2u = "enc-tkt-in-skey" in request.kdc_options
    exchange.fast = request.armored


def is_cut(token: Token) -> bool:
    """The end of a message, or of the token that carries it, is not there."""
    return any(oddity.code in _CUT for oddity in token.findings)


def take_reply(exchange: KdcExchange, reply: Reply, ts_ns: int, *, cut: bool = False) -> None:
    """Note what is answered, at `ts_ns` by the capture's clock; `cut` as of a request."""
    exchange.reply_cut = cut or is_cut(reply)
    exchange.reply_padata = reply.padata_types
    exchange.fast = exchange.fast or reply.armored
    if isinstance(reply, KrbError):
        _take_error(exchange, reply, ts_ns)
        return
    exchange.exchange = exchange.exchange or exchange_of(reply)
    if exchange.s4u is None:  # else the ticket is in the user's name (MS-SFU 3.2.5.1.2, 3.2.5.2.2)
        exchange.cname = exchange.cname or reply.cname
    exchange.crealm = reply.crealm
    exchange.ticket_cname = reply.cname
    exchange.ticket_sname, exchange.ticket_realm = reply.sname, reply.realm
    exchange.ticket_etype, exchange.ticket_kvno = reply.etype, reply.kvno
    exchange.ticket_id = ticket_id(reply)
    exchange.reply_etype = reply.enc_part_etype
    exchange.referral = _referral(exchange)
    exchange.sname = exchange.sname or reply.sname
    exchange.realm = exchange.realm or reply.realm


def _take_error(exchange: KdcExchange, reply: KrbError, ts_ns: int) -> None:
    exchange.error_code = reply.error_code
    # the realm, which none may lack, stands behind the code
    cut_before = exchange.reply_cut and reply.realm is None
    exchange.error = reply.error or (CODE_CUT_OFF if cut_before else NO_CODE)
    exchange.e_text = reply.e_text
    exchange.nt_status = reply.nt_status
    exchange.cname = exchange.cname or reply.cname
    exchange.crealm = reply.crealm
    exchange.sname = exchange.sname or reply.sname
    exchange.realm = exchange.realm or reply.realm
    if reply.error_code == WRONG_REALM:
        exchange.referral = reply.crealm
    clock = kerberos_time(reply.stime, reply.susec)
    if clock is not None and ts_ns != NO_TIME:
        exchange.clock_offset_ms = (clock - ts_ns) / 1e6


def _referral(exchange: KdcExchange) -> str | None:
    """The realm whose ticket-granting ticket came instead of what was asked, or without a question."""
    issued, home = exchange.ticket_sname, exchange.ticket_realm
    if exchange.exchange != "TGS" or issued is None or home is None:
        return None
    realm = issued[len(_TGT) :]
    if not issued.lower().startswith(_TGT) or realm.casefold() == home.casefold():
        return None
    asked = exchange.sname
    return None if asked is not None and asked.casefold() == issued.casefold() else realm


def kerberos_time(text: str | None, microseconds: int | None) -> int | None:
    """Ns since 1970 UTC of a KerberosTime such as `20260131235959Z`; None if it is none."""
    if text is None or len(text) != 15 or not text[:14].isdecimal() or not text.isascii():
        return None
    hour, minute, second = int(text[8:10]), int(text[10:12]), int(text[12:14])
    if text[14] not in "Zz" or hour > 23 or minute > 59 or second > 61:  # 60 and 61: leap seconds
        return None
    try:
        days = date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal() - _EPOCH
    except ValueError:
        return None
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    fraction = microseconds if microseconds is not None and 0 <= microseconds < 1_000_000 else 0
    return seconds * 1_000_000_000 + fraction * 1_000
