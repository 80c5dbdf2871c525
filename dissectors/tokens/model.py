"""The token types: what a security token says, by the names of its specification.

Every class keeps `raw` (the token's bytes as carried) and `anomalies`; `inner` is the mechanism's token
inside SPNEGO. Values are decoded eagerly; the tree of `fields` with byte ranges is made when asked for.
Absent optional elements are None. OIDs are dotted text. Secrets never show in `repr`.
Classes that come by the thousand take their values by position too: `usual` fills them so, which costs
a third of what keywords do. Elsewhere keywords tell what is what.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

from dissectors.anomaly import Anomaly
from dissectors.records import NamedTuple, dataclass
from dissectors.span import Field, Span


@dataclass(slots=True)
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

    def bytes_of(self, field: Field) -> bytes:
        """Bytes of one of `fields`, whatever they are: also those of a secret."""
        return self.raw[field.span.start : field.span.end]


@dataclass(slots=True, kw_only=True)
class OpaqueToken(Token):
    """Bytes in a token's place that are no token we know; also an empty token."""


# -- SPNEGO (RFC 4178 4.2, MS-SPNG 2.2.1) ---------------------------------------------------------------


@dataclass(slots=True)
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


@dataclass(slots=True)
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


@dataclass(slots=True)
class NtlmChallenge(Token):
    """CHALLENGE_MESSAGE."""

    token_type: ClassVar[str] = "NTLM_CHALLENGE"

    flags: int | None = None
    target_name: str | None = None
    server_challenge: bytes = field(default=b"", repr=False)
    target_info: dict[str, Any] | None = None  # AV pairs by name, see NtlmAuthenticate.target_info
    version: str | None = None
    local_call: bool = False  # server sees itself as the client (flag 0x4000)


@dataclass(slots=True)
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


@dataclass(slots=True)
class KrbApReq(Token):
    """AP-REQ, framed, with token id only, or bare (DCE style)."""

    token_type: ClassVar[str] = "KRB_AP_REQ"

    ap_options: tuple[str, ...] | None = None
    """Those that are set: `use-session-key`, `mutual-required`, others `bit(5)`; None: not there to read."""
    realm: str | None = None
    sname: str | None = None  # `HTTP/web.lab.example`
    etype: int | None = None  # of the ticket
    kvno: int | None = None
    authenticator_etype: int | None = None
    authenticator_length: int | None = None  # bytes of cipher: a large one hints at delegation
    dce_style: bool = False  # no GSS frame
    ticket_cipher: tuple[int, int] | None = (
        None  # where it lies in `raw`; None: it is not all there
    )


@dataclass(slots=True)
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
    cusec: int | None = None  # microseconds of ctime
    stime: str | None = None
    susec: int | None = None
    e_text: str | None = None
    e_data: bytes | None = field(default=None, repr=False)
    padata_types: tuple[int, ...] = ()  # of METHOD-DATA in e-data
    armored: bool = False  # the real error is inside FAST (RFC 6113 5.4.4)
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
class KrbKdcReq(Token):
    """A request to a KDC: AS-REQ or TGS-REQ."""

    padata_types: tuple[int, ...] = ()
    armored: bool = False  # FAST: its PA-FX-FAST holds an armoured request (RFC 6113 5.4.2)
    kdc_options: tuple[str, ...] = ()  # `forwardable`, `canonicalize`, ...; other bits `bit(9)`
    cname: str | None = None  # of an AS-REQ
    realm: str | None = None  # of the service, in an AS-REQ also of the client
    sname: str | None = None
    from_time: str | None = None  # GeneralizedTime text as sent
    till: str | None = None
    rtime: str | None = None
    nonce: int | None = None
    etypes: tuple[int, ...] = ()  # most wanted first
    for_user: str | None = None  # whom a service wants to impersonate (S4U2self, MS-SFU 2.2.1)
    ticket_realm: str | None = None  # of the ticket in PA-TGS-REQ
    ticket_sname: str | None = None
    ticket_etype: int | None = None
    ticket_kvno: int | None = None
    ticket_cipher: tuple[int, int] | None = (
        None  # where it lies in `raw`; None: it is not all there
    )


