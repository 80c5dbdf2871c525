"""Which of our fields is which of tshark's: one table, read from both sides.

`ours` ends a path of our tree, part by part: `*` is any part, `#` a number, `|` stands between two ends.
`theirs` is a field name of tshark's, after `>` of one that stands somewhere below another. The n-th of ours
is the n-th of theirs.

Spec: MS-NLMP 2.2.1, 2.2.2; RFC 4178 4.2; RFC 4120 5; RFC 4121 4.2; RFC 1964 1.2; MS-NEGOEX 2.2.6.
"""

from __future__ import annotations

from analyzer.crosscheck.same_value import (
    SameValue,
    bit,
    filetime,
    flag,
    generalized_time,
    guid,
    is_present,
    name,
    number,
    octets,
    text,
)
from dissectors.records import NamedTuple


class Pair(NamedTuple):
    """One row: our field, tshark's, and how their values are held against each other."""

    ours: str
    theirs: str
    same: SameValue
    octets: bool = True  # whether tshark's value holds the field's very bytes
    optional: bool = False  # whether tshark may leave it out, as it has another name elsewhere


_FLAG_FIELDS = {
    0x00000001: "ntlmssp.negotiateunicode",
    0x00000002: "ntlmssp.negotiateoem",
    0x00000004: "ntlmssp.requesttarget",
    0x00000008: "ntlmssp.negotiate00000008",
    0x00000010: "ntlmssp.negotiatesign",
    0x00000020: "ntlmssp.negotiateseal",
    0x00000040: "ntlmssp.negotiatedatagram",
    0x00000080: "ntlmssp.negotiatelmkey",
    0x00000100: "ntlmssp.negotiate00000100",
    0x00000200: "ntlmssp.negotiatentlm",
    0x00000400: "ntlmssp.negotiatentonly",
    0x00000800: "ntlmssp.negotiateanonymous",
    0x00001000: "ntlmssp.negotiateoemdomainsupplied",
    0x00002000: "ntlmssp.negotiateoemworkstationsupplied",
    0x00004000: "ntlmssp.negotiate00004000",
    0x00008000: "ntlmssp.negotiatealwayssign",
    0x00010000: "ntlmssp.targettypedomain",
    0x00020000: "ntlmssp.targettypeserver",
    0x00040000: "ntlmssp.targettypeshare",
    0x00080000: "ntlmssp.negotiatentlm2",
    0x00100000: "ntlmssp.negotiateidentify",
    0x00200000: "ntlmssp.negotiatent00200000",
    0x00400000: "ntlmssp.requestnonntsession",
    0x00800000: "ntlmssp.negotiatetargetinfo",
    0x01000000: "ntlmssp.negotiatent01000000",
    0x02000000: "ntlmssp.negotiateversion",
    0x04000000: "ntlmssp.negotiatent04000000",
    0x08000000: "ntlmssp.negotiatent08000000",
    0x10000000: "ntlmssp.negotiatent10000000",
    0x20000000: "ntlmssp.negotiate128",
    0x40000000: "ntlmssp.negotiatekeyexch",
    0x80000000: "ntlmssp.negotiate56",
}
CONTEXT_FLAGS = {
    "delegFlag": "spnego.ContextFlags.delegFlag",
    "mutualFlag": "spnego.ContextFlags.mutualFlag",
    "replayFlag": "spnego.ContextFlags.replayFlag",
    "sequenceFlag": "spnego.ContextFlags.sequenceFlag",
    "anonFlag": "spnego.ContextFlags.anonFlag",
    "confFlag": "spnego.ContextFlags.confFlag",
    "integFlag": "spnego.ContextFlags.integFlag",
}
AV_PAIRS: dict[str, tuple[str, SameValue]] = {
    "MsvAvNbComputerName": ("nb_computer_name", text),
    "MsvAvNbDomainName": ("nb_domain_name", text),
    "MsvAvDnsComputerName": ("dns_computer_name", text),
    "MsvAvDnsDomainName": ("dns_domain_name", text),
    "MsvAvDnsTreeName": ("dns_tree_name", text),
    "MsvAvFlags": ("flags", number),
    "MsvAvTimestamp": ("timestamp", filetime),
    "MsvAvSingleHost": ("restrictions", octets),
    "MsvAvTargetName": ("target_name", text),
    "MsvAvChannelBindings": ("channel_bindings", octets),
}
_NAMES = {
    "NEGOTIATE_MESSAGE.DomainName": "ntlmssp.negotiate.domain",
    "NEGOTIATE_MESSAGE.Workstation": "ntlmssp.negotiate.callingworkstation",
    "CHALLENGE_MESSAGE.TargetName": "ntlmssp.challenge.target_name",
    "AUTHENTICATE_MESSAGE.DomainName": "ntlmssp.auth.domain",
    "AUTHENTICATE_MESSAGE.UserName": "ntlmssp.auth.username",
    "AUTHENTICATE_MESSAGE.Workstation": "ntlmssp.auth.hostname",
}
_BLOBS = {
    "AUTHENTICATE_MESSAGE.LmChallengeResponse": "ntlmssp.auth.lmresponse",
    "AUTHENTICATE_MESSAGE.NtChallengeResponse": "ntlmssp.auth.ntresponse",
    "AUTHENTICATE_MESSAGE.EncryptedRandomSessionKey": "ntlmssp.auth.sesskey",
}
_TICKET = "kerberos.ticket_element>"
_SEALED = "kerberos.enc_part_element>"
_AUTHENTICATOR = "kerberos.authenticator_element>"
_PROOF = "*.NtChallengeResponse."

