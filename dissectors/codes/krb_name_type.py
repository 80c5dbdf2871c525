"""Names of the types of Kerberos principal names.

Spec: RFC 4120 6.2, RFC 6111 3.1, RFC 5179 3; negative numbers are Windows' (MS-KILE 3.1.5.2).
"""

from __future__ import annotations

KRB_NAME_TYPE: dict[int, str] = {
    0: "NT-UNKNOWN",
    1: "NT-PRINCIPAL",
    2: "NT-SRV-INST",
    3: "NT-SRV-HST",
    4: "NT-SRV-XHST",
    5: "NT-UID",
    6: "NT-X500-PRINCIPAL",
    7: "NT-SMTP-NAME",
    10: "NT-ENTERPRISE",
    11: "NT-WELLKNOWN",
    12: "NT-SRV-HST-DOMAIN",
    -128: "NT-MS-PRINCIPAL",
    -129: "NT-MS-PRINCIPAL-AND-ID",
    -130: "NT-ENT-PRINCIPAL-AND-ID",
}


def krb_name_type_name(number: int) -> str:
    """Name of a name-type; an unknown one keeps its number, `unknown(99)`."""
    return KRB_NAME_TYPE.get(number) or f"unknown({number})"
