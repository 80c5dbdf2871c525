"""DNS messages: what was asked, what was answered, and nothing raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRSRV

from dissectors.names.dns import Answer, Question, read_dns

ANSWER = bytes(
    DNS(
        id=0x1234,
        qr=1,
        qd=[DNSQR(qname="Web.Nego.test", qtype="A")],
        an=[
            DNSRR(rrname="Web.Nego.test", type="CNAME", rdata="fs1.nego.test"),
            DNSRR(rrname="fs1.nego.test", type="A", rdata="10.99.0.7"),
            DNSRR(rrname="fs1.nego.test", type="AAAA", rdata="fd00::7"),
        ],
    )
)


def test_an_answer_leads_over_aliases() -> None:
    """Names are lower case, each record keeps its own name."""
    message = read_dns(ANSWER)
    assert message is not None
    assert (message.response, message.rcode) == (True, "NOERROR")
    assert message.questions == (Question("web.nego.test", "A"),)
    assert message.answers == (
        Answer("web.nego.test", "CNAME", (), "fs1.nego.test"),
        Answer("fs1.nego.test", "A", ("10.99.0.7",), None),
        Answer("fs1.nego.test", "AAAA", ("fd00::7",), None),
    )


def test_a_service_leads_to_its_host() -> None:
    """SRV keeps the target."""
    service = "_kerberos._tcp.nego.test"
    record = DNSRRSRV(rrname=service, priority=0, weight=5, port=88, target="dc1.nego.test")
    message = read_dns(bytes(DNS(qr=1, qd=[DNSQR(qname=service, qtype="SRV")], an=[record])))
    assert message is not None
    assert message.answers == (Answer(service, "SRV", (), "dc1.nego.test"),)


@pytest.mark.parametrize(("sent", "kept"), [(900, 900), (2**31 - 1, 2**31 - 1), (2**31, 0)])
def test_a_record_tells_how_long_it_holds(sent: int, kept: int) -> None:
    """A number that would be negative is none."""
    record = DNSRR(rrname="web.nego.test", ttl=sent, rdata="10.99.0.7")
    message = read_dns(bytes(DNS(qr=1, qd=[DNSQR(qname="web.nego.test")], an=[record])))
    assert message is not None
    assert [answer.ttl for answer in message.answers] == [kept]


def test_a_refusal_keeps_its_code() -> None:
    """No such name is an answer too."""
    message = read_dns(bytes(DNS(qr=1, rcode=3, qd=[DNSQR(qname="nowhere.test")])))
    assert message is not None
    assert (message.rcode, message.answers) == ("NXDOMAIN", ())


def test_a_netbios_name_is_decoded() -> None:
    """Thirty-two letters are sixteen bytes: the name, and a suffix that is left out."""
    encoded = b"".join(
        bytes([0x41 + (b >> 4), 0x41 + (b & 15)]) for b in b"FS1".ljust(15) + b"\x20"
    )
    header = bytes.fromhex("0007 8500 0000 0001 0000 0000".replace(" ", ""))
    record = (
        b"\x20" + encoded + b"\0" + bytes.fromhex("00200001000000040006") + b"\0\0\x0a\x63\0\x07"
    )
    message = read_dns(header + record)
    assert message is not None
    assert message.answers == (Answer("fs1", "NB", ("10.99.0.7",), None, ttl=4),)


def test_a_hosts_names_are_no_service() -> None:
    """NetBIOS gives its status the number that SRV has elsewhere; its names are not read."""
    asked = b"\x20CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0"  # an asterisk
    status = b"\x01" + b"FS1".ljust(15) + b"\0\x04\0" + bytes(46)
    record = asked + bytes.fromhex("0021 0001 00000000") + len(status).to_bytes(2) + status
    header = bytes.fromhex("0007 8400 0000 0001 0000 0000")
    message = read_dns(header + record, netbios=True)
    assert message is not None
    assert message.answers == ()
    message = read_dns(
        bytes.fromhex("0007 0000 0001 0000 0000 0000") + asked + b"\0\x21\0\1", netbios=True
    )
    assert message is not None
    assert message.questions == (Question("*", "NBSTAT"),)


def test_all_records_at_once() -> None:
    """As a host asks whether its own name is free."""
    message = read_dns(bytes(DNS(qd=[DNSQR(qname="desk", qtype="ALL")])))
    assert message is not None
    assert message.questions == (Question("desk", "ANY"),)


@pytest.mark.parametrize("length", range(len(ANSWER)))
def test_every_prefix_is_safe(length: int) -> None:
    """What is there before the cut is kept, in the same order, and that there was more is said."""
    message = read_dns(ANSWER[:length])
    whole = read_dns(ANSWER)
    assert whole is not None
    assert not whole.partial
    if message is not None:
        assert whole.answers[: len(message.answers)] == message.answers
        assert message.partial


def test_a_truncated_answer_is_not_all() -> None:
    """By its own word (TC), or because it announces more records than are read; a plain one is all."""
    asked = [DNSQR(qname="web.nego.test")]
    records = [DNSRR(rrname="web.nego.test", rdata="10.99.0.7")]
    for tc, an, announced in ((0, [], 0), (0, records, 1), (1, [], 0), (1, records, 1)):
        message = read_dns(bytes(DNS(qr=1, tc=tc, qd=asked, an=an, ancount=announced)))
        assert message is not None
        assert message.partial == bool(tc)
        assert message.rcode == "NOERROR"
    many = read_dns(bytes(DNS(qr=1, qd=asked, an=records * 65)))
    assert many is not None
    assert (len(many.answers), many.partial) == (64, True)


@pytest.mark.parametrize(
    "name", [b"\xc0\x0c", b"\x3fabc", b"\xc0\xff", b"\x80ab\0", b"\x01a" * 200 + b"\0"]
)
def test_a_name_that_leads_nowhere_is_no_name(name: bytes) -> None:
    """Pointers to themselves or ahead, reserved kinds, and names beyond 255 bytes."""
    assert read_dns(b"\0\1\1\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1") is None


@given(st.binary(max_size=300))
def test_any_bytes_are_safe(data: bytes) -> None:
    """Nothing is raised, and what comes out is within its bounds."""
    message = read_dns(b"\0\1\x81\0\0\1\0\5\0\0\0\0" + data)
    if message is not None:
        assert len(message.answers) <= 5


def test_the_same_message_under_another_identification() -> None:
    """What is kept of one message serves the next."""
    first = read_dns(ANSWER)
    again = read_dns(b"\x43\x21" + ANSWER[2:])
    assert first is not None
    assert again is first


def test_names_do_not_lead_into_the_header() -> None:
    """The header holds no name, whatever its bytes are."""
    asked = bytes.fromhex("0100 0100 0001 0000 0000 0000 c000 0001 0001")
    assert read_dns(asked) is None
