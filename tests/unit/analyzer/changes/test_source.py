"""A side is an export or a capture, and its bytes tell which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.packets import pcapng, read_packets
from support.transport import snapped

import analyzer.cli.main as command_line
from analyzer.changes.source import USED, USED_OF_KDC, exported
from analyzer.errors import UsageError

ROOT = Path(__file__).resolve().parents[4]
KERBEROS = ROOT / "captures/smb/smb311_kerberos/capture.pcapng"
NTLM = ROOT / "captures/smb/smb311_ntlm/capture.pcapng"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    status = command_line.run(list(arguments))
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_an_export_is_as_good_as_its_capture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """By file or by directory, whatever the file is called."""
    for name in (f"negotiations.{form}", "before.dat"):
        target = str(tmp_path / name)
        assert run(capsys, "negotiations", str(KERBEROS), "--format", form, "-o", target)[0] == 0
    wanted = run(capsys, "diff", str(KERBEROS), str(NTLM), "--format", "jsonl")
    assert '"verdict":"weaker"' in wanted[1]
    for side in (tmp_path, tmp_path / "before.dat"):
        assert run(capsys, "diff", str(side), str(NTLM), "--format", "jsonl")[:2] == wanted[:2]


def test_a_capture_is_no_export() -> None:
    """So it is read as one."""
    assert exported(str(KERBEROS)) is None
    assert exported(str(KERBEROS.parent)) is None


def test_exit_status_tells_of_changes(capsys: pytest.CaptureFixture[str]) -> None:
    """Only where asked for."""
    assert run(capsys, "diff", str(KERBEROS), str(NTLM))[0] == 0
    assert run(capsys, "diff", str(KERBEROS), str(NTLM), "--exit-code")[0] == 1
    status, said, _ = run(capsys, "diff", str(KERBEROS), str(KERBEROS), "--exit-code")
    assert (status, said) == (0, "Nothing changed.\n")


def test_only_what_became_weaker(capsys: pytest.CaptureFixture[str]) -> None:
    """A gate for a policy: fail the build where something got worse."""
    assert run(capsys, "diff", str(NTLM), str(KERBEROS), "--weaker", "--exit-code")[0] == 0
    assert run(capsys, "diff", str(KERBEROS), str(NTLM), "--weaker", "--exit-code")[0] == 1


@pytest.mark.parametrize("size", [128, 200])
def test_what_a_capture_lacks_closes_no_gate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    """It did not become weaker; that it may have is said on standard error.

    So it is of a logon of which half is there, and of one that a snap length hides.
    """
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(pcapng(snapped(size)(read_packets(NTLM))))
    status, said, note = run(capsys, "diff", str(cut), str(NTLM), "--weaker", "--exit-code")
    assert (status, said) == (0, "Nothing became weaker.\n")
    assert "left out" in note
    status, said, note = run(capsys, "diff", str(cut), str(NTLM), "--exit-code")
    assert (status, note) == (1, "")
    assert ("not seen" in said) == (size > 128)
    assert "unknown" in said
    assert run(capsys, "export", str(cut), "-o", str(tmp_path / "kept"))[0] == 0
    assert run(capsys, "diff", str(tmp_path / "kept"), str(NTLM))[1] == said
    assert run(capsys, "diff", str(NTLM), str(NTLM), "--weaker")[2] == ""
    assert run(capsys, "diff", str(cut), str(NTLM), "--weaker", "--quiet")[2] == ""


MIXED = ROOT / "captures/smb/mixed/capture.pcapng"


def broken_off(packets: bytes) -> bytes:
    """A file whose writer was stopped inside a packet."""
    return packets[:20_000]


def undecoded(_: bytes) -> bytes:
    """The second half of the packets is of a version of IP that nobody knows."""
    packets = read_packets(MIXED)
    half = len(packets) // 2
    odd = [
        packet._replace(data=packet.data[:14] + b"\xf5" + packet.data[15:])
        for packet in packets[half:]
    ]
    return pcapng([*packets[:half], *odd])


@pytest.mark.parametrize("damage", [broken_off, undecoded])
def test_what_a_damaged_capture_lacks_closes_no_gate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[bytes], bytes]
) -> None:
    """What it does not show may have been there: that is unknown, for the capture and for its export."""
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(damage(MIXED.read_bytes()))
    damaged = 3 if damage is broken_off else 0
    assert run(capsys, "export", str(cut), "-o", str(tmp_path / "kept"))[0] == damaged
    for side, status in ((cut, damaged), (tmp_path / "kept", 0)):
        gate = run(capsys, "diff", str(side), str(MIXED), "--weaker", "--exit-code")
        assert gate[:2] == (status, "Nothing became weaker.\n")
    assert (
        '"verdict":"weaker"'
        not in run(capsys, "diff", str(cut), str(MIXED), "--format", "jsonl")[1]
    )


@pytest.mark.parametrize(
    "text",
    ["{", "{}\n", "[1]\n{}", '{"a": 1}\n' + "[" * 100_000],
    ids=["cut", "empty", "list", "deep"],
)
def test_a_broken_export_is_the_callers_mistake(tmp_path: Path, text: str) -> None:
    """One line that names file and line."""
    broken = tmp_path / "x.jsonl"
    broken.write_text(text if text[0] == "{" else "{" + text)
    with pytest.raises(UsageError, match="line 1 is no row"):
        exported(str(broken))


def test_a_missing_side_is_the_callers_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit 2."""
    status, said, complaint = run(capsys, "diff", str(KERBEROS), "nowhere.pcap")
    assert (status, said, complaint.count("\n")) == (2, "", 1)


def test_all_columns_that_are_compared_exist() -> None:
    """In the table's own definition."""
    from analyzer.tables.schema import KDC, NEGOTIATIONS

    assert set(USED) <= set(NEGOTIATIONS.names)
    assert set(USED_OF_KDC) <= set(KDC.names)


def test_a_directory_of_exports_has_kdc_exchanges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`export -o DIR` is as good as the capture; a single table is not, and that is said."""
    old, new = (ROOT / "captures/kdc" / name for name in ("logon_and_ticket", "rc4_service"))
    wanted = run(capsys, "diff", str(old), str(new), "--format", "jsonl", "--quiet")[1]
    assert '"carrier":"kdc"' in wanted
    assert run(capsys, "export", str(old), "-o", str(tmp_path / "old"))[0] == 0
    found = run(capsys, "diff", str(tmp_path / "old"), str(new), "--format", "jsonl", "--quiet")
    assert found[1] == wanted
    alone = str(tmp_path / "old" / "negotiations.parquet")
    status, said, note = run(capsys, "diff", alone, str(new / "capture.pcapng"))
    assert (status, said) == (0, "Nothing changed.\n")
    assert note == f"negoscope: KDC exchanges are not compared: {alone} has none exported\n"


def test_the_export_of_another_table_is_the_callers_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the column that is not there."""
    target = str(tmp_path / "tokens.parquet")
    assert run(capsys, "tokens", str(NTLM), "--format", "parquet", "-o", target)[0] == 0
    status, _, complaint = run(capsys, "diff", target, str(NTLM))
    assert status == 2
    assert complaint.endswith("no export of the table negotiations: it has no column client\n")


def test_help_tells_what_a_and_b_are() -> None:
    """For who does not read manuals."""
    said = CliRunner().invoke(command_line.cli, ["diff", "--help"]).output
    assert "exports" in said