SPNEGO: tuple[Pair, ...] = (
    Pair("thisMech", "gss-api.OID", name, optional=True),
    Pair("mechTypes", "spnego.mechTypes", is_present),
    Pair("mechTypes.#", "spnego.MechType", name),
    Pair("reqFlags", "spnego.reqFlags", is_present, octets=False),
    *(Pair("reqFlags", theirs, flag(ours), octets=False) for ours, theirs in CONTEXT_FLAGS.items()),
    Pair("mechToken", "spnego.mechToken", octets),
    Pair("negHints", "spnego.negHints_element", is_present),
    Pair("negHints.hintName", "spnego.hintName", text),
    Pair("negHints.hintAddress", "spnego.hintAddress", octets),
    Pair("mechListMIC", "spnego.mechListMIC", octets),
    Pair("negState", "spnego.negResult", number),
    Pair("supportedMech", "spnego.supportedMech", name),
    Pair("responseToken", "spnego.responseToken", octets),
)
"""Fields of SPNEGO itself."""

NTLM: tuple[Pair, ...] = (
    Pair("*_MESSAGE.Signature", "ntlmssp.identifier", is_present),
    Pair("*_MESSAGE.MessageType", "ntlmssp.messagetype", number),
    Pair("*_MESSAGE.NegotiateFlags", "ntlmssp.negotiateflags", number),
    *(Pair("*_MESSAGE.NegotiateFlags", theirs, bit(mask)) for mask, theirs in _FLAG_FIELDS.items()),
    *(Pair(ours, theirs, text) for ours, theirs in _NAMES.items()),
    *(Pair(ours, theirs, octets) for ours, theirs in _BLOBS.items()),
    *(
        Pair(f"{ours}Fields.{part}", f"{theirs}>ntlmssp.{kind}.{field}", number, optional=True)
        for table, kind in ((_NAMES, "string"), (_BLOBS, "blob"))
        for ours, theirs in table.items()
        for part, field in (("Len", "length"), ("MaxLen", "maxlen"), ("BufferOffset", "offset"))
    ),
    Pair("CHALLENGE_MESSAGE.ServerChallenge", "ntlmssp.ntlmserverchallenge", octets),
    Pair("CHALLENGE_MESSAGE.Reserved", "ntlmssp.reserved", octets),
    Pair("CHALLENGE_MESSAGE.TargetInfo", "ntlmssp.challenge.target_info", is_present),
    Pair("TargetInfoFields.Len", "ntlmssp.challenge.target_info.length", number),
    Pair("TargetInfoFields.MaxLen", "ntlmssp.challenge.target_info.maxlen", number),
    Pair("TargetInfoFields.BufferOffset", "ntlmssp.challenge.target_info.offset", number),
    Pair("TargetInfo.*.AvId", "ntlmssp.challenge.target_info.item.type", number),
    Pair("TargetInfo.*.AvLen", "ntlmssp.challenge.target_info.item.length", number),
    Pair("*_MESSAGE.Version", "ntlmssp.version", is_present),
    Pair("Version.ProductMajorVersion", "ntlmssp.version.major", number),
    Pair("Version.ProductMinorVersion", "ntlmssp.version.minor", number),
    Pair("Version.ProductBuild", "ntlmssp.version.build_number", number),
    Pair("Version.NTLMRevisionCurrent", "ntlmssp.version.ntlm_current_revision", number),
    *(
        Pair(f"TargetInfo.{ours}", f"ntlmssp.challenge.target_info.{theirs}", same)
        for ours, (theirs, same) in AV_PAIRS.items()
    ),
    Pair("AUTHENTICATE_MESSAGE.MIC", "ntlmssp.authenticate.mic", octets),
    Pair(f"{_PROOF}NTProofStr", "ntlmssp.ntlmv2_response.ntproofstr", octets),
    Pair(f"{_PROOF}RespType", "ntlmssp.ntlmv2_response.rversion", number),
    Pair(f"{_PROOF}HiRespType", "ntlmssp.ntlmv2_response.hirversion", number),
    Pair(f"{_PROOF}TimeStamp", "ntlmssp.ntlmv2_response.time", filetime),
    Pair(f"{_PROOF}ChallengeFromClient", "ntlmssp.ntlmv2_response.chal", octets),
    Pair(f"{_PROOF}*.AvId", "ntlmssp.ntlmv2_response.item.type", number),
    Pair(f"{_PROOF}*.AvLen", "ntlmssp.ntlmv2_response.item.length", number),
    Pair(f"{_PROOF}Padding", "ntlmssp.ntlmv2_response.pad", octets),
    *(
        Pair(f"{_PROOF}{ours}", f"ntlmssp.ntlmv2_response.{theirs}", same)
        for ours, (theirs, same) in AV_PAIRS.items()
    ),
)
"""Fields of the three NTLM messages."""

