"""Tokens in plain sentences."""

from __future__ import annotations

import pytest
from support.facts import ROOT, captures
from support.messages import (
    KERBEROS,
    NTLM,
    NTLM_NEGOTIATE,
    ap_req,
    init_token,
    ntlm_authenticate,
    ntlm_challenge,
    resp_token,
)

from analyzer.analysis import read
from dissectors.tokens import build, dissect_token
from dissectors.tokens import model as tokens
from dissectors.tokens.model import Token
from dissectors.tokens.sentence import _SENTENCES, token_sentence

CAPTURES = ROOT / "captures"
TICKET = ap_req(b"LAB", (b"HTTP", b"web"), b"t" * 9, b"a" * 9)
ALICE = "alice".encode("utf-16-le")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "An empty token"),
        (b"\xff\x00", "2 bytes that are no token"),
        (b"\xff", "1 byte that is no token"),
        (b"\xff" * 3000, "3,000 bytes that are no token"),
        (NTLM_NEGOTIATE, "An NTLM client asks for a challenge"),
        (ntlm_challenge(b"12345678", "DOM".encode("utf-16-le")), "The NTLM server of DOM sends"),
        (
            ntlm_authenticate(ALICE, domain=ALICE, nt=bytes(24), lm=bytes(24)),
            "answers the challenge as alice\\alice with an NTLMv1 response",
        ),
        (TICKET, "shows a Kerberos ticket for HTTP/web in realm LAB, encrypted with aes256"),
        (
            init_token(NTLM, NTLM_NEGOTIATE),
            "offers ntlm, most wanted first. Inside: An NTLM client",
        ),
        (
            init_token(KERBEROS, TICKET),
            "offers kerberos, most wanted first. Inside: The client shows",
        ),
        (resp_token(b"", 0), "Accepted: the context is complete"),
        (resp_token(b"", 2), "Refused: the negotiation is over"),
        (resp_token(b"", 9), "state is unknown(9)"),
    ],
)
def test_a_token_says_what_it_leads_to(data: bytes, said: str) -> None:
    """Who, what and for which service, and the token inside."""
    assert said in token_sentence(dissect_token(data))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (build.iakerb(build.as_req()), "carries an AS-REQ for a KDC of realm LAB.EXAMPLE"),
        (build.iakerb(build.tgs_rep()), "carries a TGS-REP from a KDC of realm LAB.EXAMPLE"),
        (build.iakerb(realm=""), "asks the acceptor for its realm"),
        (build.iakerb(), "says that its realm is LAB.EXAMPLE"),
        (build.iakerb(b"\x04\x01x"), "that could be read"),
    ],
)
def test_iakerb_tells_the_way(data: bytes, said: str) -> None:
    """What is carried, and whether to a KDC or back."""
    assert said in token_sentence(dissect_token(data))


@pytest.mark.parametrize(
    ("role", "state", "said"),
    [
        ("acceptor", 0, "The acceptor accepts"),
        ("initiator", 0, "The initiator says that the context is complete"),
        ("acceptor", 2, "The acceptor refuses"),
        ("initiator", 2, "The initiator refuses"),
    ],
)
def test_who_says_it_is_who_sent_it(role: str, state: int, said: str) -> None:
    """Either side may send a negState; without a sender nobody is named."""
    token = dissect_token(resp_token(b"", state))
    assert token_sentence(token, role).startswith(said)
    assert "acceptor" not in token_sentence(token)
    assert "initiator" not in token_sentence(token)
    chosen = build.neg_token_resp(0, supported_mech="ntlm")
    assert token_sentence(dissect_token(chosen)).startswith("The acceptor accepts")


