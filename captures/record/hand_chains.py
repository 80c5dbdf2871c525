"""Chains of attempts that the lab's clients did not make: on one connection, and over another carrier.

Spec: RFC 4178 3.2, RFC 4559 4 and 5, MS-SMB2 3.2.4.2.
"""

import case_file
import frames
from made import Made


SECOND = 10**9


def one_after_the_other(*cases: str, seconds: int = 3) -> list[frames.Frame]:
    """The frames of recorded cases, each `seconds` after the end of the one before."""
    kept: list[frames.Frame] = []
    for case in cases:
        recorded = frames.read(case_file.CAPTURES / case / "capture.pcapng")
        begin = kept[-1].ts_ns + seconds * SECOND if kept else recorded[0].ts_ns
        shift = begin - recorded[0].ts_ns
        kept += [frame._replace(ts_ns=frame.ts_ns + shift) for frame in recorded]
    return kept


CASES = [
    Made(
        case="smb/fallback_other_carrier", title="SMB 3 with Kerberos refused, then SMB 1 with NTLM",
        purpose="The client's clock is 20 minutes ahead and its ticket is refused; three seconds later it comes with SMB 1 and a password (the recording of smb/nt1_ntlm).",
        source="smb/clock_skew",
        frames=lambda: one_after_the_other("smb/clock_skew", "smb/nt1_ntlm"), negotiations=2,
    ),
]  # fmt: skip
