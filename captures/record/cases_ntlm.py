"""The cases about what stands in NTLM's messages: old responses, weak keys, MICs, targets, names and clocks.

Samba's own library is the client where a setting of it allows what others no longer do, and the acceptor on the domain
controller, which knows the domain's people.
"""

from cases import Case
from cases_http import RAW, http, raw_ntlm

DC = "dc.nego.test:8081"
ACCEPT = (
    "start samba dc /usr/bin/python3 $RECIPE/servers/samba_acceptor.py 8081 "
    "$LAB/dc/ad/etc/smb.conf; sleep 2"
)
ADA = "'NEGO\\ada' Engine-1843"
V1 = "'client ntlmv2 auth=no'"
OLD = f"{V1} ntlmssp_client:ntlm2=no"


def by_samba(name: str, title: str, purpose: str, settings: str, **rest) -> Case:
    """The NTLM scheme between Samba's library at the desk and on the controller."""
    who = rest.pop("who", ADA)
    return http(
        name,
        title,
        purpose,
        f"/usr/bin/python3 $RECIPE/clients/http_samba.py {DC} /ntlm/ NTLM ntlmssp {who} {settings}",
        **{"before": ACCEPT, "after": "end dc samba", "client": ["samba"], "server": ["samba"]}
        | rest,
    )


def own_acceptor(setting: str = "") -> dict[str, str]:
    """A pyspnego acceptor with an environment of its own on port 8082, for the case's time."""
    return {
        "before": f"start own web env NTLM_USER_FILE=$LAB/web/ntlm-users {setting} python "
        "$RECIPE/servers/acceptor.py 8082; sleep 1",
        "after": "end web own",
    }


CASES = [
    by_samba(
        "ntlmv1_ess",
        "NTLMv1 with extended session security",
        "A client nonce in place of the LM response.",
        V1,
    ),
    by_samba(
        "lm_response",
        "NTLMv1, its response also in the LM field",
        "No extended session security: the 24 bytes of the NT response stand twice, as from clients that send no LM "
        "response.",
        OLD,
    ),
    by_samba(
        "lm_beside_ntlm",
        "LM and NTLMv1 responses",
        "No extended session security: a 24-byte LM response and another one of NTLMv1.",
        f"{OLD} 'client lanman auth=yes'",
    ),
    http(
        "lm_only",
        "An LM response alone",
        "Client and server agree on the LAN Manager session key: the response of the eighties, and no NT response.",
        "python $RECIPE/clients/http_impacket.py web.nego.test:8082 /ntlm/ NEGO ada Engine-1843",
        client=["impacket"],
        server=["pyspnego"],
        **own_acceptor("LM_COMPAT_LEVEL=0"),
    ),
    by_samba(
        "lm_session_key",
        "A session key of the LM hash, offered",
        "NEGOTIATE has the flag LM_KEY; the responses are those of LM and NTLMv1.",
        f"{OLD} 'client lanman auth=yes' ntlmssp_client:lm_key=yes",
    ),
    by_samba(
        "ntlm_weak_flags",
        "NTLM with a 56-bit key",
        "The client asks neither for 128-bit keys nor for extended session security.",
        f"{OLD} ntlmssp_client:128bit=no ntlmssp_client:56bit=yes",
    ),
    by_samba(
        "ntlm_40_bit",
        "NTLM with a 40-bit key",
        "The client asks neither for 128 bits nor for 56.",
        f"{OLD} ntlmssp_client:128bit=no ntlmssp_client:56bit=no",
    ),
    by_samba(
        "ntlm_mic_present",
        "NTLM with the MIC it promises",
        "MsvAvFlags promises a MIC, and there it is.",
        "",
    ),
    http(
        "ntlm_mic_missing",
        "NTLM without the MIC it promises",
        "MsvAvFlags promises a MIC; a box on the way takes the field out, and the server, which looks at a MIC only if there is "
        "one, lets the user in. Both hops are to be seen.",
        "on dir $LAB/venv/bin/python $RECIPE/clients/http_raw.py 10.99.0.20:8080 /ntlm/ NTLM 'NEGO\\ada' Engine-1843 "
        "for web.nego.test",
        client=["pyspnego"],
        server=["pyspnego"],
        before="start between desk python $RECIPE/servers/between.py 8080 10.99.0.2:8080 no-mic; sleep 1",
        after="end desk between",
        negotiations=2,
    ),
    http(
        "ntlm_other_target",
        "NTLM meant for another server",
        "The client's target name is that of another host than it sends this to; the server does not look.",
        "python $RECIPE/clients/http_raw.py web.nego.test:8080 /ntlm/ NTLM 'NEGO\\ada' Engine-1843 for payroll.nego.test",
        client=["pyspnego"],
        server=["pyspnego"],
    ),
    by_samba(
        "ntlm_anonymous",
        "NTLM without a name",
        "An anonymous logon over HTTP; a domain controller lets it in.",
        "",
        who="'' ''",
        secrets={},
    ),
    raw_ntlm(
        "ntlm_clock_off",
        "A server whose clock is seven minutes ahead",
        "MsvAvTimestamp of the challenge tells the server's time; NTLM does not mind.",
        f"web -4 --ntlm -u 'NEGO\\ada:Engine-1843' {RAW.replace('8080', '8082')}/ntlm/",
        before="start own web env NTLM_USER_FILE=$LAB/web/ntlm-users FAKETIME=+7m "
        "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 python $RECIPE/servers/acceptor.py 8082; sleep 1.5",
        after="end web own",
    ),
]
