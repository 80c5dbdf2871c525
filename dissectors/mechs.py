"""Mechanism names: object identifiers of GSS-API mechanisms and NegoEx authentication schemes.

Spec: RFC 1964 1, RFC 2025 2, RFC 2847 2-3, RFC 4178 3 and appendix C, RFC 5802 8, RFC 6595 6,
RFC 6616 6, RFC 7055 3.1, RFC 7677 4, MS-SPNG 1.9.1, 3.1.5 and appendix A, MS-NEGOEX 2.2.
"""

from __future__ import annotations

from functools import lru_cache

SPNEGO = "1.3.6.1.5.5.2"
KERBEROS = "1.2.840.113554.1.2.2"
MS_KERBEROS = "1.2.840.48018.1.2.2"
KERBEROS_U2U = "1.2.840.113554.1.2.2.3"
IAKERB = "1.3.6.1.5.2.5"
NTLM = "1.3.6.1.4.1.311.2.2.10"
NEGOEX = "1.3.6.1.4.1.311.2.2.30"

MECHS: dict[str, str] = {
    SPNEGO: "spnego",
    KERBEROS: "kerberos",
    MS_KERBEROS: "ms-kerberos",  # the Kerberos OID with one arc cut to 16 bits
    KERBEROS_U2U: "kerberos-u2u",
    "1.3.5.1.5.2": "kerberos-draft",  # before RFC 1964
    IAKERB: "iakerb",
    "1.3.6.1.5.2.7": "pku2u",
    NTLM: "ntlm",
    NEGOEX: "negoex",
    "1.3.6.1.4.1.311.2.2.40": "negotiate-late-fallback",  # no mechanism: a sign
    "1.3.6.1.4.1.311.2.2.14": "ms-schannel",
    "1.3.6.1.4.1.311.2.2.21": "ms-digest",
    "1.3.6.1.4.1.311.2.2.68": "ms-netlogon",
    "1.3.6.1.5.5.14": "scram-sha-1",
    "1.3.6.1.5.5.18": "scram-sha-256",
    "1.3.6.1.5.5.19": "scram-sha-512",
    "1.3.6.1.5.5.20": "scram-sha3-512",
    "1.3.6.1.5.5.15.1.1.17": "eap-aes128",
    "1.3.6.1.5.5.15.1.1.18": "eap-aes256",
    "1.3.6.1.5.5.16": "openid20",
    "1.3.6.1.5.5.17": "saml20",
    "1.3.6.1.4.1.11591.4.6": "saml20ec",
    "1.3.6.1.4.1.5322.26.1.110": "sanon-x25519",
    "1.3.6.1.5.5.1.1": "spkm-1",
    "1.3.6.1.5.5.1.2": "spkm-2",
    "1.3.6.1.5.5.1.3": "spkm-3",
    "1.3.6.1.5.5.9": "lipkey",
    "1.3.6.1.4.1.3536.1.1": "gsi",
    "1.3.6.1.4.1.42.2.26.2.4": "dh-640-0",
}

_FAMILIES = {
    oid: "kerberos" if name in ("ms-kerberos", "kerberos-draft", "kerberos-u2u") else name
    for oid, name in MECHS.items()
}

NEGOEX_SCHEMES: dict[str, str] = {
    "0d53335c-f9ea-4d0d-b2ec-4ae3786ec308": "pku2u",  # what Windows sends
    "235f69ad-73fb-4dbc-8203-0629e739339b": "pku2u",  # what MS-SPNG's product notes say
    "dee384ff-1086-4e86-be78-b94170bfd376": "sanon-x25519",
}


def mech_name(oid: str) -> str:
    """Name of a mechanism; an unknown one keeps its dotted number."""
    return MECHS.get(oid, oid)


@lru_cache(maxsize=1024)
def mech_names(oids: tuple[str, ...]) -> list[str]:
    """Names of mechanisms, in order; one list for all who ask for the same, so nobody changes it."""
    return [MECHS.get(oid, oid) for oid in oids]


def mech_family(oid: str) -> str:
    """Name of the mechanism that really runs: every OID that starts Kerberos is `kerberos`."""
    return _FAMILIES.get(oid, oid)
