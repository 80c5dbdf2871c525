"""The columns of our `tokens` table in tshark's words, as far as it has any, and what differs.

Spec: the table's definition in `tables.schema`; MS-NLMP 2.2.2.1 for the names of AV pairs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from analyzer.crosscheck.difference import CELL, Difference
from analyzer.crosscheck.mapping import AP_OPTIONS, AV_PAIRS, CONTEXT_FLAGS
from analyzer.crosscheck.our_tokens import OurToken
from analyzer.crosscheck.pdml import UNFAITHFUL, Node
from analyzer.crosscheck.same_value import written_filetime
from analyzer.crosscheck.tshark_tokens import OPAQUE, SIGNATURE, TheirPacket, TheirToken
from dissectors.codes.krb_error import KRB_ERROR
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.mechs import mech_name

_NEGOEX_MESSAGES = {
    0: "INITIATOR_NEGO",
    1: "ACCEPTOR_NEGO",
    2: "INITIATOR_META_DATA",
    3: "ACCEPTOR_META_DATA",
    4: "CHALLENGE",
    5: "AP_REQUEST",
    6: "VERIFY",
    7: "ALERT",
}
V2 = "ntlmv2"
SHORT = "24 bytes"
NOTHING = "none"
_RESPONSES = {
    V2: {"ntlmv2"},
    SHORT: {"ntlmv1", "ntlmv1-ess", "lm"},
    NOTHING: {"lm", "anonymous", "local-call"},
}
"""What tshark's fields tell of a response, and what it may be called here."""

Cells = Iterator[tuple[str, Any]]


def compare_cells(
    ours: OurToken, packet: TheirPacket, theirs: TheirToken
) -> Iterator[tuple[str, Difference | None]]:
    """Yield each column that tshark has a word for, with the difference if there is one."""
    for column, value in (*packet_cells(packet), *token_cells(theirs)):
        mine = ours.row[column]
        if column == "ts":
            mine = f"{mine // 10**9}.{mine % 10**9:09}" if mine is not None else None
        same = _SAME.get(column, _equal)(mine, value)
        if same:
            yield column, None
        else:
            yield column, Difference(CELL, column, mine, value, ours.frame)


def _equal(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs)


def _same_text(ours: Any, theirs: Any) -> bool:
    return ours == theirs or (
        isinstance(theirs, str) and UNFAITHFUL in theirs and isinstance(ours, str)
    )


def _same_type(ours: Any, theirs: Any) -> bool:
    if theirs == SIGNATURE:
        return ours in ("GSS_WRAP", "GSS_MIC")
    # tshark has one word for both; the hint's own fields are compared
    return ours == theirs or {ours, theirs} == {"NegTokenInit", "NegTokenInit2"}


def _same_response(ours: Any, theirs: Any) -> bool:
    return ours in _RESPONSES[theirs]


def _same_pairs(ours: Any, theirs: Any) -> bool:
    known = {name: value for name, value in (ours or {}).items() if not name.startswith("AvId(")}
    return known.keys() == theirs.keys() and all(
        _same_text(known[name], value) for name, value in theirs.items()
    )


_SAME: dict[str, Callable[[Any, Any], bool]] = {
    "token_type": _same_type,
    "inner_type": _same_type,
    "ntlm_response": _same_response,
    "ntlm_target_info": _same_pairs,
    **dict.fromkeys(
        (
            "hint_name",
            "ntlm_user",
            "ntlm_domain",
            "ntlm_workstation",
            "ntlm_target_name",
            "krb_realm",
            "krb_sname",
        ),
        _same_text,
    ),
}


# -- tshark's words -----------------------------------------------------------------------------------


def packet_cells(packet: TheirPacket) -> Cells:
    """What the packet says of any token in it."""
    yield "stream_id", packet.stream_id
    yield "ts", packet.time
    yield "src", packet.source
    yield "src_port", packet.source_port
    yield "dst", packet.destination
    yield "dst_port", packet.destination_port


def token_cells(token: TheirToken) -> Cells:
    """What a token's tree says."""
    yield "carrier", token.carrier
    yield "token_type", token.kind
    if token.raw is not None and token.kind not in ("GSS_WRAP", SIGNATURE):
        # of a per-message token tshark's tree may end before the message
        yield "length", len(token.raw)
        yield "sha256", hashlib.sha256(token.raw).hexdigest()
    if token.kind != OPAQUE:
        yield "mech_oid", token.this_mech
    if token.element is not None:
        yield from _spnego_cells(token)
    match token.body_kind:
        case "NTLM_NEGOTIATE" | "NTLM_CHALLENGE" | "NTLM_AUTHENTICATE":
            yield from _ntlm_cells(token)
        case "KRB_AP_REQ" | "KRB_AP_REP" | "KRB_ERROR" | "KRB_TGT_REQ" | "KRB_TGT_REP":
            yield from _kerberos_cells(token)
        case "NEGOEX":
            messages = [node.number for node in token.every("negoex.message.type")]
            named = [_NEGOEX_MESSAGES.get(n or 0, f"unknown({n})") for n in messages]
            yield "negoex_messages", named