@dataclass(slots=True, kw_only=True)
class KrbAsReq(KrbKdcReq):
    """AS-REQ."""

    token_type: ClassVar[str] = "KRB_AS_REQ"


@dataclass(slots=True, kw_only=True)
class KrbTgsReq(KrbKdcReq):
    """TGS-REQ."""

    token_type: ClassVar[str] = "KRB_TGS_REQ"


@dataclass(slots=True, kw_only=True)
class KrbKdcRep(Token):
    """An answer of a KDC: AS-REP or TGS-REP."""

    padata_types: tuple[int, ...] = ()
    armored: bool = False  # FAST: its PA-FX-FAST holds an armoured reply (RFC 6113 5.4.3)
    crealm: str | None = None
    cname: str | None = None
    realm: str | None = None  # of the ticket
    sname: str | None = None
    etype: int | None = None  # of the ticket
    kvno: int | None = None
    enc_part_etype: int | None = None  # of the client's part: its key's or the session key's type
    enc_part_kvno: int | None = None
    ticket_cipher: tuple[int, int] | None = (
        None  # where it lies in `raw`; None: it is not all there
    )


@dataclass(slots=True, kw_only=True)
class KrbAsRep(KrbKdcRep):
    """AS-REP."""

    token_type: ClassVar[str] = "KRB_AS_REP"


@dataclass(slots=True, kw_only=True)
class KrbTgsRep(KrbKdcRep):
    """TGS-REP."""

    token_type: ClassVar[str] = "KRB_TGS_REP"


@dataclass(slots=True, kw_only=True)
class KrbSafe(Token):
    """KRB-SAFE: data with a keyed checksum."""

    token_type: ClassVar[str] = "KRB_SAFE"

    user_data: bytes | None = field(default=None, repr=False)
    timestamp: str | None = None  # GeneralizedTime text as sent
    seq_number: int | None = None
    cksumtype: int | None = None


@dataclass(slots=True, kw_only=True)
class KrbPriv(Token):
    """KRB-PRIV: encrypted data."""

    token_type: ClassVar[str] = "KRB_PRIV"

    enc_part_etype: int | None = None


@dataclass(slots=True, kw_only=True)
class KrbCred(Token):
    """KRB-CRED: tickets with their keys, as delegation sends them."""

    token_type: ClassVar[str] = "KRB_CRED"

    realm: str | None = None  # of the first ticket
    sname: str | None = None
    etype: int | None = None
    kvno: int | None = None
    tickets: int = 0  # how many
    enc_part_etype: int | None = None  # 0: the keys travel in clear


@dataclass(slots=True, kw_only=True)
class IakerbMessage(Token):
    """IAKERB_PROXY: a KDC message, `inner`, carried by the acceptor (draft-ietf-kitten-iakerb 3)."""

    token_type: ClassVar[str] = "IAKERB"

    realm: str | None = None
    message: str | None = (
        None  # `AS-REQ`, `AS-REP`, `TGS-REQ`, `TGS-REP`, `KRB-ERROR`; None if empty
    )


# -- NegoEx (MS-NEGOEX 2.2) -------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class NegoexExtension:
    """An extension of a NEGO message."""

    extension_type: int
    critical: bool  # who does not know it must give up: the type's top bit
    value: bytes = field(default=b"", repr=False)


@dataclass(slots=True, kw_only=True)
class NegoexAlert:
    """An alert of an ALERT message."""

    alert_type: int
    reason: int | None = None  # of a pulse
    value: bytes = field(default=b"", repr=False)


