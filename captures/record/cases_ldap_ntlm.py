"""The cases of NTLM over LDAP with less than it can do: short keys, old flags, no MIC, refusals."""

from cases import Case
from cases_directory import GRACE, SASL_CLIENT, directory
from cases_ldap import DC, DIR, ldap

ROOT = "-b DC=nego,DC=test -s base objectClass"
GSS_NTLMSSP = {
    "client": ["ldapsearch", "cyrus-sasl", "gss-ntlmssp"],
    "server": ["openldap", "cyrus-sasl", "gss-ntlmssp"],
}


def ntlm(
    name: str, title: str, purpose: str, *options: str, user: str = "ada%Engine-1843", **rest
) -> Case:
    """A bind by Samba's client with NTLM in SPNEGO and some options of its ntlmssp."""
    words = " ".join(f"--option='{option}'" for option in options)
    script = (
        f'ldbsearch --configfile="$conf" {DC} "${{ntlm[@]}}" -U \'NEGO\\{user}\' {words} {ROOT}'
    )
    return ldap(f"samba_ntlm_{name}", title, purpose, script, client=["ldbsearch"], **rest)


PLAIN = "client ldap sasl wrapping=plain"
NO_128 = "ntlmssp_client:128bit=no"

CASES = [
    ntlm(
        "56_bit",
        "NTLM, 56-bit key",
        "The client asks for 56 bits and not for 128.",
        NO_128,
        "ntlmssp_client:56bit=yes",
    ),
    ntlm(
        "40_bit",
        "NTLM, 40-bit key",
        "The client asks for neither 128 nor 56 bits.",
        NO_128,
    ),
    ntlm(
        "lm_key",
        "NTLM, LAN Manager session key",
        "NTLMv1 without extended session security; the client offers the session key of LAN Manager.",
        "client ntlmv2 auth=no",
        "ntlmssp_client:ntlm2=no",
        "ntlmssp_client:lm_key=yes",
        PLAIN,
    ),
    ntlm(
        "v1_ess",
        "NTLMv1 with extended session security",
        "The response is NTLMv1's over both sides' challenges.",
        "client ntlmv2 auth=no",
    ),
    ntlm(
        "blocked",
        "NTLM blocked",
        "The controller takes no NTLM: data 418, which is STATUS_NTLM_BLOCKED.",
        before="dc_with 'ntlm auth = disabled'",
        after="dc_with",
    ),
    ntlm(
        "disabled_account",
        "NTLM, disabled account",
        "Data 533 in answer to the last leg.",
        user="barbara%Clu-Alpha-75",
        secrets={"barbara": "Clu-Alpha-75"},
    ),
    ldap(
        "ntlm_mic_dropped",
        "NTLM, the MIC taken out",
        "AvFlags promise a MIC and it is all zeros, as a relay leaves it that changed the messages before.",
        f"{SASL_CLIENT} dc.nego.test 'NEGO\\ada' Engine-1843 GSS-SPNEGO seal raw zeros",
        client=["pyspnego"],
    ),
    directory(
        "openldap_ntlm_clock_off",
        "NTLM, the server's clock 20 minutes ahead",
        "The challenge has a time of its own, which is not that of the capture.",
        f"me NEGO:ada:Engine-1843; ldapsearch -N -Y GSS-SPNEGO {DIR} {GRACE}",
        env="clock=+20m ",
        **GSS_NTLMSSP,
    ),
]
