"""Windows releases by build."""

from __future__ import annotations

import pytest

from dissectors.codes.windows_build import WINDOWS_BUILDS, os_name


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ((10, 0, 20348), "Windows Server 2022 (build 20348)"),
        ((10, 0, 19041), "Windows 10 or Server 2004 or later (build 19041)"),
        ((5, 1, 2600), "Windows XP (build 2600)"),
        ((6, 1, 0), "version 6.1 build 0"),  # what Samba sends
        ((6, 1, 19041), "version 6.1 build 19041"),
        ((255, 255, 65535), "version 255.255 build 65535"),
    ],
)
def test_a_release_is_named_only_by_its_whole_version(
    version: tuple[int, int, int], said: str
) -> None:
    """What is no release of Windows stays a number."""
    assert os_name(*version) == said


def test_every_build_says_of_which_release_it_is() -> None:
    """Builds are unique, and a name never claims more than the family."""
    builds = [build for _, _, build in WINDOWS_BUILDS]
    assert len(builds) == len(set(builds))
    assert all(name.startswith("Windows ") for name in WINDOWS_BUILDS.values())
