"""tshark's PDML as trees."""

from __future__ import annotations

import pytest

from analyzer.crosscheck import pdml
from analyzer.crosscheck.pdml import Node, packets
from analyzer.errors import CaptureError

HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n<pdml version="0">\n'
PACKET = (
    b'<packet><proto name="ldap" pos="54" size="9"><field name="ldap.name" showname="name: a" show="a"'
    b' pos="60" size="1" value="61"/><field name="f" show="1" value="1" unmaskedvalue="40"/></proto></packet>\n'
)


def read(*chunks: bytes) -> list[Node]:
    return list(packets(chunks))


def test_tree() -> None:
    """Names, places, bytes and what people read; of a bit field the bytes it is in."""
    (packet,) = read(HEAD + PACKET + b"</pdml>")
    (ldap,) = packet.children
    name, bit = ldap.children
    assert (ldap.name, ldap.is_protocol, ldap.pos, ldap.size) == ("ldap", True, 54, 9)
    assert (name.show, name.label, name.pos, name.raw, name.is_protocol) == (
        "a", "name: a", 60, b"a", False,
    )  # fmt: skip
    assert (bit.number, bit.raw) == (1, b"\x40")
    assert packet.first("f") is bit
    assert packet.every("nothing") == []


def test_chunks_may_end_anywhere() -> None:
    """Also within a character of several bytes."""
    data = HEAD + PACKET.replace(b'show="a"', 'show="ä"'.encode()) * 3 + b"</pdml>"
    whole = [node.first("ldap.name") for node in read(*(data[i : i + 1] for i in range(len(data))))]
    assert [node.show for node in whole if node is not None] == ["ä"] * 3


def test_what_xml_forbids_is_replaced() -> None:
    """tshark writes control characters and broken UTF-8 as they were sent."""
    (packet,) = read(HEAD + PACKET.replace(b'show="a"', b'show="\x01\xff\x1b"'))
    name = packet.first("ldap.name")
    assert name is not None
    assert name.show == "\ufffd" * 3


def test_output_that_ends_early_just_ends() -> None:
    """What was whole is given."""
    assert len(read(HEAD + PACKET + PACKET[:50])) == 1
    assert read() == []


def test_no_pdml() -> None:
    """Anything else is an error of one line."""
    with pytest.raises(CaptureError, match=r"no PDML"):
        read(b"Capturing on eth0\n<<<")


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the number of elements nor their depth is the sender's choice."""
    monkeypatch.setattr(pdml, "ELEMENT_LIMIT", 10)
    many = b"<packet>" + b'<field name="x"/>' * 50 + b"</packet>"
    deep = b"<packet>" + b'<field name="x">' * 500 + b"</field>" * 500 + b"</packet>"
    monkeypatch.setattr(pdml, "DEPTH_LIMIT", 5)
    wide, tall, plain = read(HEAD + many + deep + PACKET)
    assert len(list(wide.walk())) == 11
    assert len(list(tall.walk())) <= 7
    assert plain.first("f") is not None


def test_silence_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output without elements is not collected for ever."""
    monkeypatch.setattr(pdml, "SILENCE_LIMIT", 100)
    with pytest.raises(CaptureError, match="no element"):
        read(HEAD, b" " * 200)


def test_odd_attributes() -> None:
    """Numbers that are none, and values that are no bytes."""
    (packet,) = read(HEAD + b'<packet><field name="x" pos="a" value="xyz" show="?"/></packet>')
    (node,) = packet.children
    assert (node.pos, node.raw, node.number) == (0, b"", None)
