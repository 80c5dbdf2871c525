"""What Active Directory hides in an LDAP error text: the hexadecimal number after `data`.

Spec: MS-ERREF 2.1.1 (SSPI codes), 2.2 (Win32 errors), 2.3.1 (their NTSTATUS); MS-ADTS 5.1.1.1.1.
"""

from __future__ import annotations

from dissectors.records import NamedTuple


class AdSubCode(NamedTuple):
    """Win32 or SSPI name, and the NTSTATUS that means the same, if there is one."""

    name: str
    nt_status: int | None


AD_SUB_CODE: dict[int, AdSubCode] = {
    0x5: AdSubCode("ERROR_ACCESS_DENIED", 0xC0000022),
    0x57: AdSubCode("ERROR_INVALID_PARAMETER", 0xC000000D),
    0x4DC: AdSubCode("ERROR_NOT_AUTHENTICATED", None),
    0x51F: AdSubCode("ERROR_NO_LOGON_SERVERS", 0xC000005E),
    0x525: AdSubCode("ERROR_NO_SUCH_USER", 0xC0000064),
    0x52E: AdSubCode("ERROR_LOGON_FAILURE", 0xC000006D),
    0x52F: AdSubCode("ERROR_ACCOUNT_RESTRICTION", 0xC000006E),
    0x530: AdSubCode("ERROR_INVALID_LOGON_HOURS", 0xC000006F),
    0x531: AdSubCode("ERROR_INVALID_WORKSTATION", 0xC0000070),
    0x532: AdSubCode("ERROR_PASSWORD_EXPIRED", 0xC0000071),
    0x533: AdSubCode("ERROR_ACCOUNT_DISABLED", 0xC0000072),
    0x534: AdSubCode("ERROR_NONE_MAPPED", 0xC0000073),
    0x568: AdSubCode("ERROR_TOO_MANY_CONTEXT_IDS", 0xC000015A),
    0x569: AdSubCode("ERROR_LOGON_TYPE_NOT_GRANTED", 0xC000015B),
    0x576: AdSubCode("ERROR_TIME_SKEW", 0xC0000133),
    0x6FA: AdSubCode("ERROR_NO_TRUST_LSA_SECRET", 0xC000018A),
    0x6FB: AdSubCode("ERROR_NO_TRUST_SAM_ACCOUNT", 0xC000018B),
    0x6FC: AdSubCode("ERROR_TRUSTED_DOMAIN_FAILURE", 0xC000018C),
    0x6FD: AdSubCode("ERROR_TRUSTED_RELATIONSHIP_FAILURE", 0xC000018D),
    0x700: AdSubCode("ERROR_NETLOGON_NOT_STARTED", 0xC0000192),
    0x701: AdSubCode("ERROR_ACCOUNT_EXPIRED", 0xC0000193),
    0x773: AdSubCode("ERROR_PASSWORD_MUST_CHANGE", 0xC0000224),
    0x775: AdSubCode("ERROR_ACCOUNT_LOCKED_OUT", 0xC0000234),
    0x78F: AdSubCode("ERROR_AUTHENTICATION_FIREWALL_FAILED", 0xC0000413),
    0x791: AdSubCode("ERROR_NTLM_BLOCKED", 0xC0000418),
    0x2028: AdSubCode("ERROR_DS_STRONG_AUTH_REQUIRED", None),
    0x80090302: AdSubCode("SEC_E_UNSUPPORTED_FUNCTION", 0xC00000BB),
    0x80090308: AdSubCode("SEC_E_INVALID_TOKEN", None),
    0x8009030C: AdSubCode("SEC_E_LOGON_DENIED", 0xC000006D),
    0x8009030F: AdSubCode("SEC_E_MESSAGE_ALTERED", None),
    0x80090324: AdSubCode("SEC_E_TIME_SKEW", 0xC0000133),
    0x80090346: AdSubCode("SEC_E_BAD_BINDINGS", 0xC000035B),
}


def ad_sub_code_name(code: int) -> str:
    """Name of a sub-code; an unknown one is its number in AD's own spelling, `data 1f`."""
    known = AD_SUB_CODE.get(code)
    return known.name if known else f"data {code:x}"
