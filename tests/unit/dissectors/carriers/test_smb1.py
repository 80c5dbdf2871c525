"""SMB1 conversations, with and without extended security."""

from __future__ import annotations

import struct

import pytest

from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.smb import SmbCarrier

NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, ECHO = 0x72, 0x73, 0x74, 0x75, 0x2B
MORE, LOGON_FAILURE = 0xC0000016, 0xC000006D
UNICODE_NT = 0xC001
GUID = bytes(range(16))


def packet(message):
    return struct.pack(">I", len(message)) + message


def header(command, mid, uid=0, *, status=0, reply=0, flags2=UNICODE_NT, signature=b""):
    return struct.pack(
        "<4sBIBHH8sHHHHH",
        b"\xffSMB",
        command,
        status,
        reply,
        flags2,
        0,
        signature,
        0,
        0xFFFF,
        77,
        uid,
        mid,
    )


def block(words, content=b""):
    return bytes([len(words) // 2]) + words + struct.pack("<H", len(content)) + content


def extended_request(token):
    return block(
        struct.pack("<BBHHHHIHII", 0xFF, 0, 0, 4096, 1, 0, 0, len(token), 0, 0x80000000),
        token + b"\0\0OS\0",
    )


def extended_response(token, action=0):
    return block(struct.pack("<BBHHH", 0xFF, 0, 0, action, len(token)), token + b"OS\0")


def password_request(lm, nt, user, domain, *, andx=(0xFF, 0), wide=True):
    words = struct.pack("<BBHHHHIHHII", andx[0], 0, andx[1], 4096, 1, 0, 0, len(lm), len(nt), 0, 0)
    content = lm + nt
    if wide:
        content += bytes((32 + 1 + len(words) + 2 + len(content)) % 2)
        content += b"".join(
            (text + "\0").encode("utf-16-le") for text in (user, domain, "Unix", "Samba")
        )
    else:
        content += b"".join(
            (text + "\0").encode("cp437") for text in (user, domain, "Unix", "Samba")
        )
    return block(words, content)


def password_response(action=0, andx=(0xFF, 0)):
    return block(struct.pack("<BBHH", andx[0], 0, andx[1], action), b"Unix\0Samba\0LAB\0")


def negotiate_request(*names):
    return block(b"", b"".join(b"\x02" + name + b"\0" for name in names))


def negotiate_response(index=0, mode=3, capabilities=0x80000000, content=GUID + b"hint", time=99):
    words = struct.pack(
        "<HBHHIIIIQhB", index, mode, 50, 1, 16644, 65536, 0, capabilities, time, 0, 0
    )
    return block(words, content)


def tree_request(path, password=b"\0", *, at=0):
    words = struct.pack("<BBHHH", 0xFF, 0, 0, 8, len(password))
    start = 32 + at + 1 + len(words) + 2 + len(password)
    return block(
        words, password + bytes(start % 2) + (path + "\0").encode("utf-16-le") + b"?????\0"
    )


class Conversation:
    """Feeds one message per segment."""

    def __init__(self):
        self.said = []
        self.carrier = SmbCarrier(self.said.append)
        self.ends = [0, 0]
        self.frame = 0

    def send(self, side, message):
        self.frame += 1
        data = packet(message)
        self.carrier.receive(side, self.ends[side], data, self.frame, self.frame)
        self.ends[side] += len(data)

    def ask(self, command, mid, body, uid=0, **kwargs):
        self.send(CLIENT, header(command, mid, uid, **kwargs) + body)

    def answer(self, command, mid, body, uid=0, **kwargs):
        self.send(SERVER, header(command, mid, uid, reply=0x80, **kwargs) + body)

    def log_on(self, uid=100, mid=1):
        self.ask(SESSION_SETUP, mid, extended_request(b"token"))
        self.answer(SESSION_SETUP, mid, extended_response(b"reply"), uid)
        return self.said[-1].exchange


@pytest.fixture
def talk():
    return Conversation()


def test_extended_security(talk):
    """SPNEGO over SMB1: the UID joins the legs, the dialect is the version."""
    talk.ask(NEGOTIATE, 1, negotiate_request(b"LANMAN1.0", b"NT LM 0.12"))
    talk.answer(NEGOTIATE, 1, negotiate_response(1, mode=0x0F))
    talk.ask(SESSION_SETUP, 2, extended_request(b"one"))
    talk.answer(SESSION_SETUP, 2, extended_response(b"two"), 100, status=MORE)
    talk.ask(SESSION_SETUP, 3, extended_request(b"three"), 100)
    talk.answer(SESSION_SETUP, 3, extended_response(b"four"), 100)
    hint, *legs = talk.said
    assert (hint.kind, hint.token, hint.exchange) == ("hint", b"hint", None)
    assert hint.context["carrier"] == "smb1"
    assert hint.context["server_guid"] == GUID.hex()
    assert hint.context["system_time"] == 99
    assert hint.context["signing_enabled"]
    assert hint.context["signing_required"]
    assert [leg.token for leg in legs] == [b"one", b"two", b"three", b"four"]
    assert [leg.status and leg.status.verdict for leg in legs] == [
        None,
        "continue",
        None,
        "success",
    ]
    assert len({id(leg.exchange) for leg in legs}) == 1
    exchange = legs[0].exchange
    assert (exchange.carrier, exchange.carrier_version, exchange.key) == (
        "smb1",
        "NT LM 0.12",
        "uid 100",
    )
    assert exchange.mechanism is None


def test_refused_logon(talk):
    """A refusal has no token."""
    talk.ask(SESSION_SETUP, 2, extended_request(b"one"))
    talk.answer(SESSION_SETUP, 2, block(b""), 100, status=LOGON_FAILURE)
    assert talk.said[-1].token is None
    assert talk.said[-1].status.name == "STATUS_LOGON_FAILURE"
    assert talk.said[-1].anomalies == ()


def test_refused_logon_with_a_token(talk):
    """A refusal that keeps the four words of a success is read as one: it tells why."""
    reject = bytes.fromhex("a1073005a0030a0102")
    talk.ask(SESSION_SETUP, 2, extended_request(b"one"))
    talk.answer(SESSION_SETUP, 2, extended_response(reject, action=1), 100, status=LOGON_FAILURE)
    leg = talk.said[-1]
    assert (leg.token, leg.anomalies, leg.context) == (reject, (), {})
    assert leg.status.name == "STATUS_LOGON_FAILURE"


@pytest.mark.parametrize(
    ("negotiate", "setup", "said"),
    [(0x0004, 0, (True, None)), (0, 0x0010, (None, True)), (0, 0, (None, None))],
)
def test_a_clients_clear_signing_bits_say_nothing(talk, negotiate, setup, said):
    """Samba's clients leave them clear and sign all the same; bits that are set are believed."""
    talk.ask(NEGOTIATE, 1, negotiate_request(b"NT LM 0.12"), flags2=0xC803 | negotiate)
    talk.answer(NEGOTIATE, 1, negotiate_response())
    talk.ask(SESSION_SETUP, 2, extended_request(b"one"), flags2=0xC803 | setup)
    facts = talk.said[-1].exchange.context
    assert (facts.get("client_signing_enabled"), facts.get("client_signing_required")) == said


@pytest.mark.parametrize(("flags2", "listed"), [(0xC801, ("NTLM",)), (0xC001, ())])
def test_not_extended(talk, flags2, listed):
    """A logon without extended security has no token but names user and domain."""
    talk.ask(NEGOTIATE, 1, negotiate_request(b"NT LM 0.12"), flags2=flags2)
    talk.answer(NEGOTIATE, 1, negotiate_response(capabilities=0, content=b"challeng"))
    talk.ask(SESSION_SETUP, 2, password_request(b"L" * 24, b"N" * 24, "jürgen", "LAB"))
    talk.answer(SESSION_SETUP, 2, password_response(action=1), 100)
    hint, request, response = talk.said
    assert hint.token is None
    assert (
        hint.schemes == listed
    )  # nothing is the server's choice where the client asked for no more
    assert hint.context["challenge_response"] is True
    assert hint.context["plaintext"] is False
    assert request.token is None
    exchange = request.exchange
    assert (exchange.user, exchange.domain) == ("jürgen", "LAB")
    assert (exchange.mechanism, exchange.mechanism_detail) == ("ntlm", "ntlmv1")
    assert response.context == {"guest": True}
    assert response.status.verdict == "success"
    assert response.exchange is exchange


@pytest.mark.parametrize(
    ("lm", "nt", "user", "mode", "expected"),
    [
        (24, 24, "a", 3, ("ntlm", "ntlmv1")),
        (24, 120, "a", 3, ("ntlm", "ntlmv2")),
        (24, 0, "a", 3, ("ntlm", "lm")),
        (0, 24, "a", 3, ("ntlm", "ntlmv1")),
        (1, 0, "", 3, ("ntlm", "anonymous")),
        (0, 0, "", 1, ("ntlm", "anonymous")),
        (1, 0, "a", 3, ("ntlm", None)),
        (7, 0, "a", 1, ("plain", "plaintext")),
        (0, 24, "a", 1, ("plain", "plaintext")),
        (7, 0, "a", None, ("plain", "plaintext")),
        (24, 24, "a", None, ("ntlm", "ntlmv1")),
    ],
)
def test_password_lengths(talk, lm, nt, user, mode, expected):
    """The lengths of the two password fields and the server's mode tell what was run."""
    if mode is not None:
        talk.answer(
            NEGOTIATE, 1, negotiate_response(mode=mode, capabilities=0, content=b"challeng")
        )
    talk.ask(
        SESSION_SETUP,
        2,
        password_request(b"p" * lm if lm > 1 else bytes(lm), b"p" * nt, user, "LAB"),
    )
    exchange = talk.said[-1].exchange
    assert (exchange.mechanism, exchange.mechanism_detail) == expected
    assert exchange.user == user


@pytest.mark.parametrize("mode", [3, None])
def test_an_empty_password_is_none_in_clear(talk, mode):
    """A field that holds NULs alone says that there is no password, whatever its length."""
    if mode is not None:
        talk.answer(
            NEGOTIATE, 1, negotiate_response(mode=mode, capabilities=0, content=b"challeng")
        )
    talk.ask(SESSION_SETUP, 2, password_request(b"", bytes(2), "user", "LAB"))
    exchange = talk.said[-1].exchange
    assert (exchange.mechanism, exchange.mechanism_detail) == ("ntlm", None)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Engine-1843".encode("utf-16-le").rjust(23, b"\0") + b"\0", ("plain", "plaintext")),
        ("Engine-1843-and-more".encode("utf-16-le"), ("plain", "plaintext")),
        (bytes(range(7, 23)) + b"\1\1" + bytes(40), ("ntlm", "ntlmv2")),
        (bytes(range(24)), ("ntlm", "ntlmv1")),
    ],
)
def test_a_password_is_no_response_whatever_its_length(talk, field, expected):
    """Where nobody saw for which of both the server had asked, the bytes tell."""
    talk.ask(SESSION_SETUP, 2, password_request(b"", field, "ada", "NEGO"))
    exchange = talk.said[-1].exchange
    assert (exchange.mechanism, exchange.mechanism_detail) == expected


