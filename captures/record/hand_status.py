"""Recorded refusals whose status was changed by hand to one that needs a Windows server.

Spec: MS-ERREF 2.3.
"""

import struct

import case_file
import frames
from made import Made
from talk import with_checksums


LOGON_FAILURE = 0xC000006D
SOURCE = "smb/wrong_password"


def replaced(source: str, old: bytes, new: bytes) -> list[frames.Frame]:
    """The frames of a recorded case with `old` put for `new` wherever it stands; lengths stay."""
    kept = frames.read(case_file.CAPTURES / source / "capture.pcapng")
    return [
        frame._replace(data=with_checksums(frame.data.replace(old, new)))
        if old in frame.data
        else frame
        for frame in kept
    ]


def smb(name: str, status: int, title: str, purpose: str, why_by_hand: str) -> Made:
    """The answer to the last leg of NTLM says `status`."""
    old = b"\xfeSMB" + struct.pack("<HHI", 64, 1, LOGON_FAILURE)
    new = b"\xfeSMB" + struct.pack("<HHI", 64, 1, status)
    return Made(
        case=f"smb/{name}",
        title=title,
        purpose=purpose,
        source=SOURCE,
        frames=lambda: replaced(SOURCE, old, new),
        why_by_hand=why_by_hand,
    )


CASES = [
    smb("wrong_password_named", 0xC000006A, "Wrong password, said plainly", "STATUS_WRONG_PASSWORD, which most servers keep to themselves.",
        "Samba's smbd turns the status into STATUS_LOGON_FAILURE in every dialect (nt_status_squash), and impacket's server knows no other."),
    smb("unknown_user_named", 0xC0000064, "Unknown user, said plainly", "STATUS_NO_SUCH_USER, which most servers keep to themselves.",
        "Samba's smbd turns the status into STATUS_LOGON_FAILURE in every dialect (nt_status_squash), and impacket's server knows no other."),
    smb("logon_type_not_granted", 0xC000015B, "No right to log on over the network", "STATUS_LOGON_TYPE_NOT_GRANTED.",
        "No library or daemon of Samba 4.17 holds the status but its table of names: Samba has no right to log on over the network."),
    smb("smartcard_required", 0xC00002FA, "A smart card is required", "STATUS_SMARTCARD_LOGON_REQUIRED.",
        "Samba 4.17 lets an account with that flag in by NTLM and plaintext over SMB, its KDC says KDC_ERR_PREAUTH_FAILED, and the status is for interactive logons alone."),
    smb("channel_binding_mismatch", 0xC000035B, "Channel bindings do not match", "STATUS_BAD_BINDINGS.",
        "No library or daemon of Samba 4.17 holds the status but its table of names: it checks no bindings over SMB."),
    smb("clock_skew_status", 0xC0000133, "Clocks differ, said by a status", "STATUS_TIME_DIFFERENCE_AT_DC.",
        "Samba says KRB_AP_ERR_SKEW inside SPNEGO (smb/clock_skew), and STATUS_LOGON_FAILURE where the clocks of a member server and its controller differ."),
]  # fmt: skip
