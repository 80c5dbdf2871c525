"""The sender's clock as a token tells it, against the capture's.

Spec: RFC 4120 5.9.1 (stime, susec), MS-NLMP 2.2.2.1 (MsvAvTimestamp), MS-DTYP 2.3.3 (FILETIME).
"""

from __future__ import annotations

from analyzer.capture.model import NO_TIME
from analyzer.surroundings.kdc_facts import kerberos_time
from dissectors.tokens.model import KrbError, NtlmChallenge, Token

_1970 = 116_444_736_000_000_000  # as FILETIME: tenths of a microsecond since 1601


def clock_offset_ms(token: Token, ts_ns: int) -> float | None:
    """Milliseconds that the sender's clock is ahead of `ts_ns`; None if the token tells no time."""
    if ts_ns == NO_TIME:
        return None
    match token:
        case NtlmChallenge():
            stamp = token.target_info.get("MsvAvTimestamp") if token.target_info else None
            if not isinstance(stamp, int) or not stamp:
                return None
            clock: int | None = (stamp - _1970) * 100
        case KrbError():
            clock = kerberos_time(token.stime, token.susec)
        case _:
            return None
    return None if clock is None else (clock - ts_ns) / 1e6
