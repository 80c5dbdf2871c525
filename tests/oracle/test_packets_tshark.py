"""Addresses, ports, sequence numbers and payload lengths of each frame, as tshark reads them."""

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from analyzer.capture.inputs import Input
from analyzer.capture.link import PacketDecoder
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
CAPTURES = (
    "corpus/files/arkime__krb5-tcp.pcap",  # 802.1Q
    "corpus/files/dittofs__kerberos.reference.pcap",  # Linux cooked 2
    "corpus/files/PcapPlusPlus__ldap.pcapng",  # Ethernet and Linux cooked
    "corpus/files/suricata-language-server__pcap.smb.pcap",  # ERSPAN
    "corpus/files/suricata-verify__http-auth-bearer.input.pcap",  # BSD loopback
    "corpus/files/tcpdump__afs.pcap",  # fragments
    "corpus/files/zeek__gap-data-missing.pcapng",  # several interfaces
    "corpus/files/zeek__kerberos_tso.pcapng",  # segmentation offload
    "lab-sample/captures/hard_snap200_http_ntlm.pcap",
    "lab-sample/captures/hard_vxlan_http_nego_krb5.pcap",
)
FIELDS = [
    "frame.number",
    "frame.protocols",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.len",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
]


def address(high, low):
    if high == 0 and low >> 32 == 0xFFFF:
        return socket.inet_ntop(socket.AF_INET, (low & 0xFFFFFFFF).to_bytes(4))
    return socket.inet_ntop(socket.AF_INET6, high.to_bytes(8) + low.to_bytes(8))


def our_rows(path):
    account = CaptureAccount()
    decoder = PacketDecoder(account)
    rows = {}
    for block in open_capture(Input(str(path)), account):
        index = decoder.decode(block)
        for row in range(len(index)):
            source = address(int(index.src_hi[row]), int(index.src_lo[row]))
            destination = address(int(index.dst_hi[row]), int(index.dst_lo[row]))
            ports = (int(index.src_port[row]), int(index.dst_port[row]))
            found = (source, destination, *ports, int(index.payload_wire_len[row]))
            if index.proto[row] == 6:
                found += (int(index.tcp_seq[row]), int(index.tcp_ack[row]))
            rows[int(index.frame[row])] = found
    return rows


def their_rows(path):
    command = [
        "tshark",
        "-n",
        "-r",
        str(path),
        "-T",
        "fields",
        "-E",
        "occurrence=l",
        "-E",
        "separator=/t",
    ]
    for option in ("ip.defragment:TRUE", "ipv6.defragment:TRUE"):
        command += ["-o", option]
    for field in FIELDS:
        command += ["-e", field]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = {}
    for line in answer.stdout.splitlines():
        value = dict(zip(FIELDS, line.split("\t"), strict=True))
        layers = value["frame.protocols"].split(":")
        if {"icmp", "icmpv6"} & set(layers):
            continue
        if layers[-1] == "arp":  # in VXLAN: the outer UDP is no row of ours
            continue
        version = [layer for layer in layers if layer in {"ip", "ipv6"}][-1:]
        transport = [layer for layer in layers if layer in {"tcp", "udp"}][-1:]
        if not version or not transport:
            continue
        version, transport = version[0], transport[0]
        length = int(value["tcp.len"]) if transport == "tcp" else int(value["udp.length"]) - 8
        ports = (int(value[f"{transport}.srcport"]), int(value[f"{transport}.dstport"]))
        found = (value[f"{version}.src"], value[f"{version}.dst"], *ports, length)
        if transport == "tcp":
            found += (int(value["tcp.seq_raw"]), int(value["tcp.ack_raw"]))
        rows[int(value["frame.number"])] = found
    return rows


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", CAPTURES)
def test_same_packets_as_tshark(name):
    """Every frame with TCP or UDP, the innermost headers, reassembled datagrams where they complete."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not there")
    theirs = their_rows(path)
    assert theirs
    assert our_rows(path) == theirs
