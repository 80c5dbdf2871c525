"""A ticket known again wherever it is sent: by a short digest of its cipher.

Nobody on the way can change the encrypted part of a ticket, so the KDC's reply, the request that presents
the ticket to a KDC and the AP-REQ for the service hold the same bytes. The name of the service beside it is
in the clear and proves nothing.

Spec: RFC 4120 5.3, 5.4.2, 5.5.1, 7.5.1.
"""

from __future__ import annotations

from hashlib import sha256

from dissectors.tokens.model import KrbApReq, KrbKdcRep, KrbKdcReq

ID_LENGTH = 8
"""Bytes of the SHA-256 that are kept: enough to tell the tickets of a capture apart."""


def ticket_id(token: KrbApReq | KrbKdcReq | KrbKdcRep) -> bytes | None:
    """First `ID_LENGTH` bytes of the SHA-256 of the ticket's cipher: the ticket shown, presented or issued.

    None if there is no ticket, if its cipher is not all there, or if it has been blanked out.
    """
    if token.ticket_cipher is None:
        return None
    start, stop = token.ticket_cipher
    cipher = token.raw[start:stop]
    if not cipher.strip(cipher[:1]):
        return None  # one octet all over, as programs leave that take the secrets out of a capture
    return sha256(cipher).digest()[:ID_LENGTH]