_MESSAGE: tuple[Pair, ...] = (
    Pair("thisMech", "gss-api.OID", name, optional=True),
    Pair("thisMech", "spnego.krb5_oid", name, optional=True),
    Pair("TOK_ID", "spnego.krb5.tok_id", is_present),
    Pair("pvno", "kerberos.pvno", number),
    Pair("msg-type", "kerberos.msg_type", number),
)
_TICKET_PAIRS: tuple[Pair, ...] = (
    Pair("ticket.tkt-vno", f"{_TICKET}kerberos.tkt_vno", number),
    Pair("ticket.realm", f"{_TICKET}kerberos.realm", text),
    Pair("ticket.sname.name-type", f"{_TICKET}kerberos.name_type", number),
    Pair("ticket.sname.name-string.#", f"{_TICKET}kerberos.SNameString", text),
    Pair("ticket.enc-part.etype", f"{_TICKET}{_SEALED}kerberos.etype", number),
    Pair("ticket.enc-part.kvno", f"{_TICKET}{_SEALED}kerberos.kvno", number),
    Pair("ticket.enc-part.cipher", f"{_TICKET}{_SEALED}kerberos.cipher", octets),
)
AP_OPTIONS = {
    "reserved": "kerberos.APOptions.reserved",
    "use-session-key": "kerberos.APOptions.use.session.key",
    "mutual-required": "kerberos.APOptions.mutual.required",
}

KERBEROS: dict[str, tuple[Pair, ...]] = {
    "KRB_AP_REQ": (
        *_MESSAGE,
        Pair("ap-options", "kerberos.ap_options", is_present),
        *(
            Pair("ap-options", theirs, flag(ours), octets=False)
            for ours, theirs in AP_OPTIONS.items()
        ),
        *_TICKET_PAIRS,
        Pair("authenticator.etype", f"{_AUTHENTICATOR}kerberos.etype", number),
        Pair("authenticator.kvno", f"{_AUTHENTICATOR}kerberos.kvno", number),
        Pair("authenticator.cipher", f"{_AUTHENTICATOR}kerberos.cipher", octets),
    ),
    "KRB_AP_REP": (
        *_MESSAGE,
        Pair("enc-part.etype", f"{_SEALED}kerberos.etype", number),
        Pair("enc-part.kvno", f"{_SEALED}kerberos.kvno", number),
        Pair("enc-part.cipher", f"{_SEALED}kerberos.cipher", octets),
    ),
    "KRB_ERROR": (
        *_MESSAGE,
        Pair("ctime", "kerberos.ctime", generalized_time),
        Pair("cusec", "kerberos.cusec", number),
        Pair("stime", "kerberos.stime", generalized_time),
        Pair("susec", "kerberos.susec", number),
        Pair("error-code", "kerberos.error_code", number),
        Pair("crealm", "kerberos.crealm", text),
        Pair("cname.name-type", "kerberos.cname_element>kerberos.name_type", number),
        Pair("cname.name-string.#", "kerberos.CNameString", text),
        Pair("realm", "kerberos.realm", text),
        Pair("sname.name-type", "kerberos.sname_element>kerberos.name_type", number),
        Pair("sname.name-string.#", "kerberos.SNameString", text),
        Pair("e-text", "kerberos.e_text", text),
        Pair("e-data", "kerberos.e_data", octets),
    ),
    "KRB_TGT_REQ": (
        *_MESSAGE,
        Pair("realm", "kerberos.realm", text),
        Pair("server-name.name-type", "kerberos.server_name_element>kerberos.name_type", number),
        Pair("server-name.name-string.#", "kerberos.KerberosString", text),
    ),
    "KRB_TGT_REP": (*_MESSAGE, *_TICKET_PAIRS),
}
"""Fields of Kerberos messages."""

