"""The model's values beside pyasn1's."""

from __future__ import annotations

from dissectors.tokens.model import IakerbMessage, KrbApReq, KrbError, NegTokenInit, NegTokenResp
from dissectors.tokens.strict_model import differing

DOUBT = object()


def test_equal_values_pass() -> None:
    """Numbers, names of states, lists and joined names are compared in the model's form."""
    resp = NegTokenResp(raw=b"", neg_state="request-mic", supported_mech="1.2")
    assert differing(resp, {"negState": 3, "supportedMech": "1.2"}, DOUBT) == []
    init = NegTokenInit(raw=b"", mech_types=("1.2", "1.3"), req_flags=("mutualFlag",))
    assert (
        differing(init, {"mechTypes.0": "1.2", "mechTypes.1": "1.3", "reqFlags": {1}}, DOUBT) == []
    )
    assert differing(NegTokenInit(raw=b""), {}, DOUBT) == []
    names = {"ticket.sname.name-string.0": "HTTP", "ticket.sname.name-string.1": "web"}
    assert differing(KrbApReq(raw=b"", sname="HTTP/web"), names, DOUBT) == []


def test_differences_are_named() -> None:
    """Each value that is not the same is told by its name."""
    resp = NegTokenResp(raw=b"", neg_state="reject", response_token=b"x")
    assert differing(resp, {"negState": 3}, DOUBT) == ["neg_state", "response_token"]
    assert differing(NegTokenInit(raw=b"", mech_types=("1.2",)), {}, DOUBT) == ["mech_types"]


def test_names_without_components() -> None:
    """An empty name is no difference: Samba's errors have one."""
    assert differing(KrbError(raw=b"", sname=""), {}, DOUBT) == []


def test_doubtful_values_are_left_out() -> None:
    """What is odd already is not compared."""
    assert differing(KrbError(raw=b"", error_code=None), {"error-code": DOUBT}, DOUBT) == []
    init = NegTokenInit(raw=b"", mech_types=("1.2",))
    assert differing(init, {"mechTypes.0": "1.2", "mechTypes.1": DOUBT}, DOUBT) == []


def test_realms_of_old_iakerb() -> None:
    """A realm that came as OCTET STRING is compared as text."""
    token = IakerbMessage(raw=b"", realm="LAB")
    assert differing(token, {"target-realm": b"LAB"}, DOUBT) == []
