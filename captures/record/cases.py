"""What a case is, and the list of them all; the cases themselves are in cases_<carrier>.py."""

from dataclasses import dataclass, field


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


def all_cases() -> list[Case]:
    """Every case in the order they are recorded."""
    import cases_http
    import cases_ldap
    import cases_smb

    return [*cases_smb.CASES, *cases_ldap.CASES, *cases_http.CASES]
