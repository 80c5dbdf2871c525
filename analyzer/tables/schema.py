"""Every table and column: name, type, and one sentence. The only definition there is.

`docs/tables.md`, the pandas dtypes, the JSON writer and the command line's column names all come from here.
Kinds: `str`, `category` (repeated text), `int`, `float`, `bool`, `time` (ns since 1970 UTC), `strs`, `ints`
(lists in wire order), `dict`. A cell that is not known is None.
"""

from __future__ import annotations

from hashlib import blake2b

from dissectors.records import NamedTuple


class Column(NamedTuple):
    """One column of a table."""

    name: str
    kind: str
    doc: str


class Table(NamedTuple):
    """One table: what a row is, and its columns in order."""

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]


C = Column

NEGOTIATIONS = Table(
    "negotiations",
    "one attempt by one client to authenticate",
    (
        C("capture", "category", "base name of the capture"),
        C("negotiation_id", "int", "1.. in order of first frame within the analysis"),
        C("stream_id", "int", "Wireshark's tcp.stream or udp.stream"),
        C("community_id", "str", "Community ID v1 of the 5-tuple"),
        C("started", "time", "time of the first frame"),
        C("ended", "time", "time of the last frame"),
        C("duration_ms", "float", "first to last frame, milliseconds"),
        C("first_frame", "int", "first message that belongs to it: server hint or client token"),
        C("last_frame", "int", "the carrier's verdict, or the last message there is"),
        C("frames", "ints", "every frame in which a message of it ends"),
        C("legs", "int", "tokens exchanged from the first client token on, both directions"),
        C("client", "category", "address of who asks for authentication"),
        C("client_port", "int", "its port"),
        C("server", "category", "address of who grants it"),
        C("server_port", "int", "its port"),
        C(
            "carrier",
            "category",
            "protocol that transports the tokens: http, http-proxy, smb1, smb2, ldap",
        ),
        C("carrier_version", "category", "as the carrier names it: HTTP/1.1, SMB 3.1.1, LDAPv3"),
        C("exchange", "str", "the carrier's own key of this authentication"),
        C(
            "scheme",
            "category",
            "what the carrier called it: Negotiate, NTLM, GSS-SPNEGO, simple, Basic",
        ),
        C("wrapper", "category", "spnego, raw-ntlm, raw-kerberos, none"),
        C("flow", "category", "client-initiated, server-initiated, unwrapped, unknown"),
        C("hinted_mechs", "strs", "mechanisms of the server's NegTokenInit2"),
        C("offered_mechs", "strs", "mechTypes of the client's NegTokenInit"),
        C("optimistic_mech", "category", "mechanism whose token came along in the NegTokenInit"),
        C("selected_mech", "category", "supportedMech of the acceptor"),
        C("mechanism", "category", "what was really run in the end"),
        C(
            "mechanism_detail",
            "category",
            "kind of NTLM response, ticket encryption type, NegoEx scheme; anonymous, unauthenticated: a "
            "simple bind without a password; no-secret: of Basic, Digest, Bearer, PLAIN, LOGIN and others, "
            "no password, hash of one or bearer token in its messages, as far as they are there",
        ),
        C("neg_states", "strs", "every negState in order"),
        C(
            "mech_list_mic",
            "category",
            "by whom one is seen: absent, initiator, acceptor, both; null without SPNEGO, and where none is "
            "seen but the end of a token is lost at which it may stand",
        ),
        C("outcome", "category", "success, failure, incomplete"),
        C("outcome_source", "category", "gss, carrier, both, conflict; null when incomplete"),
        C("status", "category", "the carrier's last verdict in its own words"),
        C("status_code", "int", "its number"),
        C(
            "gss_status",
            "category",
            "the GSS side's own verdict: last negState, or the Kerberos error",
        ),
        C(
            "reason",
            "category",
            "why it failed, fell back or is incomplete: a code of docs/reasons.md",
        ),
        C("reason_detail", "str", "the same as one sentence"),
        C("evidence", "ints", "frames that show the reason"),
        C("confidence", "category", "certain, likely, possible"),
        C("retry_of", "int", "earlier negotiation, same mechanism"),
        C("fallback_from", "int", "earlier negotiation, another mechanism"),
        C(
            "fallback_kind",
            "category",
            "in-negotiation, same-connection, new-connection, other-carrier",
        ),
        C("user", "str", "as claimed on the wire; null where encrypted"),
        C("domain", "str", "as claimed on the wire"),
        C("workstation", "str", "as claimed on the wire"),
        C("realm", "category", "Kerberos ticket realm"),
        C("spn", "str", "Kerberos service name, or NTLM's MsvAvTargetName"),
        C(
            "server_name",
            "str",
            "the name by which the client asked, else the one that it had looked up",
        ),
        C(
            "protection",
            "category",
            "after success: none, sign, seal, tls; null if nothing followed",
        ),
        C(
            "signed_messages",
            "int",
            "signed messages seen after the negotiation, without those that SMB signs by rule and errors to "
            "ioctls, which may be of these",
        ),
        C("sealed_messages", "int", "sealed messages seen after the negotiation"),
        C("channel_binding", "category", "absent, zero, present; null where it cannot be seen"),
        C("ntlm_mic", "category", "absent, present, promised-missing; null without NTLM"),
        C("delegation", "bool", "credentials delegated; null where it cannot be seen"),
        C(
            "completeness",
            "category",
            "complete, started-before-capture, cut-off, gap, truncated, encrypted",
        ),
        C("anomalies", "int", "rows of this negotiation in the anomalies table"),
        C(
            "ticket_etype",
            "category",
            "encryption type of the ticket in the first AP-REQ, also of one that was not taken",
        ),
        C(
            "session_etype",
            "category",
            "encryption type of that ticket's session key, as authenticator or AP-REP show it",
        ),
        C("tls", "bool", "its tokens went through TLS that was decrypted; null if not known"),
        C(
            "mic_needed",
            "bool",
            "RFC 4178 5 demands mechListMIC; null without SPNEGO or where it cannot be seen",
        ),
        C(
            "client_signing",
            "category",
            "required, enabled, disabled: what the client says of signing (SMB SecurityMode)",
        ),
        C("server_signing", "category", "the same of the server"),
        C(
            "kdc_frames",
            "ints",
            "request and answer of the KDC exchange that gave, or refused, the ticket",
        ),
        C("names", "strs", "other names of the server, learnt in the capture: DNS, SNI, NTLM"),
        C(
            "fallback_reason",
            "category",
            "why it ran NTLM and not Kerberos, also where `reason` tells a failure or a flaw; of other "
            "mechanisms why `fallback_from` came to nothing: a code of docs/reasons.md; null where nothing "
            "shows it",
        ),
        C("fallback_confidence", "category", "certain, likely, possible (of `fallback_reason`)"),
        C(
            "version_frame",
            "int",
            "frame of the server's message that chose `carrier_version` (SMB's NEGOTIATE response); null "
            "where it is not in the capture, or the logon's own messages show it",
        ),
        C(
            "protection_frame",
            "int",
            "frame of the first message after the logon that shows `protection`; null where the logon's own "
            "frames show it",
        ),
        C(
            "client_seq",
            "int",
            "TCP sequence number before the client's first byte, as on the wire: its initial one where the "
            "connection began in the capture, else before the first that was captured or acknowledged; "
            "streams with the same two numbers are one connection, seen on both sides of a NAT; null where "
            "nothing shows it, and in decrypted TLS",
        ),
        C("server_seq", "int", "the same of the server"),
    ),
)

