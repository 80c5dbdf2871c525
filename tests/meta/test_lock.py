"""requirements.lock pins everything that pyproject.toml asks for, with hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = {
    name.lower(): version
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", LOCK, flags=re.MULTILINE)
}
ASKED = [
    *PROJECT["project"]["dependencies"],
    *(item for items in PROJECT["project"]["optional-dependencies"].values() for item in items),
    *(
        item
        for items in PROJECT["dependency-groups"].values()
        for item in items
        if isinstance(item, str)
    ),
]


@pytest.mark.parametrize("asked", sorted(set(ASKED)))
def test_every_dependency_is_pinned(asked: str) -> None:
    """To a version that the project accepts."""
    requirement = Requirement(asked)
    assert requirement.specifier.contains(PINNED[requirement.name.lower()], prereleases=True)


def test_every_pin_has_a_hash() -> None:
    """So that a changed file is refused."""
    blocks = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) >= len(PINNED)  # a version per Python where they differ
    assert all("--hash=sha256:" in block for block in blocks)
