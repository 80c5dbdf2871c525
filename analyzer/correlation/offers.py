"""Why NTLM, by what both sides offered: lists that have no Kerberos, and choices between what they have.

Spec: RFC 4178 4.2, MS-SPNG 2.2.1, RFC 4559 4, RFC 4513 5.2, MS-ADTS 3.1.1.3.4.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlation.finding import Finding
from analyzer.negotiation.mechanism import KERBEROS_NAMES
from analyzer.negotiation.model import KeyFrames, Negotiation
from dissectors.mechs import MECHS
from dissectors.records import NamedTuple

WITH_KERBEROS = KERBEROS_NAMES | {"iakerb"}
KNOWN = frozenset(MECHS.values())
NTLM_SCHEMES = frozenset({"NTLM", "Sicily"})
"""Names under which nothing but NTLM goes: the client chose before it asked for any ticket."""
SCHEMES_WITH_KERBEROS = frozenset({"Negotiate", "Nego2", "Kerberos", "GSSAPI", "GSS-SPNEGO"})


def _kerberos_in(mechs: list[str] | None) -> bool:
    return not WITH_KERBEROS.isdisjoint(mechs or ())


def offer_findings(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    """The server's own list has no Kerberos, or it took NTLM though it was offered Kerberos.

    What the server lacks is no reason for a client that logs on as nobody and needs no Kerberos, which only
    its last token shows.
    """
    at_most = "certain" if negotiation.mechanism_detail is not None else "likely"
    hinted = negotiation.hinted_mechs
    without = hinted and "ntlm" in hinted and not _kerberos_in(hinted)
    if hinted and without and not negotiation.hint_cut and frames.hint is not None:
        sure = at_most if set(hinted) == {"ntlm"} else "likely"
        yield Finding("ntlm_only_server", sure, (frames.hint,), f"hints {', '.join(hinted)}")
    listed = negotiation.listed
    # an SMB1 server leaves extended security out if the client did not ask for it: that list proves nothing
    told = listed is not None and listed.whole and negotiation.carrier != "smb1"
    names = listed.names if listed is not None and told else ()
    if _answers_to_more(negotiation, frames):
        names = ()  # whatever was listed before, the server does know a name that can carry Kerberos
    if listed is not None and "NTLM" in names and SCHEMES_WITH_KERBEROS.isdisjoint(names):
        who = "the proxy " if negotiation.carrier == "http-proxy" else ""
        sure = at_most if listed.same_connection else "likely"
        words = f"{who}lists {', '.join(names)}"
        yield Finding("ntlm_only_server", sure, (listed.frame,), words)
    if negotiation.selected_mech == "ntlm" and frames.selection is not None:
        preferred = _before_ntlm(negotiation.offered_mechs)
        if negotiation.optimistic_mech in WITH_KERBEROS or _kerberos_in(preferred):
            yield from _selected_ntlm(negotiation, frames, preferred)


def _selected_ntlm(
    negotiation: Negotiation, frames: KeyFrames, preferred: list[str]
) -> Iterator[Finding]:
    """The server took NTLM though Kerberos stands before it in the list, or came along with the list."""
    offered = negotiation.offered_mechs or []
    evidence = tuple(f for f in (frames.offer, frames.selection) if f is not None)
    if _kerberos_in(preferred):
        words = [_passed_over(negotiation, preferred)]
        sure = "likely"
    elif not (negotiation.offer_cut or _kerberos_in(offered)):
        words = [
            f"a Kerberos token came along with a list that names no Kerberos: {', '.join(offered)}"
        ]
        sure = "possible"  # the server may have gone by the list alone
    else:
        return
    if _list_doubted(negotiation):
        words.append(
            "the token with its mechListMIC was refused: the list may have been altered on the way"
        )
    yield Finding("ntlm_selected_by_server", sure, evidence, "; ".join(filter(None, words)))


def _list_doubted(negotiation: Negotiation) -> bool:
    """The client proved its list by a mechListMIC, and what failed is, or may be, that proof (RFC 4178 5)."""
    reason = negotiation.reason
    if reason is None or negotiation.mech_list_mic not in {"initiator", "both"}:
        return False
    denied = reason.code == "policy_denied" and reason.confidence == "possible"
    return denied or reason.code == "integrity_failure"


def _before_ntlm(offered: list[str] | None) -> list[str]:
    """The mechanisms that the client would rather run."""
    offered = offered or []
    return offered[: offered.index("ntlm")] if "ntlm" in offered else offered


def _passed_over(negotiation: Negotiation, preferred: list[str]) -> str:
    """What came with the offer that the server turned down.

    The token of an offer is of its first mechanism. Where NegoEx or another one is first, the server has
    turned that down as well, and whether the client had a ticket is not shown.
    """
    if negotiation.ticket is not None:
        return "a Kerberos token came along"
    if _kerberos_in(preferred[:1]):
        return ""
    return f"{preferred[0]} stands before Kerberos, so whether there was a ticket is not shown"


def _answers_to_more(negotiation: Negotiation, frames: KeyFrames) -> bool:
    """The server answered with a token under a name that can carry Kerberos."""
    return negotiation.scheme in SCHEMES_WITH_KERBEROS and frames.selection is not None


def choice_findings(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    """The client took NTLM though it knew of more: by a name for NTLM alone, or by the order of its list."""
    if frames.offer is None:
        return
    offered = negotiation.offered_mechs
    if negotiation.scheme in NTLM_SCHEMES:
        more = _more_than_ntlm(negotiation, frames)
        if more is not None:
            words = f"{negotiation.scheme} where {more.words}"
            # what is lost may be a ticket that was refused
            sure = "possible" if negotiation.bytes_lost else "likely"
            yield Finding("application_chose_ntlm", sure, (more.frame, frames.offer), words)
    elif _kerberos_in(offered) and not _kerberos_in(_before_ntlm(offered)):
        words = "NTLM stands before Kerberos in its list"
        yield Finding("application_chose_ntlm", "possible", (frames.offer,), words)


def unwrapped_ntlm(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    """NTLM without SPNEGO under a name that could carry Kerberos, in answer to a server that has more.

    An application that wants NTLM sends it, and so does Windows when its library has no other mechanism
    left: the bytes are the same. So this is weaker than a name for NTLM alone, and than whatever else is
    seen to keep the client from Kerberos.
    """
    if negotiation.wrapper != "raw-ntlm" or negotiation.scheme in NTLM_SCHEMES:
        return
    more = _more_than_ntlm(negotiation, frames)
    if more is not None and frames.offer is not None:
        under = f" under {negotiation.scheme}" if negotiation.scheme else ""
        words = f"raw NTLM{under} where {more.words}"
        yield Finding("application_chose_ntlm", "possible", (more.frame, frames.offer), words)


class _More(NamedTuple):
    """Where the server says what it would take beside NTLM."""

    frame: int
    words: str


def _more_than_ntlm(negotiation: Negotiation, frames: KeyFrames) -> _More | None:
    """The server's hint or list has Kerberos, or what can carry it."""
    if _kerberos_in(negotiation.hinted_mechs) and frames.hint is not None:
        return _More(frames.hint, "the server hints Kerberos")
    listed = negotiation.listed
    if listed is None or SCHEMES_WITH_KERBEROS.isdisjoint(listed.names):
        return None
    who = "the proxy" if negotiation.carrier == "http-proxy" else "the server"
    return _More(listed.frame, f"{who} lists {', '.join(listed.names)}")


