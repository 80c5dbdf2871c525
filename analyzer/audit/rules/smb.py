"""SMB sessions: versions, signatures, guests.

Spec: MS-SMB2 2.2.3, 2.2.4, 2.2.6; MS-CIFS 2.2.4.52.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import account, by_client, by_server, by_server_of, with_frames
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_SMB = {"smb1", "smb2"}
_SIGNING = "Set 'Digitally sign communications (always)' on {0}."
_NAMELESS = {"guest_access", "anonymous"}


def _sessions(facts: Facts) -> dict[tuple[str, str], list[list[Any]]]:
    """Rows of logons of named users whose session was used, by capture and server, session by session.

    The channels and renewals of one session are protected alike, whatever each of them carried.
    """
    found: dict[tuple[str, str], dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in facts.rows("negotiations", "carrier", _SMB):
        if (
            row.outcome == "success"
            and row.protection is not None
            and row.reason not in _NAMELESS
            and _is_named(row)
        ):
            named = row.carrier == "smb2" and row.exchange is not None
            key = (row.client, row.exchange) if named else row.negotiation_id
            found[row.capture, row.server][key].append(row)
    return {place: list(by_session.values()) for place, by_session in found.items()}


def _is_named(row: Any) -> bool:
    """Whether somebody logged on: of NTLM only the response tells that, and it may not be there."""
    detail = row.mechanism_detail
    return bool(row.mechanism) and (detail != "anonymous" if detail else row.mechanism != "ntlm")


def _optional(carrier: str, signing: str | None) -> str | None:
    """How a side says that it does not demand signatures; None where it demands them, or cannot sign.

    Every side of SMB 2 can: SIGNING_ENABLED is to be ignored there, set or not (MS-SMB2 2.2.3, 2.2.4).
    """
    if carrier in _SMB and signing == "enabled":
        return "enabled, not required"
    return "not required" if carrier == "smb2" and signing == "disabled" else None


@rule(
    "NGS-SMB-001",
    "high",
    "SMB 1 in use",
    means="SMB 1 has no safe signatures and no encryption, and its servers have been taken over "
    "by worms.",
    remedy="Remove SMB 1 from server and client; update the devices that need it.",
    references=(
        "ATT&CK T1210",
        "MS17-010",
        "Microsoft: Stop using SMB1",
        "CIS Windows: SMB v1 disabled",
    ),
)
def smb1(row: Any) -> Iterator[Hit]:
    """Somebody logs on in a dialect of SMB 1, whatever comes of it, or the server offers mechanisms in one.

    Not where the answer to NEGOTIATE holds no offer by SPNEGO, and nobody tries to log on after it.
    """
    if row.carrier == "smb1":
        why = f"{row.server} speaks {row.carrier_version or 'SMB 1'} with {row.client}"
        yield by_server(row, why, evidence=with_frames(row, row.version_frame))


@rule(
    "NGS-SMB-002",
    "medium",
    "Server does not require SMB signing",
    means="A logon relayed to this server can be used: nobody has to sign with the key that the "
    "relay lacks.",
    remedy=_SIGNING.format("the server"),
    references=(
        "ATT&CK T1557.001",
        "MS-SMB2 3.3.5.4",
        "CIS Windows: Microsoft network server signing",
    ),
)
def server_signing(row: Any) -> Iterator[Hit]:
    """SecurityMode of the NEGOTIATE response has not SIGNING_REQUIRED; of SMB 1 it has SIGNING_ENABLED."""
    said = _optional(row.carrier, row.server_signing)
    if said is not None:
        why = f"{row.server} tells {row.client} that signing is {said}"
        yield by_server(row, why, evidence=with_frames(row, row.version_frame))


@rule(
    "NGS-SMB-003",
    "info",
    "Client does not require SMB signing",
    means="The client would go on without signatures if the server, or somebody in its place, "
    "asks for none.",
    remedy=_SIGNING.format("the client"),
    references=("ATT&CK T1557.001", "CIS Windows: Microsoft network client signing"),
)
def client_signing(row: Any) -> Iterator[Hit]:
    """SecurityMode of the client has not SIGNING_REQUIRED; of SMB 1 its Flags2 have SIGNING_ENABLED."""
    said = _optional(row.carrier, row.client_signing)
    if said is not None:
        yield by_client(row, f"{row.client} tells {row.server} that signing is {said}")


@rule(
    "NGS-SMB-004",
    "medium",
    "SMB session without signatures",
    means="What was read and written in this session can be changed on the way.",
    remedy=_SIGNING.format("client and server"),
    references=("ATT&CK T1557", "MS-SMB2 3.3.5.5.3"),
    table=None,
)
def unsigned(facts: Facts) -> Iterator[Hit]:
    """Messages follow the logon of a named user, none signed but those that every session of SMB 3 signs.

    These are tree connects, and ioctls that confirm the dialect (FSCTL_VALIDATE_NEGOTIATE_INFO) or ask for
    the server's interfaces (FSCTL_QUERY_NETWORK_INTERFACE_INFO), and errors to any ioctl.
    """
    for (_, server), sessions in _sessions(facts).items():
        for rows in sessions:
            bare = [row for row in rows if row.protection == "none"]
            if not bare:
                continue
            why = f"the session of {bare[0].client} with {server} goes on without signatures"
            if len(bare) > 1:
                why += f", over {len(bare)} logons"
            yield by_server_of(bare, why)


@rule(
    "NGS-SMB-005",
    "medium",
    "Guest session",
    means="A wrong name or password is let in as guest: no identity, no signatures, and the "
    "client may not notice.",
    remedy="Turn the guest account off; set 'Enable insecure guest logons' to disabled on clients.",
    references=("ATT&CK T1078.001", "MS-SMB2 2.2.6", "CIS Windows: insecure guest logons"),
)
def guest(row: Any) -> Iterator[Hit]:
    """SessionFlags IS_GUEST, or SMB 1's Action bit 0."""
    if row.reason == "guest_access":
        yield by_server(
            row, f"{row.server} let {account(row.user, row.domain)} from {row.client} in as guest"
        )


