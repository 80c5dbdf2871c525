"""What NTLM's messages leave out: MIC, key lengths, session security.

Spec: MS-NLMP 2.2.1.3, 2.2.2.1, 2.2.2.5, 3.1.5.1.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_SIGN_OR_SEAL = 0x00000030
_LM_KEY = 0x00000080
_EXTENDED_SESSION_SECURITY = 0x00080000
_KEY_128 = 0x20000000
_KEY_56 = 0x80000000
_MIC_PROMISED = 0x00000002  # MsvAvFlags
_WITH_PROOF = {"lm", "ntlmv1", "ntlmv1-ess", "ntlmv2"}
_MINIMUM = (
    "Set 'Minimum session security for NTLM SSP' to 'Require NTLMv2 session security' and "
    "'Require 128-bit encryption' for clients and servers."
)


def _said(facts: Facts) -> Iterator[tuple[Any, Any]]:
    """AUTHENTICATE messages of somebody with a name, each with its negotiation."""
    for token in facts.authenticates:
        if token.ntlm_response in _WITH_PROOF:
            yield token, facts.by_negotiation[token.negotiation_id]


@rule(
    "NGS-NTLM-020",
    "critical",
    "NTLM MIC promised but missing",
    means="The client says, under its response's protection, that a MIC follows, and there is "
    "none: "
    "somebody took it out to change flags or to relay the logon.",
    remedy="Look for who stands between the two; install the updates for CVE-2019-1040 and "
    "CVE-2019-1166.",
    references=("ATT&CK T1557.001", "CVE-2019-1040", "CVE-2019-1166", "MS-NLMP 3.1.5.1.2"),
)
def mic_removed(row: Any) -> Iterator[Hit]:
    """MsvAvFlags has 0x2 and the MIC field is absent or zero."""
    if row.ntlm_mic == "promised-missing":
        yield by_client(
            row, f"the AUTHENTICATE of {row.client} to {place(row)} promises a MIC and has none"
        )


@rule(
    "NGS-NTLM-021",
    "medium",
    "NTLMv2 without MIC",
    means="The three messages are not bound to each other: flags can be changed on the way, and "
    "relays need not care.",
    remedy="Use a client that computes the MIC when the server sends its time (every supported "
    "Windows does).",
    references=("ATT&CK T1557.001", "MS-NLMP 3.1.5.1.2"),
    table=None,
)
def no_mic(facts: Facts) -> Iterator[Hit]:
    """The CHALLENGE holds MsvAvTimestamp, the NTLMv2 response promises no MIC and has none."""
    for token, row in _said(facts):
        challenge = facts.challenges.get(token.negotiation_id)
        if token.ntlm_response != "ntlmv2" or token.ntlm_mic != "absent" or challenge is None:
            continue
        given = (challenge.ntlm_target_info or {}).get("MsvAvTimestamp")
        flags = (token.ntlm_target_info or {}).get("MsvAvFlags") or 0
        if given and not (isinstance(flags, int) and flags & _MIC_PROMISED):
            why = (
                f"{row.client} sent {place(row)} no MIC although the challenge holds the "
                "server's time"
            )
            yield by_client(row, why, evidence=(challenge.frame, token.frame))


@rule(
    "NGS-NTLM-022",
    "medium",
    "NTLM with a 56-bit key",
    means="Signatures and encryption of the session rest on 56 bits, which can be searched.",
    remedy=_MINIMUM,
    references=("ATT&CK T1040", "MS-NLMP 2.2.2.5", "CIS Windows: minimum session security"),
    table=None,
)
def key_of_56_bits(facts: Facts) -> Iterator[Hit]:
    """AUTHENTICATE agrees on signing or sealing and on 56 bits, not on 128."""
    for token, row in _said(facts):
        flags = token.ntlm_flags or 0
        if flags & _SIGN_OR_SEAL and flags & _KEY_56 and not flags & _KEY_128:
            why = (
                f"{row.client} and {place(row)} agreed on 56-bit keys (NegotiateFlags "
                f"0x{flags:08x})"
            )
            yield by_client(row, why, evidence=token.frames)


@rule(
    "NGS-NTLM-023",
    "high",
    "NTLM with a 40-bit key",
    means="Signatures and encryption of the session rest on 40 bits: a desktop machine finds "
    "the key in a day.",
    remedy=_MINIMUM,
    references=("ATT&CK T1040", "MS-NLMP 2.2.2.5", "CIS Windows: minimum session security"),
    table=None,
)
def key_of_40_bits(facts: Facts) -> Iterator[Hit]:
    """AUTHENTICATE agrees on signing or sealing, and neither on 56 nor on 128 bits."""
    for token, row in _said(facts):
        flags = token.ntlm_flags or 0
        if flags & _SIGN_OR_SEAL and not flags & (_KEY_56 | _KEY_128):
            why = (
                f"{row.client} and {place(row)} agreed on 40-bit keys (NegotiateFlags "
                f"0x{flags:08x})"
            )
            yield by_client(row, why, evidence=token.frames)


@rule(
    "NGS-NTLM-024",
    "medium",
    "NTLM without extended session security",
    means="Without it session keys of NTLMv1 do not depend on the client, and signatures are a "
    "CRC.",
    remedy=_MINIMUM,
    references=(
        "ATT&CK T1557",
        "MS-NLMP 2.2.2.5",
        "MS-NLMP 3.4.4.1",
        "CIS Windows: minimum session security",
    ),
    table=None,
)
def no_extended_security(facts: Facts) -> Iterator[Hit]:
    """AUTHENTICATE has the flag EXTENDED_SESSIONSECURITY (0x00080000) clear."""
    for token, row in _said(facts):
        flags = token.ntlm_flags
        if flags and not flags & _EXTENDED_SESSION_SECURITY:
            why = (
                f"{row.client} and {place(row)} do without extended session security "
                f"(0x{flags:08x})"
            )
            yield by_client(row, why, evidence=token.frames)


@rule(
    "NGS-NTLM-025",
    "info",
    "LAN Manager session key offered",
    means="The client still offers a session key made of the LM hash; a server that agrees gets "
    "the weakest key there is.",
    remedy=_MINIMUM,
    references=("ATT&CK T1562.010", "MS-NLMP 2.2.2.5", "CIS Windows: minimum session security"),
    table=None,
)
def lm_key_offered(facts: Facts) -> Iterator[Hit]:
    """NEGOTIATE has the flag LM_KEY (0x00000080)."""
    for token in facts.ntlm_messages:
        flags = token.ntlm_flags or 0
        if flags & _LM_KEY and "NTLM_NEGOTIATE" in (token.token_type, token.inner_type):
            row = facts.by_negotiation[token.negotiation_id]
            why = (
                f"{row.client} offers {place(row)} an LM session key (NegotiateFlags 0x{flags:08x})"
            )
            yield by_client(row, why, evidence=token.frames)


@rule(
    "NGS-NTLM-026",
    "high",
    "Local call from a remote host",
    means="Client and server agree that they are one machine, yet two addresses talk: "
    "a logon is being reflected to the host that it came from.",
    remedy="Install the updates against NTLM reflection (CVE-2025-33073); require SMB signing.",
    references=("ATT&CK T1557.001", "CVE-2025-33073", "MS-NLMP 3.2.5.1.2"),
)
def local_call_from_afar(row: Any) -> Iterator[Hit]:
    """The local-call flag is agreed on between different addresses."""
    if row.mechanism_detail == "local-call" and row.client != row.server:
        why = f"{row.client} and {row.server} agree on a local call over {row.carrier}"
        yield by_client(row, why, "likely")