WHOLE = {
    "offer": build.neg_token_init(["kerberos", "ntlm"], build.ap_req()),
    "hint": build.neg_token_init2(["ntlm"]),
    "answer": build.neg_token_resp(0, response_token=build.ap_rep()),
    "negotiate": build.ntlm_negotiate(),
    "authenticate": build.ntlm_authenticate(),
    "ap-req": build.ap_req(),
    "error": build.krb_error(),
    "u2u": build.tgt_req(),
    "as-req": build.as_req(),
    "tgs-rep": build.tgs_rep(),
    "iakerb": build.iakerb(build.as_req()),
    "negoex": build.negoex(build.initiator_nego()),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_cut_off_is_not_told_as_absent(name: str) -> None:
    """Of every beginning of a token: that the rest is missing, and nothing that only the rest could deny."""
    whole = WHOLE[name]
    assert "cut off" not in token_sentence(dissect_token(whole))
    for size in range(2, len(whole)):
        token = dissect_token(whole[:size], from_acceptor=name == "hint" or None)
        if not any(anomaly.code == "truncated" for anomaly in token.findings):
            continue
        said = token_sentence(token)
        assert "cut off" in said, (size, said)
        for absent in (
            "nobody", "unknown kind", "unnamed", "no mechanism", "no token", "without a number",
            "proves nothing", "no message", "refuses with an error",
        ):  # fmt: skip
            assert absent not in said, (size, said)


def test_a_token_beyond_the_limit_is_not_told_as_cut_off() -> None:
    """It is all there, but not all of it was read."""
    said = token_sentence(dissect_token(init_token(NTLM, NTLM_NEGOTIATE + bytes(70_000))))
    assert "not read" in said
    assert "cut off" not in said
    opaque = token_sentence(dissect_token(b"\xff" * 70_000))
    assert opaque == "70,000 bytes that are no token known here. The rest is not read."


@pytest.mark.parametrize(
    ("file", "frame", "said"),
    [
        ("lab-sample/captures/hard_snap200_http_ntlm.pcap", 10, "a response that is cut off"),
        ("http/snaplen_300/capture.pcapng", 24, "a service whose name is cut off"),
        ("smb/snaplen_200/capture.pcapng", 8, "makes its offer, which is cut off"),
    ],
)
def test_cut_tokens_of_captures(file: str, frame: int, said: str) -> None:
    """Tokens behind a snap length, of real captures."""
    path = CAPTURES / file if (CAPTURES / file).exists() else ROOT.parent / "shared" / file
    if not path.exists():
        pytest.skip("not there")
    cells = read(path, tables={"tokens"}, with_secrets=True).tables.columns["tokens"]
    (token,) = [t for f, t in zip(cells["frame"], cells["token"], strict=True) if f == frame]
    assert said in token_sentence(dissect_token(bytes.fromhex(token)))


def test_an_empty_mic_proves_nothing() -> None:
    """A mechListMIC without a byte is none."""
    said = token_sentence(dissect_token(bytes.fromhex("a1063004a3020400")))
    assert "proves nothing" in said


def test_a_copied_mic_proves_nothing() -> None:
    """Windows 2000 repeats the token where the checksum belongs; a checksum is one."""
    part = build.ap_rep()
    copied = build.neg_token_resp(response_token=part, mech_list_mic=part)
    real = build.neg_token_resp(response_token=part, mech_list_mic=build.mic_cfx())
    assert "proves nothing" in token_sentence(dissect_token(copied))
    assert "proves which mechanisms" in token_sentence(dissect_token(real))


def test_every_kind_of_token_has_its_sentence() -> None:
    """A new token type needs words: only opaque bytes have none of their own."""
    kinds = {
        kind
        for kind in vars(tokens).values()
        if isinstance(kind, type) and issubclass(kind, Token) and "token_type" in vars(kind)
    } | {tokens.DeleteContextToken}
    assert kinds - set(_SENTENCES) - {Token, tokens.OpaqueToken} == set()


def test_sentences_of_our_captures_end_as_sentences_do() -> None:
    """Every token of every capture of ours; names that are not there leave no holes."""
    for path in captures():
        found = set(
            read(path, tables={"tokens"}, with_secrets=True).tables.columns["tokens"]["token"]
        )
        for token in found:
            said = token_sentence(dissect_token(bytes.fromhex(token)))
            assert said.endswith("."), said
            assert "None" not in said
            assert "  " not in said
