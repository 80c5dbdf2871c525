"""A token in plain sentences: who says what to whom, and what it leads to.

What a token that is cut off may have said further on is never told as absent. A side is named only where
the caller knows it or the token itself tells.

Spec: RFC 4178 3-4 (SPNEGO), MS-NLMP 1.3 (NTLM), RFC 4121 4, RFC 4120 3 and 5 (Kerberos), MS-NEGOEX 1.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dissectors.codes.krb_etype import krb_etype_name
from dissectors.codes.nt_status import nt_status_name
from dissectors.mechs import mech_name
from dissectors.tokens.model import (
    DeleteContextToken,
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbAsRep,
    KrbAsReq,
    KrbCred,
    KrbError,
    KrbPriv,
    KrbSafe,
    KrbTgsRep,
    KrbTgsReq,
    KrbTgtRep,
    KrbTgtReq,
    MicToken,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    Pku2uMetaData,
    Token,
    WrapToken,
)
from dissectors.tokens.sender import sender_of

_LIMIT = "limit-token-size"
_CUT = frozenset({"truncated", _LIMIT})
"""Anomalies of a token whose end is missing, or was not read."""
_VERDICTS = {
    ("accept-completed", "acceptor"): "The acceptor accepts: the context is complete.",
    ("accept-completed", "initiator"): "The initiator says that the context is complete.",
    ("accept-completed", None): "Accepted: the context is complete.",
    ("reject", "acceptor"): "The acceptor refuses: the negotiation is over.",
    ("reject", "initiator"): "The initiator refuses: the negotiation is over.",
    ("reject", None): "Refused: the negotiation is over.",
}
_STATES = {
    "accept-incomplete": "The negotiation goes on: another token is expected.",
    "request-mic": "The negotiation goes on, and both sides must prove the list of mechanisms"
    " with a mechListMIC.",
}
_RESPONSES = {
    "lm": "only an LM response, which is broken",
    "ntlmv1": "an NTLMv1 response, which is weak",
    "ntlmv1-ess": "an NTLMv1 response with extended session security, which is weak",
    "ntlmv2": "an NTLMv2 response",
    "anonymous": "nothing: an anonymous logon",
    "local-call": "nothing: client and server are the same host",
}


def token_sentence(token: Token, role: str | None = None) -> str:
    """What a token says, and the mechanism's token inside it.

    `role` is the sender, `initiator` or `acceptor`, if the caller knows it.
    """
    if not token.raw:
        return "An empty token: it is the other side's turn, or nothing is left to say."
    said = _said(token, role or sender_of(token), _is_cut(token))
    if any(anomaly.code == _LIMIT for anomaly in token.anomalies):
        return f"{said} The rest is not read."
    return f"{said} The rest is cut off." if _is_cut(token) else said


def _said(token: Token, role: str | None, cut: bool) -> str:
    said = _SENTENCES.get(type(token), _opaque)(token, cut, role)
    inner = token.inner
    if inner is not None and inner.raw:
        # only what stands at the end of a cut token is cut itself
        cut = _is_cut(inner) or (cut and _read_of(token).endswith(inner.raw))
        said += f" Inside: {_said(inner, role, cut)}"
    return said


def _is_cut(token: Token) -> bool:
    return any(anomaly.code in _CUT for anomaly in token.anomalies)


def _read_of(token: Token) -> bytes:
    """The bytes of a token that were read: all, or those before the limit."""
    starts = [anomaly.span.start for anomaly in token.anomalies if anomaly.code == _LIMIT]
    return token.raw[: starts[0]] if starts else token.raw


def _names(mechs: tuple[str, ...]) -> str:
    return ", ".join(mech_name(mech) for mech in mechs) or "no mechanism"


def _service(token: Any, cut: bool = False) -> str:
    """The service, with its realm; of a token that is cut before its name no word of a nameless one."""
    where = token.sname or (_LOST if cut else "an unnamed service")
    return f"{where} in realm {token.realm}" if token.realm else where


_LOST = "a service whose name is cut off"


def _init(token: Any, cut: bool, _role: str | None) -> str:
    if not token.mech_types and cut:
        return "The initiator makes its offer, which is cut off."
    said = f"The initiator offers {_names(token.mech_types)}"
    said += ", most wanted first." if token.mech_types else "."
    if token.mech_token is None and token.mech_types and not cut:
        return said + " It sends no token of a mechanism yet."
    return said


def _init2(token: Any, cut: bool, _role: str | None) -> str:
    does = "the list is cut off" if cut and not token.mech_types else _names(token.mech_types)
    return f"The acceptor speaks first and hints at what it can do: {does}."


def _resp(token: Any, cut: bool, role: str | None) -> str:
    state = token.neg_state
    if state is None:
        said = "A further leg of the negotiation."
    else:
        said = _VERDICTS.get((state, role)) or _STATES.get(state, "")
        said = said or f"The negotiation's state is {state}."
    if token.supported_mech is not None:
        selects = "The acceptor selects" if role == "acceptor" else "It names as selected"
        said += f" {selects} {mech_name(token.supported_mech)}."
    if token.mech_list_mic and token.mech_list_mic == token.response_token:
        said += (
            " Its mechListMIC is a copy of the token, as Windows 2000 sends it, and proves nothing."
        )
    elif token.mech_list_mic:
        said += " A mechListMIC proves which mechanisms were offered."
    elif token.mech_list_mic is not None and not cut:
        said += " Its mechListMIC is empty and proves nothing."
    return said


def _negotiate(token: Any, _cut: bool, _role: str | None) -> str:
    at = f" from {token.workstation}" if token.workstation else ""
    return f"An NTLM client{at} asks for a challenge and says what it can do."


def _challenge(token: Any, _cut: bool, _role: str | None) -> str:
    of = f" of {token.target_name}" if token.target_name else ""
    local = " It believes that the client is on the same host." if token.local_call else ""
    return f"The NTLM server{of} sends its challenge and says who it is.{local}"


def _authenticate(token: Any, cut: bool, _role: str | None) -> str:
    said = "The client answers the challenge"
    if token.user or token.user == "":
        who = token.user or "nobody"
        said += f" as {token.domain}\\{token.user}" if token.user and token.domain else f" as {who}"
    else:
        said += f" as a user whose name {'is cut off' if cut else 'cannot be read'}"
    if token.response is not None:
        said += f" with {_RESPONSES.get(token.response, token.response)}."
    else:
        said += f" with a response {'that is cut off' if cut else 'of unknown kind'}."
    if token.mic == "promised-missing":
        said += " It promised a MIC over the three messages, but there is none."
    if token.target_name:
        said += f" It means the service {token.target_name}."
    return said


def _ap_req(token: Any, cut: bool, _role: str | None) -> str:
    said = f"The client shows a Kerberos ticket for {_service(token, cut)}"
    if token.etype is not None:
        said += f", encrypted with {krb_etype_name(token.etype)}"
    if "mutual-required" in (token.ap_options or ()):
        said += ", and wants the service to prove itself too"
    return said + "."


def _ap_rep(_token: Any, _cut: bool, _role: str | None) -> str:
    return "The service could read the ticket and proves itself to the client."


def _krb_error(token: Any, cut: bool, _role: str | None) -> str:
    if token.error is None and cut:
        said = "Kerberos answers with an error whose number is cut off"  # it may ask for more
    else:
        said = f"Kerberos refuses with {token.error or 'an error without a number'}"
    if token.sname:
        said += f", asked for {_service(token)}"
    if token.nt_status is not None:
        said += f"; Windows names it {nt_status_name(token.nt_status)}"
    return said + "."


def _tgt_req(token: Any, cut: bool, _role: str | None) -> str:
    return f"User-to-user Kerberos: the client asks {_service(token, cut)} for its ticket-granting ticket."


def _tgt_rep(_token: Any, _cut: bool, _role: str | None) -> str:
    return "User-to-user Kerberos: the acceptor sends its ticket-granting ticket."


def _kdc_req(token: Any, cut: bool, _role: str | None) -> str:
    who = token.cname or "A client"
    if token.for_user is not None:
        who = f"A service, for {token.for_user},"
    return f"{who} asks a KDC for a ticket for {_service(token, cut)}."


def _kdc_rep(token: Any, cut: bool, _role: str | None) -> str:
    said = f"The KDC gives {token.cname or 'the client'} a ticket for {_service(token, cut)}"
    if token.etype is not None:
        said += f", encrypted with {krb_etype_name(token.etype)}"
    return said + "."


def _cred(token: Any, cut: bool, _role: str | None) -> str:
    count = "a ticket" if token.tickets == 1 else f"{token.tickets} tickets"
    if cut and not token.tickets:
        count = "tickets"
    return f"Credentials on their way: {count} for {_service(token, cut)}, with the keys."


def _safe(_token: Any, _cut: bool, _role: str | None) -> str:
    return "Data of an application with a keyed checksum."


def _priv(_token: Any, _cut: bool, _role: str | None) -> str:
    return "Encrypted data of an application."


def _iakerb(token: Any, cut: bool, _role: str | None) -> str:
    if token.message is None and cut:
        return "IAKERB: a header, and what stood behind it."
    if token.message is None and token.anomalies:
        return "IAKERB: a header, and no message of a KDC that could be read."
    if token.message is None and token.realm:
        return f"IAKERB: the acceptor says that its realm is {token.realm}."
    if token.message is None:
        return "IAKERB: the initiator asks the acceptor for its realm."
    realm = f" of realm {token.realm}" if token.realm else ""
    article = "an" if token.message.startswith("AS") else "a"
    way = "for" if token.message.endswith("REQ") else "from"
    return f"IAKERB: the acceptor carries {article} {token.message} {way} a KDC{realm}."


def _negoex(token: Any, cut: bool, _role: str | None) -> str:
    names = ", ".join(message.name for message in token.messages)
    if not names:
        return "NegoEx begins to say something." if cut else "NegoEx says no message."
    schemes = dict.fromkeys(scheme for message in token.messages for scheme in message.schemes)
    about = f" about {', '.join(schemes)}" if schemes else ""
    return f"NegoEx says {names}{about}."


def _meta_data(token: Any, cut: bool, _role: str | None) -> str:
    whom = f" and asks for {_service(token)}" if token.sname else ""
    count = len(token.trusted_certifiers)
    trusted = f"names {count} {'authority' if count == 1 else 'authorities'} that it trusts"
    if cut and not count:
        trusted = "names authorities that it trusts"
    return f"PKU2U {trusted}{whom}."


def _wrap(token: Any, _cut: bool, _role: str | None) -> str:
    if token.sasl_layer is not None:
        layers = " or ".join(token.sasl_layer.layers) or "nothing"
        return f"SASL's security layer: {layers}, in pieces of at most {token.sasl_layer.max_size:,} bytes."
    how = {True: "sealed", False: "signed, but readable", None: "protected"}[token.sealed]
    return f"A message of the application, {how}."


def _mic(_token: Any, _cut: bool, _role: str | None) -> str:
    return "A signature over something that was sent apart from it."


def _delete(_token: Any, _cut: bool, _role: str | None) -> str:
    return "The sender forgets the context: nothing more will be protected by it."


def _opaque(token: Token, cut: bool, _role: str | None) -> str:
    named = f" of {mech_name(token.this_mech)}" if token.this_mech is not None else ""
    size = len(token.raw)
    that = "byte" if size == 1 else "bytes"
    if cut and not any(anomaly.code == _LIMIT for anomaly in token.anomalies):
        return f"The first {size:,} {that}{named} of a token, too few to tell which."
    return f"{size:,} {that}{named} that {'is' if size == 1 else 'are'} no token known here."


_SENTENCES: dict[type[Token], Callable[[Any, bool, str | None], str]] = {
    NegTokenInit: _init,
    NegTokenInit2: _init2,
    NegTokenResp: _resp,
    NtlmNegotiate: _negotiate,
    NtlmChallenge: _challenge,
    NtlmAuthenticate: _authenticate,
    KrbApReq: _ap_req,
    KrbApRep: _ap_rep,
    KrbError: _krb_error,
    KrbAsReq: _kdc_req,
    KrbTgsReq: _kdc_req,
    KrbAsRep: _kdc_rep,
    KrbTgsRep: _kdc_rep,
    KrbCred: _cred,
    KrbSafe: _safe,
    KrbPriv: _priv,
    KrbTgtReq: _tgt_req,
    KrbTgtRep: _tgt_rep,
    IakerbMessage: _iakerb,
    NegoexMessages: _negoex,
    Pku2uMetaData: _meta_data,
    WrapToken: _wrap,
    MicToken: _mic,
    DeleteContextToken: _delete,
}