TOKENS = Table(
    "tokens",
    "one security token",
    (
        C("capture", "category", "base name of the capture"),
        C("negotiation_id", "int", "negotiation it belongs to; null if none"),
        C("stream_id", "int", "Wireshark's tcp.stream or udp.stream"),
        C("frame", "int", "frame that completes it"),
        C("frames", "ints", "all frames that carry bytes of it"),
        C("ts", "time", "time of the frame"),
        C("src", "category", "sender"),
        C("src_port", "int", "its port"),
        C("dst", "category", "receiver"),
        C("dst_port", "int", "its port"),
        C("role", "category", "initiator or acceptor"),
        C("carrier", "category", "protocol that transports it"),
        C("token_index", "int", "place among the tokens of its frame, 0.."),
        C("token_type", "category", "outermost type"),
        C("inner_type", "category", "type of the token inside SPNEGO"),
        C("length", "int", "bytes"),
        C("mech_oid", "category", "OID of the GSS-API frame, dotted"),
        C("mech_types", "strs", "mechanisms listed, by name"),
        C("req_flags", "strs", "set ContextFlags"),
        C("neg_state", "category", "negState"),
        C("supported_mech", "category", "supportedMech, by name"),
        C("mech_list_mic_length", "int", "bytes of mechListMIC; null if absent"),
        C("hint_name", "category", "hintName of a NegTokenInit2"),
        C("hint_address", "str", "hintAddress of a NegTokenInit2, hex"),
        C("ntlm_flags", "int", "NegotiateFlags"),
        C("ntlm_version", "category", "major.minor.build/revision"),
        C("ntlm_user", "str", "UserName"),
        C("ntlm_domain", "str", "DomainName"),
        C("ntlm_workstation", "str", "Workstation"),
        C("ntlm_target_name", "str", "TargetName of CHALLENGE, MsvAvTargetName of AUTHENTICATE"),
        C("ntlm_target_info", "dict", "AV pairs by name"),
        C("ntlm_response", "category", "lm, ntlmv1, ntlmv1-ess, ntlmv2, anonymous, local-call"),
        C("ntlm_mic", "category", "absent, present, promised-missing"),
        C("krb_etype", "category", "encryption type of the ticket (AP-REP: of its part)"),
        C("krb_realm", "category", "realm"),
        C("krb_sname", "str", "service name"),
        C("krb_kvno", "int", "key version of the ticket"),
        C("krb_ap_options", "strs", "set ap-options; null where the token ends before them"),
        C("krb_error_code", "int", "error-code of a KRB-ERROR"),
        C("krb_error", "category", "its name"),
        C("negoex_messages", "strs", "NegoEx messages in order"),
        C("sha256", "str", "SHA-256 of the token's bytes"),
        C("anomalies", "int", "anomalies of this token"),
        C(
            "stream_offset",
            "int",
            "where it begins in the bytes that its sender sent in this stream; null if in pieces",
        ),
        C("stream_length", "int", "bytes that it takes there; characters for base64"),
        C(
            "encoding",
            "category",
            "raw, base64: how it is written there; null if its place is not known",
        ),
        C("inner_sha256", "str", "SHA-256 of the token inside, the one that inner_type names"),
        C(
            "ntlm_challenge_id",
            "str",
            "16 hex digits of the SHA-256 of ServerChallenge: the same for the same challenge",
        ),
        C("ntlm_response_id", "str", "16 hex digits of the SHA-256 of the NT response"),
        C(
            "ntlm_lm",
            "category",
            "what stands in the LM response: absent, zero, copy (of the NT response), "
            "client-challenge, lm, lmv2",
        ),
        C("krb_session_etype", "category", "encryption type of the authenticator of an AP-REQ"),
        C("krb_authenticator_length", "int", "bytes of its cipher"),
        C(
            "clock_offset_ms",
            "float",
            "sender's clock minus the capture's: stime of a KRB-ERROR, MsvAvTimestamp of CHALLENGE, "
            "SystemTime of the SMB message that carries a NegTokenInit2",
        ),
        C("krb_ticket_id", "str", "which ticket an AP-REQ shows: as ticket_id of the table kdc"),
    ),
)

