"""The cases over SMB: Samba's domain controller and a stand-alone server, smbclient and others as clients."""

from cases import Case

ADA = {"ada": "Engine-1843"}
DC = "//dc.nego.test/pub"


def smb(name: str, title: str, purpose: str, script: str, **rest) -> Case:
    """One case with smbclient against the domain controller unless `rest` says otherwise."""
    rest = {"client": ["smbclient"], "server": ["samba"], "secrets": ADA} | rest
    return Case(carrier="smb", name=name, title=title, purpose=purpose, script=script, **rest)


def by_dialect(name: str, protocol: str, spoken: str) -> list[Case]:
    """A success by Kerberos and one by NTLM in one dialect."""
    option = f"--option='client max protocol={protocol}' --option='client min protocol={protocol}'"
    return [
        smb(
            f"{name}_kerberos",
            f"{spoken}, Kerberos",
            f"A session set up by Kerberos inside SPNEGO in {spoken}, with the client's TGS exchange.",
            f'share {DC} {option} "${{kerberos[@]}}" -c ls',
            before="login ada",
        ),
        smb(
            f"{name}_ntlm",
            f"{spoken}, NTLM",
            f"A session set up by NTLMv2 inside SPNEGO in {spoken}.",
            f"share {DC} {option} \"${{ntlm[@]}}\" -U 'NEGO\\ada%Engine-1843' -c ls",
        ),
    ]


def refused(name: str, title: str, user: str, password: str, **rest) -> Case:
    """A logon by NTLM that the domain controller refuses."""
    purpose = rest.pop(
        "purpose",
        f"{title}: the controller answers the last leg of NTLM with the status that says so.",
    )
    script = f"share {DC} \"${{ntlm[@]}}\" -U 'NEGO\\{user}%{password}' -c ls"
    return smb(name, title, purpose, script, secrets={user: password}, **rest)


def sessions(name: str, title: str, purpose: str, kind: str, **rest) -> Case:
    """A case with smbprotocol; see clients/smb_sessions.py."""
    script = f"python $RECIPE/clients/smb_sessions.py {kind} dc.nego.test"
    return smb(name, title, purpose, script, client=["smbprotocol", "pyspnego"], **rest)


NTLM_ADA = "\"${ntlm[@]}\" -U 'NEGO\\ada%Engine-1843' -c ls"
FILES = "//files.nego.test/pub"
BOTH = ADA | {"grace": "Nanosecond-11"}

