"""What a case is, and the list of them all; the cases themselves are in cases_<carrier>.py."""

from collections.abc import Callable
from dataclasses import dataclass, field

from frames import Frame


def everything(frames: list[Frame]) -> list[Frame]:
    """Keep all frames."""
    return frames


@dataclass(frozen=True, kw_only=True)
class Case:
    """One capture: what is done at the desk, and what there is to see in it."""

    carrier: str
    name: str
    title: str
    purpose: str
    script: str
    client: list[str]
    server: list[str]
    negotiations: int = 1
    before: str = ""
    after: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    trim: Callable[[list[Frame]], list[Frame]] = everything


def all_cases() -> list[Case]:
    """Every case in the order they are recorded."""
    import cases_http
    import cases_ldap
    import cases_smb

    return [*cases_smb.CASES, *cases_ldap.CASES, *cases_http.CASES]
