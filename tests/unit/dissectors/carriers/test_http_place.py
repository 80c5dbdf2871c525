"""Where in the stream the characters of a header's token stand."""

from base64 import urlsafe_b64encode

import pytest
from support.http_talk import INIT, NTLM1, NTLM2, RESP, Wire, b64, get, message, refuse

from dissectors.carriers.base import CLIENT
from dissectors.span import Span

ODD = b"NTLMSSP\x00\x01\xff\xfe\xfd\x00"  # its base64 has characters of both alphabets, and padding


def characters(sent, said):
    """What stands where the message says that its token does."""
    runs = said.runs or (said.token_span,)
    assert (runs[0].start, runs[-1].end) == said.token_span
    return [sent[slice(*run)] for run in runs]


def told(data, size=None):
    """The messages with a token in what the client sent."""
    return [m for m in Wire().client(data, size).messages if m.token]


@pytest.mark.parametrize("size", [None, 1, 3, 50])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"NTLM " + b64(ODD), [b64(ODD)]),
        (b"  NTLM \t " + b64(ODD) + b" \t", [b64(ODD)]),
        (b"ntlm " + b64(ODD).rstrip(b"="), [b64(ODD).rstrip(b"=")]),
        (b"NTLM " + urlsafe_b64encode(ODD), [urlsafe_b64encode(ODD)]),
        (b"NTLM\r\n " + b64(ODD), [b64(ODD)]),
        (b"\r\n\tNTLM " + b64(ODD), [b64(ODD)]),
        (b"NTLM TlRMTVNT\r\n   UAAB//79AA==", [b"TlRMTVNT", b"UAAB//79AA=="]),
        (b"NTLM TlRMTVNTU\r\n AAB\r\n //79AA\r\n ==", [b"TlRMTVNTU", b"AAB", b"//79AA", b"=="]),
        (b"NTLM TlRM TVNT\tUAAB//79AA", [b"TlRM", b"TVNT", b"UAAB//79AA"]),
        (b"NTLM TlRM\rTVNTUAAB//79AA==", [b"TlRM", b"TVNTUAAB//79AA=="]),
    ],
)
def test_characters_of_credentials(value, expected, size):
    """White space at any place is none of them; padding is."""
    sent = get(b"Accept: */*", b"Authorization:" + value)
    (said,) = told(sent, size)
    assert said.token == ODD
    assert said.base64
    assert characters(sent, said) == expected
    assert bool(said.runs) == (len(expected) > 1)


@pytest.mark.parametrize("size", [None, 1])
def test_each_of_several_challenges_has_its_own_place(size):
    """In one field or in many, beside others whose parameters look alike."""
    answer = refuse(
        b'Basic realm="a, Negotiate AAAA", Negotiate ' + b64(RESP) + b", NTLM " + b64(NTLM2),
        b"Kerberos " + b64(INIT),
    )
    wire = Wire().client(get()).server(answer, size)
    places = {m.token: characters(answer, m) for m in wire.messages if m.token}
    assert places == {token: [b64(token)] for token in (RESP, NTLM2, INIT)}


def test_equal_challenges_of_a_field_are_told_in_the_place_of_the_first():
    """Nothing tells them apart."""
    answer = refuse(b"NTLM " + b64(NTLM2) + b", NTLM " + b64(NTLM2))
    said = [m for m in Wire().client(get()).server(answer).messages if m.token]
    assert {m.token_span.start for m in said} == {answer.index(b64(NTLM2))}


def test_a_token_in_authentication_info():
    """The acceptor's last word stands beside parameters of other schemes."""
    info = b"Authentication-Info: Negotiate " + b64(RESP)
    answer = message(b"HTTP/1.1 200 OK", info, body=b"x")
    wire = Wire().client(get(b"Authorization: Negotiate " + b64(INIT))).server(answer)
    assert [characters(answer, m) for m in wire.messages if m.token == RESP] == [[b64(RESP)]]


def test_offsets_go_on_behind_earlier_messages():
    """They count in the stream, not in the header block."""
    first, second = get(body=b"x" * 70_000), get(b"Authorization: NTLM " + b64(NTLM1))
    (said,) = told(first + second, 1000)
    assert characters(first + second, said) == [b64(NTLM1)]


def test_frames_are_those_of_the_characters():
    """A segment that ends before the token, or begins behind it, carries nothing of it."""
    sent = get(b"Authorization: NTLM " + b64(ODD) + b"  ")
    start = sent.index(b64(ODD))
    wire = Wire()
    for begin, end in ((0, start), (start, start + 9), (start + 9, start + 20), (start + 20, None)):
        wire.client(sent[begin:end])
    (said,) = wire.messages
    assert said.frames == (2, 3)
    assert said.carried == ((start, 2), (start + 9, 3))
    whole = Wire().client(sent[: start - 2]).client(sent[start - 2 :])
    assert [m.frames for m in whole.messages] == [(2,)]


@pytest.mark.parametrize("there", range(8, 21))
def test_characters_that_hold_a_cut_token(there):
    """A lone character behind whole bytes holds nothing of them; lost padding is not missed."""
    sent = get(b"Authorization: NTLM " + b64(ODD))
    start = sent.index(b64(ODD))
    wire = Wire().client(sent[: start + there], 7).lose(CLIENT, 500).end()
    (said,) = wire.messages
    whole, over = divmod(min(there, 18), 4)
    kept = 4 * whole + (over if over > 1 else 0)
    assert said.token == ODD[: kept * 3 // 4]
    padding = max(there - 18, 0)
    assert said.token_span == Span(start, start + kept + padding)


def test_no_token_no_place():
    """Neither empty credentials nor what is no base64 lies anywhere."""
    for line in (b"Authorization: NTLM", b"Authorization: NTLM ====", b"Authorization: NTLM !"):
        for said in Wire().client(get(line)).messages:
            assert (said.token or None, said.token_span, said.base64) == (None, None, False)
