"""Every kind of difference from tshark that is declared: what it shows, what the bytes say, what proves it.

The list is closed. A difference is declared only if its class's proof holds for its own bytes; classes whose
name begins with `ours-` are things that we lack. docs/fidelity.md is made from here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from analyzer.crosscheck.difference import Difference
from analyzer.crosscheck.proof import http, ldap, ntlm, spnego, transport
from dissectors.records import NamedTuple


class DeclaredClass(NamedTuple):
    """One kind of difference."""

    shows: str  # what tshark shows, or we lack: one sentence
    why: str  # what the bytes say
    spec: str
    example: str  # capture and frame
    proof: Callable[[Difference], bool]
    versions: str = "4.0.17"  # of tshark, in which it was seen


def _not_read(carrier: str) -> Callable[[Difference], bool]:
    return partial(transport.carrier_not_read, carrier)


DECLARED: dict[str, DeclaredClass] = {
    # -- NTLM ------------------------------------------------------------------------------------------
    "tshark-null-string": DeclaredClass(
        "An empty name is the text NULL, over the eight bytes of its descriptor.",
        "Len in the descriptor is 0: the name is empty, and a user called NULL is another one.",
        "MS-NLMP 2.2.1.3",
        "smb/anonymous, frame 12",
        ntlm.null_string,
    ),
    "tshark-empty-as-descriptor": DeclaredClass(
        "An empty response or session key has the eight bytes of its own descriptor as its value.",
        "Len in the descriptor is 0: there is no response.",
        "MS-NLMP 2.2.1.3",
        "http/ntlm, frame 16",
        ntlm.empty_as_descriptor,
    ),
    "tshark-descriptor-position": DeclaredClass(
        "Length, maximum and offset of a field are highlighted far behind the descriptor.",
        "They stand in the fixed part of the message; tshark adds the field's own place to theirs.",
        "MS-NLMP 2.2.1.1",
        "smb/anonymous, frame 12",
        ntlm.descriptor_position,
    ),
    "tshark-empty-pair-left-out": DeclaredClass(
        "An AV pair whose name is empty has a type and a length, but no value.",
        "AvLen is 0: the name is the empty text, as Samba sends it where it has no DNS domain.",
        "MS-NLMP 2.2.2.1",
        "smb_fs1_nosign_ntlmv2.pcap, frame 12",
        ntlm.empty_pair_left_out,
    ),
    "tshark-stops-at-bad-field": DeclaredClass(
        "A message with one descriptor that points nowhere is called malformed and not read on.",
        "The other fields are whole, and the bad one is an anomaly.",
        "MS-NLMP 2.2.1.3",
        "arkime__smbtorture-ntlmssp-moloch-crash.pcap, frame 9",
        ntlm.stops_at_bad_field,
    ),
    # -- SPNEGO ----------------------------------------------------------------------------------------
    "tshark-negstate-3": DeclaredClass(
        "negState 3 is called Unknown.",
        "3 is request-mic.",
        "RFC 4178 4.2.2",
        "http/fallback_in_negotiation, frame 24",
        spnego.request_mic,
    ),
    "tshark-resp-without-init": DeclaredClass(
        "A NegTokenResp is an unknown header, or bytes, unless its NegTokenInit is in the capture.",
        "The choice [1] with its SEQUENCE says by itself what it is.",
        "RFC 4178 4.2",
        "smb/mid_stream, frame 1",
        spnego.resp_without_init,
    ),
    "tshark-conversation-mech": DeclaredClass(
        "A responseToken without supportedMech is of the mechanism that the connection last offered, "
        "or bytes if no offer was seen.",
        "The token names its own type.",
        "RFC 4178 4.2.2, MS-NLMP 2.2.1",
        "ldap/mid_stream, frame 1",
        spnego.inner_by_conversation,
    ),
    "tshark-optimistic-mismatch": DeclaredClass(
        "A mechToken is of the first mechanism offered: NTLM under a list that begins with Kerberos "
        "is a Kerberos token with an unknown id, and Kerberos under an unknown mechanism is bytes.",
        "It begins with NTLMSSP, or with the frame and the OID of Kerberos.",
        "RFC 4178 4.2.1, MS-NLMP 2.2.1, RFC 4121 4.1",
        "ldap/altered_offer_two_hops, frame 9",
        spnego.inner_by_list,
    ),
    "tshark-hint-token": DeclaredClass(
        "The mechToken of a NegTokenInit2 is bytes.",
        "It begins with NEGOEXTS: the server's first NegoEx message.",
        "MS-SPNG 2.2.1, MS-NEGOEX 2.2.6",
        "zeek__SMBGhost.pcap, frame 5",
        spnego.inner_of_hint,
    ),
    "tshark-init2-by-port": DeclaredClass(
        "negHints are an error unless the message comes from a port below 1024.",
        "[3] holds a SEQUENCE, which only negHints are.",
        "MS-SPNG 2.2.1",
        "crafted",
        spnego.hint_by_port,
    ),
    "tshark-init-by-port": DeclaredClass(
        "A mechToken from a port below 1024 is bytes: only servers have those.",
        "The client sent it, and its token begins with the name of its type.",
        "RFC 4178 4.2.1, RFC 2743 3.1",
        "crafted",
        spnego.init_by_port,
    ),
    "tshark-late-fallback": DeclaredClass(
        "Member [4] of a NegTokenResp is an encoding error.",
        "It is the list of mechanisms of Late Fallback.",
        "MS-SPNG 3.1.5.4",
        "crafted",
        spnego.late_fallback,
    ),
    "tshark-negoex-vector-length": DeclaredClass(
        "The length of a NegoEx byte vector has two bytes, two more are padding.",
        "ByteArrayLength has four bytes; only vectors of schemes, extensions and alerts count in two.",
        "MS-NEGOEX 2.2.5.2.3",
        "crafted",
        spnego.vector_length,
    ),
    "tshark-cut-token": DeclaredClass(
        "A token that ends before its own length says is not read behind the frame's OID.",
        "The members that are whole are read, and the cut is an anomaly.",
        "RFC 2743 3.1",
        "http/malformed_token, frame 6",
        spnego.cut_token,
    ),
    "tshark-unknown-mechanism": DeclaredClass(
        "IAKERB and PKU2U are bare OIDs, their tokens are not read.",
        "The frame's OID and the token id behind it say what it is.",
        "draft-ietf-kitten-iakerb 3",
        "crafted",
        spnego.unknown_mechanism,
    ),
    # -- LDAP ------------------------------------------------------------------------------------------
    "tshark-wrap-in-bind": DeclaredClass(
        "The client's choice of a security layer is bytes.",
        "The credentials of the last bind request are a Wrap token: TOK_ID 05 04.",
        "RFC 4752 3.1, RFC 4121 4.2.6.2",
        "ldap/gssapi_seal, frame 28",
        ldap.wrap_in_bind,
    ),
    "tshark-sasl-buffer-without-bind": DeclaredClass(
        "SASL buffers are bytes if the bind is not in the capture or ended without serverSaslCreds.",
        "Four bytes of length, then a Wrap token or an NTLM signature.",
        "RFC 4422 3.7, RFC 4121 4.2.6.2",
        "ldap/openldap_gssapi_seal, frame 32",
        ldap.buffer_left_alone,
    ),
    "tshark-hint-in-bind": DeclaredClass(
        "A NegTokenInit2 that answers an empty bind gives an empty tree.",
        "It has the frame of an InitialContextToken with SPNEGO's OID.",
        "MS-SPNG 2.2.1, RFC 2743 3.1",
        "dns_samba_member_register.pcap, frame 37",
        ldap.hint_in_bind,
    ),
    "tshark-sasl-ntlm-challenge": DeclaredClass(
        "serverSaslCreds are bytes unless the mechanism is GSS-SPNEGO or GSSAPI.",
        "They begin with NTLMSSP: a CHALLENGE_MESSAGE.",
        "RFC 4511 4.2.2, MS-NLMP 2.2.1.2",
        "zeek__sasl-ntlm.pcap, frame 6",
        ldap.sasl_ntlm,
    ),
    "tshark-gss-without-token": DeclaredClass(
        "Credentials of any SASL mechanism are taken for GSS-API, and found to be an unknown header.",
        "They are text of SCRAM, no token.",
        "RFC 5802 7",
        "ldap/openldap_scram, frame 11",
        ldap.no_gss_token,
    ),
    # -- HTTP ------------------------------------------------------------------------------------------
    "tshark-scheme-case": DeclaredClass(
        "A scheme that is not spelled Negotiate, NTLM or Kerberos gives no token.",
        "Names of schemes are case-insensitive.",
        "RFC 9110 11.1",
        "crafted",
        http.scheme_in_other_case,
    ),
    "tshark-several-challenges": DeclaredClass(
        "Of several challenges in one header line only the first is looked at.",
        "A field may hold a list of challenges.",
        "RFC 9110 11.6.1",
        "crafted",
        http.not_first_challenge,
    ),
    # -- below the carriers ----------------------------------------------------------------------------
    "tshark-snaplen": DeclaredClass(
        "Of a packet that the snap length cut, a token is not read, or not to its end.",
        "What is there of it is read, and the cut is an anomaly.",
        "RFC 4178 4.2",
        "smb/snaplen_200, frame 8",
        transport.cut_by_snaplen,
    ),
    "tshark-behind-gap": DeclaredClass(
        "Behind missing segments nothing more of a connection is shown.",
        "The messages behind the gap are whole, and the gap is an anomaly.",
        "RFC 9293 3.4",
        "smb/lost_challenge, frame 10",
        transport.behind_gap,
    ),
    "tshark-unknown-port": DeclaredClass(
        "SMB is data on a port that is not its own.",
        "NetBIOS length and protocol id stand at the start of each message.",
        "MS-SMB2 2.1, 2.2.1",
        "suricata-verify__smb-length-5770.input.pcap, frame 25",
        transport.unknown_port,
    ),
    # -- what we lack ----------------------------------------------------------------------------------
    "ours-tls": DeclaredClass(
        "Not decrypted: TLS, of which the capture holds the keys; crosscheck reads with the native engine.",
        "tshark's row stands; with --engine tshark it is ours too.",
        "RFC 8446 5",
        "http/tls_ntlm_bound, frame 17",
        transport.inside_tls,
    ),
    "ours-dcerpc": DeclaredClass(
        "Not read yet: verifiers of DCE/RPC.",
        "tshark's row stands.",
        "MS-RPCE 2.2.2.11",
        "zeek__ntlm-empty-av-sequence.pcap, frame 4",
        _not_read("dcerpc"),
    ),
    "ours-dns-tkey": DeclaredClass(
        "Not read yet: TKEY records.",
        "tshark's row stands.",
        "RFC 3645",
        "zeek__tkey.pcap, frame 7",
        _not_read("dns-tkey"),
    ),
    "ours-mime-multipart": DeclaredClass(
        "Not read yet: the encrypted bodies of WinRM.",
        "tshark's row stands.",
        "MS-WSMV 2.2.9.1",
        "Security-Datasets__empire_psremoting_stager_WORKSTATION6_2020-09-20170827.cap, frame 18",
        _not_read("mime-multipart"),
    ),
}
"""Id -> class."""


def declare(difference: Difference) -> str | None:
    """Id of the class whose proof holds for the difference; None if it is unexplained."""
    return next((name for name, each in DECLARED.items() if each.proof(difference)), None)
