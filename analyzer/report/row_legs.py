"""Legs of a ladder from rows of tables, where the capture is not at hand: from its tokens, or a sketch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analyzer.report.legs import Leg
from dissectors.carriers.base import CLIENT
from dissectors.visible import visible

SERVER = 1 - CLIENT


def token_legs(rows: Sequence[Mapping[str, Any]]) -> list[Leg]:
    """One leg for each row of `tokens`, in order of frames; the initiator is taken for the client."""
    ordered = sorted(rows, key=lambda row: (row["frame"], row["token_index"]))
    return [
        Leg(
            row["frame"],
            row["ts"] or 0,
            CLIENT if row["role"] == "initiator" else SERVER,
            tuple(visible(label) for label in _labels(row)),
        )
        for row in ordered
    ]


def _labels(row: Mapping[str, Any]) -> Iterator[str]:
    """The token in short, then the one inside."""
    outer = [row["token_type"]]
    if row["mech_types"]:
        verb = "hints" if row["token_type"] == "NegTokenInit2" else "offers"
        outer.append(f"{verb} {' > '.join(row['mech_types'])}")
    if row["neg_state"]:
        outer.append(row["neg_state"])
    if row["supported_mech"]:
        outer.append(f"selects {row['supported_mech']}")
    inner = [row["inner_type"]] if row["inner_type"] else []
    words = inner or outer
    user, domain = row["ntlm_user"], row["ntlm_domain"]
    if user:
        words.append(f"{domain}\\{user}" if domain else user)
    elif row["ntlm_target_name"]:
        words.append(f"of {row['ntlm_target_name']}")
    if row["ntlm_response"]:
        words.append(row["ntlm_response"])
    if row["krb_sname"]:
        words.append(
            f"for {row['krb_sname']}" + (f"@{row['krb_realm']}" if row["krb_realm"] else "")
        )
    words += [str(row[name]) for name in ("krb_etype", "krb_error") if row[name]]
    yield ", ".join(outer)
    if inner:
        yield ", ".join(inner)


TOKEN_COLUMNS = (
    "negotiation_id", "frame", "token_index", "ts", "role", "src", "src_port", "dst", "dst_port",
    "token_type", "inner_type", "mech_types", "neg_state", "supported_mech", "ntlm_user",
    "ntlm_domain", "ntlm_target_name", "ntlm_response", "krb_sname", "krb_realm", "krb_etype",
    "krb_error",
)  # fmt: skip
"""Of `tokens`: what `token_legs` looks at, and which ends they have."""


def sketch_legs(row: Mapping[str, Any]) -> list[Leg]:
    """What a row of `negotiations` alone tells: hint, offer, choice, proof, verdict.

    Frames are known of the first and the last message only; others have 0.
    """
    said: list[tuple[int, str]] = []
    if row["hinted_mechs"]:
        said.append((SERVER, f"hints {' > '.join(row['hinted_mechs'])}"))
    if row["offered_mechs"]:
        said.append((CLIENT, f"offers {' > '.join(row['offered_mechs'])}"))
    elif row["scheme"]:
        said.append((CLIENT, row["scheme"]))
    if row["selected_mech"]:
        said.append((SERVER, f"selects {row['selected_mech']}"))
    ran = [str(row[name]) for name in ("mechanism", "mechanism_detail", "user", "spn") if row[name]]
    if ran:
        said.append((CLIENT, ", ".join(ran)))
    said.append((SERVER, ", ".join(filter(None, (row["status"], row["outcome"])))))
    legs = [Leg(0, 0, side, (visible(label),)) for side, label in said]
    legs[-1] = legs[-1]._replace(frame=row["last_frame"], ts_ns=row["ended"] or 0)
    legs[0] = legs[0]._replace(frame=row["first_frame"], ts_ns=row["started"] or 0)
    return legs


SKETCH_COLUMNS = (
    "negotiation_id", "client", "client_port", "server", "server_port", "started", "ended",
    "first_frame",
    "last_frame", "hinted_mechs", "offered_mechs", "scheme", "selected_mech", "mechanism",
    "mechanism_detail", "user", "spn", "status", "outcome", "reason", "reason_detail",
)  # fmt: skip
"""Of `negotiations`: what a sketch looks at."""
