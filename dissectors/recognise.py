"""Tell what a run of bytes is by its own first bytes: tokens and per-message wrappers.

Spec: RFC 2743 3.1, RFC 4121 4.2, RFC 1964 1.2, MS-NLMP 2.2; the order of tests matters.
"""

from __future__ import annotations

NTLM_SIGNATURE = b"NTLMSSP\x00"
NEGOEX_SIGNATURE = b"NEGOEXTS"
SPNEGO_OID = b"\x06\x06\x2b\x06\x01\x05\x05\x02"