def test_password_is_not_kept(talk):
    """No message and no exchange holds the password or its responses."""
    talk.ask(SESSION_SETUP, 2, password_request(b"Pa55word", b"", "alice", "LAB"))
    assert "Pa55word" not in repr(talk.said)


def test_oem_strings(talk):
    """Without Unicode the names are in an OEM code page."""
    body = password_request(b"L" * 24, b"", "alice", "LAB", wide=False)
    talk.ask(SESSION_SETUP, 2, body, flags2=0x4001)
    assert (talk.said[0].exchange.user, talk.said[0].exchange.domain) == ("alice", "LAB")


def test_lan_manager_request(talk):
    """LAN Manager dialects have one password field and ten words."""
    words = struct.pack("<BBHHHHIHI", 0xFF, 0, 0, 4096, 1, 0, 0, 24, 0)
    talk.ask(SESSION_SETUP, 2, block(words, b"L" * 24 + b"alice\0LAB\0"), flags2=0)
    talk.answer(SESSION_SETUP, 2, password_response(), 100, flags2=0)
    exchange = talk.said[0].exchange
    assert (exchange.user, exchange.domain, exchange.mechanism_detail) == ("alice", "LAB", "lm")
    assert talk.said[1].status.layer == "dos"


@pytest.mark.parametrize(
    ("raw", "verdict", "code"),
    [(0x00020002, "failure", 2), (0x00EA0001, "continue", 234), (0, "success", 0)],
)
def test_dos_status(talk, raw, verdict, code):
    """Without NTSTATUS an answer has an error class and a code."""
    talk.ask(SESSION_SETUP, 2, extended_request(b"one"))
    talk.answer(SESSION_SETUP, 2, block(b""), 100, status=raw, flags2=0)
    status = talk.said[-1].status
    assert (status.verdict, status.code, status.layer) == (verdict, code, "dos")