PER_MESSAGE: tuple[Pair, ...] = (
    Pair("thisMech", "gss-api.OID", name, optional=True),
    Pair("TOK_ID", "spnego.krb5.tok_id", is_present),
    Pair("Flags", "spnego.krb5.cfx_flags", number),
    Pair("Flags", "spnego.krb5.send_by_acceptor", bit(1)),
    Pair("Flags", "spnego.krb5.sealed", bit(2)),
    Pair("Flags", "spnego.krb5.acceptor_subkey", bit(4)),
    Pair("EC", "spnego.krb5.cfx_ec", number),
    Pair("RRC", "spnego.krb5.cfx_rrc", number),
    Pair("SND_SEQ", "spnego.krb5.cfx_seq", number, optional=True),
    Pair("SND_SEQ", "spnego.krb5.snd_seq", octets, optional=True),
    Pair("SGN_ALG", "spnego.krb5.sgn_alg", number),
    Pair("SEAL_ALG", "spnego.krb5.seal_alg", number),
    Pair("NTLMSSP_MESSAGE_SIGNATURE.Version", "ntlmssp.verf.vers", number),
)
"""Fields of Wrap and MIC tokens, and of NTLM's signatures."""

NEGOEX: tuple[Pair, ...] = (
    Pair("#.Signature", "negoex.message.sig", is_present),
    Pair("#.MessageType", "negoex.message.type", number),
    Pair("#.SequenceNum", "negoex.message.seq_num", number),
    Pair("#.cbHeaderLength|#.Checksum.cbHeaderLength", "negoex.header.len", number),
    Pair("#.cbMessageLength", "negoex.message.len", number),
    Pair("#.ConversationId", "negoex.message.conv_id", guid),
    Pair("#.Random", "negoex.message.random", octets),
    Pair("#.ProtocolVersion", "negoex.proto_version", number),
    Pair("#.AuthSchemes.#|#.AuthScheme", "negoex.auth_scheme", guid),
    Pair("*.AuthSchemeArrayOffset", "negoex.auth_scheme_array_offset", number),
    Pair("*.AuthSchemeCount", "negoex.auth_scheme_array_count", number),
    Pair("*.AuthSchemePad", "negoex.auth_scheme_array_pad", octets),
    Pair("*.ExtensionArrayOffset", "negoex.extension_array_offset", number),
    Pair("*.ExtensionCount", "negoex.extension_array_count", number),
    Pair("*.ExtensionPad", "negoex.extension_pad", octets),
    Pair("#.BYTE_VECTOR.ByteArrayOffset", "negoex.exchange_vec_offset", number),
    Pair("#.BYTE_VECTOR.ByteArrayLength", "negoex.exchange_vec_byte_count", number),
    Pair("#.Exchange", "negoex.exchange", octets),
    Pair("#.Checksum.ChecksumScheme", "negoex.checksum_scheme", number),
    Pair("#.Checksum.ChecksumType", "negoex.checksum_type", number),
    Pair("#.Checksum.BYTE_VECTOR.ByteArrayOffset", "negoex.checksum_vec_offset", number),
    Pair("#.Checksum.BYTE_VECTOR.ByteArrayLength", "negoex.checksum_vec_count", number),
    Pair("#.ChecksumValue", "negoex.checksum", octets),
    Pair("#.ErrorCode", "negoex.errorcode", number),
)
"""Fields of NegoEx messages."""


def pairs_for(kind: str) -> tuple[Pair, ...]:
    """The rows for one kind of token, in our words."""
    if kind.startswith("NTLM_"):
        return NTLM
    if kind.startswith("GSS_"):
        return PER_MESSAGE
    return {"NEGOEX": NEGOEX, **KERBEROS}.get(kind, ())