@rule(
    "NGS-SMB-006",
    "medium",
    "Anonymous SMB session",
    means="A null session: accounts, shares and policies may be listed by anybody.",
    remedy="Set RestrictAnonymous and RestrictAnonymousSAM (Samba: restrict anonymous = 2).",
    references=("ATT&CK T1087", "ATT&CK T1135", "MS-SMB2 2.2.6", "CIS Windows: anonymous access"),
)
def null_session(row: Any) -> Iterator[Hit]:
    """SessionFlags IS_NULL, or an AUTHENTICATE without name and answers."""
    if (
        row.carrier in _SMB
        and row.outcome == "success"
        and (row.reason == "anonymous" or row.mechanism_detail == "anonymous")
    ):
        yield by_server(row, f"{row.server} gave {row.client} a session without a name")


@rule(
    "NGS-SMB-007",
    "info",
    "SMB 2 before 3.0",
    means="No encryption, older signatures, and the choice of dialect is not protected.",
    remedy="Update the side that speaks no SMB 3, and set the least dialect to 3.0.",
    references=("MS-SMB2 1.7", "ATT&CK T1562.010"),
)
def old_dialect(row: Any) -> Iterator[Hit]:
    """The connection's dialect is 2.0.2 or 2.1."""
    if row.carrier_version in {"SMB 2.0.2", "SMB 2.1"}:
        why = f"{row.server} and {row.client} speak {row.carrier_version}"
        yield by_server(row, why, evidence=with_frames(row, row.version_frame))


@rule(
    "NGS-SMB-008",
    "info",
    "SMB 3 session without encryption",
    means="Files are read by everybody on the way; signatures only keep them from being changed.",
    remedy="Set EncryptData for shares or server where the network is not trusted.",
    references=("ATT&CK T1040", "MS-SMB2 3.3.1.5"),
)
def unencrypted(row: Any) -> Iterator[Hit]:
    """A session of SMB 3 whose messages are not in transform headers."""
    if (
        (row.carrier_version or "").startswith("SMB 3") and row.outcome == "success"
    ) and row.protection in {"sign", "none"}:
        why = f"the session of {row.client} with {row.server} is not encrypted"
        frames = with_frames(row, row.version_frame, row.protection_frame)
        yield by_server(row, why, evidence=frames)


