"""The token types: what a security token says, by the names of its specification.

Every class keeps `raw` (the token's bytes as carried) and `anomalies`; `inner` is the mechanism's token
inside SPNEGO. Values are decoded eagerly; the tree of `fields` with byte ranges is made when asked for.
Absent optional elements are None. OIDs are dotted text. Secrets never show in `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from dissectors.anomaly import Anomaly
from dissectors.span import Field


@dataclass(slots=True, kw_only=True)
class Token:
    """Anything that a carrier may carry as a security token."""

    token_type: ClassVar[str] = "opaque"

    raw: bytes = field(repr=False)
    anomalies: tuple[Anomaly, ...] = ()
    this_mech: str | None = (
        None  # OID of the InitialContextToken that frames it (RFC 2743 3.1), if any
    )
    inner: Token | None = None

    @property
    def findings(self) -> tuple[Anomaly, ...]:
        """Anomalies of the token and of what is inside it; all spans count in the outermost token."""
        if self.inner is None:
            return self.anomalies
        return self.anomalies + self.inner.findings

    @property
    def fields(self) -> list[Field]:
        """Every decoded value with its byte range in `raw`, in wire order (`inner`'s fields included).

        Decodes the token again, with a recorder: cheap enough for showing, not meant for hot paths.
        """
        from dissectors.tokens import token_fields  # noqa: PLC0415 - the registry imports this module

        return token_fields(self)


@dataclass(slots=True, kw_only=True)
class OpaqueToken(Token):
    """Bytes in a token's place that are no token we know; also an empty token."""


# -- SPNEGO (RFC 4178 4.2, MS-SPNG 2.2.1) ---------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class NegTokenInit(Token):
    """The initiator's offer."""

    token_type: ClassVar[str] = "NegTokenInit"

    mech_types: tuple[str, ...] = ()
    req_flags: tuple[str, ...] | None = (
        None  # names of set ContextFlags: `delegFlag`, `mutualFlag`, ...
    )
    mech_token: bytes | None = field(default=None, repr=False)
    mech_list_mic: bytes | None = field(default=None, repr=False)
    mech_types_der: bytes = field(
        default=b"", repr=False
    )  # DER of MechTypeList, what mechListMIC covers


@dataclass(slots=True, kw_only=True)
class NegTokenInit2(NegTokenInit):
    """The acceptor's hint, sent first (MS-SPNG 2.2.1)."""

    token_type: ClassVar[str] = "NegTokenInit2"

    hint_name: str | None = None
    hint_address: bytes | None = None


@dataclass(slots=True, kw_only=True)
class NegTokenResp(Token):
    """Every later SPNEGO token, from both sides."""

    token_type: ClassVar[str] = "NegTokenResp"

    neg_state: str | None = None  # `accept-completed` ... `request-mic`; `unknown(7)`
    supported_mech: str | None = None
    response_token: bytes | None = field(default=None, repr=False)
    mech_list_mic: bytes | None = field(default=None, repr=False)
    late_mech_types: tuple[str, ...] | None = None  # [4], Late Fallback (MS-SPNG 3.1.5.4)


# -- NTLM (MS-NLMP 2.2.1) ---------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class NtlmNegotiate(Token):
    """NEGOTIATE_MESSAGE."""

    token_type: ClassVar[str] = "NTLM_NEGOTIATE"

    flags: int | None = None
    domain: str | None = (
        None  # "" if the field is there and empty, None if the message has no such field
    )
    workstation: str | None = None
    version: str | None = None  # `10.0.19041/15`: major.minor.build/revision


@dataclass(slots=True, kw_only=True)
class NtlmChallenge(Token):
    """CHALLENGE_MESSAGE."""

    token_type: ClassVar[str] = "NTLM_CHALLENGE"

    flags: int | None = None
    target_name: str | None = None
    server_challenge: bytes = field(default=b"", repr=False)
    target_info: dict[str, Any] | None = None  # AV pairs by name, see NtlmAuthenticate.target_info
    version: str | None = None
    local_call: bool = False  # server sees itself as the client (flag 0x4000)


@dataclass(slots=True, kw_only=True)
class NtlmAuthenticate(Token):
    """AUTHENTICATE_MESSAGE."""

    token_type: ClassVar[str] = "NTLM_AUTHENTICATE"

    flags: int | None = None
    user: str | None = None
    domain: str | None = None
    workstation: str | None = None
    lm_response: bytes = field(default=b"", repr=False)
    nt_response: bytes = field(default=b"", repr=False)
    session_key: bytes = field(default=b"", repr=False)
    version: str | None = None
    response: str | None = None  # `lm`, `ntlmv1`, `ntlmv1-ess`, `ntlmv2`, `anonymous`, `local-call`
    target_info: dict[str, Any] | None = None
    """AV pairs of the NTLMv2 response in wire order, by spec name: `MsvAvNbDomainName` -> text,
    `MsvAvTimestamp` -> FILETIME int, `MsvAvFlags` -> int, `MsvAvChannelBindings`/`MsvAvSingleHost` -> hex
    text, unknown ids -> `AvId(17)`: hex text. A repeated id keeps the first and notes an anomaly."""
    target_name: str | None = None  # MsvAvTargetName: the SPN the client meant
    channel_binding: str | None = (
        None  # `absent`, `zero`, `present`; None if the response kind has none
    )
    mic: str | None = None  # `absent`, `present`, `promised-missing`


# -- Kerberos (RFC 4120 5, RFC 4121 4.1) -----------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class KrbApReq(Token):
    """AP-REQ, framed, with token id only, or bare (DCE style)."""

    token_type: ClassVar[str] = "KRB_AP_REQ"

    ap_options: tuple[str, ...] = ()  # `use-session-key`, `mutual-required`; other bits `bit(5)`
    realm: str | None = None
    sname: str | None = None  # `HTTP/web.lab.example`
    etype: int | None = None  # of the ticket
    kvno: int | None = None
    authenticator_etype: int | None = None
    authenticator_length: int | None = None  # bytes of cipher: a large one hints at delegation
    dce_style: bool = False  # no GSS frame


@dataclass(slots=True, kw_only=True)
class KrbApRep(Token):
    """AP-REP."""

    token_type: ClassVar[str] = "KRB_AP_REP"

    etype: int | None = None
    dce_style: bool = False


@dataclass(slots=True, kw_only=True)
class KrbError(Token):
    """KRB-ERROR."""

    token_type: ClassVar[str] = "KRB_ERROR"

    error_code: int | None = None
    error: str | None = None  # `KRB_AP_ERR_SKEW`; unknown numbers `unknown(99)`
    realm: str | None = None
    sname: str | None = None
    crealm: str | None = None
    cname: str | None = None
    ctime: str | None = None  # GeneralizedTime text as sent
    stime: str | None = None
    e_text: str | None = None
    nt_status: int | None = None  # of KERB-ERROR-DATA in e-data (MS-KILE 2.2.1)


@dataclass(slots=True, kw_only=True)
class KrbTgtReq(Token):
    """TGT-REQ of user-to-user (draft-swift-win2k-krb-user2user 4)."""

    token_type: ClassVar[str] = "KRB_TGT_REQ"

    realm: str | None = None
    sname: str | None = None


@dataclass(slots=True, kw_only=True)
class KrbTgtRep(Token):
    """TGT-REP of user-to-user: a ticket-granting ticket of the acceptor."""

    token_type: ClassVar[str] = "KRB_TGT_REP"

    realm: str | None = None
    sname: str | None = None
    etype: int | None = None
    kvno: int | None = None


@dataclass(slots=True, kw_only=True)
class IakerbMessage(Token):
    """IAKERB_PROXY: a KDC message carried by the acceptor (draft-ietf-kitten-iakerb 3)."""

    token_type: ClassVar[str] = "IAKERB"

    realm: str | None = None
    message: str | None = (
        None  # `AS-REQ`, `AS-REP`, `TGS-REQ`, `TGS-REP`, `KRB-ERROR`; None if empty
    )


# -- NegoEx (MS-NEGOEX 2.2) -------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class NegoexMessage:
    """One message of a NegoEx token."""

    name: str  # `INITIATOR_NEGO`, `ACCEPTOR_NEGO`, ..., `unknown(9)`
    sequence: int
    conversation_id: str  # GUID text
    schemes: tuple[str, ...] = ()  # NEGO: offered, else the one in use; names or GUIDs


@dataclass(slots=True, kw_only=True)
class NegoexMessages(Token):
    """A NegoEx token: one or more messages back to back."""

    token_type: ClassVar[str] = "NEGOEX"

    messages: tuple[NegoexMessage, ...] = ()


# -- per-message tokens (RFC 4121 4.2, RFC 1964 1.2, MS-NLMP 2.2.2.9) -------------------------------------


@dataclass(slots=True, kw_only=True)
class WrapToken(Token):
    """GSS_Wrap."""

    token_type: ClassVar[str] = "GSS_WRAP"

    sealed: bool | None = None
    from_acceptor: bool | None = None  # RFC 4121 flag SentByAcceptor
    sequence: int | None = None


@dataclass(slots=True, kw_only=True)
class MicToken(Token):
    """GSS_GetMIC, or an NTLM message signature."""

    token_type: ClassVar[str] = "GSS_MIC"

    from_acceptor: bool | None = None
    sequence: int | None = None
