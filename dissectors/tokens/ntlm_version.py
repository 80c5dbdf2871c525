"""The VERSION structure, and which Windows release gives itself out by it.

Nothing checks a VERSION: other implementations send constants, so a release is worded as a claim.

Spec: MS-NLMP 2.2.2.10. Builds that share one NTLM library (19041 to 19045, 22621 and 22631) report the first.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dissectors.tokens.recorder import Recorder

_VERSION = struct.Struct("<BBH3sB")
_REVISIONS = {0x0F: "NTLMSSP_REVISION_W2K3"}

RELEASES: dict[tuple[int, int, int], str] = {
    (5, 1, 2600): "Windows XP",
    (5, 2, 3790): "Windows Server 2003",
    (6, 0, 6000): "Windows Vista",
    (6, 0, 6001): "Windows Vista SP1 / Server 2008",
    (6, 0, 6002): "Windows Vista SP2 / Server 2008 SP2",
    (6, 1, 7600): "Windows 7 / Server 2008 R2",
    (6, 1, 7601): "Windows 7 SP1 / Server 2008 R2 SP1",
    (6, 2, 9200): "Windows 8 / Server 2012",
    (6, 3, 9600): "Windows 8.1 / Server 2012 R2",
    (10, 0, 10240): "Windows 10 1507",
    (10, 0, 10586): "Windows 10 1511",
    (10, 0, 14393): "Windows 10 1607 / Server 2016",
    (10, 0, 15063): "Windows 10 1703",
    (10, 0, 16299): "Windows 10 1709",
    (10, 0, 17134): "Windows 10 1803",
    (10, 0, 17763): "Windows 10 1809 / Server 2019",
    (10, 0, 18362): "Windows 10 1903 or 1909",
    (10, 0, 19041): "Windows 10 2004 to 22H2",
    (10, 0, 20348): "Windows Server 2022",
    (10, 0, 22000): "Windows 11 21H2",
    (10, 0, 22621): "Windows 11 22H2 or 23H2",
    (10, 0, 26100): "Windows 11 24H2 / Server 2025",
}
"""Release by major version, minor version and build."""

_SAMBA = (6, 1, 0)
_NEWER = (10, 0)


def version_claim(major: int, minor: int, build: int) -> str:
    """Who reports itself like this, as the end of a sentence; empty if nobody known does."""
    release = RELEASES.get((major, minor, build))
    if release:
        return f"as {release} reports itself"
    if (major, minor, build) == _SAMBA:
        return "as Samba reports itself"
    if (major, minor) == _NEWER and build:
        return "as Windows 10, Server 2016 or a later release reports itself"
    return ""


def record_version(tree: Recorder, data: bytes, at: int, version: str | None) -> None:
    """Write the 8 bytes at `at`: as a VERSION if the flags say so (`version` is its text), else unread."""
    if version is None:
        _record_unused(tree, data[at : at + 8], at)
        return
    major, minor, build, reserved, revision = _VERSION.unpack_from(data, at)
    claim = version_claim(major, minor, build)
    tree.add("Version", at, at + 8, version, f"{version}, {claim}" if claim else version)
    parts = tree.below("Version")
    parts.add("ProductMajorVersion", at, at + 1, major)
    parts.add("ProductMinorVersion", at + 1, at + 2, minor)
    parts.add("ProductBuild", at + 2, at + 4, build)
    parts.add("Reserved", at + 4, at + 7, reserved)
    known = _REVISIONS.get(revision)
    text = f"{revision} ({known})" if known else None
    parts.add("NTLMRevisionCurrent", at + 7, at + 8, revision, text)


def _record_unused(tree: Recorder, raw: bytes, at: int) -> None:
    """Show the bytes of a slot that no flag announces, if it is one.

    With a false descriptor it can be the beginning of the payload, and of a response.
    """
    unused = "unused: NTLMSSP_NEGOTIATE_VERSION is not set"
    if any(raw) and (any(raw[4:7]) or raw[7] not in _REVISIONS):
        tree.add("Version", at, at + 8, None, f"8 bytes, not shown, {unused}", secret=True)
    else:
        tree.add("Version", at, at + 8, raw, f"{raw.hex()}, {unused}")
