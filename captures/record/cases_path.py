"""The cases of what happens on the way or in a server: silence, a crash, a changed byte, a wrong clock, a name found by asking all."""

from cases import Case
from cases_member import ADA_NTLM, LOGIN, MEMBER
from cases_smb import ADA, DC, FILES, NTLM_ADA, smb

ADA_LOCAL = "\"${ntlm[@]}\" -U 'FILES\\ada%Engine-1843' -c exit"


def meddled(name: str, title: str, purpose: str, deed: str, options: str = "") -> Case:
    """A host that has the controller's name for this client passes on what is said; see servers/meddler.py."""
    return smb(
        name,
        title,
        purpose,
        f"share {DC} -I 10.99.0.3 {options} {ADA_NTLM}",
        before=f"start meddler dir python $RECIPE/servers/meddler.py 10.99.0.3 10.99.0.1 445 {deed}; sleep 1",
        after="end dir meddler",
    )


CASES = [
    meddled(
        "no_answer",
        "Nobody answers any more",
        "A host in between swallows the last leg of NTLM; twenty seconds later the client closes the connection.",
        "silence",
        "-t 5",
    ),
    meddled(
        "connection_closed",
        "The connection is closed in the middle",
        "A host in between closes the client's connection over the last leg of NTLM.",
        "hang-up",
    ),
    smb(
        "client_without_domain",
        "A laptop in a workgroup",
        "The user's domain is the laptop's own name; the controller, which does not know it, takes the account of that name.",
        f"share {DC} \"${{ntlm[@]}}\" -U 'DESK\\ada%Engine-1843' -c ls",
    ),
    smb(
        "client_gave_up",
        "The client hangs up",
        "The server's challenge comes, and the client closes the connection.",
        "python $RECIPE/clients/smb_sessions.py leave dc.nego.test",
        client=["smbprotocol", "pyspnego"],
    ),
    smb(
        "fallback_other_carrier",
        "SMB 3 with Kerberos refused, then SMB 1 with NTLM",
        "The client's clock is 20 minutes ahead and its ticket is refused; then it comes with SMB 1 and a password.",
        "faketime -f +20m python $RECIPE/clients/smb_sessions.py krb dc.nego.test; sleep 2; "
        f"share {DC} --option='client max protocol=NT1' --option='client min protocol=NT1' {NTLM_ADA}",
        client=["smbprotocol", "pyspnego", "mit-krb5", "smbclient"],
        before=f"{LOGIN}; kvno cifs/dc.nego.test",
        negotiations=2,
    ),
    smb(
        "nt1_plaintext",
        "SMB 1 with the password as it is",
        "A controller with `encrypt passwords = no` does not ask for challenge and response, and a client that may sends the "
        "password itself.",
        f"share {DC} --option='client max protocol=NT1' --option='client use spnego=no' --option='client ntlmv2 auth=no' "
        f"--option='client lanman auth=yes' --option='client plaintext auth=yes' {NTLM_ADA}",
        before="dc_with 'encrypt passwords = no'",
        after="dc_with",
    ),
    smb(
        "clock_off",
        "A server whose clock is seven minutes ahead",
        "MsvAvTimestamp of the challenge, and SystemTime of NEGOTIATE, tell the server's time.",
        f"share {FILES} {ADA_LOCAL}",
        before="CLOCK=+7m files_with",
        after="files_with",
    ),
    smb(
        "signing_turned_on",
        "A server that begins to demand signatures",
        "It is started anew between two logons; before it signing was off, after it signing is required.",
        f"share {FILES} --option='client signing=disabled' --option='client ipc signing=disabled' {ADA_LOCAL}; "
        f"files_with 'server signing = mandatory'; share {FILES} {ADA_LOCAL}",
        before="files_with 'server signing = disabled'",
        after="files_with",
        negotiations=2,
    ),
    smb(
        "ntlm_no_session_security",
        "LM and NTLMv1 responses inside SPNEGO",
        "NTLM without extended session security: a 24-byte LM response and another one of NTLMv1.",
        f"share {DC} --option='client ntlmv2 auth=no' --option='client lanman auth=yes' --option='ntlmssp_client:ntlm2=no' {NTLM_ADA}",
    ),
    smb(
        "ntlm_56_bit",
        "NTLM with a 56-bit key",
        "The client asks for a key of 56 bits, not of 128.",
        f"share {DC} --option='ntlmssp_client:128bit=no' --option='ntlmssp_client:56bit=yes' {NTLM_ADA}",
    ),
    smb(
        "ntlm_40_bit",
        "NTLM with a 40-bit key",
        "The client asks for keys of neither 128 nor 56 bits.",
        f"share {DC} --option='ntlmssp_client:128bit=no' --option='ntlmssp_client:56bit=no' {NTLM_ADA}",
    ),
    smb(
        "ntlm_lm_key",
        "NTLM with an offer of the LAN Manager session key",
        "An old client's flag LM_KEY in NEGOTIATE.",
        f"share {DC} --option='client ntlmv2 auth=no' --option='client lanman auth=yes' --option='ntlmssp_client:lm_key=yes' {NTLM_ADA}",
    ),
    meddled(
        "mech_list_mic_changed",
        "A list of mechanisms whose proof was changed on the way",
        "A host in between changes a byte of the client's mechListMIC.",
        "mech-list-mic",
    ),
    meddled(
        "ntlm_mic_changed",
        "A MIC that was changed on the way",
        "A host in between changes a byte of the MIC of NTLM's AUTHENTICATE.",
        "ntlm-mic",
    ),
    smb(
        "unspecified_failure",
        "A controller that has lost its accounts",
        "The file with the accounts is not where it was: STATUS_INVALID_SYSTEM_SERVICE, which is no word about the logon.",
        f"share {DC} {ADA_NTLM}",
        before="mv $LAB/dc/ad/private/sam.ldb $LAB/dc/ad/private/sam.away",
        after="mv $LAB/dc/ad/private/sam.away $LAB/dc/ad/private/sam.ldb",
    ),
]
