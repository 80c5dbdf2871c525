"""Messages made by hand: DER, SPNEGO, NTLM, Kerberos, and the carriers around them.

Spec: X.690, RFC 4178, MS-NLMP 2.2.1, RFC 4120 5.5.1, RFC 4511 4.2, MS-SMB2 2.2.5, MS-CIFS 2.2.4.53.
"""

from __future__ import annotations

import struct
from base64 import b64encode

SPNEGO = bytes.fromhex("06062b0601050502")
NTLM = bytes.fromhex("060a2b06010401823702020a")
KERBEROS = bytes.fromhex("06092a864886f712010202")


def der(tag: int, *parts: bytes) -> bytes:
    """One TLV."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def bind(token: bytes) -> bytes:
    """An LDAP bind with a GSS-API token."""
    return sasl_bind(b"GSS-SPNEGO", token)


def smb2(command: int, body: bytes, *, flags: int = 0, following: int = 0) -> bytes:
    """One SMB2 message."""
    head = b"\xfeSMB" + struct.pack(
        "<HHIHHIIQIIQ", 64, 0, 0, command, 1, flags, following, 1, 0, 0, 1
    )
    return head + bytes(16) + body


def netbios(message: bytes) -> bytes:
    """A message over direct TCP."""
    return struct.pack(">I", len(message)) + message


def session_setup(token: bytes) -> bytes:
    """A SESSION_SETUP request."""
    return smb2(1, struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(token), 0) + token)


def ldap(operation: bytes, number: int = 1) -> bytes:
    """An LDAPMessage."""
    return der(0x30, der(2, bytes([number])), operation)


def simple_bind(name: bytes, password: bytes, number: int = 1) -> bytes:
    """A simple bind."""
    return ldap(der(0x60, der(2, b"\3"), der(4, name), der(0x80, password)), number)


def sasl_bind(mechanism: bytes, credentials: bytes, number: int = 1) -> bytes:
    """A SASL bind."""
    sasl = der(0xA3, der(4, mechanism), der(4, credentials))
    return ldap(der(0x60, der(2, b"\3"), der(4), sasl), number)


def bind_response(code: int = 0, text: bytes = b"", token: bytes = b"", number: int = 1) -> bytes:
    """A BindResponse."""
    parts = der(10, bytes([code])), der(4), der(4, text), der(0x87, token) if token else b""
    return ldap(der(0x61, *parts), number)


def init_token(mechanism: bytes, token: bytes) -> bytes:
    """A NegTokenInit that offers one mechanism and its token."""
    init = der(0x30, der(0xA0, der(0x30, mechanism)), der(0xA2, der(4, token)))
    return der(0x60, SPNEGO, der(0xA0, init))


def resp_token(token: bytes, state: int | None = None) -> bytes:
    """A NegTokenResp."""
    said = b"" if state is None else der(0xA0, der(10, bytes([state])))
    return der(0xA1, der(0x30, said, der(0xA2, der(4, token)) if token else b""))


NTLM_NEGOTIATE = b"NTLMSSP\0\1\0\0\0" + struct.pack("<I", 0xE2088297) + bytes(24)


def ntlm_challenge(challenge: bytes, target: bytes = b"") -> bytes:
    """A CHALLENGE_MESSAGE; `target` is UTF-16."""
    size = len(target)
    info = struct.pack("<HH", 2, size) + target + bytes(4)
    head = b"NTLMSSP\0\2\0\0\0" + struct.pack("<HHI", size, size, 56)
    head += struct.pack("<I", 0xE2898215) + challenge + bytes(8)
    head += struct.pack("<HHI", len(info), len(info), 56 + size) + b"\x0a\0\x61\x4a\0\0\0\x0f"
    return head + target + info


def ntlm_authenticate(
    user: bytes,
    domain: bytes = b"",
    workstation: bytes = b"",
    nt: bytes = b"",
    lm: bytes = b"",
    key: bytes = b"",
) -> bytes:
    """An AUTHENTICATE_MESSAGE; names are UTF-16."""
    at, fields, payload = 88, b"", b""
    for value in (lm, nt, domain, user, workstation, key):
        fields += struct.pack("<HHI", len(value), len(value), at + len(payload))
        payload += value
    head = b"NTLMSSP\0\3\0\0\0" + fields + struct.pack("<I", 0xE2888215)
    return head + b"\x0a\0\x61\x4a\0\0\0\x0f" + bytes(16) + payload


def ap_req(realm: bytes, service: tuple[bytes, ...], ticket: bytes, authenticator: bytes) -> bytes:
    """A Kerberos AP-REQ as a GSS-API token."""

    def encrypted(cipher: bytes) -> bytes:
        return der(0x30, der(0xA0, der(2, b"\x12")), der(0xA2, der(4, cipher)))

    names = der(0x30, *(der(0x1B, part) for part in service))
    sname = der(0x30, der(0xA0, der(2, b"\2")), der(0xA1, names))
    parts = der(0xA0, der(2, b"\5")), der(0xA1, der(0x1B, realm)), der(0xA2, sname)
    issued = der(0x61, der(0x30, *parts, der(0xA3, encrypted(ticket))))
    request = der(
        0x30,
        der(0xA0, der(2, b"\5")),
        der(0xA1, der(2, b"\x0e")),
        der(0xA2, der(3, bytes(5))),
        der(0xA3, issued),
        der(0xA4, encrypted(authenticator)),
    )
    return der(0x60, KERBEROS, b"\1\0", der(0x6E, request))


def smb1_logon(account: bytes, password: bytes) -> bytes:
    """SMB1 SESSION_SETUP_ANDX without extended security; the password is plaintext."""
    head = b"\xffSMB\x73" + bytes(4) + b"\x18\x01\x20" + bytes(20)
    words = struct.pack("<BBHHHHIHHII", 0xFF, 0, 0, 60_000, 2, 1, 0, len(password), 0, 0, 0x50)
    data = password + account + b"\0DOMAIN\0Unix\0Samba\0"
    return netbios(head + b"\x0d" + words + struct.pack("<H", len(data)) + data)


def http(first_line: bytes, *headers: bytes) -> bytes:
    """An HTTP message without content."""
    return b"\r\n".join([first_line, *headers, b"Content-Length: 0", b"", b""])


def authorization(scheme: bytes, credentials: bytes) -> bytes:
    """A header with base64."""
    return b"Authorization: " + scheme + b" " + b64encode(credentials)