OFFERS = Table(
    "offers",
    "one offered mechanism",
    (
        C("capture", "category", "base name of the capture"),
        C("negotiation_id", "int", "negotiation it belongs to; null for an offer nobody took up"),
        C("client", "category", "client address"),
        C("server", "category", "server address"),
        C("carrier", "category", "protocol"),
        C("by", "category", "client or server"),
        C("rank", "int", "place in the list, 1.."),
        C("mech", "category", "mechanism or scheme"),
        C("oid", "category", "its OID; null for a carrier's scheme name"),
        C("selected", "bool", "the acceptor selected it"),
        C("optimistic", "bool", "its token came along with the offer"),
        C("stream_id", "int", "Wireshark's stream number"),
        C(
            "frame",
            "int",
            "frame of the offer; of a hint that a server says twice, as SMB's does where it leads on from "
            "SMB 1 to SMB 2, rows are of one: the first if both are alike, else the latest",
        ),
        C("ts", "time", "time of the frame"),
        C("tls", "bool", "it went through TLS that was decrypted; null if not known"),
    ),
)

ANOMALIES = Table(
    "anomalies",
    "one oddity of a token, message, stream or file",
    (
        C("capture", "category", "base name of the capture"),
        C("stream_id", "int", "Wireshark's stream number; null for the file itself"),
        C("negotiation_id", "int", "negotiation it belongs to; null if none"),
        C("frame", "int", "frame; null where none holds it"),
        C("ts", "time", "time of the frame"),
        C("code", "category", "a code of docs/anomalies.md"),
        C("group", "category", "malformed, protocol, limit, gap, unsupported, note"),
        C("severity", "category", "low, medium, high"),
        C("detail", "str", "in words"),
        C("offset", "int", "first byte, counted in the token, stream direction or file"),
        C("length", "int", "bytes"),
    ),
)

