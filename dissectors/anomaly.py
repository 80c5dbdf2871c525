"""What is odd about the bytes: the closed registry of anomaly codes.

Dissectors never raise on wire bytes. They return what they have, plus one `Anomaly` for everything
that is missing, broken, out of place or beyond a limit. `docs/anomalies.md` is generated from `CODES`.
"""

from __future__ import annotations

from dissectors.records import NamedTuple
from dissectors.span import Span


class AnomalyCode(NamedTuple):
    """Group (malformed, protocol, limit, gap, unsupported, note), severity and one sentence."""

    group: str
    severity: str
    sentence: str


class Anomaly(NamedTuple):
    """One oddity: a code of `CODES`, the bytes it is about and a short detail in plain words.

    The span counts from the start of the token (token anomalies) or of the message (carrier anomalies).
    """

    code: str
    span: Span
    detail: str = ""


CODES: dict[str, AnomalyCode] = {
    # -- malformed: the bytes break the format they claim to be -----------------------------------
    "truncated": AnomalyCode("malformed", "medium", "the token ends before its own length says"),
    "bad-length": AnomalyCode(
        "malformed", "medium", "a length points past the end of what holds it"
    ),
    "bad-tag": AnomalyCode(
        "malformed", "medium", "an element has another tag than its place demands"
    ),
    "bad-value": AnomalyCode("malformed", "medium", "a value cannot be read as its type"),
    "bad-text": AnomalyCode("malformed", "low", "text is not valid in its encoding"),
    "bad-offset": AnomalyCode("malformed", "medium", "an offset points outside the message"),
    "overlapping-fields": AnomalyCode("malformed", "low", "two payload fields share bytes"),
    "missing-field": AnomalyCode("malformed", "medium", "a mandatory field is absent"),
    "bad-base64": AnomalyCode("malformed", "medium", "a token's text is not base64"),
    "bad-header": AnomalyCode("malformed", "low", "a header of the carrier cannot be read"),
    "malformed-message": AnomalyCode("malformed", "medium", "a carrier message cannot be read"),
    "repeated-field": AnomalyCode("malformed", "low", "a value that may stand once stands again"),
    "empty-token": AnomalyCode(
        "malformed", "low", "a token's place is there but it holds no bytes"
    ),
    # -- protocol: well-formed, but against the rules ---------------------------------------------
    "not-der": AnomalyCode("protocol", "low", "BER that DER forbids"),
    "trailing-bytes": AnomalyCode("protocol", "low", "bytes follow the end of the token"),
    "unframed-init": AnomalyCode("protocol", "low", "NegTokenInit without the GSS-API frame"),
    "framed-resp": AnomalyCode("protocol", "low", "NegTokenResp inside a GSS-API frame"),
    "spnego-in-spnego": AnomalyCode("protocol", "medium", "SPNEGO lists itself as a mechanism"),
    "optimistic-mismatch": AnomalyCode(
        "protocol", "low", "mechToken belongs to another mechanism than the first one listed"
    ),
    "strict-mismatch": AnomalyCode(
        "protocol", "low", "the strict ASN.1 reading rejects what the tolerant one read"
    ),
    "mic-missing": AnomalyCode(
        "protocol", "medium", "RFC 4178 demands mechListMIC here, and none was exchanged"
    ),
    "mic-duplicate": AnomalyCode(
        "note", "low", "mechListMIC repeats the responseToken, as Windows 2000 does"
    ),
    "mic-foreign": AnomalyCode(
        "note", "low", "mechListMIC holds something that is no MIC; ignored"
    ),
    "missing-neg-state": AnomalyCode(
        "protocol", "low", "the acceptor's first NegTokenResp has no negState"
    ),
    "token-out-of-order": AnomalyCode(
        "protocol", "medium", "a token that this state of the negotiation does not allow"
    ),
    "late-selection-change": AnomalyCode(
        "protocol", "low", "a later reply names another supportedMech; it must be ignored"
    ),
    "unknown-value": AnomalyCode("protocol", "low", "a number outside the specification's list"),
    "unmatched-response": AnomalyCode("protocol", "low", "an answer without its question"),
    "verdict-conflict": AnomalyCode(
        "protocol", "medium", "the GSS verdict and the carrier's verdict contradict each other"
    ),
    # -- limit: a bound of ours was reached ---------------------------------------------------------
    "limit-token-size": AnomalyCode("limit", "medium", "the token is larger than the limit"),
    "limit-depth": AnomalyCode("limit", "medium", "nesting deeper than the limit"),
    "limit-count": AnomalyCode("limit", "medium", "more elements than the limit"),
    "limit-message-size": AnomalyCode("limit", "medium", "a carrier message beyond the limit"),
    "limit-buffer": AnomalyCode(
        "limit", "medium", "a stream's buffer reached its limit; bytes given up"
    ),
    "limit-streams": AnomalyCode(
        "limit", "medium", "too many open streams; the oldest was dropped"
    ),
    "limit-fragments": AnomalyCode(
        "limit", "medium", "the defragmenter's memory reached its limit"
    ),
    "limit-tunnels": AnomalyCode("limit", "medium", "more nested tunnels than the limit"),
    "limit-anomalies": AnomalyCode(
        "limit", "low", "more of the same here; only counted from now on"
    ),
    # -- gap: bytes that the capture does not hold --------------------------------------------------
    "gap": AnomalyCode("gap", "medium", "bytes of the stream are not in the capture"),
    "cut-off": AnomalyCode("gap", "medium", "the capture ends inside a message"),
    "snaplen": AnomalyCode("gap", "medium", "packets were cut by the capture's snap length"),
    "started-before-capture": AnomalyCode("gap", "low", "the connection is older than the capture"),
    "one-direction": AnomalyCode("gap", "low", "only one direction of the connection was captured"),
    "capture-cut": AnomalyCode("gap", "high", "the capture file ends inside a record"),
    "capture-damaged": AnomalyCode(
        "gap", "high", "bytes of the capture file cannot be read as records"
    ),
    "incomplete-fragments": AnomalyCode(
        "gap", "medium", "an IP datagram whose fragments are not all there"
    ),
    "reader-fault": AnomalyCode(
        "gap", "high", "a fault of negoscope itself, please report it: the rest of this is not read"
    ),
    "desync": AnomalyCode("gap", "medium", "message borders were lost; reading resumed further on"),
    # -- unsupported: understood to be there, not opened -------------------------------------------
    "unsupported-link-type": AnomalyCode(
        "unsupported", "medium", "packets of a link type not supported"
    ),
    "compressed-message": AnomalyCode(
        "unsupported", "low", "a compressed SMB message was not opened"
    ),
    "unclaimed-token": AnomalyCode(
        "unsupported", "low", "bytes that look like a GSS token, in a protocol that is not read"
    ),
    # -- note: nothing wrong, worth knowing ---------------------------------------------------------
    "inconsistent-overlap": AnomalyCode(
        "note", "high", "a retransmission carries other bytes than the first copy, which was kept"
    ),
    "fragment-overlap": AnomalyCode("note", "high", "IP fragments overlap with different bytes"),
    "non-minimal-length": AnomalyCode("note", "low", "BER length longer than needed"),
    "encrypted": AnomalyCode("note", "low", "the connection turned to encryption"),
}
