"""A chain of attempts that the lab's clients did not make: on one connection.

Spec: RFC 4178 3.2, RFC 4559 4 and 5.
"""

from hand_http import INFO, OK, SERVICE, UNAUTHORIZED, answer, ask, refused
from hand_kdc import REALM
from made import Made
from talk import Talk

from dissectors.tokens import build


def on_one_connection() -> Talk:
    """The ticket is refused, the first password too; the second one is right. Nobody hangs up."""
    ticket = build.neg_token_init(["kerberos"], build.ap_req(sname=SERVICE, realm=REALM))
    talk = Talk().open().client(ask(ticket))
    talk.server(answer(UNAUTHORIZED, ("Negotiate", refused("KRB_AP_ERR_MODIFIED")), "NTLM"))
    for status, schemes, after in ((UNAUTHORIZED, ("Negotiate", "NTLM"), 40), (OK, (), 6_000)):
        challenge = build.ntlm_challenge(target_name="NEGO", target_info=INFO)
        proof = build.ntlm_authenticate(
            user="ada", domain="NEGO", workstation="DESK", target_info=INFO
        )
        talk.client(ask(build.ntlm_negotiate(), "NTLM"), after=after)
        talk.server(answer(UNAUTHORIZED, ("NTLM", challenge)))
        talk.client(ask(proof, "NTLM")).server(answer(status, *schemes))
    return talk.close()


CASES = [
    Made(
        case="http/fallback_same_connection", title="Three attempts on one connection",
        purpose="A ticket that the server cannot decrypt, then NTLM with a wrong password and with the right one; the connection stays.",
        frames=lambda: on_one_connection().frames, negotiations=3,
    ),
]  # fmt: skip
