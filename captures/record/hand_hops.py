"""One client's NTLM on two hops over HTTP: a middle box that changes the offer, and a relay behind a false name.

Spec: RFC 4559 4, RFC 4178 4.2 and 7, MS-NLMP 1.3.
"""

from hand_http import INFO, OK, UNAUTHORIZED, answer, ask
from made import Made
from talk import Talk, merged

from dissectors.tokens import build

NEAR, FAR = "10.99.0.5", "10.99.0.2"
BETWEEN = "10.99.0.66"


def challenge() -> bytes:
    return build.ntlm_challenge(target_name="NEGO", target_info=INFO)


def proof() -> bytes:
    return build.ntlm_authenticate(user="ada", domain="NEGO", workstation="DESK", target_info=INFO)


def two_offers(passed_on: list[str]):
    """A middle box passes the client's NTLM on, but its offer of Kerberos and NTLM as `passed_on`."""
    near = Talk(NEAR).open()
    far = Talk(FAR, client=NEAR, client_port=50_001, at=10).open()
    legs = [
        (
            build.neg_token_init(["kerberos", "ntlm"]),
            build.neg_token_init(passed_on, build.ntlm_negotiate()),
        ),
        (build.neg_token_resp(None, None, build.ntlm_negotiate()), None),
    ]
    said = build.neg_token_resp(None, None, proof())
    told = build.neg_token_resp("accept-incomplete", "ntlm", challenge())
    near.client(ask(legs[0][0]))
    near.server(
        answer(UNAUTHORIZED, ("Negotiate", build.neg_token_resp("accept-incomplete", "ntlm")))
    )
    near.client(ask(legs[1][0]))
    far.at = near.at + 1
    far.client(ask(legs[0][1])).server(answer(UNAUTHORIZED, ("Negotiate", told)))
    near.at = far.at + 1
    near.server(answer(UNAUTHORIZED, ("Negotiate", told))).client(ask(said))
    far.at = near.at + 1
    done = answer(OK, ("Negotiate", build.neg_token_resp("accept-completed")))
    far.client(ask(said)).server(done).close()
    near.at = far.at + 1
    near.server(done).close()
    return merged(near, far)


def led_astray():
    """The client takes another host for the server, which asks the server by the same name, leg by leg."""
    near = Talk(BETWEEN).open()
    far = Talk(FAR, client=BETWEEN, client_port=50_001, at=10).open()
    asked = [ask(token, "NTLM") for token in (build.ntlm_negotiate(), proof())]
    told = [answer(UNAUTHORIZED, ("NTLM", challenge())), answer(OK)]
    for question, reply in zip(asked, told, strict=True):
        near.client(question)
        far.at = near.at + 1
        far.client(question).server(reply)
        near.at = far.at + 1
        near.server(reply)
    near.close()
    far.at = near.at + 1
    far.close()
    return merged(near, far)


CASES = [
    Made(case="http/offer_cut_between_hops", title="An offer that lost its first mechanism on the way",
        purpose="Between client and middle box Kerberos and NTLM are offered, between middle box and server NTLM only, with the same NTLM messages.",
        frames=lambda: two_offers(["ntlm"]), negotiations=2),
    Made(case="http/offer_reordered_between_hops", title="An offer whose order was changed on the way",
        purpose="The client wants Kerberos, then NTLM; the middle box asks the server for NTLM, then Kerberos, with the same NTLM messages.",
        frames=lambda: two_offers(["ntlm", "kerberos"]), negotiations=2),
    Made(case="http/one_host_on_two_hops", title="A client's NTLM sent on, both times for one host",
        purpose="A host in between sends NEGOTIATE and AUTHENTICATE on, and asks for the host that the client asks for: a proxy, or a relay behind a false name.",
        frames=led_astray, negotiations=2),
]  # fmt: skip
