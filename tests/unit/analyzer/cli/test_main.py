"""The command line as its users meet it: output, complaints, exit status."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import negoscope
from analyzer import __version__
from analyzer.cli.main import COMMANDS, run
from analyzer.cli.output import writer

HEAVY = {"pandas", "duckdb", "scapy", "pyarrow", "tqdm", "pyasn1", "jinja2", "dask"}
LITTLE_USED = {
    *("numpy.ma", "importlib.metadata", "statistics", "decimal", "fractions", "json", "string"),
    *("_strptime", "calendar", "heapq", "shutil", "traceback", "glob", "socket"),
    *("analyzer.report.siem", "analyzer.cli.paint", "analyzer.capture.rotated"),
}
"""What the start of a run once imported, for a word or for a case that is rare."""
GLOBAL = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)


def tcp_packet(client_speaks: bool, seq: int, ack: int, flags: int, payload: bytes) -> bytes:
    """An Ethernet frame between 10.0.0.1:50000 and 10.0.0.2:80."""
    ends = (b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02")
    ports = (50000, 80)
    a, b = (0, 1) if client_speaks else (1, 0)
    tcp = (
        struct.pack(">HHIIBBHHH", ports[a], ports[b], seq, ack, 0x50, flags, 65535, 0, 0) + payload
    )
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, ends[a], ends[b])
    return b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00" + ip + tcp


def record(number: int, data: bytes) -> bytes:
    """A pcap record."""
    return struct.pack("<IIII", 1_700_000_000 + number, 0, len(data), len(data)) + data


def capture_bytes() -> bytes:
    """A Basic logon that the server refuses."""
    asked = b"GET / HTTP/1.1\r\nHost: web.test\r\nAuthorization: Basic YWRhOnNlY3JldA==\r\n\r\n"
    said = b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
    packets = [
        tcp_packet(True, 100, 0, 2, b""),
        tcp_packet(False, 900, 101, 18, b""),
        tcp_packet(True, 101, 901, 24, asked),
        tcp_packet(False, 901, 101 + len(asked), 24, said),
        tcp_packet(True, 101 + len(asked), 901 + len(said), 17, b""),
    ]
    return GLOBAL + b"".join(record(n, p) for n, p in enumerate(packets))


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A small capture file."""
    path = tmp_path / "basic.pcap"
    path.write_bytes(capture_bytes())
    return path


