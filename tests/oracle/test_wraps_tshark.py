"""Per-message tokens and NegoEx messages, field by field against the tshark that is installed."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.captured import captured_tokens
from support.messages import KERBEROS, ap_req, authorization, der, http, init_token
from support.packets import Conversation, pcapng

from dissectors.span import Field
from dissectors.tokens import dissect_token
from dissectors.tokens.model import Token

ROOT = Path(__file__).resolve().parents[2]
AMONG, UNIT = "\x1e", "\x1f"  # between fields, between the values of one field
NEGOEX = bytes.fromhex("060a2b06010401823702021e")
PKU2U = bytes.fromhex("5c33530deaf90d4db2ec4ae3786ec308")
SEQUENCE = bytes.fromhex("0000000012345678")


def little_endian(value: Any, raw: bytes) -> str:
    """Two octets as tshark prints token ids."""
    del value
    return str(int.from_bytes(raw, "little"))


def octets(value: Any, raw: bytes) -> str:
    """The field's bytes in hex."""
    del value
    return raw.hex()


def plain(value: Any, raw: bytes) -> str:
    """The value itself."""
    del raw
    return str(int(value)) if isinstance(value, int) else str(value)


NAMES: dict[str, tuple[str, Callable[[Any, bytes], str]]] = {
    "TOK_ID": ("spnego.krb5.tok_id", little_endian),
    "Flags": ("spnego.krb5.cfx_flags", plain),
    "SentByAcceptor": ("spnego.krb5.send_by_acceptor", plain),
    "Sealed": ("spnego.krb5.sealed", plain),
    "AcceptorSubkey": ("spnego.krb5.acceptor_subkey", plain),
    "EC": ("spnego.krb5.cfx_ec", plain),
    "RRC": ("spnego.krb5.cfx_rrc", plain),
    "SGN_ALG": ("spnego.krb5.sgn_alg", plain),
    "SEAL_ALG": ("spnego.krb5.seal_alg", plain),
    "Confounder": ("spnego.krb5.confounder", octets),
    "MessageType": ("negoex.message.type", plain),
    "SequenceNum": ("negoex.message.seq_num", plain),
    "cbHeaderLength": ("negoex.header.len", plain),
    "cbMessageLength": ("negoex.message.len", plain),
    "ConversationId": ("negoex.message.conv_id", plain),
    "Random": ("negoex.message.random", octets),
    "ProtocolVersion": ("negoex.proto_version", plain),
    "AuthSchemeArrayOffset": ("negoex.auth_scheme_array_offset", plain),
    "AuthSchemeCount": ("negoex.auth_scheme_array_count", plain),
    "ExtensionArrayOffset": ("negoex.extension_array_offset", plain),
    "ExtensionCount": ("negoex.extension_array_count", plain),
    "AuthScheme": ("negoex.auth_scheme", plain),
    "Exchange": ("negoex.exchange", octets),
    "ChecksumScheme": ("negoex.checksum_scheme", plain),
    "ChecksumType": ("negoex.checksum_type", plain),
    "ChecksumValue": ("negoex.checksum", octets),
    "ErrorCode": ("negoex.errorcode", plain),
}
FIELDS = [
    *dict.fromkeys(field for field, _ in NAMES.values()),
    *("spnego.krb5.cfx_seq", "spnego.krb5.snd_seq"),
]


def negoex(number: int, body: bytes, header: int, sequence: int) -> bytes:
    words = struct.pack("<IIII", number, sequence, header, 40 + len(body))
    return b"NEGOEXTS" + words + bytes(range(16)) + body


def nego() -> bytes:
    return negoex(
        0, b"R" * 32 + bytes(8) + struct.pack("<IHHIHH", 96, 1, 0, 0, 0, 0) + PKU2U, 96, 0
    )


def exchange(number: int, content: bytes, sequence: int) -> bytes:
    return negoex(number, PKU2U + struct.pack("<II", 64, len(content)) + content, 64, sequence)


def verify() -> bytes:
    words = struct.pack("<IIIII", 20, 1, 16, 80, 12)
    return negoex(6, PKU2U + words + bytes(4) + b"c" * 12, 80, 2)


def alert() -> bytes:
    head = PKU2U + struct.pack("<IIHH", 0xC000006D, 72, 1, 0) + bytes(4)
    return negoex(7, head + struct.pack("<IIIII", 1, 84, 8, 8, 1), 72, 3)


