"""Decode-as rules: what they may look like, and who takes them."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.decode_as import DecodeAs, read_rules
from analyzer.errors import UsageError

SMB = DecodeAs({("tcp", 4450): "smb"}, ("tcp.port==4450,nbss",))


@pytest.mark.parametrize(
    "given",
    [
        "tcp.port==4450,smb",
        ["tcp.port==4450,smb"],
        ("tcp.port==4450,smb",),
        iter(["tcp.port==4450,smb"]),
        {("tcp", 4450): "smb"},
    ],
)
def test_ways_to_give_a_rule(given: Any) -> None:
    """One text, several or a mapping are the same, with Wireshark and without."""
    assert read_rules(given, with_wireshark=False) == SMB


@pytest.mark.parametrize("given", [None, [], {}, ()])
def test_no_rules(given: Any) -> None:
    """Nothing to take apart."""
    assert read_rules(given, with_wireshark=True) == ({}, ())


def test_who_takes_which_rule() -> None:
    """Carriers are ours and Wireshark's, under its name; all else is Wireshark's, letter by letter."""
    given = ["tcp.port==80,http", "udp.port==5000,vxlan", "tcp.port==4450,smb", "tls.port==1-9,x"]
    assert read_rules(given, with_wireshark=True) == (
        {("tcp", 80): "http", ("tcp", 4450): "smb"},
        ("tcp.port==80,http", "udp.port==5000,vxlan", "tcp.port==4450,nbss", "tls.port==1-9,x"),
    )
    assert read_rules({("udp", 5000): "vxlan"}, with_wireshark=True).for_wireshark == (
        "udp.port==5000,vxlan",
    )


HINT = "--engine tshark takes all rules that Wireshark knows"


@pytest.mark.parametrize(
    ("rule", "why", "hint"),
    [
        ("tcp.port==8443,tls", "carriers are smb, http, ldap", True),
        ("udp.port==5000,vxlan", "carriers are smb, http, ldap", True),
        ("tcp.port==x,smb", "write it as tcp.port==4450,smb", True),
        ("tcp.port==70000,smb", "write it as tcp.port==4450,smb", True),
        ("tcp.port==" + "9" * 5000 + ",smb", "write it as tcp.port==4450,smb", True),
        ("tcp.port==²,smb", "write it as tcp.port==4450,smb", True),
        ("4450,smb", "write it as tcp.port==4450,smb", False),
        ("tcp.port==4450", "write it as tcp.port==4450,smb", False),
        ("", "write it as tcp.port==4450,smb", False),
    ],
)
def test_without_wireshark_only_carriers(rule: str, why: str, hint: bool) -> None:
    """The mistake in one line, with a hint where Wireshark may know better."""
    with pytest.raises(UsageError) as raised:
        read_rules(rule, with_wireshark=False)
    assert why in str(raised.value).replace(", ".join(_carriers()), "smb, http, ldap")
    assert (HINT in str(raised.value)) is hint


def _carriers() -> list[str]:
    from dissectors.carriers import CARRIERS

    return list(CARRIERS)


@pytest.mark.parametrize("rule", ["tcp.port==1,\0tls", "tcp.port==1,t\nls", "tcp.port==1,\ud800"])
def test_what_no_command_line_can_hold(rule: str) -> None:
    """Never handed on."""
    with pytest.raises(UsageError, match="write it as"):
        read_rules(rule, with_wireshark=True)


@pytest.mark.parametrize("given", [7, b"tcp.port==1,tls", [7], {"tcp": "smb"}, [("tcp", 1)]])
def test_what_is_no_rule_at_all(given: Any) -> None:
    """Of another type: the caller's mistake."""
    with pytest.raises(UsageError, match="decode_as takes"):
        read_rules(given, with_wireshark=True)
