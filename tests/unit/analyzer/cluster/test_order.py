"""Orders hold all that a worker must know, and nothing that must not be seen."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest

from analyzer.analysis import begin
from analyzer.capture.inputs import Input, RemoteInput, RotatedInput
from analyzer.capture.tshark_source import Wireshark
from analyzer.cluster.order import Order, order_for, program
from analyzer.errors import UsageError
from analyzer.pipeline import Options

FOLDER = SimpleNamespace(where="/rows", mark="0123")
PASSED_ON = {"decode_as", "per_message_tokens", "by_scapy", "wireshark"}
NOT_PASSED_ON = {"progress"}


def passed(source: Input, **how: object) -> Order:
    """An order, written down and read again."""
    analysis = begin(**how)  # type: ignore[arg-type]
    made = order_for(source, analysis.tables, analysis.options, FOLDER)  # type: ignore[arg-type]
    assert Order.from_bytes(made.as_bytes()) == made
    return Order.from_bytes(made.as_bytes())


def test_every_option_is_thought_of() -> None:
    """Who adds one decides here whether workers are told; what is secret is told by its path at most."""
    assert {field.name for field in fields(Options)} == PASSED_ON | NOT_PASSED_ON


@pytest.mark.parametrize(
    "source",
    [
        Input("/captures/x.pcap", label="lab/x.pcap"),
        Input("/captures/\udcff.pcap"),
        RemoteInput("s3://lab/x.pcap", length=7),
        RotatedInput(
            "/c/a_00001_20261127120000.pcap",
            label="a_00001_20261127120000.pcap..a_00002_20261127120001.pcap",
            parts=(
                Input("/c/a_00001_20261127120000.pcap"),
                Input("/c/a_00002_20261127120001.pcap"),
            ),
        ),
    ],
    ids=["file", "odd-name", "url", "set"],
)
def test_the_same_capture_is_meant(source: Input) -> None:
    """With its name, its parts and their names."""
    got = passed(source).source()
    assert type(got) is type(source)
    assert (got.path, got.name) == (source.path, source.name)
    if isinstance(source, RotatedInput) and isinstance(got, RotatedInput):
        assert [(p.path, p.name) for p in got.parts] == [(p.path, p.name) for p in source.parts]
    elif isinstance(source, RemoteInput):
        assert got.size == source.size


def test_options_are_the_same_there() -> None:
    """Ports, tables and tokens after the logon."""
    order = passed(Input("/x.pcap"), decode_as="tcp.port==4450,smb", tables=["offers"])
    assert order.options() == Options(decode_as={("tcp", 4450): "smb"}, per_message_tokens=False)
    assert set(order.tables) >= {"offers", "negotiations", "captures"}
    assert order.program == program()


def test_a_key_log_is_told_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its content goes nowhere; relative paths are made whole."""
    keys = tmp_path / "keys.log"
    keys.write_text("CLIENT_RANDOM 00 5ec2e7\n")
    monkeypatch.chdir(tmp_path)
    analysis = begin()
    options = Options(
        wireshark=Wireshark("/usr/bin/tshark", "keys.log", decode_as=("tcp.port==1,tls",))
    )
    order = order_for(Input("x.pcap"), analysis.tables, options, FOLDER)  # type: ignore[arg-type]
    told = json.loads(order.as_bytes())
    assert told["tls_keylog"] == str(keys)
    assert told["wireshark_rules"] == ["tcp.port==1,tls"]
    assert told["parts"][0][0] == str(tmp_path / "x.pcap")
    assert b"5ec2e7" not in order.as_bytes()


def test_standard_input_stays_here() -> None:
    """A worker has another one."""
    with pytest.raises(UsageError, match="standard input can't be read by a cluster"):
        passed(Input("-"))
