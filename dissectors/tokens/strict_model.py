"""Hold the values of a token's model against those that pyasn1 read, by the paths of their types.

Spec: the paths are those of RFC 4178 and RFC 4120.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dissectors.der_values import string_text
from dissectors.tokens.model import (
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
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    Token,
)
from dissectors.tokens.spnego import CONTEXT_FLAGS, NEG_STATES

_INIT = {
    "mech_types": "mechTypes.*",
    "req_flags": "reqFlags",
    "mech_token": "mechToken",
    "mech_list_mic": "mechListMIC",
}
_TICKET = {
    "realm": "ticket.realm",
    "sname": "ticket.sname.name-string.*",
    "etype": "ticket.enc-part.etype",
    "kvno": "ticket.enc-part.kvno",
}
_REQUEST = {
    "cname": "req-body.cname.name-string.*",
    "realm": "req-body.realm",
    "sname": "req-body.sname.name-string.*",
    "from_time": "req-body.from",
    "till": "req-body.till",
    "rtime": "req-body.rtime",
    "nonce": "req-body.nonce",
    "etypes": "req-body.etype.*",
}
_REPLY = {
    **_TICKET,
    "crealm": "crealm",
    "cname": "cname.name-string.*",
    "enc_part_etype": "enc-part.etype",
    "enc_part_kvno": "enc-part.kvno",
}
_PATHS: dict[type[Token], dict[str, str]] = {
    NegTokenInit: _INIT,
    NegTokenInit2: {
        **_INIT,
        "hint_name": "negHints.hintName",
        "hint_address": "negHints.hintAddress",
    },
    NegTokenResp: {
        "neg_state": "negState",
        "supported_mech": "supportedMech",
        "response_token": "responseToken",
        "mech_list_mic": "mechListMIC",
        "late_mech_types": "mechTypes.*",
    },
    KrbApReq: {**_TICKET, "authenticator_etype": "authenticator.etype"},
    KrbApRep: {"etype": "enc-part.etype"},
    KrbAsReq: _REQUEST,
    KrbTgsReq: _REQUEST,
    KrbAsRep: _REPLY,
    KrbTgsRep: _REPLY,
    KrbSafe: {
        "user_data": "safe-body.user-data",
        "timestamp": "safe-body.timestamp",
        "seq_number": "safe-body.seq-number",
        "cksumtype": "cksum.cksumtype",
    },
    KrbPriv: {"enc_part_etype": "enc-part.etype"},
    KrbCred: {"enc_part_etype": "enc-part.etype"},
    KrbError: {
        "error_code": "error-code",
        "realm": "realm",
        "sname": "sname.name-string.*",
        "crealm": "crealm",
        "cname": "cname.name-string.*",
        "ctime": "ctime",
        "cusec": "cusec",
        "stime": "stime",
        "susec": "susec",
        "e_text": "e-text",
        "e_data": "e-data",
    },
    KrbTgtReq: {"realm": "realm", "sname": "server-name.name-string.*"},
    KrbTgtRep: _TICKET,
    IakerbMessage: {"realm": "target-realm"},
}


def differing(token: Token, values: Mapping[str, Any], doubtful: object) -> list[str]:
    """Names of the model's values that are not pyasn1's; `values` by path below the message.

    What is `doubtful` there is not compared.
    """
    found = []
    for name, path in _PATHS.get(type(token), {}).items():
        tolerant = getattr(token, name)
        strict = _at(values, path)
        if strict is doubtful or (isinstance(strict, tuple) and doubtful in strict):
            continue
        if name == "neg_state" and strict is not None:
            strict = NEG_STATES.get(strict, f"unknown({strict})")
        elif name == "req_flags" and strict is not None:
            strict = tuple(
                CONTEXT_FLAGS.get(bit, f"bit({bit})") for bit in sorted(strict) if bit < 32
            )
        elif isinstance(strict, tuple) and not isinstance(tolerant, tuple):
            strict = "/".join(strict)
        elif strict is None and tolerant == "":
            continue  # a name without components, which only looks absent
        elif isinstance(tolerant, str) and isinstance(strict, bytes):
            strict = string_text(strict)  # IAKERB's realm as old MIT releases write it
        elif isinstance(tolerant, tuple) and strict is None:
            strict = ()
        if strict != tolerant:
            found.append(name)
    return found


def _at(values: Mapping[str, Any], path: str) -> Any:
    """Value at a path; of one that ends with a star, all values below it, None if there are none."""
    if not path.endswith("*"):
        return values.get(path)
    above = path.removesuffix("*")
    return tuple(value for where, value in values.items() if where.startswith(above)) or None