def only_ntlm(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    """The client offered nothing else; why, the offer does not tell."""
    if frames.offer is None or negotiation.first_lost or negotiation.offer_cut:
        return
    offered = negotiation.offered_mechs
    shown = (frames.offer,)
    if offered is not None:
        # who sent a Kerberos token had more than its list says
        beside = negotiation.optimistic_mech in WITH_KERBEROS
        if "ntlm" in offered and not _kerberos_in(offered) and not beside:
            # Samba answers a hint, which SMB always has, with the one mechanism that it picks from it
            hinted = _kerberos_in(negotiation.hinted_mechs) or negotiation.carrier.startswith("smb")
            alone = len(offered) == 1
            known = KNOWN.issuperset(offered)  # what a mere number stands for may be Kerberos
            sure = "likely" if (hinted and alone) or not known else "certain"
            yield Finding("ntlm_only_client", sure, shown, f"offers {', '.join(offered)}")
    elif negotiation.wrapper == "raw-ntlm" and negotiation.neg_states is None:
        # one mechanism in answer to several may be all that the client has, or all that it wants;
        # where bytes of the connection are lost, the server may have named several, and so it may in a list
        # that is not in the capture, from which the client has a name for NTLM alone
        listed = negotiation.listed
        told = negotiation.scheme not in NTLM_SCHEMES if listed is None else listed.whole
        whole = told and not negotiation.bytes_lost
        alone = whole and _more_than_ntlm(negotiation, frames) is None
        sure = "certain" if alone else "likely"
        yield Finding("ntlm_only_client", sure, shown, "raw NTLM")
    elif negotiation.wrapper == "none" and negotiation.carrier == "smb1":
        words = "SMB1 without extended security knows nothing else"
        yield Finding("ntlm_only_client", "possible", shown, words)
