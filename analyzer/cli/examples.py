"""Examples at the end of each command's help; tests run them on a capture of their own."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "summary": (
        ("dc.pcapng", "everything on one screen"),
        ("week/*.pcapng.gz --jobs 4", "a week of captures at once"),
        ("-", "from a pipe: tcpdump -U -w - port 445 | negoscope summary -"),
    ),
    "audit": (
        ("dc.pcapng", "what is weak, most severe first"),
        ("dc.pcapng --fail-on high --format sarif", "for a pipeline"),
        ("dc.pcapng --rules NGS-NTLM", "NTLM only"),
    ),
    "diff": (
        ("before.pcapng after.pcapng", "what a change of policy did"),
        ("before.pcapng after.pcapng --weaker --exit-code", "fail if something became weaker"),
    ),
    "report": (("dc.pcapng -o dc.html", "open it in any browser"),),
    "negotiations": (
        ("dc.pcapng --where \"mechanism = 'ntlm'\"", "all NTLM"),
        (
            "dc.pcapng --where \"outcome = 'failure'\" --columns client,server,reason,evidence",
            "failures",
        ),
        ("dc.pcapng --format csv -o dc.csv", "for a spreadsheet"),
    ),
    "tokens": (
        ("dc.pcapng --where \"ntlm_response = 'ntlmv1'\"", "NTLMv1 responses"),
        ("dc.pcapng --columns frame,src,token_type,inner_type,length", "a short list"),
    ),
    "offers": (('dc.pcapng --where "rank = 1 and not selected"', "liked best and not selected"),),
    "hosts": (("dc.pcapng --where \"role = 'server'\"", "what servers accept"),),
    "kdc": (
        ("dc.pcapng --where \"error = 'KDC_ERR_S_PRINCIPAL_UNKNOWN'\"", "services without an SPN"),
        ("dc.pcapng --where \"ticket_etype = 'arcfour-hmac-md5'\"", "tickets by RC4"),
    ),
    "names": (("dc.pcapng --where \"source = 'llmnr'\"", "who asks by LLMNR"),),
    "captures": (('week/ --where "lost is not null"', "which captures lost something"),),
    "anomalies": (("dc.pcapng --where \"severity <> 'info'\"", "without notes"),),
    "export": (("week/ -o week.tables", "then: negoscope summary week/ --cache week.tables"),),
    "show": (
        ("dc.pcapng 3", "negotiation 3, message by message"),
        ("dc.pcapng 3 --hex", "with every byte but those of secrets"),
    ),
    "token": (
        (
            '"Negotiate TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw=="',
            "from a header line",
        ),
        ("-", "from a pipe: curl -v --negotiate -u : URL 2>&1 | negoscope token -"),
    ),
    "crosscheck": (("dc.pcapng", "needs tshark"),),
    "completion": (("bash", "save it where bash looks for completions"),),
}
"""Command -> words after it, and what that does."""


def epilog(name: str) -> str:
    """Return the examples of a command as click prints them: lines that are not wrapped."""
    lines = ["\b", "Examples:"]
    for words, does in EXAMPLES[name]:
        lines += [f"  # {does}", f"  negoscope {name} {words}"]
    return "\n".join(lines)