REQUEST = ap_req(b"LAB.EXAMPLE", (b"HTTP", b"web"), b"t" * 40, b"a" * 30)
TOKENS = {
    "offer and meta-data": init_token(NEGOEX, nego() + exchange(2, b"opaque", 1)),
    "AP-REQ of a scheme": init_token(NEGOEX, exchange(5, REQUEST, 2)),
    "VERIFY and ALERT": init_token(NEGOEX, verify() + alert()),
    "unsealed RC4": der(
        0x60, KERBEROS, bytes.fromhex("0201 1100 ffff ffff"), b"q" * 16, b"C" * 8, b"text\1"
    ),
    "sealed DES3": der(
        0x60, KERBEROS, bytes.fromhex("0201 0400 0200 ffff"), b"q" * 28, b"sealed data"
    ),
    "MIC of RFC 1964": der(0x60, KERBEROS, bytes.fromhex("0101 1100 ffffffff"), b"q" * 16),
}


@pytest.fixture(scope="module", autouse=True)
def _tshark() -> None:
    if shutil.which("tshark") is None:
        if any(os.environ.get(name) for name in ("CI", "NEGOSCOPE_REQUIRE_TSHARK")):
            pytest.fail("tshark is not installed, and this run requires it")
        pytest.skip("tshark is not installed")


def theirs(path: Path, wanted: str) -> list[dict[str, list[str]]]:
    """What tshark says of each frame that passes a filter; numbers in decimal, truth as 1."""
    command = ["tshark", "-n", "-r", str(path), "-Y", wanted, "-T", "fields"]
    command += ["-E", "occurrence=a", "-E", f"separator={AMONG}", "-E", f"aggregator={UNIT}"]
    for field in FIELDS:
        command += ["-e", field]
    home = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent", "HOME": "/nonexistent"}  # no profile
    done = subprocess.run(command, capture_output=True, env=home, check=True, text=True)
    rows = []
    for line in done.stdout.rstrip("\n").split("\n"):
        cells = dict(zip(FIELDS, line.split(AMONG), strict=True))
        rows.append({f: sorted(map(number, t.split(UNIT))) for f, t in cells.items() if t})
    return rows


def number(text: str) -> str:
    """A number as decimal text, whatever its form."""
    if text in {"True", "False"}:
        return str(int(text == "True"))
    return str(int(text, 16)) if text.startswith("0x") else text


def ours(token: Token) -> dict[str, list[str]]:
    """The same from our tree."""
    found = defaultdict(list)
    for field in token.fields:
        raw = token.bytes_of(field)
        above, _, name = field.path.rpartition(".")
        if name == "SND_SEQ":
            old = field.value is None
            found["spnego.krb5.snd_seq" if old else "spnego.krb5.cfx_seq"].append(
                raw.hex() if old else str(field.value)
            )
        elif name in NAMES and known(field):
            their, show = NAMES[name]
            found[their].append(show(field.value, raw))
        elif above.endswith("AuthSchemes"):
            found["negoex.auth_scheme"].append(str(field.value))
    return {field: sorted(values) for field, values in found.items()}


def known(field: Field) -> bool:
    """Whether tshark goes into it: alerts are bytes to it, and so is what schemes exchange."""
    return "AlertValue" not in field.path and ".Exchange." not in field.path


@pytest.mark.parametrize("name", TOKENS)
def test_built_tokens(name: str, tmp_path: Path) -> None:
    """What a token says to us it says to tshark, every element of its headers."""
    said = http(b"GET / HTTP/1.1", b"Host: a", authorization(b"Negotiate", TOKENS[name]))
    path = tmp_path / "token.pcapng"
    path.write_bytes(pcapng(Conversation(80).client(said).close().packets))
    (row,) = theirs(path, "http.request")
    mine = ours(dissect_token(TOKENS[name]))
    assert b64encode(TOKENS[name]) in said
    if name == "AP-REQ of a scheme":
        assert mine.pop("spnego.krb5.tok_id", None) is None
    assert mine == row


@pytest.mark.parametrize(
    "case", ["gssapi_none", "gssapi_sign", "gssapi_seal", "samba_kerberos_seal"]
)
def test_captured_wraps(case: str) -> None:
    """Of the Wrap tokens that tshark shows in our captures, it shows what we show."""
    path = ROOT / "captures" / "ldap" / case / "capture.pcapng"
    rows = theirs(path, "spnego.krb5.cfx_flags")
    mine = [ours(token) for token in captured_tokens(path) if token.token_type == "GSS_WRAP"]
    assert rows
    left = list(mine)
    for row in rows:
        assert row in left, row
        left.remove(row)
    assert len(left) <= 2  # the client's choice of a layer, which tshark leaves in its bind request
