"""Who sent a token, by what it is."""

from __future__ import annotations

import pytest

from dissectors.tokens import build, dissect_token
from dissectors.tokens.sender import sender_of


@pytest.mark.parametrize(
    ("token", "sender"),
    [
        (build.ntlm_negotiate(), "initiator"),
        (build.ntlm_challenge(), "acceptor"),
        (build.ntlm_authenticate(), "initiator"),
        (build.ap_req(), "initiator"),
        (build.ap_rep(), "acceptor"),
        (build.krb_error(), "acceptor"),
        (build.iakerb(build.as_req()), "initiator"),
        (build.iakerb(build.tgs_rep()), "acceptor"),
        (build.iakerb(), "acceptor"),
        (build.iakerb(realm=""), None),
        (build.negoex(build.initiator_nego()), "initiator"),
        (build.negoex(build.acceptor_nego()), "acceptor"),
        (build.neg_token_init(["ntlm"], build.ntlm_negotiate()), "initiator"),
        (build.neg_token_init(["ntlm"]), "initiator"),
        (build.neg_token_init2(["ntlm"]), "acceptor"),
        (build.neg_token_init(["negoex"], build.negoex(build.acceptor_nego())), "acceptor"),
        (build.neg_token_resp(0, supported_mech="ntlm"), "acceptor"),
        (build.neg_token_resp(1, response_token=build.ntlm_authenticate()), "initiator"),
        (build.neg_token_resp(0), None),
        (build.wrap_cfx(b"x", from_acceptor=True), "acceptor"),
        (build.wrap_cfx(b"x"), "initiator"),
        (build.mic_1964(), None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_what_only_one_side_sends_tells_the_sender(token: bytes, sender: str | None) -> None:
    """The mechanism's message first, then its envelope; what both may send tells nothing."""
    assert sender_of(dissect_token(token)) == sender
