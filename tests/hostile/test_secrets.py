"""No password, response, ticket or key leaves us unless it was asked for, in any shape."""

from __future__ import annotations

import shutil
from base64 import b64encode

import pytest
from support.kdc_talk import over_tcp
from support.messages import (
    KERBEROS,
    NTLM,
    NTLM_NEGOTIATE,
    ap_req,
    authorization,
    bind_response,
    http,
    init_token,
    netbios,
    ntlm_authenticate,
    ntlm_challenge,
    resp_token,
    sasl_bind,
    session_setup,
    simple_bind,
    smb1_logon,
)
from support.outputs import command_line, crosschecked, frames, outputs
from support.packets import Conversation, pcapng

from analyzer.crosscheck import columns, leaves
from dissectors.tokens.build import kdc


def canary(name: str, size: int) -> bytes:
    """Printable bytes that stand nowhere else."""
    return f"Kanarie-{name}-".encode().ljust(size, b"x")


SECRETS = {
    name: canary(name, size)
    for name, size in {
        "basic": 20, "simple": 21, "smb1": 22, "plain": 19, "challenge": 8, "lm": 24, "nt": 90,
        "key": 16, "ticket": 300, "authenticator": 120, "cookie": 24,
        "granted": 200, "reply": 150, "proof": 60,
    }.items()
}  # fmt: skip
SECRETS["challenge"] = b"Kan%rie8"
ALICE = "alice".encode("utf-16-le")


def capture() -> bytes:
    """One logon of each kind."""
    challenge = ntlm_challenge(SECRETS["challenge"], "DOM".encode("utf-16-le"))
    authenticate = ntlm_authenticate(
        ALICE,
        nt=SECRETS["nt"],
        lm=SECRETS["lm"],
        key=SECRETS["key"],
        domain="DOM".encode("utf-16-le"),
    )
    request = ap_req(b"LAB.EXAMPLE", (b"HTTP", b"web"), SECRETS["ticket"], SECRETS["authenticator"])
    basic = b"alice:" + SECRETS["basic"]
    plain = b"\0alice\0" + SECRETS["plain"]
    unauthorized = b"HTTP/1.1 401 Unauthorized"
    get, cookie = b"GET / HTTP/1.1", b"Cookie: a=" + SECRETS["cookie"]
    talks = [
        Conversation(80, client_port=1001)
        .client(http(get, b"Host: web", cookie, authorization(b"Basic", basic)))
        .server(http(b"HTTP/1.1 200 OK")),
        Conversation(80, client_port=1002)
        .client(http(get, authorization(b"NTLM", NTLM_NEGOTIATE)))
        .server(http(unauthorized, b"WWW-Authenticate: NTLM " + b64encode(challenge)))
        .client(http(get, authorization(b"NTLM", authenticate)))
        .server(http(unauthorized, b"WWW-Authenticate: NTLM")),
        Conversation(80, client_port=1003)
        .client(http(get, authorization(b"Negotiate", init_token(KERBEROS, request))))
        .server(http(b"HTTP/1.1 200 OK")),
        Conversation(389, client_port=1004)
        .client(simple_bind(b"cn=alice", SECRETS["simple"]))
        .server(bind_response(49, b"data 52e")),
        Conversation(389, client_port=1005)
        .client(sasl_bind(b"PLAIN", plain))
        .server(bind_response()),
        Conversation(389, client_port=1006)
        .client(sasl_bind(b"GSS-SPNEGO", init_token(NTLM, NTLM_NEGOTIATE)))
        .server(bind_response(14, token=resp_token(challenge, 1)))
        .client(sasl_bind(b"GSS-SPNEGO", resp_token(authenticate), 2))
        .server(bind_response(number=2)),
        Conversation(445, client_port=1007).client(smb1_logon(b"alice", SECRETS["smb1"])),
        Conversation(445, client_port=1008).client(netbios(session_setup(authenticate))),
        Conversation(80, client_port=1009)
        .client(http(get, authorization(b"Negotiate", request)))
        .server(http(b"HTTP/1.1 200 OK")),
        Conversation(88, client_port=1010)
        .client(over_tcp(kdc.as_req(padata=[kdc.pa_enc_timestamp(cipher=SECRETS["proof"])])))
        .server(over_tcp(kdc.as_rep(ticket_cipher=SECRETS["granted"], cipher=SECRETS["reply"]))),
    ]
    return pcapng([packet for talk in talks for packet in talk.close().packets])


