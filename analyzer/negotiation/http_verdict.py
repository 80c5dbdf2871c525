"""What an HTTP status says about a logon, once the tokens beside it are known.

The carrier cannot tell: it decodes no token, and HTTP has no word of its own for "authenticated". 401 with
a token both goes on and refuses; any other status is silent about the logon unless the client's last token
could have completed it.

Spec: RFC 9110 11.6, 15.5.2, 15.5.20 and 15.5.22, RFC 8470 5.2, RFC 4559 4-5, MS-N2HT 2.2.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.negotiation.model import INITIATOR, State, Step
from dissectors.status import Status, Verdict
from dissectors.tokens.model import NtlmNegotiate, OpaqueToken

REQUEST_REFUSED = {400, 413, 414, 431}
"""The request itself could not be read, or its headers were too large: nobody has looked at the token."""
ELSEWHERE = {421, 425, 426}
"""Nobody has looked at the token: the request is to be sent over another connection, later, or within TLS."""
FIRST_SERVER_ERROR = 500
_OVER = frozenset({State.ACCEPTED, State.REJECTED})


def http_verdict(
    status: Status, state: str, steps: Sequence[Step], *, let_in: bool = False
) -> Verdict:
    """The verdict of a response, given the GSS state it leads to and the steps before it.

    `let_in`: the response says by Persistent-Auth that the client is authenticated (MS-N2HT 2.2.2).
    """
    if status.verdict == "continue":
        return "failure" if state in _OVER else "continue"
    if status.verdict != "success" or state == State.ACCEPTED:
        return status.verdict
    if let_in:
        return "success"
    if status.code in REQUEST_REFUSED:
        return "failure"
    silent = status.code in ELSEWHERE or status.code >= FIRST_SERVER_ERROR
    if silent or not _could_complete(steps):
        return "continue"  # no word about the logon
    return "success"


def _could_complete(steps: Sequence[Step]) -> bool:
    """The client's last token can be the last one of its mechanism."""
    last = next((step for step in reversed(steps) if step.role == INITIATOR), None)
    if last is None:
        return True  # the request is not in the capture
    exchange = last.message.exchange
    if exchange is not None and exchange.mechanism is not None:
        return True  # a logon without GSS is one message
    token = last.token.inner if last.token is not None and last.token.inner else last.token
    return token is not None and not isinstance(token, (OpaqueToken, NtlmNegotiate))
