"""Windows releases by the build number that their NTLM VERSION tells.

A client release and a server release may share a build, and later releases may keep an earlier one's number
here (19041 stands for all of Windows 10 from 2004 on): the names say so. Other software sends numbers of
Windows as well, so that a name is a claim.

Spec: MS-NLMP 2.2.2.10; Microsoft's "release information" pages of Windows and Windows Server.
"""

from __future__ import annotations

WINDOWS_BUILDS: dict[tuple[int, int, int], str] = {
    (5, 0, 2195): "Windows 2000",
    (5, 1, 2600): "Windows XP",
    (5, 2, 3790): "Windows Server 2003 or XP x64",
    (6, 0, 6000): "Windows Vista",
    (6, 0, 6001): "Windows Vista SP1 or Server 2008",
    (6, 0, 6002): "Windows Vista SP2 or Server 2008 SP2",
    (6, 1, 7600): "Windows 7 or Server 2008 R2",
    (6, 1, 7601): "Windows 7 SP1 or Server 2008 R2 SP1",
    (6, 2, 9200): "Windows 8 or Server 2012",
    (6, 3, 9600): "Windows 8.1 or Server 2012 R2",
    (10, 0, 10240): "Windows 10 1507",
    (10, 0, 10586): "Windows 10 1511",
    (10, 0, 14393): "Windows 10 1607 or Server 2016",
    (10, 0, 15063): "Windows 10 1703",
    (10, 0, 16299): "Windows 10 or Server 1709",
    (10, 0, 17134): "Windows 10 or Server 1803",
    (10, 0, 17763): "Windows 10 1809 or Server 2019",
    (10, 0, 18362): "Windows 10 or Server 1903, 1909",
    (10, 0, 18363): "Windows 10 or Server 1909",
    (10, 0, 19041): "Windows 10 or Server 2004 or later",
    (10, 0, 20348): "Windows Server 2022",
    (10, 0, 22000): "Windows 11 21H2",
    (10, 0, 22621): "Windows 11 22H2 or 23H2",
    (10, 0, 22631): "Windows 11 23H2",
    (10, 0, 25398): "Windows Server 23H2",
    (10, 0, 26100): "Windows 11 24H2 or Server 2025",
}


def os_name(major: int, minor: int, build: int) -> str:
    """Release and build; a number that is no release of Windows stays a number."""
    product = WINDOWS_BUILDS.get((major, minor, build))
    if product is None:
        return f"version {major}.{minor} build {build}"
    return f"{product} (build {build})"
