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
    kdc: list[str] | None = None
    tls: bool = False
    """The clients' TLS keys are put into the capture, and it is read through tshark."""


def all_cases() -> list[Case]:
    """Every case in the order they are recorded."""
    import cases_altered
    import cases_clocks
    import cases_directory
    import cases_ends
    import cases_hops
    import cases_http
    import cases_kdc
    import cases_ldap
    import cases_ldap_ntlm
    import cases_ldap_tls
    import cases_member
    import cases_ntlm
    import cases_path
    import cases_reach
    import cases_realms
    import cases_smb
    import cases_weak
    import cases_why

    return [
        *cases_smb.CASES,
        *cases_ldap.CASES,
        *cases_directory.CASES,
        *cases_altered.CASES,
        *cases_ldap_ntlm.CASES,
        *cases_ldap_tls.CASES,
        *cases_http.CASES,
        *cases_kdc.CASES,
        *cases_realms.CASES,
        *cases_clocks.CASES,
        *cases_why.CASES,
        *cases_weak.CASES,
        *cases_member.CASES,
        *cases_path.CASES,
        *cases_ntlm.CASES,
        *cases_ends.CASES,
        *cases_hops.CASES,
        *cases_reach.CASES,
    ]
