"""What protects a logon and what follows it, from captures and from single facts."""

from __future__ import annotations

import struct
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from support.messages import netbios, smb2

from analyzer.analysis import read
from analyzer.capture.model import Stream
from analyzer.negotiation.model import Negotiation
from analyzer.negotiation.protection import describe_protection
from analyzer.pipeline import DecryptedReader, Options, StreamReader
from dissectors.carriers.base import Exchange
from dissectors.tokens.model import KrbApRep, KrbApReq, KrbCred, Token

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


def cells(name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of the negotiations of one of the project's captures."""
    found = read(CAPTURES / name / "capture.pcapng", tables=["negotiations"]).tables.columns
    return list(zip(*(found["negotiations"][column] for column in columns), strict=True))


@pytest.mark.parametrize(
    ("name", "client", "server"),
    [
        ("smb/smb311_ntlm", "enabled", "required"),
        ("smb/signing_off", "enabled", "enabled"),
        ("smb/raw_ntlm", "required", "required"),
        ("smb/nt1_ntlm", None, "required"),
        ("smb/nt1_no_extended_security", None, "disabled"),
        ("smb/mid_stream", "enabled", None),
        ("ldap/samba_ntlm_sign", None, None),
    ],
)
def test_both_sides_say_what_they_think_of_signing(
    name: str, client: str | None, server: str | None
) -> None:
    """SMB's SecurityMode; of SMB1's client only bits that are set count; others have no such word."""
    assert set(cells(name, "client_signing", "server_signing")) == {(client, server)}


@pytest.mark.parametrize(
    ("name", "protection", "signed", "sealed"),
    [
        ("smb/smb311_ntlm", "sign", 23, 0),
        ("smb/nt1_ntlm", "sign", 14, 0),  # by the field: Flags2 has no signing bit
        ("smb/nt1_no_extended_security", "none", 0, 0),
        ("smb/seal_ntlm", "seal", 0, 24),
        ("smb/guest", "none", 0, 0),
        ("smb/lost_challenge", "sign", 23, 0),
        ("ldap/samba_kerberos_sign", "sign", 6, 0),
        ("ldap/samba_kerberos_seal", "seal", 0, 6),
        ("ldap/samba_ntlm_sign", "seal", 0, 6),  # asked for signing, agreed on sealing
        ("ldap/openldap_digest_md5", "seal", 0, 4),
        ("ldap/openldap_digest_md5_sign", "sign", 4, 0),
        ("ldap/gssapi_sign", "sign", 3, 0),
        ("ldap/gssapi_none", "none", 0, 0),
    ],
)
def test_what_the_session_really_used(name: str, protection: str, signed: int, sealed: int) -> None:
    """Counted from the messages, never taken from what was asked for."""
    columns = ("protection", "signed_messages", "sealed_messages")
    assert cells(name, *columns) == [(protection, signed, sealed)]


@pytest.mark.parametrize(
    ("name", "version", "protection"),
    [
        ("ldap/gssapi_none", None, 30),
        ("ldap/gssapi_sign", None, 30),
        ("smb/nt1_ntlm", 6, 12),
        ("smb/nt1_no_extended_security", 6, 10),
        ("smb/guest", 15, 20),
        ("http/ntlm", None, None),  # the answer itself is outside any protection
    ],
)
def test_which_frame_shows_version_and_protection(
    name: str, version: int | None, protection: int | None
) -> None:
    """SMB's NEGOTIATE response, and the first message after the logon; read in Wireshark."""
    assert cells(name, "version_frame", "protection_frame") == [(version, protection)]


def test_ticket_and_session_key_have_their_own_types() -> None:
    """An RC4 ticket may come with an AES session key."""
    for name, ticket in (("http/fallback_etype", None), ("http/des_ticket", "des-cbc-md5")):
        for found, session in cells(name, "ticket_etype", "session_etype"):
            assert (found is None) == (session is None)
            assert ticket in {None, found}
    mixed = cells("http/proxy_kerberos", "ticket_etype", "session_etype")
    assert ("arcfour-hmac-md5", "aes256-cts-hmac-sha1-96") in mixed


def described(carrier: str, *tokens: Token, mechanism: str | None = None) -> Negotiation:
    """A negotiation in which these mechanism tokens were seen."""
    made = Negotiation(None, Exchange(carrier), carrier, mechanism=mechanism)  # type: ignore[arg-type]
    describe_protection(made, [(None, token) for token in tokens])  # type: ignore[misc]
    return made


def test_delegation_is_told_only_where_it_is_seen() -> None:
    """NTLM has none; Kerberos hides it in the authenticator; a KRB-CRED in clear shows it."""
    large = KrbApReq(raw=b"", authenticator_length=3000)
    assert described("smb2", mechanism="ntlm").delegation is False
    assert described("smb2", large, mechanism="kerberos").delegation is None
    assert described("smb2", KrbCred(raw=b""), mechanism="kerberos").delegation is True


def test_the_answer_tells_the_session_key_where_the_request_is_missing() -> None:
    """AP-REP is sealed with the same key as the authenticator."""
    reply, request = KrbApRep(raw=b"", etype=17), KrbApReq(raw=b"", authenticator_etype=18)
    assert described("smb2", reply).session_etype == 17
    assert described("smb2", request, reply).session_etype == 18
    assert described("smb2").session_etype is None


class Rows:
    """A sink that keeps negotiations."""

    def __init__(self) -> None:
        self.rows: list[Negotiation] = []

    def negotiation(self, negotiation: Negotiation) -> None:
        """Keep it."""
        self.rows.append(negotiation)

    def _ignore(self, *_: object) -> None:
        """Not looked at."""

    token = schemes = anomaly = surrounding = _ignore


LISTED = bytes.fromhex(
    "604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa32a3028a0261b24"
) + (b"not_defined_in_RFC4178@please_ignore")
REQUEST = b"GET / HTTP/1.1\r\nAuthorization: NTLM " + b64encode(b"NTLMSSP\0\1\0\0\0" + bytes(20))


@pytest.mark.parametrize(("reader", "tls"), [(StreamReader, False), (DecryptedReader, True)])
def test_tls_is_told_of_every_negotiation(reader: type[StreamReader], tls: bool) -> None:
    """True inside TLS that was decrypted, false on the open line."""
    sink = Rows()
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 443, 1, 0, "syn")
    reading = reader(stream, sink, Options())
    reading.deliver(0, 0, REQUEST + b"\r\n\r\n", 1, 1000)
    reading.end(None, "capture-end", 2, 2000)
    (row,) = sink.rows
    assert row.tls is tls


@pytest.mark.parametrize(("reader", "tls"), [(StreamReader, False), (DecryptedReader, True)])
def test_tls_is_told_of_a_hint_alone(reader: type[StreamReader], tls: bool) -> None:
    """A server's list that nobody took up has no exchange, but a place all the same."""
    fixed = struct.pack("<HHHH16s16xQQHHI", 65, 3, 0x0311, 0, b"", 0, 0, 128, len(LISTED), 0)
    sink = Rows()
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 445, 1, 0, "syn")
    reading = reader(stream, sink, Options())
    reading.deliver(1, 0, netbios(smb2(0, fixed + LISTED, flags=1)), 1, 1000)
    reading.end(None, "capture-end", 2, 2000)
    (row,) = sink.rows
    assert row.exchange is None
    assert (row.tls, row.server_signing) == (tls, "required")


def test_nobody_knows_what_lies_around_a_carrier_that_was_not_seen() -> None:
    """Tokens without their carrier may have come through anything."""
    assert described("unknown").tls is None