CASES = [
    *by_dialect("nt1", "NT1", "SMB 1 (NT LM 0.12)"),
    *by_dialect("smb202", "SMB2_02", "SMB 2.0.2"),
    *by_dialect("smb210", "SMB2_10", "SMB 2.1"),
    *by_dialect("smb300", "SMB3_00", "SMB 3.0"),
    *by_dialect("smb311", "SMB3_11", "SMB 3.1.1"),
    smb(
        "multiprotocol_ntlm",
        "SMB 1 negotiate that ends in SMB 3.1.1",
        "The client asks in SMB 1 for any dialect; the server hints its mechanisms twice, in two negotiate responses.",
        f"share {DC} --option='client max protocol=SMB3_11' --option='client min protocol=NT1' {NTLM_ADA}",
    ),
    smb(
        "seal_kerberos",
        "Encrypted share, Kerberos",
        "After the logon every message is in an SMB2 transform header: protection is seal.",
        'share //dc.nego.test/vault "${kerberos[@]}" -c ls',
        before="login ada",
    ),
    smb(
        "seal_ntlm",
        "Encryption asked by the client, NTLM",
        "The client wants the whole session encrypted after NTLM.",
        f"share {DC} --client-protection=encrypt {NTLM_ADA}",
    ),
    smb(
        "login_and_use",
        "From password to share in one capture",
        "DNS, AS exchange, TGS exchange, then SMB 3.1.1 by Kerberos: all that a fresh logon sends.",
        'login ada; share //dc.nego.test/pub "${kerberos[@]}" -c ls',
    ),
    smb(
        "fallback_no_spn",
        "No such service name, so NTLM",
        "The server is asked for by an alias nobody registered: the KDC refuses the ticket and the client goes on with NTLM.",
        "share //alias.nego.test/pub --use-kerberos=desired -U 'NEGO.TEST\\ada%Engine-1843' -c ls",
    ),
    smb(
        "fallback_by_address",
        "Server asked for by its address, so NTLM",
        "A client that prefers Kerberos is told an IP address; there is no service name to ask the KDC for.",
        "share //10.99.0.1/pub --use-kerberos=desired -U 'NEGO.TEST\\ada%Engine-1843' -c ls",
    ),
    smb(
        "ntlmv1_ess",
        "NTLMv1 with extended session security",
        "An old client answers the challenge with a 24-byte NT response and a client nonce in place of the LM response.",
        f"share {DC} --option='client ntlmv2 auth=no' {NTLM_ADA}",
    ),
    refused("wrong_password", "Wrong password", "ada", "not-hers"),
    refused("unknown_user", "Unknown user", "nobody", "whatever"),
    refused("account_disabled", "Disabled account", "barbara", "Clu-Alpha-75"),
    refused("account_locked", "Locked account", "alan", "Bombe-1940"),
    refused("password_must_change", "Password must be changed first", "dennis", "Sea-Bell-72"),
    refused("account_expired", "Expired account", "ken", "Unics-1969"),
    smb(
        "anonymous",
        "Anonymous session",
        "NTLM without a name; the server answers success.",
        f"share {DC} -U% --use-kerberos=off -c exit",
    ),
    smb(
        "guest",
        "Unknown name becomes a guest",
        "A stand-alone server maps unknown names to its guest: success in the status, guest in the session flags.",
        f"share {FILES} \"${{ntlm[@]}}\" -U 'visitor%anything' -c ls",
        secrets={},
    ),
    smb(
        "local_account",
        "Local account of a stand-alone server",
        "A server outside any domain offers NTLM only and knows the user itself.",
        f"share {FILES} \"${{ntlm[@]}}\" -U 'FILES\\ada%Engine-1843' -c ls",
    ),
    smb(
        "nt1_no_extended_security",
        "SMB 1 without extended security, NTLMv2",
        "Challenge in the negotiate response, bare LM and NT responses in the session setup: no GSS token at all.",
        f"share {FILES} --option='client max protocol=NT1' --option='client use spnego=no' "
        "\"${ntlm[@]}\" -U 'FILES\\ada%Engine-1843' -c ls",
    ),
    smb(
        "nt1_no_extended_security_ntlmv1",
        "SMB 1 without extended security, NTLMv1",
        "As the nineties did it: a 24-byte NT response to an 8-byte challenge.",
        f"share {FILES} --option='client max protocol=NT1' --option='client use spnego=no' --option='client ntlmv2 auth=no' "
        "\"${ntlm[@]}\" -U 'FILES\\ada%Engine-1843' -c ls",
    ),
    smb(
        "nt1_no_extended_security_refused",
        "SMB 1 without extended security, wrong password",
        "The same with a wrong password.",
        f"share {FILES} --option='client max protocol=NT1' --option='client use spnego=no' "
        "\"${ntlm[@]}\" -U 'FILES\\ada%not-hers' -c ls",
        secrets={},
    ),
    smb(
        "user_non_ascii",
        "A name with a diaeresis",
        "The user's name and password hold letters outside ASCII.",
        f"share {DC} \"${{ntlm[@]}}\" -U 'NEGO\\zoë%Müsli-77' -c ls",
        secrets={"zoë": "Müsli-77"},
    ),
    smb(
        "user_upn",
        "A user principal name",
        "The user is given as ada@nego.test and the domain stays empty.",
        f"share {DC} \"${{ntlm[@]}}\" -U 'ada@nego.test%Engine-1843' -c ls",
    ),
    smb(
        "retry_new_connection",
        "Wrong password, then the right one",
        "A person mistypes and tries again: two connections, the second points back to the first.",
        f"share {DC} \"${{ntlm[@]}}\" -U 'NEGO\\ada%not-hers' -c ls; share {DC} {NTLM_ADA}",
        negotiations=2,
    ),
    sessions(
        "retry_same_connection",
        "Wrong then right password on one connection",
        "The second attempt uses the connection of the first; both share one negotiate response.",
        "retry",
        negotiations=2,
    ),
    sessions(
        "two_sessions",
        "Two users on one connection",
        "Two sessions live on one TCP connection, told apart by their session ids.",
        "two",
        negotiations=2,
        secrets=BOTH,
    ),
    sessions(
        "logoff_and_on",
        "Log off and on again",
        "A session ends and another user logs on over the same connection.",
        "again",
        negotiations=2,
        secrets=BOTH,
    ),
    sessions(
        "raw_ntlm",
        "NTLM without SPNEGO",
        "The session setup carries NTLM messages as they are.",
        "raw-ntlm",
    ),
    sessions(
        "raw_kerberos",
        "Kerberos without SPNEGO",
        "The session setup carries a Kerberos token as it is.",
        "raw-krb",
        before="login ada",
    ),
    smb(
        "reauthentication",
        "A session authenticates again",
        "smbtorture renews a living session: the session setup carries the id of a session that exists.",
        "smbtorture -s \"$conf\" //dc.nego.test/pub -U 'NEGO\\ada%Engine-1843' smb2.session.reauth1",
        client=["smbtorture"],
        negotiations=3,
    ),
    smb(
        "multichannel",
        "A session gets a second connection",
        "smbtorture binds a living session to another connection, authenticates there, and uses the session over both; then it does so the other way round.",
        "smbtorture -s \"$conf\" //dc.nego.test/pub -U 'NEGO\\ada%Engine-1843' smb2.session.bind1",
        client=["smbtorture"],
        negotiations=4,
    ),
    smb(
        "binding_refused",
        "A session must not be bound in SMB 2.1",
        "smbtorture asks for a second connection of a session that speaks SMB 2.1: STATUS_REQUEST_NOT_ACCEPTED; without "
        "the wish to bind it, the session is not known over that connection: STATUS_USER_SESSION_DELETED.",
        "smbtorture -s \"$conf\" //dc.nego.test/pub -U 'NEGO\\ada%Engine-1843' smb2.session.bind_negative_smb210d",
        client=["smbtorture"],
        negotiations=6,
    ),
    smb(
        "impacket_ntlm",
        "impacket, NTLM",
        "Another client's habits: no workstation, no mechListMIC.",
        "smbclient.py -inputfile <(echo shares) NEGO/ada:Engine-1843@dc.nego.test",
        client=["impacket"],
    ),
    smb(
        "clock_skew_mended",
        "Client's clock 20 minutes ahead, put right on the way",
        "The first ticket is refused with a KRB-ERROR inside SPNEGO; the client learns the server's time from it and tries "
        "again in the same negotiation, which succeeds.",
        'faketime -f +20m smbclient -s "$conf" //dc.nego.test/pub "${kerberos[@]}" -c ls',
        before="login ada; kvno cifs/dc.nego.test",
    ),
    smb(
        "clock_skew",
        "Client's clock 20 minutes ahead",
        "The server answers the ticket with a KRB-ERROR inside SPNEGO and a status that asks for more; this client has no more.",
        "faketime -f +20m python $RECIPE/clients/smb_sessions.py krb dc.nego.test",
        client=["smbprotocol", "pyspnego", "mit-krb5"],
        before="login ada; kvno cifs/dc.nego.test",
    ),
    smb(
        "small_segments",
        "Kerberos in small segments",
        "The path takes packets of 300 bytes: every token is spread over many frames.",
        f'share {DC} -I 10.99.0.1 "${{kerberos[@]}}" -c exit',
        before="login ada; ip route replace 10.99.0.1 dev eth0 mtu lock 300 advmss 260",
        after="ip route del 10.99.0.1 dev eth0",
    ),
]
