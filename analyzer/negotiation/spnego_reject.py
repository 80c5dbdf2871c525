"""What negState reject means by its place in the negotiation.

Spec: RFC 4178 4.2.2 and 5.
"""

from __future__ import annotations

from analyzer.negotiation.cause import UNSAID, UNSEEN, Cause
from analyzer.negotiation.model import ACCEPTOR, INITIATOR, Negotiation, Step
from analyzer.negotiation.refused_token import token_not_seen
from dissectors.tokens.model import KrbError, NegTokenResp


def reject_cause(negotiation: Negotiation, step: Step) -> Cause:
    """What negState reject means by its place: `step` is the one that says it."""
    if step.role == ACCEPTOR and step.lost:
        return Cause(step.lost, "certain", f"negState reject; {UNSAID}")
    if isinstance(step.token, KrbError):
        return Cause("unspecified_failure", "certain", "a KRB-ERROR whose code is not there")
    if step.role != ACCEPTOR:
        return Cause("integrity_failure", "likely", "the initiator rejects")
    if mic_before(negotiation, step):
        return Cause(
            "integrity_failure", "likely", "negState reject as the answer to a mechListMIC"
        )
    if token_not_seen(negotiation, step):
        return Cause("unspecified_failure", "certain", f"negState reject; {UNSEEN}")
    said = negotiation.steps[: negotiation.steps.index(step) + 1]
    if negotiation.selected_mech is None and sum(each.is_leg for each in said) <= 2:
        sure = "certain" if _nothing_shared(negotiation) else "likely"
        return Cause("no_common_mechanism", sure, "negState reject")
    return Cause("unspecified_failure", "certain", "negState reject")


def only_the_list(negotiation: Negotiation, step: Step) -> bool:
    """Nothing but the list of mechanisms can have been refused by the negState reject of `step`.

    The initiator says it, or the rejected token has a mechListMIC and nothing of the mechanism.
    """
    if step.role != ACCEPTOR:
        return True
    last = _rejected(negotiation, step)
    return last is not None and last.mech_list_mic is not None and last.response_token is None


def mic_before(negotiation: Negotiation, step: Step) -> bool:
    """The client's token that was rejected had a mechListMIC."""
    last = _rejected(negotiation, step)
    return last is not None and last.mech_list_mic is not None


def _rejected(negotiation: Negotiation, step: Step) -> NegTokenResp | None:
    """The client's token that `step` answers, if it is there and was a later one of SPNEGO."""
    if step.request_missing:
        return None
    before = negotiation.steps[: negotiation.steps.index(step)]
    last = next((s.token for s in reversed(before) if s.role == INITIATOR), None)
    return last if isinstance(last, NegTokenResp) else None


def _nothing_shared(negotiation: Negotiation) -> bool:
    hinted, offered = negotiation.hinted_mechs, negotiation.offered_mechs
    if negotiation.hint_cut or negotiation.offer_cut:
        return False
    return bool(hinted and offered) and not set(hinted or ()) & set(offered or ())
