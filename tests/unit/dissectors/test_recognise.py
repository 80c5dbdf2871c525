"""Recognising tokens and wrappers by their first bytes."""

from __future__ import annotations

import pytest

from dissectors.recognise import (
    content_offset,
    digest_head,
    kind_of,
    kind_within,
    wrap_head,
    wrap_kind,
)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("604806062b0601050502a03e", "gss"),
        ("6082012f06062b0601050502a0", "gss"),
        ("60", "gss"),
        ("6082", "gss"),
        ("600a0400", "opaque"),  # an LDAP BindRequest would look like this
        ("a03e303c", "spnego-init"),
        ("a0820102 30", "spnego-init"),
        ("a0020100", "opaque"),
        ("a1073005", "spnego-resp"),
        ("a1", "spnego-resp"),
        ("a10730", "spnego-resp"),
        ("6e8204d2308204ce", "kerberos"),
        ("6f5b3059", "kerberos"),
        ("7e693067", "kerberos"),
        ("01006e82", "kerberos-id"),
        ("02006f5b", "kerberos-id"),
        ("03007e69", "kerberos-id"),
        ("04003010", "kerberos-id"),
        ("04013010", "kerberos-id"),
        ("05013010", "kerberos-id"),
        ("0100", "kerberos-id"),
        ("01006f82", "opaque"),
        ("4e544c4d5353500001000000", "ntlm"),
        ("4e544c4d", "ntlm"),
        ("4e45474f4558545300", "negoex"),
        ("4e45", "negoex"),
        ("4e544c4d5353500101", "opaque"),
        ("040405ffffffffff", "per-message"),
        ("050407ff00000000", "per-message"),
        ("0100000011223344", "per-message"),
        ("010000", "opaque"),
        ("30820100a003020106", "opaque"),
        ("6a8201003082", "kerberos"),
        ("6a8201003082 00fca103020105", "kerberos"),
        ("6b0a3008a003020105", "kerberos"),
        ("6c0a3008a103", "kerberos"),
        ("6d0a3008a003", "kerberos"),
        ("740a3008a0", "kerberos"),
        ("750a3008a0", "kerberos"),
        ("760a30", "kerberos"),
        ("6a0a3008a0", "opaque"),  # pvno is [1] in a request
        ("6b0a3008a1", "opaque"),
        ("760a300804", "opaque"),
        ("6a", "opaque"),
        ("7461", "opaque"),  # any text that begins with t
        ("6e2c612c", "opaque"),
        ("", "opaque"),
    ],
)
def test_kind_by_first_bytes(data: str, kind: str) -> None:
    """Each kind of token is known by its own bytes, also when cut."""
    assert kind_of(bytes.fromhex(data)) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("0101", "kerberos-message"),
        ("0201", "kerberos-message"),
        ("01006e", "kerberos-id"),
        ("a0", "spnego-init"),
        ("a0020400", "opaque"),
        ("6e2c2c6e3d", "opaque"),  # "n,,n=" of SCRAM begins as an AP-REQ would
        ("60", "gss"),
        ("", "opaque"),
    ],
)
def test_kind_inside_a_frame(data: str, kind: str) -> None:
    """The content of a frame is judged within the frame's end."""
    raw = b"\xff" + bytes.fromhex(data)
    assert kind_within(raw + b"\x55", 1, len(raw)) == kind


def test_content_offset() -> None:
    """The content begins behind the length octets, if they are there."""
    assert content_offset(b"\x30\x05", 1) == 2
    assert content_offset(b"\x30\x82\x01\x00", 1) == 4
    assert content_offset(b"\x30\x82\x01", 1) is None
    assert content_offset(b"\x30", 1) is None


KRB = "06092a864886f712010202"


@pytest.mark.parametrize(
    ("data", "head", "kind"),
    [
        ("050406ff0000001c0000000000000001", "050402", "seal"),
        ("050407ff", "050402", "seal"),
        ("050400ff", "050400", "sign"),
        ("050405ff", "050400", "sign"),
        ("040404ffffffffff", "0404", "sign"),
        (f"6030{KRB}0201 1100 1000 ffff", "0201", "seal"),
        (f"6030{KRB}0201 1100 ffff ffff", "0201ffff", "sign"),
        (f"60820130{KRB}0201 0000 0000 ffff", "0201", "seal"),
        (f"6030{KRB}0101 1100 ffffffff", "0101", "sign"),
        ("01000000 1122334455667788 00000000", "01000000", "unmarked"),
        # behind NTLM's signature: an LDAPMessage in clear, with long lengths too, and what is none
        ("01000000 1122334455667788 00000000 300c 0201 03 6007", "0100000030", "sign"),
        ("01000000 1122334455667788 00000000 3084 00000010 0204 0000 0001", "0100000030", "sign"),
        ("01000000 1122334455667788 00000000 300c 0205 03 6007", "01000000", "unmarked"),
        ("01000000 1122334455667788 00000000 310c 0201 03 6007", "01000000", "unmarked"),
        ("01000000 1122334455667788 00000000 9f31 0201 03 6007", "01000000", "unmarked"),
        ("01000000 1122334455667788 00000000 30", "01000000", "unmarked"),
        ("02000000 1122334455667788 00000000 300c 0201 03 6007", "", None),
        ("3084000000", "", None),
        ("60", "", None),
        (f"6030{KRB}0100", "", None),
        ("0504", "", None),
        ("", "", None),
    ],
)
def test_wrapped_messages(data: str, head: str, kind: str | None) -> None:
    """A wrapped message is counted under one of a few keys, and the key tells the protection."""
    raw = bytes.fromhex(data)
    assert wrap_head(raw) == bytes.fromhex(head)
    assert wrap_head(memoryview(bytearray(raw))) == bytes.fromhex(head)
    assert wrap_kind(wrap_head(raw)) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        # from captures/ldap/openldap_digest_md5_sign and openldap_digest_md5
        ("3031020103632c04066f3d6e65676f0a01020a0100020100020100010100a30c", "sign"),
        ("5a31bd6dc85ee962b5b0000100000001", "unmarked"),
        ("", "unmarked"),
    ],
)
def test_buffers_of_digest_md5(data: str, kind: str) -> None:
    """Signed ones begin with the message itself, and nothing marks the others."""
    assert wrap_kind(digest_head(bytes.fromhex(data))) == kind
    assert digest_head(bytes.fromhex(data)) not in {wrap_head(b"\1\0\0\0"), b""}
