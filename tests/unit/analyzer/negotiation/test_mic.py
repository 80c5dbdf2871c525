"""When the list of mechanisms must be protected, and when it was not."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.mic import mic_needed
from analyzer.negotiation.model import Negotiation, Step
from dissectors.tokens.model import NtlmAuthenticate

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
SIGN, NO_SIGN = 0xE2888215, 0xE2888205


def negotiation(
    offered: list[str] | None, selected: str | None, run: str | None, *states: str
) -> Negotiation:
    """What a finished negotiation says of its mechanisms."""
    return Negotiation(
        None,  # type: ignore[arg-type]
        None,
        "smb2",
        wrapper="spnego",
        offered_mechs=offered,
        selected_mech=selected,
        mechanism=run,
        neg_states=list(states),
    )


def authenticate(flags: int | None, response: str = "ntlmv2") -> MechanismTokens:
    step: Step = None  # type: ignore[assignment]
    return [(step, NtlmAuthenticate(raw=b"", flags=flags, response=response))]


@pytest.mark.parametrize(
    ("offered", "selected", "run", "needed"),
    [
        (["ms-kerberos", "ntlm"], "ms-kerberos", "kerberos", False),
        (["ms-kerberos", "kerberos"], "kerberos", "kerberos", False),
        (["kerberos", "ms-kerberos"], "ms-kerberos", "kerberos", False),
        (["ntlm"], "ntlm", "ntlm", False),
        (["kerberos", "ntlm"], "ntlm", "ntlm", True),
        (["negoex", "kerberos"], "kerberos", "kerberos", True),
        (["kerberos", "kerberos-u2u"], "kerberos-u2u", "kerberos", None),
        (["kerberos", "negoex"], "negoex", "negoex", None),
        (["ntlm", "kerberos"], "kerberos", None, None),
        (None, "ntlm", "ntlm", None),
        (["kerberos", "ntlm"], None, "ntlm", None),
    ],
)
def test_the_mic_is_due_where_not_the_first_choice_was_taken(
    offered: list[str] | None, selected: str | None, run: str | None, needed: bool | None
) -> None:
    """Both OIDs of Kerberos are one mechanism; what cannot be known stays open."""
    tokens = authenticate(SIGN) if run == "ntlm" else []
    assert mic_needed(negotiation(offered, selected, run), tokens) is needed


@pytest.mark.parametrize(
    ("tokens", "needed"),
    [
        (authenticate(SIGN), True),
        (authenticate(NO_SIGN), False),
        (authenticate(SIGN, "anonymous"), None),
        (authenticate(None), None),
        ([], None),
    ],
)
def test_ntlm_without_signing_has_no_mic(tokens: MechanismTokens, needed: bool | None) -> None:
    """The flags of AUTHENTICATE are what was agreed."""
    assert mic_needed(negotiation(["kerberos", "ntlm"], "ntlm", "ntlm"), tokens) is needed


def test_who_asks_for_it_needs_it() -> None:
    """An acceptor that would have liked another mechanism better says request-mic."""
    asked = negotiation(["ntlm"], "ntlm", "ntlm", "request-mic", "accept-completed")
    assert mic_needed(asked, authenticate(SIGN)) is True


def test_there_is_none_outside_spnego() -> None:
    """Raw tokens have no list to protect."""
    raw = negotiation(None, None, "ntlm")
    raw.wrapper = "raw-ntlm"
    assert mic_needed(raw, authenticate(SIGN)) is None


@pytest.mark.parametrize(
    ("name", "needed", "detail"),
    [
        ("http/reselection_with_mic", True, None),
        ("http/fallback_in_negotiation", True, None),
        ("http/reselection_without_mic", True, "request-mic was answered without it"),
        ("http/reselection_client_mic", True, None),
        ("http/offer_cut_between_hops", True, None),
        ("smb/raw_ntlm", None, None),
        ("smb/smb311_ntlm", False, None),
        ("smb/smb311_kerberos", False, None),
        ("ldap/samba_ntlm_plain", False, None),
    ],
)
def test_captures_without_the_mic_that_was_due(
    name: str, needed: bool | None, detail: str | None
) -> None:
    """The column tells that it was due, the anomaly that it is not there."""
    columns = read(CAPTURES / name / "capture.pcapng").tables.columns
    assert needed in columns["negotiations"]["mic_needed"]
    anomalies = columns["anomalies"]
    told = [
        said
        for code, said in zip(anomalies["code"], anomalies["detail"], strict=True)
        if code == "mic-missing"
    ]
    assert told == ([detail] if detail else [])


def test_another_choice_and_no_word_of_the_mic(tmp_path: Path) -> None:
    """The same where the acceptor says accept-incomplete in place of request-mic."""
    captured = (CAPTURES / "http/reselection_without_mic/capture.pcapng").read_bytes()
    asks, goes_on = (b64encode(bytes.fromhex(f"a1153013a0030a01{state}")) for state in ("03", "01"))
    assert captured.count(asks) == 1
    path = tmp_path / "not_asked.pcapng"
    path.write_bytes(captured.replace(asks, goes_on))
    columns = read(path).tables.columns
    assert columns["negotiations"]["neg_states"][0][0] == "accept-incomplete"
    told = dict(zip(columns["anomalies"]["code"], columns["anomalies"]["detail"], strict=True))
    assert told["mic-missing"] == "ntlm was taken though ms-kerberos stands first"
