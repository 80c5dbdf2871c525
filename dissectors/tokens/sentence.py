"""A token in plain sentences: who says what to whom, and what it leads to.

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

_STATES = {
    "accept-completed": "The acceptor accepts: the context is complete.",
    "accept-incomplete": "The negotiation goes on: another token is expected.",
    "reject": "The acceptor refuses: the negotiation is over.",
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


def token_sentence(token: Token) -> str:
    """What a token says, and the mechanism's token inside it."""
    if not token.raw:
        return "An empty token: it is the other side's turn, or nothing is left to say."
    said = _SENTENCES.get(type(token), _opaque)(token)
    inner = token.inner
    if inner is not None and inner.raw:
        said += f" Inside: {token_sentence(inner)}"
    return said


def _names(mechs: tuple[str, ...]) -> str:
    return ", ".join(mech_name(mech) for mech in mechs) or "no mechanism"


def _service(token: Any) -> str:
    where = token.sname or "an unnamed service"
    return f"{where} in realm {token.realm}" if token.realm else where


def _init(token: Any) -> str:
    said = f"The initiator offers {_names(token.mech_types)}, most wanted first."
    if token.mech_token is None and token.mech_types:
        return said + " It sends no token of a mechanism yet."
    return said


def _init2(token: Any) -> str:
    return f"The acceptor speaks first and hints at what it can do: {_names(token.mech_types)}."


def _resp(token: Any) -> str:
    said = _STATES.get(token.neg_state or "", "")
    if token.neg_state is None:
        said = "A further leg of the negotiation."
    elif not said:
        said = f"The negotiation's state is {token.neg_state}."
    if token.supported_mech is not None:
        said += f" The acceptor selects {mech_name(token.supported_mech)}."
    if token.mech_list_mic is not None:
        said += " A mechListMIC proves which mechanisms were offered."
    return said


def _negotiate(token: Any) -> str:
    at = f" from {token.workstation}" if token.workstation else ""
    return f"An NTLM client{at} asks for a challenge and says what it can do."


def _challenge(token: Any) -> str:
    of = f" of {token.target_name}" if token.target_name else ""
    local = " It believes that the client is on the same host." if token.local_call else ""
    return f"The NTLM server{of} sends its challenge and says who it is.{local}"


def _authenticate(token: Any) -> str:
    who = token.user or "nobody"
    if token.user and token.domain:
        who = f"{token.domain}\\{token.user}"
    sent = _RESPONSES.get(token.response or "", "a response of unknown kind")
    said = f"The client answers the challenge as {who} with {sent}."
    if token.mic == "promised-missing":
        said += " It promised a MIC over the three messages, but there is none."
    if token.target_name:
        said += f" It means the service {token.target_name}."
    return said


def _ap_req(token: Any) -> str:
    said = f"The client shows a Kerberos ticket for {_service(token)}"
    if token.etype is not None:
        said += f", encrypted with {krb_etype_name(token.etype)}"
    if "mutual-required" in token.ap_options:
        said += ", and wants the service to prove itself too"
    return said + "."


def _ap_rep(_token: Any) -> str:
    return "The service could read the ticket and proves itself to the client."


def _krb_error(token: Any) -> str:
    said = f"Kerberos refuses with {token.error or 'an error without a number'}"
    if token.sname:
        said += f", asked for {_service(token)}"
    if token.nt_status is not None:
        said += f"; Windows names it {nt_status_name(token.nt_status)}"
    return said + "."


def _tgt_req(token: Any) -> str:
    return (
        f"User-to-user Kerberos: the client asks {_service(token)} for its ticket-granting ticket."
    )


def _tgt_rep(_token: Any) -> str:
    return "User-to-user Kerberos: the acceptor sends its ticket-granting ticket."


def _kdc_req(token: Any) -> str:
    who = token.cname or "A client"
    if token.for_user is not None:
        who = f"A service, for {token.for_user},"
    return f"{who} asks a KDC for a ticket for {_service(token)}."


def _kdc_rep(token: Any) -> str:
    said = f"The KDC gives {token.cname or 'the client'} a ticket for {_service(token)}"
    if token.etype is not None:
        said += f", encrypted with {krb_etype_name(token.etype)}"
    return said + "."


def _cred(token: Any) -> str:
    count = "a ticket" if token.tickets == 1 else f"{token.tickets} tickets"
    return f"Credentials on their way: {count} for {_service(token)}, with the keys."


def _safe(_token: Any) -> str:
    return "Data of an application with a keyed checksum."


def _priv(_token: Any) -> str:
    return "Encrypted data of an application."


def _iakerb(token: Any) -> str:
    realm = f" of realm {token.realm}" if token.realm else ""
    what = f"a {token.message}" if token.message else "an empty message, which asks for the realm"
    return f"IAKERB: the acceptor carries {what} to or from a KDC{realm}."


def _negoex(token: Any) -> str:
    names = ", ".join(message.name for message in token.messages) or "no message"
    schemes = dict.fromkeys(scheme for message in token.messages for scheme in message.schemes)
    about = f" about {', '.join(schemes)}" if schemes else ""
    return f"NegoEx says {names}{about}."


def _meta_data(token: Any) -> str:
    whom = f" and asks for {_service(token)}" if token.sname else ""
    trusted = f"names {len(token.trusted_certifiers)} authorities that it trusts"
    return f"PKU2U {trusted}{whom}."


def _wrap(token: Any) -> str:
    if token.sasl_layer is not None:
        layers = " or ".join(token.sasl_layer.layers) or "nothing"
        return f"SASL's security layer: {layers}, in pieces of at most {token.sasl_layer.max_size} bytes."
    how = {True: "sealed", False: "signed, but readable", None: "protected"}[token.sealed]
    return f"A message of the application, {how}."


def _mic(_token: Any) -> str:
    return "A signature over something that was sent apart from it."


def _delete(_token: Any) -> str:
    return "The sender forgets the context: nothing more will be protected by it."


def _opaque(token: Token) -> str:
    named = f" of {mech_name(token.this_mech)}" if token.this_mech is not None else ""
    return f"{len(token.raw)} bytes{named} that are no token known here."


_SENTENCES: dict[type[Token], Callable[[Any], str]] = {
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
