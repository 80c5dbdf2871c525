"""What tshark's trees leave out or call by a wrong name, where none of its fields can be held against ours.

A difference needs two fields. Where tshark has none, or one that is about other bytes, there is nothing to
compare, and nothing to declare: these are listed here, each by the line that tshark's tree has, by the one
that it lacks, and by the field of ours that tells it. docs/fidelity.md is made from here too.
"""

from __future__ import annotations

from dissectors.records import NamedTuple


class LeftOut(NamedTuple):
    """One thing that tshark's tree does not tell, or tells wrongly."""

    shows: str  # what tshark shows: one sentence
    why: str  # what the bytes say
    spec: str
    examples: tuple[str, ...]  # capture and frame, or `crafted`
    theirs: str  # regular expression: a line of tshark's tree of that frame
    ours: str  # end of the path of our field
    lacks: str = ""  # regular expression: no line of tshark's tree
    versions: str = "4.0.17"  # of tshark, in which it was seen


LEFT_OUT: dict[str, LeftOut] = {
    # -- SPNEGO ----------------------------------------------------------------------------------------
    "left-old-names": LeftOut(
        "NegTokenInit2 is a negTokenInit, NegTokenResp a negTokenTarg, negState a negResult.",
        "negHints make the first an acceptor's hint; the other names are those of RFC 2478.",
        "RFC 4178 4.2, MS-SPNG 2.2.1",
        ("smb/smb311_ntlm, frame 6", "zeek__SMBGhost.pcap, frame 5"),
        r"^negTokenInit$",
        "NegTokenInit2",
        r"(?i)negTokenInit2",
    ),
    "left-copied-mic": LeftOut(
        "A mechListMIC that repeats the responseToken is a second Kerberos token.",
        "It is no signature and no further token: Windows 2000 sends the token twice.",
        "RFC 4178 5, MS-SPNG appendix A",
        ("zeek__smb_gssapi.pcap, frame 8", "Malcolm-Test-Artifacts__KRB5.pcap, frame 245"),
        r"^mechListMIC: 60",
        "NegTokenResp.mechListMIC",
    ),
    "left-empty-token": LeftOut(
        "A responseToken without octets is `<MISSING>`.",
        "It is there, and empty: nothing is left to say.",
        "RFC 4178 4.2.2",
        ("snort3_demo__kerberos.pcap, frame 14",),
        r"^responseToken: <MISSING>$",
        "NegTokenResp.responseToken",
    ),
    # -- NegoEx and PKU2U ------------------------------------------------------------------------------
    "left-negoex-extension": LeftOut(
        "A message with an extension is malformed.",
        "The extension's type and its byte vector stand where EXTENSION_VECTOR says.",
        "MS-NEGOEX 2.2.5, 2.2.6",
        ("crafted",),
        r"Malformed Packet: NEGOEX",
        "Extensions.0.ExtensionType",
    ),
    "left-negoex-alert": LeftOut(
        "The alerts of an ALERT are not read.",
        "ALERT_VECTOR says where they stand: a pulse holds its reason.",
        "MS-NEGOEX 2.2.5, 2.2.6",
        ("crafted",),
        r"The rest of the alert message",
        "AlertValue[0].Reason",
    ),
    "left-pku2u": LeftOut(
        "The exchange of a scheme is bytes.",
        "PKU2U's metadata and its Kerberos messages say by their tags what they are.",
        "MS-NEGOEX 2.2.6, draft-zhu-pku2u 6",
        ("crafted",),
        r"^Exchange Bytes: 6a",
        "Exchange.AS-REQ",
        r"^as-req$",
    ),
    "left-negoex-mic": LeftOut(
        "A mechListMIC under NegoEx is taken for a NegoEx message, and malformed.",
        "It is the MIC token of the mechanism that the scheme has set up: TOK_ID 04 04.",
        "RFC 4178 5, RFC 4121 4.2.6.1",
        ("crafted",),
        r"Malformed Packet: NEGOEX",
        "mechListMIC.MIC.SGN_CKSUM",
    ),
    # -- NTLM ------------------------------------------------------------------------------------------
    "left-reserved-names": LeftOut(
        "Reserved1 and Reserved2 are one field Z, and Reserved3 another Z.",
        "They are three fields, of two, four and four bytes.",
        "MS-NLMP 2.2.2.7",
        ("smb/smb311_ntlm, frame 10",),
        r"^Z: 000000000000$",
        "NtChallengeResponse.Reserved1",
    ),
    "left-no-client-challenge": LeftOut(
        "The first eight bytes of an LM response are an LMv2 client challenge.",
        "It is 24 zero bytes, or NTLMv1's client challenge of extended session security.",
        "MS-NLMP 2.2.2.3, 3.3.1",
        ("smb/smb311_ntlm, frame 10", "smb/ntlmv1_ess, frame 12"),
        r"^LMv2 Client Challenge: ",
        "AUTHENTICATE_MESSAGE.LmChallengeResponse",
    ),
    "left-lmv2-challenge": LeftOut(
        "The client's challenge in an LMv2 response is not shown.",
        "It is the last eight bytes of the response.",
        "MS-NLMP 2.2.2.4",
        ("http/ntlm, frame 16",),
        r"^Lan Manager Response: ",
        "LmChallengeResponse.ChallengeFromClient",
        r"^LMv2 Client Challenge",
    ),
    "left-av-values": LeftOut(
        "Single_Host_Data is bytes called Restrictions, and MsvAvFlags a number.",
        "It holds CustomData and the MachineID; 2 in the flags promises a MIC.",
        "MS-NLMP 2.2.2.1, 2.2.2.2",
        ("smb/smb311_ntlm, frame 10", "arkime__wireshark-smb-on-windows10.pcap, frame 45"),
        r"^Restrictions: 30000000",
        "MsvAvSingleHost.Value.MachineID",
        r"(?i)machine ?id",
    ),
    "left-signature-in-one": LeftOut(
        "Checksum and SeqNum of a signature are one body.",
        "They are two fields of NTLMSSP_MESSAGE_SIGNATURE, and the message stands behind them.",
        "MS-NLMP 2.2.2.9",
        ("ldap/samba_ntlm_seal, frame 16",),
        r"^Verifier Body: ",
        "NTLMSSP_MESSAGE_SIGNATURE.SeqNum",
    ),
    # -- Kerberos --------------------------------------------------------------------------------------
    "left-e-data": LeftOut(
        "The e-data of many errors is bytes, and that of others is read as the wrong type.",
        "Its first tags tell KERB-ERROR-DATA, METHOD-DATA and TYPED-DATA apart.",
        "RFC 4120 5.9.1, MS-KILE 2.2.1",
        (
            "smb/clock_skew, frame 15",
            "Pcaps__windows_miscellany.pcap, frame 1496",
            "dittofs__kerberos.reference.pcap, frame 10",
            "Malcolm-Test-Artifacts__KRB5.pcap, frame 315",
            "http_nego_ntlm_fallback_nospn.pcap, frame 11",
            "Security-Datasets__covenant_dcom_registerxll_2020-09-18145959.cap, frame 126",
        ),
        r"^e-data: 30",
        "e-data.*-DATA",
        r"^(?:PA-DATA|data-type|padata-type)",
    ),
    "left-ap-rep-member": LeftOut(
        "A member [3] of an AP-REP is an encoding error, and its bytes are not shown.",
        "No specification has it; what else the message holds is whole, and the member is an anomaly.",
        "RFC 4120 5.5.2",
        ("suricata-verify__smb-length-5770.input.pcap, frame 29",),
        r"This field lies beyond the end of the known sequence",
        "AP-REP.[3]",
    ),
    "left-deleted-context": LeftOut(
        "A token that deletes a context ends with its id.",
        "SGN_ALG, SND_SEQ and SGN_CKSUM follow, as in a MIC.",
        "RFC 1964 1.2.3",
        ("crafted",),
        r"^krb5_tok_id: KRB5_GSS_Delete_sec_context",
        "Delete.SGN_CKSUM",
        r"^krb5_sgn_cksum",
    ),
    "left-sealed-as-checksum": LeftOut(
        "All that follows the header of a Wrap token is a checksum, also if it is sealed.",
        "The flag Sealed makes it the encrypted message, with its checksum inside.",
        "RFC 4121 4.2.4",
        ("ldap/gssapi_seal, frame 30",),
        r"^krb5_sgn_cksum: ",
        "Wrap.ciphertext",
    ),
}
"""Id -> what is left out."""
