"""Token ids: the two octets by which Kerberos and its relatives tell their tokens apart.

Spec: RFC 1964 1.1-1.2, RFC 4121 4.1-4.2, draft-swift-win2k-krb-user2user 4,
draft-ietf-kitten-iakerb 3, draft-zhu-pku2u 6.
"""

from __future__ import annotations

TOKEN_IDS: dict[bytes, str] = {
    b"\x01\x00": "KRB_AP_REQ",
    b"\x02\x00": "KRB_AP_REP",
    b"\x03\x00": "KRB_ERROR",
    b"\x04\x00": "KRB_TGT_REQ",
    b"\x04\x01": "KRB_TGT_REP",
    b"\x05\x00": "KRB_AS_REQ",  # PKU2U alone carries these two
    b"\x06\x00": "KRB_AS_REP",
    b"\x05\x01": "IAKERB_PROXY",
    b"\x01\x01": "GSS_GetMIC",
    b"\x02\x01": "GSS_Wrap",
    b"\x01\x02": "GSS_Delete_sec_context",
    b"\x04\x04": "CFX GSS_GetMIC",
    b"\x05\x04": "CFX GSS_Wrap",
}


def token_id_text(token_id: bytes) -> str:
    """Name and octets of a token id: `KRB_AP_REQ (01 00)`."""
    octets = token_id.hex(" ")
    name = TOKEN_IDS.get(token_id)
    if name is None:
        return f"unknown({octets})"
    return f"{name} ({octets})"