def test_version_and_help_import_nothing_heavy() -> None:
    """Help must not pay for numpy, pandas or anything bigger."""
    code = (
        "import sys\nfrom analyzer.cli.main import run\nrun(['--help']); run(['--version'])\n"
        f"heavy = {{'numpy', 'importlib.metadata', *{HEAVY}}} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "negoscope 0." in done.stdout
    for name in COMMANDS:
        assert name in done.stdout


def test_the_version_is_the_packages() -> None:
    """`--version` tells what was installed, without asking for it."""
    assert __version__ == metadata.version("negoscope")
    assert negoscope.__version__ == __version__


@pytest.mark.parametrize("command", ["summary", "negotiations", "tokens", "kdc", "hosts"])
def test_reading_imports_nothing_heavy(command: str, capture: Path) -> None:
    """Printing tables needs no frame library, and no module that takes a millisecond for little."""
    code = (
        f"import sys\nfrom analyzer.cli.main import run\nassert run([{command!r}, {str(capture)!r}]) == 0\n"
        f"heavy = {{*{HEAVY}, *{LITTLE_USED}}} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize(
    "command", ["negotiations", "tokens", "offers", "anomalies", "captures", "names", "audit"]
)
def test_lines_import_nothing_heavy(command: str, form: str, capture: Path) -> None:
    """Rows for other programs need no frame library either; JSON texts may need `json`."""
    words = [command, str(capture), "--format", form]
    code = (
        f"import sys\nfrom analyzer.cli.main import run\nassert run({words!r}) in (0, 3)\n"
        f"heavy = {HEAVY} & set(sys.modules)\nassert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_negotiations_as_json_lines(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object per row with the contract's names; a password nowhere."""
    assert run(["negotiations", str(capture), "--format", "jsonl"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    row = json.loads(line)
    assert row["capture"] == "basic.pcap"
    assert (row["mechanism"], row["outcome"], row["status"], row["status_code"]) == (
        "basic",
        "failure",
        "401",
        401,
    )
    assert (row["first_frame"], row["last_frame"], row["user"]) == (3, 4, "ada")
    assert row["reason"] == "bad_credentials"
    assert row["started"] == "2023-11-14T22:13:22.000000000Z"
    assert "secret" not in line


@pytest.mark.parametrize("form", ["table", "csv", "ecs", "ocsf", "zeek", "zeek-json"])
def test_other_formats(form: str, capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every format names the client and the verdict, and never the password."""
    assert run(["negotiations", str(capture), "--format", form]) == 0
    out = capsys.readouterr().out
    assert "10.0.0.1" in out
    assert "fail" in out.lower()
    assert "secret" not in out


def test_parquet_and_where(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQL chooses rows; Parquet holds what was chosen."""
    target = tmp_path / "out.parquet"
    condition = ["--where", "outcome = 'failure' and client_port > 1000"]
    assert (
        run(["negotiations", str(capture), *condition, "--format", "parquet", "-o", str(target)])
        == 0
    )
    import duckdb

    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT negotiation_id, status FROM '{target}'").fetchall()
    assert found == [(1, "401")]
    assert (
        run(["negotiations", str(capture), "--where", "outcome = 'success'", "--format", "jsonl"])
        == 0
    )
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "condition",
    [
        "nonsense ===",
        "1=1); DROP TABLE rows_of; --",
        "exists(SELECT * FROM read_csv('/etc/passwd'))",
    ],
)
def test_where_takes_a_condition_and_nothing_else(
    condition: str, capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bad SQL, a second statement or a file is refused in one line."""
    assert run(["negotiations", str(capture), "--where", condition]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_columns(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Named columns, in the order named."""
    assert (
        run(["negotiations", str(capture), "--columns", "outcome,client", "--format", "csv"]) == 0
    )
    assert capsys.readouterr().out.splitlines() == ["outcome,client", "failure,10.0.0.1"]


def test_output_file_appears_whole(capture: Path, tmp_path: Path) -> None:
    """-o writes the file, and leaves no half-written one."""
    target = tmp_path / "rows.jsonl"
    assert run(["negotiations", str(capture), "--format", "jsonl", "-o", str(target)]) == 0
    assert json.loads(target.read_text())["outcome"] == "failure"
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_is_half_written_goes(error: type[BaseException], tmp_path: Path) -> None:
    """Whatever comes in between, an older file stays as it was."""
    target = tmp_path / "rows.jsonl"
    target.write_text("older")

    def write() -> None:
        with writer(str(target)) as out:
            out.write("half")
            raise error

    with pytest.raises(error):
        write()
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    "arguments",
    [
        ["negotiations", "/no/such/file.pcap"],
        ["negotiations"],
        ["negotiations", "{capture}", "--format", "xml"],
        ["negotiations", "{capture}", "--columns", "nonsense"],
        ["negotiations", "{capture}", "--format", "parquet"],
        ["negotiations", "{capture}", "--decode-as", "tcp.port==x,smb"],
        ["negotiations", "{capture}", "--decode-as", "tcp.port==80,gopher"],
        ["negotiations", "{capture}", "-o", "/no/such/directory/out"],
        ["negotiations", "{capture}", "-o", "/"],
        ["negotiations", "{capture}", "-o", "{capture}"],
        ["negotiations", "{capture}", "--with-secrets"],
        ["nonsense", "{capture}"],
        ["show", "{capture}", "99"],
        ["summary", "{text}"],
        ["summary", "{empty}"],
        ["token", "!!"],
        ["token", "zzz"],
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    arguments: list[str], capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller's mistakes get one clear line, never a traceback."""
    (tmp_path / "notes.txt").write_text("this is no capture\n" * 10)
    (tmp_path / "empty.pcap").write_bytes(b"")
    places = {"capture": capture, "text": tmp_path / "notes.txt", "empty": tmp_path / "empty.pcap"}
    assert run([argument.format(**places) for argument in arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("negoscope: ")


def test_a_cut_file_is_used_up_to_the_cut(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 3, the rows before the damage, and the loss told."""
    capture.write_bytes(capture_bytes()[:-20])
    assert run(["negotiations", str(capture), "--format", "jsonl"]) == 3
    assert json.loads(capsys.readouterr().out)["outcome"] == "failure"
    assert run(["anomalies", str(capture), "--format", "jsonl"]) == 3
    assert "capture-cut" in capsys.readouterr().out
    assert run(["captures", str(capture), "--format", "jsonl"]) == 3
    assert json.loads(capsys.readouterr().out)["complete"] is False


def test_several_inputs_one_of_them_bad(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are read; the bad ones have a line each, a row each, and the status is 3."""
    text = tmp_path / "notes.txt"
    text.write_text("no capture at all, only words")
    assert (
        run(["captures", str(capture), str(text), str(tmp_path / "gone.pcap"), "--format", "jsonl"])
        == 3
    )
    said = capsys.readouterr()
    rows = {row["capture"]: row for row in map(json.loads, said.out.splitlines())}
    assert rows["basic.pcap"]["error"] is None
    assert rows["notes.txt"]["error"]
    assert len(rows) == 3
    assert len(said.err.splitlines()) == 2


def test_a_directory_skips_what_is_no_capture(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Notes lie beside captures: status 0, with a note."""
    (tmp_path / "README.txt").write_text("words")
    assert run(["negotiations", str(tmp_path), "--format", "jsonl"]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert "README.txt" in said.err
    assert run(["negotiations", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_many_files_that_are_no_captures_are_counted(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says how many, one how many are empty, with some names; what can't be read is told apart."""
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text("words")
    for number in range(3):
        (tmp_path / f"{number}.jsonl").write_bytes(b"")
    (tmp_path / "old.pcap").write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 9, 9, 0, 0, 99, 1))
    assert run(["negotiations", str(tmp_path), "--format", "jsonl"]) == 0
    plain, empty, old = capsys.readouterr().err.splitlines()
    assert plain == "negoscope: skipped 4 files that are no captures: 0.txt, 1.txt, 2.txt, ..."
    assert empty == "negoscope: skipped 3 empty files: 0.jsonl, 1.jsonl, 2.jsonl"
    assert "old.pcap" in old


def test_an_empty_file_alone_is_told_by_its_reason(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing to count."""
    (tmp_path / "a.jsonl").write_bytes(b"")
    (tmp_path / "b.txt").write_text("words")
    assert run(["negotiations", str(tmp_path), "--format", "jsonl"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "negoscope: skipped a.jsonl: empty file, not a capture",
        "negoscope: skipped b.txt: not a capture",
    ]


def test_a_capture_is_never_overwritten(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By no name: a link to it, or the directory that holds it; the output of an earlier run may be."""
    (tmp_path / "link").symlink_to(capture)
    for given, output in (
        (capture, tmp_path / "link"),
        (tmp_path / "link", capture),
        (tmp_path, capture),
    ):
        assert run(["negotiations", str(given), "-o", str(output), "--quiet"]) == 2
        assert "one of the captures" in capsys.readouterr().err
    assert capture.read_bytes() == capture_bytes()
    for _ in range(2):
        assert run(["negotiations", str(tmp_path), "-o", str(tmp_path / "out.txt")]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["negotiations", "{capture}", "--format", "jsonl"],
        ["negotiations", "{capture}", "--format", "jsonl", "-o", "/dev/stdout"],
        ["negotiations", "{capture}"],
        ["summary", "{capture}"],
        ["show", "{capture}", "1"],
        ["token", "TlRMTVNTUAABAAAABwIIAAAAAAAAAAAAAAAAAAAAAAA="],
        ["--help"],
        ["--version"],
    ],
)
def test_a_reader_that_leaves_is_no_failure(arguments: list[str], capture: Path) -> None:
    """`negoscope ... | head -1` ends quietly with status 0."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from analyzer.cli.main import main; main()",
                *(argument.format(capture=capture) for argument in arguments),
            ],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_standard_input(capture: Path) -> None:
    """`-` reads a capture from a pipe."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from analyzer.cli.main import main; main()",
            "negotiations",
            "-",
            "--format",
            "jsonl",
        ],
        input=capture.read_bytes(),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["outcome"] == "failure"


def test_show_draws_the_ladder(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Client left, server right, frames, verdict."""
    assert run(["show", str(capture), "1"]) == 0
    out = capsys.readouterr().out
    assert "10.0.0.1:50000" in out
    assert "Basic logon" in out
    assert "HTTP 401" in out
    assert "FAILURE  basic over http" in out
    assert "secret" not in out


def test_colour_only_where_asked(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No escape sequence reaches a pipe; `always` brings them."""
    run(["negotiations", str(capture)])
    assert "\x1b" not in capsys.readouterr().out
    run(["negotiations", str(capture), "--color", "always"])
    assert "\x1b[31mfailure" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "TlRMTVNTUAABAAAABwIIAAAAAAAAAAAAAAAAAAAAAAA=",
        "Authorization: NTLM TlRMTVNTUAABAAAABwIIAAAAAAAAAAAAAAAAAAAAAAA=",
        "www-authenticate:negotiate TlRMTVNTUAABAAAABwIIAAAAAAAAAAAAAAAAAAAAAAA",
        "4e 54 4c 4d 53 53 50 00 01 00 00 00 07 02 08 00" + " 00" * 16,
        "0x4e544c4d53535000010000000702080000000000000000000000000000000000",
    ],
)
def test_token_from_any_text(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Base64, header lines and hex say the same."""
    assert run(["token", text]) == 0
    out = capsys.readouterr().out
    assert out.startswith("NTLM_NEGOTIATE, 32 bytes")
    assert "NTLMSSP_NEGOTIATE_UNICODE" in out


def test_token_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Fields with byte ranges and meanings; without secrets unless asked for."""
    ticket = "TlRMTVNTUAABAAAABwIIAAAAAAAAAAAAAAAAAAAAAAA="
    assert run(["token", ticket, "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["token_type"] == "NTLM_NEGOTIATE"
    assert "token" not in made
    flags = next(field for field in made["fields"] if field["name"] == "NegotiateFlags")
    assert (flags["start"], flags["end"], flags["value"]) == (12, 16, 0x80207)
    assert run(["token", ticket, "--format", "json", "--with-secrets"]) == 0
    assert json.loads(capsys.readouterr().out)["token"].startswith("4e544c4d")


def test_several_tokens_are_one_exchange(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What curl printed becomes a ladder with its verdict, and a tree for each token."""
    negotiate = "TlRMTVNTUAABAAAABwIIAAAAAAAAAAAAAAAAAAAAAAA="
    (tmp_path / "curl.txt").write_text(
        f"> GET / HTTP/1.1\n> Host: web\n> Authorization: NTLM {negotiate}\n>\n< HTTP/1.1 401 No\n<\n"
    )
    assert run(["token", str(tmp_path / "curl.txt"), "--brief"]) == 0
    told = capsys.readouterr().out
    assert "HTTP 401" in told
    assert "1  initiator, line 1: NTLM_NEGOTIATE, 32 bytes" in told


def test_a_capture_is_no_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who gives a capture to `token` is told what reads it."""
    (tmp_path / "a.pcapng").write_bytes(b"\x0a\x0d\x0d\x0a" + bytes(40))
    assert run(["token", str(tmp_path / "a.pcapng")]) == 2
    assert "this is a capture" in capsys.readouterr().err


def test_token_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file may hold the text or the bytes."""
    raw = bytes.fromhex("4e544c4d5353500001000000070208000000000000000000") + bytes(8)
    (tmp_path / "token.bin").write_bytes(raw)
    (tmp_path / "token.txt").write_text("NTLM TlRMTVNTUAABAAAABwIIAAAAAAAAAAAAAAAAAAAAAAA=\n")
    for name in ("token.bin", "token.txt"):
        assert run(["token", str(tmp_path / name)]) == 0
        assert capsys.readouterr().out.startswith("NTLM_NEGOTIATE, 32 bytes")