def test_old_negotiate_answer(talk):
    """A LAN Manager answer tells the dialect and whether passwords travel as they are."""
    talk.ask(NEGOTIATE, 1, negotiate_request(b"PC NETWORK PROGRAM 1.0", b"LANMAN1.0"))
    talk.answer(NEGOTIATE, 1, block(struct.pack("<HH", 1, 1) + bytes(22)))
    (hint,) = talk.said
    assert hint.context["dialect"] == "LANMAN1.0"
    assert hint.context["plaintext"] is True


@pytest.mark.parametrize("words", [b"", b"\xff\xff"])
def test_no_common_dialect(talk, words):
    """Where no dialect suits there is no hint."""
    talk.answer(NEGOTIATE, 1, block(words))
    assert talk.said == []


def test_chained_tree_connect(talk):
    """SESSION_SETUP and TREE_CONNECT in one message: the status is the last command's."""
    setup = password_request(b"L" * 24, b"N" * 24, "alice", "LAB", andx=(TREE_CONNECT, 0))
    offset = 32 + len(setup)
    setup = password_request(b"L" * 24, b"N" * 24, "alice", "LAB", andx=(TREE_CONNECT, offset))
    talk.ask(SESSION_SETUP, 2, setup + tree_request("\\\\FILES\\docs", at=len(setup)))
    answer = password_response(andx=(TREE_CONNECT, 0))
    answer = password_response(andx=(TREE_CONNECT, 32 + len(answer)))
    talk.answer(SESSION_SETUP, 2, answer + block(b""), 100, status=0xC00000CC)
    request, response, after = talk.said
    assert response.status.verdict == "success"
    assert after.kind == "after"
    assert after.status.name == "STATUS_BAD_NETWORK_NAME"
    assert after.context == {"event": "tree-connect", "path": "\\\\FILES\\docs"}
    assert request.exchange.server_name == "FILES"


