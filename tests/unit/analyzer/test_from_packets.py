"""`from_packets`: the tables of packets equal those of the file that they came from."""

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import PcapReader, rdpcap
from support.layers import capture, cases, packets
from support.messages import netbios, session_setup

import negoscope as ng
from dissectors.layers import GSSSession
from dissectors.tokens import build

OF_THE_FILE = {"capture", "format", "bytes", "file_bytes", "seconds"}
TABLES = ("negotiations", "tokens", "offers", "anomalies", "captures")


def rows(analysis):
    """All columns that do not speak of the file itself."""
    return {
        (table, name): cells
        for table in TABLES
        for name, cells in analysis.tables.columns[table].items()
        if name not in OF_THE_FILE
    }


@pytest.mark.parametrize("case", cases())
def test_rows_equal_those_of_the_file(case):
    """Every cell of every table, for every capture of ours."""
    assert rows(ng.from_packets(packets(case))) == rows(ng.read(capture(case)))


def test_any_source_of_packets_will_do():
    """A PacketList, a reader, a generator and a session's packets give the same."""
    path = capture("smb/smb311_kerberos")
    expected = rows(ng.read(path))
    assert rows(ng.from_packets(rdpcap(path))) == expected
    with PcapReader(path) as reader:
        assert rows(ng.from_packets(reader)) == expected
    assert rows(ng.from_packets(packet for packet in packets("smb/smb311_kerberos"))) == expected
    session = GSSSession()
    heard = [session.process(packet) for packet in packets("smb/smb311_kerberos")]
    assert rows(ng.from_packets(heard)) == expected


def test_packets_may_begin_anywhere():
    """Link types may be mixed; what begins neither with a link nor with IP is counted."""
    data = netbios(session_setup(build.ntlm_negotiate()))
    segment = IP() / TCP(sport=40_000, dport=445, seq=1, flags="PA") / Raw(data[:100])
    rest = IP() / TCP(sport=40_000, dport=445, seq=101, flags="PA") / Raw(data[100:])
    analysis = ng.from_packets([Ether() / segment, rest, Raw(b"x")], name="mixed")
    assert list(analysis.tokens["token_type"]) == ["NTLM_NEGOTIATE"]
    assert list(analysis.tokens["frames"]) == [[1, 2]]
    (row,) = analysis.captures.to_dict("records")
    assert (row["capture"], row["packets"], row["packets_undecoded"]) == ("mixed", 3, 1)
    assert list(analysis.anomalies["code"]).count("unsupported-link-type") == 1


def test_the_packet_as_it_is_now_counts():
    """Changes made to packets are seen."""
    changed = packets("smb/smb311_ntlm")
    for packet in changed:
        if IP in packet:
            packet[IP].src, packet[IP].dst = (
                text.replace(text.split(".")[0], "198", 1)
                for text in (packet[IP].src, packet[IP].dst)
            )
    clients = ng.from_packets(changed).negotiations["client"]
    assert all(client.startswith("198.") or ":" in client for client in clients)


def test_options_are_those_of_read():
    """Tables, secrets and progress work as with files."""
    told = []
    analysis = ng.from_packets(
        packets("http/ntlm"),
        tables=["tokens"],
        with_secrets=True,
        progress=lambda source, count: told.append((source.name, count)),
    )
    expected = ng.read(capture("http/ntlm"), tables=["tokens"], with_secrets=True)
    assert list(analysis.tokens["token"]) == list(expected.tokens["token"])
    assert told[-1] == ("packets", sum(len(p.original) for p in packets("http/ntlm")))


def test_a_list_can_be_looked_at_again():
    """One negotiation can be shown of a list of packets, not of a reader."""
    given = packets("http/ntlm")
    assert str(ng.from_packets(given).negotiation(1)) == str(
        ng.read(capture("http/ntlm")).negotiation(1)
    ).replace("capture.pcapng", "packets")
    with pytest.raises(ng.UsageError, match="give a list"):
        ng.from_packets(iter(given)).negotiation(1)


@pytest.mark.parametrize("given", ["x.pcap", b"x", 7, ["x"], [b"x"], [(IP(), IP())]])
def test_what_is_no_packet_is_refused(given):
    """One line says what is wrong."""
    with pytest.raises(ng.UsageError, match="takes packets, not"):
        ng.from_packets(given)


def test_no_packets_are_no_mistake():
    """An empty list gives empty tables; a single packet is a list of one."""
    assert ng.from_packets([]).negotiations.empty
    assert ng.from_packets(Ether() / IP() / TCP()).captures["packets"].tolist() == [1]
