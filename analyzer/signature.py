"""Find what looks like a GSS token in any bytes, without any dissector.

Shares no code with `dissectors`, so that it can contradict them: what it finds in streams that no carrier
has read becomes the anomaly `unclaimed-token`.
"""

from __future__ import annotations

BINARY = (
    b"NTLMSSP\x00",
    b"NEGOEXTS",
    b"\x06\x06\x2b\x06\x01\x05\x05\x02",  # OID of SPNEGO
    b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02",  # OID of Kerberos 5
    b"\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02",  # the same, as Windows 2000 wrote it
)
BASE64 = (
    b"TlRMTVNTUA",  # NTLMSSP at the three alignments of base64
    b"5UTE1TU1AA",
    b"OVExNU1NQA",
    b"BgYrBgEFBQI",  # the OID of SPNEGO at the three alignments
    b"YGKwYBBQUC",
    b"GBisGAQUFA",
)
SIGNATURES = BINARY + BASE64


def find_signature(data: bytes | bytearray) -> int:
    """Offset of the first signature in `data`, or -1."""
    hits = [at for signature in SIGNATURES if (at := data.find(signature)) >= 0]
    return min(hits, default=-1)