def _spnego_cells(token: TheirToken) -> Cells:
    carried = (*token.every("spnego.mechToken"), *token.every("spnego.responseToken"))
    has_inner = any(node.size for node in carried)
    yield "inner_type", token.inner_kind or (OPAQUE if has_inner else None)
    mic = token.find("spnego.mechListMIC")
    yield "mech_list_mic_length", mic.size if mic is not None else None
    if token.kind == "NegTokenResp":
        state, mech = token.find("spnego.negResult"), token.find("spnego.supportedMech")
        late = [mech_name(node.show) for node in token.every("spnego.MechType")]
        yield "neg_state", _named(state) if state is not None else None
        yield "supported_mech", mech_name(mech.show) if mech is not None else None
        yield "mech_types", late or None
        return
    yield "mech_types", [mech_name(node.show) for node in token.every("spnego.MechType")]
    flags = token.find("spnego.reqFlags")
    yield "req_flags", _set_bits(token, CONTEXT_FLAGS) if flags is not None else None
    hint, address = token.find("spnego.hintName"), token.find("spnego.hintAddress")
    yield "hint_name", hint.show if hint is not None else None
    yield "hint_address", address.value if address is not None else None


def _named(node: Node) -> str:
    """The name that tshark gives a number: `negResult: reject (2)`."""
    return node.label.partition(": ")[2].rpartition(" (")[0] or node.show


def _set_bits(token: TheirToken, names: dict[str, str]) -> list[str]:
    found = ((token.find(field), name) for name, field in names.items())
    return [name for node, name in found if node is not None and node.show in ("1", "True")]


def _ntlm_cells(token: TheirToken) -> Cells:
    flags = token.find("ntlmssp.negotiateflags")
    if flags is not None:
        yield "ntlm_flags", flags.number
    yield "ntlm_version", _version(token)
    match token.body_kind:
        case "NTLM_NEGOTIATE":
            yield "ntlm_domain", _text(token, "ntlmssp.negotiate.domain")
            yield "ntlm_workstation", _text(token, "ntlmssp.negotiate.callingworkstation")
        case "NTLM_CHALLENGE":
            yield "ntlm_target_name", _text(token, "ntlmssp.challenge.target_name")
            yield "ntlm_target_info", _pairs(token, "ntlmssp.challenge.target_info.")
        case _:
            yield "ntlm_user", _text(token, "ntlmssp.auth.username")
            yield "ntlm_domain", _text(token, "ntlmssp.auth.domain")
            yield "ntlm_workstation", _text(token, "ntlmssp.auth.hostname")
            yield "ntlm_target_info", _pairs(token, "ntlmssp.ntlmv2_response.")
            yield "ntlm_target_name", _text(token, "ntlmssp.ntlmv2_response.target_name")
            response = _response(token)
            if response is not None:
                yield "ntlm_response", response


def _text(token: TheirToken, field: str) -> str | None:
    node = token.find(field)
    return node.show if node is not None else None


def _version(token: TheirToken) -> str | None:
    if token.find("ntlmssp.version") is None:
        return None
    parts = ("major", "minor", "build_number", "ntlm_current_revision")
    major, minor, build, revision = (_text(token, f"ntlmssp.version.{part}") for part in parts)
    return f"{major}.{minor}.{build}/{revision}"


def _pairs(token: TheirToken, prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (field, _) in AV_PAIRS.items():
        node = token.find(prefix + field)
        if node is not None:
            found[name] = _pair_value(name, node)
    return found


def _pair_value(name: str, node: Node) -> Any:
    match name:
        case "MsvAvFlags":
            return node.number
        case "MsvAvTimestamp":
            return written_filetime(node.show)
        case "MsvAvSingleHost" | "MsvAvChannelBindings":
            return node.value
    return node.show


def _response(token: TheirToken) -> str | None:
    """What the response's length and tree tell of its kind."""
    if token.find("ntlmssp.ntlmv2_response") is not None:
        return V2
    node = token.find("ntlmssp.auth.ntresponse")
    if node is None:
        return None
    return SHORT if node.size == 24 else NOTHING if node.size == 8 else None


def _kerberos_cells(token: TheirToken) -> Cells:
    if token.body_kind == "KRB_AP_REQ":
        yield "krb_ap_options", _set_bits(token, AP_OPTIONS)
    tickets = token.every("kerberos.ticket_element")
    sealed = tickets[:1] or token.every("kerberos.ap_rep_element")[:1]
    for column, name in (("krb_etype", "kerberos.etype"), ("krb_kvno", "kerberos.kvno")):
        node = sealed[0].first(name) if sealed else None
        number = node.number if node is not None else None
        named = krb_etype_name(number) if number is not None and column == "krb_etype" else number
        yield column, named
    if token.body_kind != "KRB_AP_REP":
        names = ("kerberos.SNameString", "kerberos.KerberosString")
        parts = [node.show for name in names for node in token.every(name)]
        yield "krb_realm", _text(token, "kerberos.realm")
        yield "krb_sname", "/".join(parts) if parts else None
    code = token.find("kerberos.error_code")
    if code is not None and code.number is not None:
        yield "krb_error_code", code.number
        yield "krb_error", KRB_ERROR.get(code.number, f"unknown({code.number})")
