"""What looked like a weakness in captures of other people, was read by hand, and is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.analysis import read

ROOT = Path(__file__).resolve().parents[4]
SHARED = ROOT / ".." / "shared"

NONE = [
    # honeypots on many addresses share one challenge; their only client relays nothing
    ("corpus/files/mercury__pcaps.smb.pcap", "NGS-RELAY-001,NGS-RELAY-002"),
    # impacket names every service it speaks to cifs/, LDAP too
    ("corpus/files/zeek__aduser1-ntlm.pcap", "NGS-RELAY-003"),
    # a proxy whose own name differs from the alias by which it is asked
    ("lab-sample/captures/proxy_nego_rawntlm.pcap", "NGS-RELAY-003"),
    # hosts that answer NetBIOS questions for their own name
    ("corpus/files/Pcaps__impacket_psexec.pcap", "NGS-NAME-001"),
    ("corpus/files/Pcaps__normal_share_traversal.pcap", "NGS-NAME-001"),
    ("lab-sample/captures/mixed_domain_join.pcap", "NGS-NAME-001"),
    # Windows asks for S4U2proxy to itself in the course of a logon
    ("corpus/files/Pcaps__normal_share_traversal.pcap", "NGS-KDC-009"),
    # a ticket-granting ticket forwarded to a domain controller, which has the keys anyway
    ("corpus/files/Pcaps__wmi_exec_2.pcap", "NGS-KRB-004"),
    ("lab-sample/captures/dcerpc_tcp_krb5_krb5_seal.pcap", "NGS-KRB-004"),
    # a capture whose times were rewritten: every clock is years off
    ("corpus/files/mercury__pcaps.smb.pcap", "NGS-CLOCK-001"),
    # a port forwarder's own connection, with the session id of its client's
    ("corpus/files/suricata-verify__smb-length-5770.input.pcap", "relay,NGS-KRB-005"),
    # a logon without name in SMB 1 shows no response
    ("corpus/files/nDPI__smbv1.pcap", "NGS-SMB-009"),
    # an empty password where the server wants a response: a guest, and no password in clear
    ("corpus/files/arkime__smb-smbclient.pcap", "NGS-PWD-004,NGS-SMB-009"),
    # ciphertext behind NTLM's signatures, though the flags agree on signing alone
    ("corpus/files/CVE-2021-1675__packetcapture_2.pcap", "NGS-LDAP-002"),
    # clients that did not ask for extended security
    ("lab-sample/captures/smb1_nospnego_ntlmv2.pcap", "NGS-NTLM-013"),
    ("corpus/files/pcaps__version_scan.pcap", "NGS-NTLM-013"),
    ("corpus/files/pcaps__xprobe_icmp_d.pcap", "NGS-NTLM-013"),
    ("corpus/files/nDPI__smbv1.pcap", "NGS-NTLM-013"),
    # WinRM, sealed by Kerberos, under the scheme that says so
    (
        "corpus/files/Security-Datasets__empire_psremoting_stager_WORKSTATION5_2020-09-20170827.cap",
        "NGS-HTTP-003,NGS-KRB-007",
    ),
    # the name of an address, and what a known host calls itself
    ("corpus/files/Pcaps__rdp-then-wmiexec.pcap", "NGS-NAME-002"),
    ("corpus/files/Pcaps__start-service.pcap", "NGS-NAME-002"),
    ("corpus/files/pcaps__xprobe_icmp_d.pcap", "NGS-NAME-002"),
    # channels of one session
    ("corpus/files/zeek__smb_v2_only_non_zero_reserved1.pcap", "NGS-SMB-011"),
]


@pytest.mark.parametrize(("path", "rules"), NONE)
def test_it_is_none(path: str, rules: str) -> None:
    """The rule stays silent on it."""
    capture = SHARED / path
    if not capture.is_file():
        pytest.skip("not there")
    assert [finding.why for finding in read(capture).audit(rules).findings] == []


def test_a_real_one_beside_it_is_told() -> None:
    """The honeypots' constant challenge is still a finding, of each of them."""
    capture = SHARED / "corpus" / "files" / "mercury__pcaps.smb.pcap"
    if not capture.is_file():
        pytest.skip("not there")
    assert len(read(capture).audit("NGS-RELAY-005").findings) >= 17


FOUND = [
    ("arkime__smb-smbclient.pcap", "NGS-NTLM-013", "nothing but NTLM"),
    ("zeek__smb_v2_only_non_zero_reserved1.pcap", "NGS-SMB-004", "goes on without signatures"),
    ("Security-Datasets__purplesharp_ad_playbook_I", "NGS-KDC-003", "got RC4 tickets of"),
]


@pytest.mark.parametrize(("name", "rule", "words"), FOUND)
def test_a_real_one_is_told(name: str, rule: str, words: str) -> None:
    """What is a weakness was read by hand too, and is found."""
    captures = sorted((SHARED / "corpus" / "files").glob(name + "*"))
    if not captures:
        pytest.skip("not there")
    assert words in read(captures[0]).audit(rule).findings[0].why


@pytest.mark.parametrize("name", ["smb_krb5", "krb5"])
def test_the_labs_kerberos_captures_are_left_alone(name: str) -> None:
    """Whole Kerberos logons of the lab's hosts, SMB and LDAP protected, have nothing above `info`."""
    found = []
    for path in sorted((SHARED / "lab-sample" / "captures").glob(f"*{name}*.pcap")):
        analysis = read(path)
        columns = analysis.tables.columns["negotiations"]
        if set(columns["mechanism"]) != {"kerberos"} or set(columns["outcome"]) != {"success"}:
            continue
        if "none" in columns["protection"] or "smb1" in columns["carrier"]:
            continue
        found += [
            f"{path.name} {each.rule.rule_id} {each.why}"
            for each in analysis.audit().findings
            if each.rule.severity not in {"info", "low"} and each.rule.rule_id != "NGS-SMB-002"
        ]
    assert found == []