@dataclass(slots=True, kw_only=True)
class NegoexMessage:
    """One message of a NegoEx token."""

    name: str  # `INITIATOR_NEGO`, `ACCEPTOR_NEGO`, ..., `unknown(9)`
    message_type: int
    sequence: int
    conversation_id: str  # GUID text
    schemes: tuple[str, ...] = ()  # NEGO: offered, else the one in use; names or GUIDs
    protocol_version: int | None = None  # of NEGO
    extensions: tuple[NegoexExtension, ...] = ()  # of NEGO
    exchange: Token | None = None  # the scheme's own token: of META_DATA, CHALLENGE, AP_REQUEST
    exchange_span: Span | None = None  # its bytes, counted in the outermost token
    checksum_type: int | None = None  # of VERIFY
    error_code: int | None = None  # of ALERT: NTSTATUS
    alerts: tuple[NegoexAlert, ...] = ()  # of ALERT


@dataclass(slots=True, kw_only=True)
class NegoexMessages(Token):
    """A NegoEx token: one or more messages back to back."""

    token_type: ClassVar[str] = "NEGOEX"

    messages: tuple[NegoexMessage, ...] = ()

    @property
    def findings(self) -> tuple[Anomaly, ...]:
        """Anomalies of the messages and of the tokens that they exchange."""
        found = self.anomalies
        for message in self.messages:
            if message.exchange is not None:
                found += message.exchange.findings
        return found


@dataclass(slots=True, kw_only=True)
class Pku2uMetaData(Token):
    """What PKU2U says in NegoEx's META_DATA, as Windows sends it."""

    token_type: ClassVar[str] = "PKU2U_META_DATA"

    trusted_certifiers: tuple[str, ...] = ()  # their names: `CN=Token Signing Public Key`
    realm: str | None = None  # of the initiator's target
    sname: str | None = None


# -- per-message tokens (RFC 4121 4.2, RFC 1964 1.2, MS-NLMP 2.2.2.9) -------------------------------------


class SaslLayer(NamedTuple):
    """What the two sides of SASL's GSSAPI mechanism say about the security layer (RFC 4752 3.1-3.2)."""

    layers: tuple[str, ...]  # offered by the server, chosen by the client: `none`, `integrity`, ...
    max_size: int  # of a wrapped message that may be sent to who says this, in bytes
    authzid: str | None = None  # whom the client wants to act as; None if it does not say


@dataclass(slots=True)
class WrapToken(Token):
    """GSS_Wrap."""

    token_type: ClassVar[str] = "GSS_WRAP"

    sealed: bool | None = None
    from_acceptor: bool | None = None  # RFC 4121 flag SentByAcceptor
    sequence: int | None = None
    flags: int | None = None  # RFC 4121
    ec: int | None = None  # RFC 4121, Extra Count: octets of checksum (unsealed) or filler (sealed)
    rrc: int | None = None  # RFC 4121, Right Rotation Count
    sgn_alg: str | None = None  # RFC 1964: `HMAC MD5 ARCFOUR`; unknown numbers `unknown(9)`
    seal_alg: str | None = None  # RFC 1964: `none` if unsealed
    sasl_layer: SaslLayer | None = None  # what the plaintext says, for a leg that is known for it

    @property
    def payload_spans(self) -> tuple[Span, ...] | None:
        """Where in `raw` the plaintext of an unsealed token lies, in its own order; None if unreadable."""
        from dissectors.tokens.per_message import payload_spans  # noqa: PLC0415 - it imports this module

        return payload_spans(self)

    @property
    def payload(self) -> bytes | None:
        """The plaintext of an unsealed token; None where it cannot be read."""
        spans = self.payload_spans
        return None if spans is None else b"".join(self.raw[start:end] for start, end in spans)


@dataclass(slots=True, kw_only=True)
class MicToken(Token):
    """GSS_GetMIC, or an NTLM message signature."""

    token_type: ClassVar[str] = "GSS_MIC"

    from_acceptor: bool | None = None
    sequence: int | None = None
    flags: int | None = None  # RFC 4121
    sgn_alg: str | None = None  # RFC 1964


@dataclass(slots=True, kw_only=True)
class DeleteContextToken(MicToken):
    """GSS_Delete_sec_context: a MIC over nothing (RFC 1964 1.2.3)."""