@rule(
    "NGS-SMB-009",
    "high",
    "SMB 1 without extended security",
    means="No SPNEGO, so neither Kerberos nor any proof of the choice: bare LM and NT responses "
    "in the session setup.",
    remedy="Remove SMB 1; until then require extended security on the server.",
    references=("ATT&CK T1557.001", "MS-CIFS 2.2.4.53", "MS-SMB 2.2.4.6"),
)
def no_extended_security(row: Any) -> Iterator[Hit]:
    """An SMB 1 session setup with passwords' responses in place of a security blob."""
    if (
        row.carrier == "smb1"
        and row.mechanism == "ntlm"
        and row.wrapper == "none"
        and row.user
        and row.mechanism_detail  # an empty password makes no response
    ):
        did = "logged on" if row.outcome == "success" else "tried to log on"
        why = (
            f"{account(row.user, row.domain)} {did} from {row.client} to {row.server} "
            "without a security blob"
        )
        yield by_client(row, why)


@rule(
    "NGS-SMB-010",
    "medium",
    "SMB 1 signing switched off",
    means="One side does not sign at all, so that signing cannot be required of the other.",
    remedy=_SIGNING.format("client and server"),
    references=("ATT&CK T1557.001", "MS-CIFS 2.2.4.52.2"),
)
def signing_off(row: Any) -> Iterator[Hit]:
    """SMB 1: SecurityMode, or the client's Flags2, have neither SIGNING_ENABLED nor SIGNING_REQUIRED.

    Without them SMB 2 only does not demand signatures.
    """
    if row.carrier != "smb1":
        return
    if row.server_signing == "disabled":
        frames = with_frames(row, row.version_frame)
        yield by_server(row, f"{row.server} has signing switched off", evidence=frames)
    if row.client_signing == "disabled":
        yield by_client(row, f"{row.client} has signing switched off")


@rule(
    "NGS-SMB-011",
    "low",
    "Protection differs by session",
    means="Some sessions with the server are signed or encrypted, others are not: its clients are set "
    "differently, or what one client or the server demands changed from one session to the next.",
    remedy=_SIGNING.format("the server")
    + " Find the clients that come without, and what was set anew.",
    references=("ATT&CK T1557.001",),
    table=None,
)
def mixed_protection(facts: Facts) -> Iterator[Hit]:
    """Sessions of named users with one server in one capture, some protected and some not.

    The sentence says whether these are sessions of different clients, or of the same one.
    """
    for (_, server), sessions in _sessions(facts).items():
        bare: list[Any] = []
        safe: list[Any] = []
        for rows in sessions:
            open_row = next((row for row in rows if row.protection == "none"), None)
            (safe if open_row is None else bare).append(open_row or rows[0])
        if bare and safe:
            one, other = len(safe) == 1, len(bare) == 1
            why = (
                f"{len(safe)} {'session' if one else 'sessions'} with {server} "
                f"{'is' if one else 'are'} protected and {len(bare)} {'is' if other else 'are'} not "
                f"({bare[0].client}{_both_ways(bare, safe)})"
            )
            yield by_server_of([*bare, *safe], why, framed=[bare[0], safe[0]])


def _both_ways(bare: list[Any], safe: list[Any]) -> str:
    """What to say where one client has sessions of both kinds: then it is not the clients that differ."""
    both = {row.client for row in bare} & {row.client for row in safe}
    if not both:
        return ""
    if len({row.client for row in [*bare, *safe]}) == 1:
        return ", the same client: it or the server was set otherwise from one to the other"
    return (
        f"; there are both of {min(both)}: it or the server was set otherwise from one to the other"
    )