CAPTURES = Table(
    "captures",
    "one input",
    (
        C("capture", "str", "base name as given"),
        C("format", "category", "pcap or pcapng, with +gzip or +zstd; null if it is no capture"),
        C("link_types", "strs", "link types by name"),
        C("packets", "int", "packet records read"),
        C("bytes", "int", "captured bytes of these packets"),
        C("first_ts", "time", "time of the first packet"),
        C("last_ts", "time", "time of the last packet"),
        C("streams", "int", "TCP and UDP conversations"),
        C("tcp_bytes_missing", "int", "bytes missing in the streams that were followed"),
        C("packets_undecoded", "int", "packets that could not be decoded"),
        C("truncated_packets", "int", "packets cut by the snap length"),
        C("tokens", "int", "tokens found"),
        C("negotiations", "int", "negotiations found"),
        C("anomalies", "int", "rows in the anomalies table"),
        C("seconds", "float", "time taken"),
        C("engine", "category", "what read the packets"),
        C("packets_not_ip", "int", "packets without IP: nothing to decode"),
        C("undecoded_reasons", "dict", "reason -> packets"),
        C("file_bytes", "int", "bytes of the file, decompressed"),
        C("complete", "bool", "the whole file could be read"),
        C("lost", "strs", "what of the file could not be read, in words"),
        C("streams_evicted", "int", "conversations dropped to bound memory"),
        C("error", "str", "why the input could not be read at all"),
        C("read_by_scapy", "dict", "link type or tunnel -> packets whose headers Scapy read"),
        C("files", "strs", "files of a rotated capture that was read as one; null for one file"),
        C("file_frames", "ints", "frame number of the first packet of each of these files"),
        C(
            "datagrams_copied",
            "int",
            "UDP packets that were captured twice, as by a mirror port (same payload within 10 ms) and are "
            "told once; of conversations that were followed",
        ),
    ),
)

