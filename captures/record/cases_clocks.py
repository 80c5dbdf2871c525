"""The cases with a domain controller whose clock is off: what it says to logons and tickets, and what clients do then."""

from cases import Case
from cases_http import LOGIN, WEB, by_ntlm
from cases_kdc import AES, BIG, PREAUTH, kdc, logon

SERVICE = "HTTP/web.nego.test"


def fallback(name: str, clock: str, title: str, purpose: str, error: str, **rest) -> Case:
    """A page by NTLM, since the controller whose clock is off by `clock` gives no ticket for it."""
    return by_ntlm(
        name,
        title,
        purpose,
        "NEGO:ada:Engine-1843",
        f"web -4 --negotiate -u : {WEB}/nego/",
        after="dc_with",
        kdc=[f"TGS - {SERVICE} {error}"] * 2,
        **({"before": f"{LOGIN}; CLOCK={clock} dc_with"} | rest),
    )


CASES: list[Case] = [
    kdc(
        "clock_off",
        "A KDC whose clock is 20 minutes ahead",
        "The error that asks for a proof tells the KDC's time; MIT's library takes that for its proof and gets its ticket.",
        "login ada",
        logon("ada", PREAUTH, BIG, AES),
        before="CLOCK=+20m dc_with",
        after="dc_with",
    ),
    fallback(
        "fallback_clock_skew",
        "+20m",
        "NTLM since the KDC's clock is ahead",
        "The client shows its ticket-granting ticket to a KDC whose clock is 20 minutes ahead: KRB_AP_ERR_SKEW, twice, then "
        "NTLM in SPNEGO.",
        "KRB_AP_ERR_SKEW",
    ),
    fallback(
        "fallback_ticket_expired",
        "+20m",
        "NTLM since the ticket-granting ticket has expired",
        "The ticket-granting ticket is for three minutes; to the KDC, whose clock is 20 minutes ahead, it has expired: "
        "KRB_AP_ERR_TKT_EXPIRED, then NTLM in SPNEGO.",
        "KRB_AP_ERR_TKT_EXPIRED",
        before="kinit -l 3m ada <<<Engine-1843; CLOCK=+20m dc_with",
    ),
    fallback(
        "fallback_ticket_not_yet_valid",
        "-20m",
        "NTLM since the ticket-granting ticket is not valid yet",
        "To the KDC, whose clock was set back by 20 minutes, the ticket-granting ticket is of the future: KRB_AP_ERR_TKT_NYV, "
        "then NTLM in SPNEGO.",
        "KRB_AP_ERR_TKT_NYV",
    ),
]
