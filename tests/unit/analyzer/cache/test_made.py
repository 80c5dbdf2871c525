"""What was made of all captures together: the same from the cache, never of what has changed."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import analyzer.audit.run
import analyzer.reading
from analyzer.analysis import read
from analyzer.cache import files, made, proof
from analyzer.cli.main import COMMANDS, run
from analyzer.derived import Derived
from analyzer.errors import CaptureError
from analyzer.tables.collect import Tables

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
SMB = CAPTURES / "smb" / "mixed" / "capture.pcapng"
KDC = CAPTURES / "kdc" / "kerberoasting" / "capture.pcapng"
THINGS = ("audit", "summary", "hosts")


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture of one's own."""
    return Path(shutil.copy(SMB, tmp_path / "a.pcapng"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where things are kept."""
    return tmp_path / "kept"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read, recalled or made, in this order."""
    done: list[str] = []
    really, grow, audit = analyzer.reading.run, Tables.grow_packed, analyzer.audit.run.audit

    def reading(source: Any, *rest: Any) -> Any:
        done.append("read")
        return really(source, *rest)

    def recalling(tables: Tables, table: str, *rest: Any) -> None:
        done.append("recalled")
        grow(tables, table, *rest)

    def judging(*rest: Any) -> Any:
        done.append("judged")
        return audit(*rest)

    monkeypatch.setattr(analyzer.reading, "run", reading)
    monkeypatch.setattr(Tables, "grow_packed", recalling)
    monkeypatch.setattr(analyzer.audit.run, "audit", judging)
    return done


Said = tuple[int, str, str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command: its status and what it says, but for how long reading took."""

    def told(*words: str | Path) -> Said:
        status = run(list(map(str, words)))
        out, err = capsys.readouterr()
        return status, re.sub(r"read in [\d.]+ s|\"seconds\":[\d.e-]+", "", out), err

    return told


def kept(folder: Path) -> list[Path]:
    """Files with what was made."""
    return sorted(folder.glob(f"*{made.ENDING}"))


TABLES_PRINTED = tuple(name for name, (module, _) in COMMANDS.items() if module.endswith(".table"))
ALL = [
    *(
        (name, *form)
        for name in TABLES_PRINTED
        for form in ((), ("--format", "jsonl"), ("--format", "csv"))
        if (name, *form[1:])
        != ("captures", "csv")  # where the seconds it took are a number among others
    ),
    *((name,) for name in ("summary", "audit")),
    ("audit", "--format", "sarif"),
    ("audit", "--format", "jsonl"),
    ("audit", "--rules", "ntlm,NGS-KDC"),
    ("audit", "--fail-on", "high"),
    ("hosts", "--where", "role = 'server'"),
    ("negotiations", "--columns", "capture,client,reason"),
]


def test_every_command_says_the_same_from_the_cache(
    tmp_path: Path, folder: Path, said: Callable[..., Said], work: list[str]
) -> None:
    """Over several captures, one that is cut, and a file that is none: output, complaints, status."""
    week = tmp_path / "week"
    week.mkdir()
    for name in ("smb/mixed", "kdc/kerberoasting", "smb/fallback_other_carrier"):
        shutil.copy(CAPTURES / name / "capture.pcapng", week / f"{name.replace('/', '_')}.pcapng")
    (week / "cut.pcapng").write_bytes(SMB.read_bytes()[:-30])
    (week / "read.me").write_text("no capture")
    plain = [said(*words, week) for words in ALL]
    assert all(status and "read.me" in err for status, _, err in plain)
    for words, expected in zip(ALL, plain, strict=True):
        assert said(*words, week, "--cache", folder) == expected
    work.clear()
    for words, expected in zip(ALL, plain, strict=True):
        assert said(*words, week, "--cache", folder) == expected
    assert "judged" not in work
    assert len(kept(folder)) == len(THINGS)


@pytest.mark.parametrize("command", THINGS)
def test_the_second_time_no_row_is_needed(
    command: str, capture: Path, folder: Path, said: Callable[..., Said], work: list[str]
) -> None:
    """Nothing is read, recalled or judged."""
    plain = said(command, capture)
    assert said(command, capture, "--cache", folder) == plain
    work.clear()
    assert said(command, capture, "--cache", folder) == plain
    assert work == []


def test_rows_are_there_when_somebody_looks(capture: Path, folder: Path, work: list[str]) -> None:
    """An analysis of which only hosts were asked for can be asked for the rest."""
    plain = read([capture, KDC])
    read([capture, KDC], tables=["hosts"], cache=folder).columns("hosts")
    work.clear()
    analysis = read([capture, KDC], tables=["hosts"], cache=folder)
    assert analysis.columns("hosts") == plain.columns("hosts")
    assert [source.name for source in analysis.inputs] == [source.name for source in plain.inputs]
    assert analysis.columns("captures")["packets"] == plain.columns("captures")["packets"]
    assert work == []
    assert analysis.columns("negotiations") == plain.columns("negotiations")
    assert work == ["recalled"] * 5 * 2  # the tables that hosts are made of, and captures
    assert analysis.columns("captures")["packets"] == plain.columns("captures")["packets"]
    assert [source.name for source in analysis.inputs] == [source.name for source in plain.inputs]
    assert analysis.negotiation(3).lines(100) == plain.negotiation(3).lines(100)


def test_rows_are_read_where_they_are_no_longer_kept(
    capture: Path, folder: Path, work: list[str]
) -> None:
    """Only a part of the folder was deleted."""
    read(capture, tables=["hosts"], cache=folder).columns("hosts")
    for path in folder.glob("*.negoscope"):
        path.unlink()
    work.clear()
    analysis = read(capture, tables=["hosts"], cache=folder)
    assert work == []
    assert len(analysis.columns("negotiations")["capture"]) == len(read(capture).negotiations)
    assert work[0] == "read"


def test_rows_that_cannot_be_fetched_are_not_none(capture: Path, folder: Path) -> None:
    """Each look complains, and none is told that there are no rows; what is known stays."""
    hosts = read(capture, tables=["hosts"], cache=folder).columns("hosts")
    for path in folder.glob("*.negoscope"):
        path.unlink()
    analysis = read(capture, tables=["hosts"], cache=folder)
    capture.rename(capture.with_suffix(".gone"))
    for _ in range(2):
        with pytest.raises(CaptureError):
            analysis.columns("negotiations")
        assert analysis.columns("hosts") == hosts
        assert len(analysis.columns("captures")["capture"]) == 1
        assert [source.name for source in analysis.inputs] == [capture.name]
    capture.with_suffix(".gone").rename(capture)
    assert len(analysis.columns("negotiations")["capture"]) > 0


def changed(capture: Path, _: pytest.MonkeyPatch) -> Path:
    """One more packet, and the time as before."""
    found = capture.stat()
    packet = b"\6\0\0\0\x20\0\0\0" + bytes(20) + b"\x20\0\0\0"
    capture.write_bytes(capture.read_bytes() + packet)
    os.utime(capture, ns=(found.st_atime_ns, found.st_mtime_ns))
    return capture


def touched(capture: Path, _: pytest.MonkeyPatch) -> Path:
    """Another time."""
    os.utime(capture, ns=(0, 10**18))
    return capture


def renamed(capture: Path, _: pytest.MonkeyPatch) -> Path:
    """Another name, which rows tell."""
    return capture.rename(capture.with_name("b.pcapng"))


def another_program(capture: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newer version, whose rules are others."""
    other = {**proof.program(), "sources": "another"}
    monkeypatch.setattr(proof, "program", lambda: other)
    return capture


@pytest.mark.parametrize("command", THINGS)
@pytest.mark.parametrize("change", [changed, touched, renamed, another_program])
def test_what_has_changed_is_made_anew(
    change: Callable[[Path, pytest.MonkeyPatch], Path],
    command: str,
    capture: Path,
    folder: Path,
    said: Callable[..., Said],
    work: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A capture, its name, this program; the other capture is recalled."""
    said(command, capture, KDC, "--cache", folder)
    capture = change(capture, monkeypatch)
    plain = said(command, capture, KDC)
    work.clear()
    assert said(command, capture, KDC, "--cache", folder) == plain
    assert "read" in work


def test_options_have_things_of_their_own(
    capture: Path, folder: Path, said: Callable[..., Said]
) -> None:
    """And so has another order, and another choice of captures."""
    choices: list[tuple[str | Path, ...]] = [
        (capture,),
        (capture, "--decode-as", "tcp.port==445,http"),
        (capture, KDC),
        (KDC, capture),
        (KDC,),
    ]
    plain = [said("hosts", *words, "--format", "jsonl") for words in choices]
    assert len({out for _, out, _ in plain}) == len(choices)
    for _ in range(2):
        for words, expected in zip(choices, plain, strict=True):
            assert said("hosts", *words, "--format", "jsonl", "--cache", folder) == expected
    assert len(kept(folder)) == len(choices)


def test_rules_and_suppressions_are_applied_to_what_is_kept(
    capture: Path, folder: Path, tmp_path: Path, said: Callable[..., Said], work: list[str]
) -> None:
    """Findings are kept of all rules: a file of suppressions that changes changes what is told."""
    known = tmp_path / "known.toml"
    said("audit", capture, "--rules", "NGS-SMB", "--cache", folder)
    for rule in ("NGS-NTLM", "NGS-SMB", "NGS-XYZ"):
        known.write_text(f'[[suppress]]\nrule = "{rule}"\nreason = "known"\n')
        for words in ((), ("--rules", "ntlm"), ("--rules", "smb")):
            command = ("audit", capture, *words, "--suppress", known)
            plain = said(*command)
            work.clear()
            assert said(*command, "--cache", folder) == plain
            assert work == []


def test_of_tables_that_were_left_out_nothing_is_made_and_kept(capture: Path, folder: Path) -> None:
    """Hosts of negotiations alone lack what other tables would tell."""
    some = read(capture, tables=["negotiations"])
    again = read(capture, tables=["negotiations"], cache=folder)
    assert again.columns("hosts") == some.columns("hosts")
    assert str(again.summary()).split("\n\n")[1:] == str(some.summary()).split("\n\n")[1:]
    assert kept(folder) == []
    whole = read(capture, tables=["hosts"], cache=folder)
    assert whole.columns("hosts") == read(capture).columns("hosts")
    again = read(capture, tables=["negotiations"], cache=folder)
    assert again.columns("hosts") == some.columns("hosts") != whole.columns("hosts")


def test_a_path_that_is_not_there_is_told_each_time(
    capture: Path, folder: Path, tmp_path: Path, said: Callable[..., Said]
) -> None:
    """Nothing tells when there will be one."""
    missing = tmp_path / "none.pcap"
    plain = said("summary", capture, missing)
    for _ in range(2):
        assert said("summary", capture, missing, "--cache", folder) == plain
    assert kept(folder) == []


CUTS = {
    "empty": 0,
    "magic": 9,
    "digest": 30,
    "length": 55,
    "header": 300,
    "before the thing": -1_000_000,
    "thing": -40,
    "last byte": -1,
}
"""How many bytes are left, or gone; of what is longer than the file the header is left."""


@pytest.mark.parametrize("command", THINGS)
@pytest.mark.parametrize("cut", CUTS)
def test_a_file_that_is_cut_is_not_used(
    cut: str, command: str, capture: Path, folder: Path, said: Callable[..., Said]
) -> None:
    """It is told, made anew, and kept again."""
    plain = said(command, capture, "--cache", folder)
    before = {path: path.read_bytes() for path in kept(folder)}
    for path, data in before.items():
        found = files.read_kept(path, ("made",))
        assert found is not None
        left = CUTS[cut] if CUTS[cut] >= -1000 else -len(found.parts["made"])
        path.write_bytes(data[:left])
    status, out, err = said(command, capture, "--cache", folder)
    assert (status, out) == plain[:2]
    assert "not used: " in err
    assert {path: path.read_bytes() for path in kept(folder)} == before
    assert said(command, capture, "--cache", folder) == plain


def test_no_byte_of_it_may_change(capture: Path, folder: Path, said: Callable[..., Said]) -> None:
    """Wherever it is."""
    plain = said("hosts", capture, "--cache", folder)
    (path,) = kept(folder)
    data = path.read_bytes()
    for place in range(0, len(data), len(data) // 40):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        status, out, err = said("hosts", capture, "--cache", folder)
        assert (status, out) == plain[:2]
        assert "not used: " in err


SPOILT: list[Any] = [
    None,
    [],
    [[], []],
    {},
    [None, None],
    "about",
    [["about"] * 6, []],
    [[[0], [1], False, [], [], {}], []],
]


@pytest.mark.parametrize("command", THINGS)
@pytest.mark.parametrize("spoilt", range(len(SPOILT) + 3))
def test_something_else_under_its_name_is_not_used(
    spoilt: int, command: str, capture: Path, folder: Path, said: Callable[..., Said]
) -> None:
    """Of whatever form, with a right digest: of another kind, and where one field is another."""
    plain = said(command, capture, "--cache", folder)
    for path in kept(folder):
        found = files.read_kept(path, ("made",))
        assert found is not None
        about, thing = json.loads(bytes(found.parts["made"]))
        if spoilt < len(SPOILT):
            value = SPOILT[spoilt]
        else:
            value = [about, [None, [[1]], {"role": [1]}][spoilt - len(SPOILT)]]
        assert value != [about, thing]
        del found.header["parts"]
        files.write_kept(path, found.header, {"made": [json.dumps(value).encode()]})
    status, out, err = said(command, capture, "--cache", folder)
    assert (status, out) == plain[:2]
    assert "not used: " in err
    assert said(command, capture, "--cache", folder) == plain


def test_a_full_disk_costs_only_the_cache(
    capture: Path, folder: Path, said: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be kept is told when all is done, unless nobody wants to hear of it."""
    plain = said("hosts", capture, "--cache", folder)
    kept(folder)[0].unlink()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    status, out, err = said("hosts", capture, "--cache", folder)
    assert (status, out) == plain[:2]
    assert err.endswith("not kept: No space left on device\n")
    assert err.count("\n") == 1
    assert said("hosts", capture, "--cache", folder, "--quiet") == plain
    assert kept(folder) == []


def test_the_oldest_go(
    capture: Path, folder: Path, said: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each choice of captures has files of its own, so their number has a bound."""
    monkeypatch.setattr(made, "MOST", 2)
    found: list[set[Path]] = []
    for age, command in enumerate(THINGS):
        said(command, capture, "--cache", folder)
        found.append(set(kept(folder)))
        for path in found[-1] - set().union(*found[:-1]):
            os.utime(path, ns=(age, age))
    assert [len(each) for each in found] == [1, 2, 2]
    assert not found[0] & found[2]


def test_the_oldest_of_an_export_go(
    capture: Path, folder: Path, said: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it keeps comes into the folder from elsewhere, and counts there like all the rest."""
    each = 3  # hosts, findings, summary
    monkeypatch.setattr(made, "MOST", each + 1)
    found: list[set[Path]] = []
    for name in ("a", "b"):
        copy = shutil.copy(capture, capture.with_name(f"{name}{name}.pcapng"))
        said("export", copy, "-o", folder)
        found.append(set(kept(folder)))
        for path in found[0]:
            if path.exists():
                os.utime(path, ns=(1, 1))
    assert [len(files) for files in found] == [each, each + 1]
    assert len(found[0] & found[1]) == 1
    other = folder / "not-mine"
    other.touch()
    said("export", capture, "-o", folder)
    assert other.exists()
    assert (folder / "negotiations.parquet").exists()


def _again_and_again(capture: str, folder: str, answers: Any) -> None:
    for _ in range(4):
        analysis = read(capture, tables=["hosts", "findings"], cache=folder)
        answers.put((analysis.columns("hosts"), analysis.columns("findings"), analysis.notices))
        for path in Path(folder).glob(f"*{made.ENDING}"):
            path.unlink(missing_ok=True)


def test_several_runs_at_once(capture: Path, folder: Path) -> None:
    """Each finds a whole file or none, while others write and delete it."""
    plain = read(capture)
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    runs = [
        context.Process(target=_again_and_again, args=(str(capture), str(folder), answers))
        for _ in range(3)
    ]
    for each in runs:
        each.start()
    found = [answers.get(timeout=120) for _ in range(12)]
    for each in runs:
        each.join(60)
        assert each.exitcode == 0
    for hosts, findings, notices in found:
        assert hosts == plain.columns("hosts")
        assert findings == plain.columns("findings")
        assert notices == []
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_without_a_cache_only_the_rules_asked_for_are_applied(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them would take longer, and nobody keeps what they find."""
    applied: list[int] = []
    really = analyzer.audit.run.audit

    def counting(tables: Any, rules: Any) -> Any:
        applied.append(len(list(rules)))
        return really(tables, rules)

    monkeypatch.setattr(analyzer.audit.run, "audit", counting)
    analysis = read(capture)
    assert isinstance(analysis.derived, Derived)
    assert len(analysis.audit("NGS-SMB-001").rules) == 1
    assert applied == [1]