KDC = Table(
    "kdc",
    "one request to a Kerberos KDC and its answer",
    (
        C("capture", "category", "base name of the capture"),
        C("stream_id", "int", "Wireshark's tcp.stream or udp.stream"),
        C("frame_request", "int", "frame in which the request ends; null if it was not seen"),
        C(
            "frame_reply",
            "int",
            "frame in which the answer ends, or a proxy's response in its place; null: none",
        ),
        C("ts", "time", "time of the request, else of the answer"),
        C("client", "category", "address of who asks"),
        C("server", "category", "address of the KDC, its proxy (kkdcp) or the acceptor (iakerb)"),
        C("exchange", "category", "AS, TGS; null for an error without its request"),
        C(
            "cname",
            "str",
            "who asks; of a TGS exchange as the answer tells it, of S4U as `presented_cname` or an error",
        ),
        C("realm", "category", "realm whose KDC is asked"),
        C("sname", "str", "service asked for: cifs/fs1.lab.example, krbtgt/LAB.EXAMPLE"),
        C(
            "requested_etypes",
            "strs",
            "encryption types that the client takes, most wanted first; null if the request is not seen, or "
            "cut before them",
        ),
        C("ticket_etype", "category", "encryption type of the ticket issued"),
        C(
            "error_code",
            "int",
            "of a KRB-ERROR; null as well if it has none, or is cut off before it",
        ),
        C(
            "error",
            "category",
            "its name: KDC_ERR_PREAUTH_REQUIRED; without a code that it has none, or was cut off",
        ),
        C("transport", "category", "udp, tcp, kkdcp (HTTP proxy), iakerb (inside a negotiation)"),
        C("client_port", "int", "port of who asks"),
        C("server_port", "int", "port of who answers"),
        C("duration_ms", "float", "request to answer, milliseconds"),
        C(
            "outcome",
            "category",
            "success (a ticket came), failure (any KRB-ERROR, or a proxy's HTTP error), incomplete "
            "(no answer, none that can be read, or packets of it are missing)",
        ),
        C("crealm", "category", "client's realm as the answer tells it; of S4U the user's"),
        C("reply_etype", "category", "encryption type of the part of the reply for the client"),
        C(
            "kdc_options",
            "strs",
            "options of the request: forwardable, canonicalize; null if it is not seen, or cut before them",
        ),
        C(
            "padata",
            "strs",
            "pre-authentication data of the request, by name; null if it is not seen, or cut before them",
        ),
        C(
            "reply_padata",
            "strs",
            "of the answer; of an error what its e-data lists; null if it is not seen, or cut before them",
        ),
        C("nt_status", "category", "NTSTATUS in a KRB-ERROR's e-data, by name"),
        C("e_text", "str", "the KRB-ERROR's own words"),
        C(
            "fast",
            "bool",
            "FAST: the request or the reply is armoured; null if no armour is seen and the request is "
            "not, or is cut before it tells",
        ),
        C(
            "s4u",
            "category",
            "self, proxy: a service acts for a user; null if none does, or nothing seen shows it",
        ),
        C("for_user", "str", "for whom (S4U2self); null as `s4u`"),
        C(
            "u2u",
            "bool",
            "user-to-user: the ticket is to be sealed by a session key; null if the request is not seen, or "
            "cut before it tells",
        ),
        C("referral", "category", "other realm to which the KDC refers the client"),
        C(
            "preauth",
            "category",
            "proof in an AS request: none, encrypted-timestamp, fast, pkinit, spake, otp, gss; null if "
            "the part of the request is missing that would tell it",
        ),
        C("continues", "int", "frame_request of the attempt that this one carries on or repeats"),
        C("negotiation_ids", "ints", "negotiations that it explains, or that carried it (iakerb)"),
        C("clock_offset_ms", "float", "KDC's clock minus the capture's, by a KRB-ERROR's stime"),
        C("presented_etype", "category", "encryption type of the ticket that a TGS-REQ presents"),
        C("presented_sname", "str", "and its service: krbtgt/LAB.EXAMPLE"),
        C(
            "ticket_id",
            "str",
            "16 hex digits of the SHA-256 of the cipher of the ticket issued: the same ticket "
            "wherever it is seen; null if it is not all there",
        ),
        C("presented_id", "str", "the same of the ticket that a TGS-REQ presents"),
        C(
            "presented_cname",
            "str",
            "to whom that ticket was issued, if the reply that did is in the capture",
        ),
        C(
            "proxy_status",
            "int",
            "HTTP status of a KDC proxy in whose response no message of a KDC could be read: 503",
        ),
        C(
            "answer",
            "category",
            "seen, torn (packets of its end are missing), lost (the capture lacks it, or it cannot be "
            "read), proxy (a proxy's HTTP response in its place), none (nothing shows one)",
        ),
        C(
            "request_cut",
            "bool",
            "the end of the request is missing, so that it may ask for more; null: not seen at all",
        ),
        C("reply_cut", "bool", "the end of the answer is missing; null: no answer of a KDC"),
    ),
)

