"""The sender's clock as a token, or the SMB message around it, tells it, against the capture's.

Spec: RFC 4120 5.9.1 (stime, susec), MS-NLMP 2.2.2.1 (MsvAvTimestamp), MS-SMB2 2.2.4 and MS-CIFS 2.2.4.52.2
(SystemTime), MS-DTYP 2.3.3 (FILETIME).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.capture.model import NO_TIME
from analyzer.surroundings.kdc_facts import kerberos_time
from dissectors.tokens.model import IakerbMessage, KrbError, NegTokenInit2, NtlmChallenge, Token

_1970 = 116_444_736_000_000_000  # as FILETIME: tenths of a microsecond since 1601


def clock_offset_ms(token: Token, ts_ns: int, said: Mapping[str, Any]) -> float | None:
    """Milliseconds that the sender's clock is ahead of `ts_ns`; None if nothing tells its time.

    `said` is what the carrier's message says beside the token: `system_time`, a FILETIME, of SMB's NEGOTIATE
    response. A token is judged by what it wraps, if that is a token.
    """
    if ts_ns == NO_TIME or isinstance(token, IakerbMessage):
        return None  # what an acceptor hands on tells the KDC's clock, not his
    told = token.inner if token.inner is not None else token
    match told:
        case NtlmChallenge():
            clock = _since_1970(
                told.target_info.get("MsvAvTimestamp") if told.target_info else None
            )
        case NegTokenInit2():
            clock = _since_1970(said.get("system_time"))
        case KrbError():
            clock = kerberos_time(told.stime, told.susec)
        case _:
            return None
    return None if clock is None else (clock - ts_ns) / 1e6


def _since_1970(filetime: object) -> int | None:
    """A FILETIME as ns; None for none, and for 0, which is no time."""
    return (filetime - _1970) * 100 if isinstance(filetime, int) and filetime else None
