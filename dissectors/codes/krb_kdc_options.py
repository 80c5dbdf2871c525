"""Names of the bits of a KDC request's kdc-options; bit 0 leads.

Spec: RFC 4120 5.4.1, RFC 6806 3 (canonicalize), RFC 8062 3 (request-anonymous), MS-SFU 2.2.3
(cname-in-addl-tkt).
"""

from __future__ import annotations

KRB_KDC_OPTIONS: dict[int, str] = {
    0: "reserved",
    1: "forwardable",
    2: "forwarded",
    3: "proxiable",
    4: "proxy",
    5: "allow-postdate",
    6: "postdated",
    8: "renewable",
    11: "opt-hardware-auth",
    14: "cname-in-addl-tkt",
    15: "canonicalize",
    16: "request-anonymous",
    26: "disable-transited-check",
    27: "renewable-ok",
    28: "enc-tkt-in-skey",
    30: "renew",
    31: "validate",
}