CHANGES = Table(
    "changes",
    "one difference between two sides, of a client with a service",
    (
        C("change", "category", "appeared, vanished (client and service together), changed"),
        C(
            "verdict",
            "category",
            "stronger, weaker: the worst of either side; unknown: it would be one of them, but for what a "
            "capture lacks, which may be as bad; else different",
        ),
        C("client", "category", "client address"),
        C("service", "category", "name by which it asked, else the server's address"),
        C(
            "carrier",
            "category",
            "protocol; smb for SMB 1 and 2 together, kdc for requests to a KDC",
        ),
        C(
            "aspect",
            "category",
            "carrier (SMB 1 or 2), mechanism, offer, outcome, protection, channel_binding, ntlm_mic, "
            "client_signing, server_signing, delegation, reason; of KDC exchanges ticket, weakest requested, "
            "pre-authentication; any, where one side knows nothing of client and service",
        ),
        C(
            "before",
            "strs",
            "what was seen of it on the first side, sorted; `not seen` where the capture lacks a part",
        ),
        C("after", "strs", "and on the second"),
        C("count_before", "int", "negotiations of client and service on the first side"),
        C("count_after", "int", "and on the second"),
        C("id_before", "int", "a negotiation of the first side to look at"),
        C("id_after", "int", "and of the second"),
    ),
)
"""What `negoscope diff` prints; of two analyses, so not among the tables of one."""

HOSTS = Table(
    "hosts",
    "client and one per server, for each capture",
    (
        C("capture", "category", "base name of the capture"),
        C("host", "category", "address"),
        C("role", "category", "client (asks for authentication or tickets) or server"),
        C("first_seen", "time", "first frame of its negotiations and KDC exchanges"),
        C("last_seen", "time", "their last frame"),
        C("negotiations", "int", "negotiations it took part in; 0 if it only spoke with a KDC"),
        C("success", "int", "how many of them succeeded"),
        C("failure", "int", "how many failed"),
        C("incomplete", "int", "how many have no verdict in the capture"),
        C("carriers", "strs", "carriers by which, kdc among them; most frequent first"),
        C("mechanisms", "dict", "mechanism that was run -> negotiations"),
        C(
            "offers",
            "strs",
            "mechanisms and schemes that a client offered, or a server hinted or listed",
        ),
        C(
            "users",
            "strs",
            "who logged on from there, as claimed; the 20 most frequent, each in its first spelling",
        ),
        C(
            "names",
            "strs",
            "its names: workstation, NetBIOS, DNS, SNI, Host header; at most 20, in their first spelling",
        ),
        C("domains", "strs", "domains and realms that it named; at most 20"),
        C(
            "os",
            "str",
            "what its NTLM VERSION claims, which other software may borrow from Windows",
        ),
        C("os_build", "str", "the same as numbers: 10.0.19041"),
        C("signing", "category", "SMB signing by its own word: required, enabled, disabled, mixed"),
        C("weakest", "category", "code of the weakest thing seen, see below"),
        C("weakest_negotiation_id", "int", "first negotiation that shows it"),
        C("reasons", "dict", "reason -> negotiations"),
        C(
            "accepted",
            "dict",
            "mechanism -> negotiations that succeeded by it: of a server what it accepts",
        ),
    ),
)