def test_endless_chain(talk):
    """A chain that points back at itself ends."""
    words = struct.pack("<BBHHHH", SESSION_SETUP, 0, 32, 0, 0, 0) + bytes(12)
    talk.ask(SESSION_SETUP, 2, block(words))
    assert len(talk.said) == 1


def test_tree_connect_and_logoff(talk):
    """A share names the server; the logoff ends the session."""
    exchange = talk.log_on()
    talk.ask(TREE_CONNECT, 5, tree_request("\\\\FILES\\IPC$"), 100)
    talk.answer(TREE_CONNECT, 5, block(b""), 100, status=0xC0000022)
    talk.ask(LOGOFF, 6, block(struct.pack("<BBH", 0xFF, 0, 0)), 100)
    refused, gone = talk.said[-2:]
    assert refused.context["event"] == "tree-connect"
    assert gone.context == {"event": "logoff"}
    assert refused.exchange is gone.exchange is exchange
    assert exchange.server_name == "FILES"


@pytest.mark.parametrize(
    ("signature", "counts"),
    [
        (b"\x01\x02\x03\x04\x05\x06\x07\x08", (1, 0)),
        (b"BSRSPYL ", (0, 1)),
        (b"BSRSPYL\0", (0, 1)),
        (b"", (0, 1)),
    ],
)
def test_signatures_are_counted_by_the_field(talk, signature, counts):
    """A signature is what stands in its field, whatever the flag says."""
    exchange = talk.log_on()
    talk.ask(ECHO, 5, block(b""), 100, signature=signature)
    talk.ask(ECHO, 6, block(b""), 101, signature=signature)
    assert (exchange.signed_messages, exchange.plain_messages) == counts


def test_reauthentication(talk):
    """An established UID that sets itself up again is another exchange."""
    first = talk.log_on()
    talk.ask(SESSION_SETUP, 5, extended_request(b"again"), 100)
    second = talk.said[-1].exchange
    assert second is not first
    assert second.reauthentication


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (block(bytes(6)), "malformed-message"),
        (b"", "malformed-message"),
        (b"\x0c\xff", "malformed-message"),
        (extended_request(b"token")[:-9], "bad-length"),
        (password_request(bytes(24), bytes(24), "a", "b")[:50], "bad-length"),
    ],
)
def test_malformed_request(talk, body, code):
    """A broken session setup is still a leg, with its fault."""
    talk.ask(SESSION_SETUP, 2, body)
    (leg,) = talk.said
    assert [a.code for a in leg.anomalies] == [code]


def test_client_cannot_answer_itself(talk):
    """A success that the client sends is left alone."""
    talk.ask(SESSION_SETUP, 2, extended_request(b"token"))
    talk.ask(SESSION_SETUP, 2, extended_response(b"reply"), 100, reply=0x80)
    assert len(talk.said) == 2
    assert talk.said[1].anomaly.code == "malformed-message"


def test_tree_connect_without_words(talk):
    """A TREE_CONNECT that ends early leaves the server's name alone."""
    exchange = talk.log_on()
    talk.ask(TREE_CONNECT, 5, block(b""), 100)
    assert exchange.server_name is None


def test_unterminated_name(talk):
    """Names that end with the message are read as far as they go; missing ones stay unknown."""
    words = struct.pack("<BBHHHHIHHII", 0xFF, 0, 0, 4096, 1, 0, 0, 0, 24, 0, 0)
    content = bytes(25) + "al".encode("utf-16-le")
    talk.ask(SESSION_SETUP, 2, block(words, content))
    exchange = talk.said[0].exchange
    assert (exchange.user, exchange.domain) == ("al", None)


def test_hint_cut_by_its_message(talk):
    """A hint longer than its message keeps what is there and says so."""
    talk.answer(NEGOTIATE, 1, negotiate_response()[:-2])
    (hint,) = talk.said
    assert hint.token == b"hi"
    assert [a.code for a in hint.anomalies] == ["bad-length"]