@pytest.fixture
def path(tmp_path):
    """The capture as a file."""
    target = tmp_path / "secrets.pcapng"
    target.write_bytes(capture())
    return target


def shapes(secret: bytes) -> set[str]:
    """A secret as text, hex, UTF-16 hex, reversed, and in base64 at every alignment."""
    found = {secret.decode(), secret.decode()[::-1], secret.hex(), secret.hex(" "), secret.hex(":")}
    found |= {secret.decode().encode("utf-16-le").hex(), repr(list(secret))[1:-1]}
    for lead in range(3):  # the characters that do not depend on the neighbours
        found.add(
            b64encode(bytes(lead) + secret + bytes(3 - (lead + len(secret)) % 3))[4:-8].decode()
        )
    return {shape for shape in found if len(shape) >= 8} | {secret.hex().upper()}


def leaks(text: str) -> set[str]:
    """Names of the secrets in a text; line breaks and spaces of dumps hide nothing."""
    squeezed = "".join(text.split())
    return {
        name
        for name, secret in SECRETS.items()
        for shape in shapes(secret)
        if shape in text or "".join(shape.split()) in squeezed
    }


def test_no_command_tells_a_secret(path):
    """Every command and format."""
    seen = 0
    for words, text in outputs(path):
        assert not leaks(text), words
        seen += "alice" in text
    assert seen >= 6  # the names are there all the same


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("differing", ["as it is", "all bytes", "all unpaired"])
def test_no_difference_tells_a_secret(path, monkeypatch, differing):
    """Neither side's values, even if nothing were the same for both or everything had only one side."""
    if differing == "all bytes":
        monkeypatch.setattr(leaves, "_content_start", lambda _ours, _theirs: None)
        monkeypatch.setattr(columns, "_equal", lambda _ours, _theirs: False)
    elif differing == "all unpaired":
        monkeypatch.setattr(leaves, "zip_longest", unpaired)
    for words, text in crosschecked(path):
        assert not leaks(text), words
        if differing != "as it is":
            for field in (
                "LmChallengeResponse",
                "NtChallengeResponse",
                "ServerChallenge",
                "cipher",
            ):
                assert f"{field}" in text, (words, field)
            assert text.count("sha256") > 20


def unpaired(ours, theirs):
    """Each by itself."""
    return [*((field, None) for field in ours), *((None, node) for node in theirs)]


def test_no_representation_tells_a_secret(path):
    """Frames, and what Python shows of analyses, negotiations, steps, tokens and messages."""
    for words, text in frames(path):
        assert not leaks(text), words


def test_no_secret_in_a_traceback(path):
    """The objects behind the steps hide their bytes too."""
    from analyzer.analysis import read

    analysis = read(path)
    for number in analysis.tables.columns["negotiations"]["negotiation_id"]:
        for step in analysis.negotiation(number).steps:
            for part in (step, step.message, step.token, step.message.exchange, step.status):
                assert not leaks(repr(part)), type(part).__name__
            if step.token is not None:
                assert not leaks(repr(step.token.fields)), "fields"


def test_the_canaries_would_sing(path):
    """With secrets the tokens' bytes are told: the search would find them; the KDC's talk is read."""
    status, text, _ = command_line("kdc", str(path), "--columns", "preauth,ticket_etype,cname")
    assert (status, text.count("encrypted-timestamp"), text.count("alice")) == (0, 1, 1)
    status, text, _ = command_line("tokens", str(path), "--format", "jsonl", "--with-secrets")
    assert status == 0
    assert leaks(text) >= {"nt", "lm", "key", "ticket", "authenticator", "challenge"}
    assert leaks(" ".join(SECRETS["nt"].hex())) == {"nt"}


def test_explaining_a_token_tells_no_secret():
    """`token` shows lengths, not bytes; of the bytes dots."""
    token = ntlm_authenticate(ALICE, nt=SECRETS["nt"], lm=SECRETS["lm"], key=SECRETS["key"])
    ticket = ap_req(b"LAB", (b"HTTP",), SECRETS["ticket"], SECRETS["authenticator"])
    for data in (token, ticket, init_token(KERBEROS, ticket), ntlm_challenge(SECRETS["challenge"])):
        for more in ([], ["--hex"]):
            status, text, err = command_line("token", b64encode(data).decode(), *more)
            assert status == 0
            assert not leaks(text + err)
