"""Every table and column: name, type, and one sentence. The only definition there is.

`docs/tables.md`, the pandas dtypes, the JSON writer and the command line's column names all come from here.
Kinds: `str`, `category` (repeated text), `int`, `float`, `bool`, `time` (ns since 1970 UTC), `strs`, `ints`
(lists in wire order), `dict`. A cell that is not known is None.
"""

from __future__ import annotations

from typing import NamedTuple


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
            "kind of NTLM response, ticket encryption type, NegoEx scheme",
        ),
        C("neg_states", "strs", "every negState in order"),
        C("mech_list_mic", "category", "absent, initiator, acceptor, both; null without SPNEGO"),
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
        C("server_name", "str", "the name by which the client asked"),
        C(
            "protection",
            "category",
            "after success: none, sign, seal, tls; null if nothing followed",
        ),
        C("signed_messages", "int", "signed messages seen after the negotiation"),
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
        C("krb_ap_options", "strs", "set ap-options"),
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
        C("frame", "int", "frame of the offer"),
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
    ),
)

TABLES: dict[str, Table] = {
    table.name: table for table in (NEGOTIATIONS, TOKENS, OFFERS, ANOMALIES, CAPTURES)
}

TOKEN_BYTES = Column("token", "str", "the token's bytes, hex; only where secrets were asked for")


def schema(*, secrets: bool) -> dict[str, Table]:
    """All tables; with `secrets` the tokens' own bytes are one more column."""
    if not secrets:
        return TABLES
    return {**TABLES, "tokens": TOKENS._replace(columns=(*TOKENS.columns, TOKEN_BYTES))}