NAMES = Table(
    "names",
    "look-up of a name, or name that a client showed",
    (
        C("capture", "category", "base name of the capture"),
        C("client", "category", "address of who asked, or showed the name"),
        C("source", "category", "dns, mdns, llmnr, nbns, sni (TLS ClientHello)"),
        C("name", "str", "the name, lower case, without its last dot"),
        C("record", "category", "A, AAAA, SRV, PTR, ANY, NB, NBSTAT; empty for sni"),
        C("addresses", "strs", "addresses that the answer gives"),
        C("rcode", "category", "NOERROR, NXDOMAIN; no-answer if none came"),
        C("responder", "category", "address of who answered"),
        C("frame", "int", "frame of the answer, or of the question that got none"),
        C("ts", "time", "its time"),
        C(
            "targets",
            "strs",
            "other names that the answer leads to: aliases, SRV targets, PTR names",
        ),
        C(
            "broadcast",
            "bool",
            "everybody was asked, by LLMNR, mDNS or NetBIOS; false where a server was, also WINS",
        ),
        C("ttl", "int", "seconds for which the answer holds: of its records the shortest"),
        C(
            "partial",
            "bool",
            "records of the answer are missing here: truncated (TC), cut off or not readable",
        ),
    ),
)

FINDINGS = Table(
    "findings",
    "thing that a rule of docs/rules.md found, for each subject",
    (
        C("rule_id", "category", "rule: NGS-NTLM-001"),
        C("severity", "category", "info, low, medium, high, critical"),
        C("title", "category", "the rule in a few words"),
        C("subject_kind", "category", "client, server, user, negotiation"),
        C("subject", "str", "its address, name or number"),
        C("count", "int", "places where the rule applies"),
        C("negotiation_ids", "ints", "negotiations that show it, at most 1,000"),
        C("evidence", "ints", "frames that show it, at most 1,000, capture by capture"),
        C("why", "str", "what was seen, at the first of the places"),
        C("remedy", "str", "what to do"),
        C("references", "strs", "ATT&CK techniques, specifications, updates"),
        C("captures", "strs", "captures that show it"),
        C("first_seen", "time", "time of the first place"),
        C("last_seen", "time", "time of the last place"),
        C("confidence", "category", "certain, likely, possible: the weakest of its places"),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (NEGOTIATIONS, TOKENS, OFFERS, ANOMALIES, CAPTURES, KDC, NAMES, HOSTS, FINDINGS)
}

MADE_OF: dict[str, frozenset[str]] = {
    "hosts": frozenset({"negotiations", "tokens", "offers", "kdc"}),
    "findings": frozenset(
        {"negotiations", "tokens", "offers", "anomalies", "captures", "kdc", "names"}
    ),
}
MADE_OF["overview"] = MADE_OF["findings"]
"""What is made of tables, when first asked for: other tables, and what the summary tells."""

TOKEN_BYTES = Column("token", "str", "the token's bytes, hex; only where secrets were asked for")


def schema(*, secrets: bool) -> dict[str, Table]:
    """All tables; with `secrets` the tokens' own bytes are one more column."""
    if not secrets:
        return TABLES
    return {**TABLES, "tokens": TOKENS._replace(columns=(*TOKENS.columns, TOKEN_BYTES))}


def columns_digest() -> str:
    """32 hexadecimal digits that differ as soon as any column of any table does."""
    columns = [(name, tuple(table.columns)) for name, table in TABLES.items()]
    return blake2b(repr(columns).encode()).hexdigest()[:32]
