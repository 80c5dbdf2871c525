"""What is no failure: a capture that does not show all, and successes with a flaw."""

from __future__ import annotations

from analyzer.negotiation.reasons.entry import ReasonCode

SEEN = "certain"

WEAK_REASONS: dict[str, ReasonCode] = {
    "guest_access": ReasonCode(
        "weak",
        "the session is a guest's, whatever name was given",
        "forbid guest logons",
        "SMB2 SessionFlags IS_GUEST; SMB1 Action bit 0",
        SEEN,
        "SMBClient/Security 31022 where the client takes it, 31017 where it refuses",
    ),
    "anonymous": ReasonCode(
        "weak",
        "the logon is anonymous",
        "restrict anonymous access",
        (
            "an AUTHENTICATE without user and responses; SMB2 SessionFlags IS_NULL; an empty simple "
            "bind; SASL ANONYMOUS"
        ),
        SEEN,
        "4624 for ANONYMOUS LOGON; 4020 and 4021 usage id 11: null session",
    ),
    "unauthenticated_bind": ReasonCode(
        "weak",
        "a name without password: the success proves nothing",
        "refuse such binds",
        "an LDAP simple bind with a name and an empty password",
        SEEN,
    ),
}

INCOMPLETE_REASONS: dict[str, ReasonCode] = {
    "capture_started_late": ReasonCode(
        "incomplete",
        "the capture starts inside the negotiation",
        "start the capture earlier",
        (
            "the first message is an answer, or not a first token, and the connection's SYN was not seen; "
            "or several requests wait, and what is answered may be an older one"
        ),
        "certain; likely where the answer may be another request's",
    ),
    "capture_ended_early": ReasonCode(
        "incomplete",
        "the capture ends before the verdict",
        "let the capture run longer",
        "no verdict, and the connection is open when the capture ends",
        "certain; likely where nothing of the other side was seen",
    ),
    "gap": ReasonCode(
        "incomplete",
        "packets of the negotiation are not in the capture",
        "look for capture drops",
        (
            "bytes are missing in the connection, inside the negotiation or where its next message would "
            "be, or among the answers to several requests that wait; of a refusal: inside the server's "
            "answer, where it may say why"
        ),
        "certain; likely where the answer may be another request's",
    ),
    "truncated": ReasonCode(
        "incomplete",
        "packets were cut by the snap length",
        "capture whole packets",
        (
            "packets of the negotiation are longer on the wire than in the capture; of a refusal: the "
            "answer is cut where it may say why"
        ),
        SEEN,
    ),
    "one_direction": ReasonCode(
        "incomplete",
        "only one direction was captured",
        "capture both directions",
        (
            "the connection has packets of one side only, though the other must have spoken in between; "
            "where nothing shows that it must have, the reason is capture_ended_early or "
            "capture_started_late"
        ),
        (
            "certain if the handshake or a message that takes up an unseen one is there; likely if the "
            "connection was closed, or went on for a second"
        ),
    ),
    "encrypted": ReasonCode(
        "incomplete",
        "encryption began before the verdict",
        "add the keys",
        "TLS begins on the connection while the negotiation is under way",
        SEEN,
    ),
}
