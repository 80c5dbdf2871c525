"""Why NTLM, by what both sides offered: lists that have no Kerberos, and choices between what they have.

Spec: RFC 4178 4.2, MS-SPNG 2.2.1, RFC 4559 4, RFC 4513 5.2, MS-ADTS 3.1.1.3.4.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlation.finding import Finding
from analyzer.negotiation.mechanism import KERBEROS_NAMES
from analyzer.negotiation.model import KeyFrames, Negotiation

WITH_KERBEROS = KERBEROS_NAMES | {"iakerb"}
SCHEMES_WITH_KERBEROS = frozenset({"Negotiate", "Nego2", "Kerberos", "GSSAPI", "GSS-SPNEGO"})


def _kerberos_in(mechs: list[str] | None) -> bool:
    return not WITH_KERBEROS.isdisjoint(mechs or ())


def offer_findings(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    """The server's own list has no Kerberos, or it took NTLM though it was offered Kerberos."""
    hinted = negotiation.hinted_mechs
    if hinted and "ntlm" in hinted and not _kerberos_in(hinted) and frames.hint is not None:
        sure = "certain" if set(hinted) == {"ntlm"} else "likely"
        yield Finding("ntlm_only_server", sure, (frames.hint,), f"hints {', '.join(hinted)}")
    listed = negotiation.listed
    # an SMB1 server leaves extended security out if the client did not ask for it: that list proves nothing
    names = listed.names if listed is not None and negotiation.carrier != "smb1" else ()
    if listed is not None and "NTLM" in names and SCHEMES_WITH_KERBEROS.isdisjoint(names):
        who = "the proxy lists " if negotiation.carrier == "http-proxy" else "lists "
        sure = "certain" if listed.same_connection else "likely"
        yield Finding("ntlm_only_server", sure, (listed.frame,), who + ", ".join(names))
    offered = negotiation.offered_mechs
    if (
        offered
        and _kerberos_in(offered[:1])
        and negotiation.selected_mech == "ntlm"
        and frames.selection is not None
    ):
        evidence = tuple(f for f in (frames.offer, frames.selection) if f is not None)
        words = "a Kerberos token came along" if negotiation.ticket is not None else ""
        yield Finding("ntlm_selected_by_server", "likely", evidence, words)


def choice_findings(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    """The client took NTLM though it knew of more."""
    if frames.offer is None:
        return
    listed, offered = negotiation.listed, negotiation.offered_mechs
    if negotiation.scheme in {"NTLM", "Sicily"} and listed is not None:
        if not SCHEMES_WITH_KERBEROS.isdisjoint(listed.names):
            words = f"{negotiation.scheme} where the server lists {', '.join(listed.names)}"
            evidence = (listed.frame, frames.offer)
            yield Finding("application_chose_ntlm", "likely", evidence, words)
    elif negotiation.wrapper == "raw-ntlm" and _kerberos_in(negotiation.hinted_mechs):
        both = tuple(f for f in (frames.hint, frames.offer) if f is not None)
        words = "raw NTLM where the server hints Kerberos"
        yield Finding("application_chose_ntlm", "possible", both, words)
    elif offered and offered[0] == "ntlm" and _kerberos_in(offered):
        words = "NTLM stands before Kerberos in its list"
        yield Finding("application_chose_ntlm", "possible", (frames.offer,), words)


def only_ntlm(negotiation: Negotiation, frames: KeyFrames) -> Iterator[Finding]:
    """The client offered nothing else; why, the offer does not tell."""
    if frames.offer is None or negotiation.completeness == "started-before-capture":
        return
    offered = negotiation.offered_mechs
    shown = (frames.offer,)
    if offered is not None:
        if "ntlm" in offered and not _kerberos_in(offered):
            # Samba answers a hint, which SMB always has, with the one mechanism that it picks from it
            hinted = _kerberos_in(negotiation.hinted_mechs) or negotiation.carrier.startswith("smb")
            sure = "likely" if hinted and len(offered) == 1 else "certain"
            yield Finding("ntlm_only_client", sure, shown, f"offers {', '.join(offered)}")
    elif negotiation.wrapper == "raw-ntlm" and negotiation.neg_states is None:
        yield Finding("ntlm_only_client", "certain", shown, "raw NTLM")
    elif negotiation.wrapper == "none" and negotiation.carrier == "smb1":
        words = "SMB1 without extended security knows nothing else"
        yield Finding("ntlm_only_client", "possible", shown, words)
