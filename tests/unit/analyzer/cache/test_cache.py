"""Kept rows: the same as read rows, never of what has changed, never of what others have written."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

import analyzer.reading
from analyzer.analysis import Analysis, read
from analyzer.cache import files, proof
from analyzer.cache.cache import KEPT, Cache
from analyzer.errors import UsageError
from analyzer.pipeline import Options
from analyzer.tables.numbered import NUMBERED, TELLING
from analyzer.tables.schema import TABLES

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
SMB = CAPTURES / "smb" / "smb311_ntlm" / "capture.pcapng"
HTTP = CAPTURES / "http" / "anyauth_kerberos" / "capture.pcapng"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture of one's own."""
    return Path(shutil.copy(SMB, tmp_path / "a.pcapng"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the captures whose packets are read."""
    names: list[str] = []
    really = analyzer.reading.run

    def counted(source: Any, *rest: Any) -> Any:
        names.append(source.name)
        return really(source, *rest)

    monkeypatch.setattr(analyzer.reading, "run", counted)
    return names


def rows(analysis: Analysis, *, seconds: bool = True) -> dict[str, dict[str, list[Any]]]:
    """All tables as lists."""
    return {
        name: {
            column: list(cells)
            for column, cells in analysis.columns(name).items()
            if seconds or column != "seconds"
        }
        for name in TABLES
    }


def kept(folder: Path) -> list[Path]:
    """The kept files."""
    return sorted(folder.glob("*.negoscope"))


def test_all_captures_give_the_same_rows_from_the_cache(tmp_path: Path, reads: list[str]) -> None:
    """Every cell of every table, types included; the second time no packet is read."""
    folder = tmp_path / "kept"
    # not all of `captures`: Python writes bytecode beside the recipes while other tests run them
    paths = [CAPTURES / carrier for carrier in ("http", "kdc", "ldap", "smb")]
    plain = read(paths)
    first = read(paths, cache=folder)
    assert first.notices == []
    again = len(reads)
    second = read(paths, cache=folder)
    assert len(reads) - again == len(second.notes)  # only files that are no captures
    assert rows(second, seconds=False) == rows(plain, seconds=False)
    assert list(map(repr, second.columns("captures")["seconds"])) == list(
        map(repr, first.columns("captures")["seconds"])
    )
    assert rows(first) == rows(second)
    assert (second.notes, second.errors, second.damaged) == (
        plain.notes,
        plain.errors,
        plain.damaged,
    )
    assert second.negotiation(300).lines(100) == plain.negotiation(300).lines(100)


def test_only_the_tables_asked_for_are_there(capture: Path, tmp_path: Path) -> None:
    """Whether they come from the capture or from the cache, where all are kept."""
    for _ in range(2):
        analysis = read(capture, tables=["offers"], cache=tmp_path / "kept")
        assert {name for name in KEPT if len(analysis.columns(name)["capture"])} == {
            "negotiations",
            "offers",
            "captures",
        }
        with pytest.raises(UsageError, match="left out"):
            analysis.audit()
    assert len(read(capture, cache=tmp_path / "kept").columns("tokens")["capture"])


def test_numbers_and_names_fit_in_behind_other_captures(
    capture: Path, tmp_path: Path, reads: list[str]
) -> None:
    """What is kept of a capture alone is used among others too."""
    read(capture, cache=tmp_path / "kept")
    read(HTTP, cache=tmp_path / "kept")
    reads.clear()
    other = Path(shutil.copytree(HTTP.parent, tmp_path / "other"), "capture.pcapng")
    together = [HTTP, other, capture]
    assert rows(read(together, cache=tmp_path / "kept"), seconds=False) == rows(
        read(together), seconds=False
    )
    assert reads == ["other/capture.pcapng", *reads[1:4]]
    assert len(reads) == 4


def test_sentences_that_name_other_negotiations_are_not_moved(
    tmp_path: Path, reads: list[str]
) -> None:
    """`negotiation 1 ran Kerberos` is only true behind as many negotiations as before."""
    fallback = CAPTURES / "smb" / "fallback_other_carrier" / "capture.pcapng"
    told = [text or "" for text in read(fallback).columns("negotiations")["reason_detail"]]
    assert any("negotiation 1" in text for text in told)
    read(fallback, cache=tmp_path / "kept")
    for _ in range(2):
        together = read([SMB, fallback], cache=tmp_path / "kept")
        assert rows(together, seconds=False) == rows(read([SMB, fallback]), seconds=False)


def rewritten(path: Path, change: Callable[[bytearray], None]) -> None:
    """Change bytes of a file, and put its time back."""
    found = path.stat()
    data = bytearray(path.read_bytes())
    change(data)
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def grown(data: bytearray) -> None:
    """One more packet."""
    data += b"\6\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0"


def flipped(place: int) -> Callable[[bytearray], None]:
    """Another byte there."""

    def change(data: bytearray) -> None:
        data[place] ^= 1

    return change


CHANGES: dict[str, Callable[[bytearray], None]] = {
    "longer": grown,
    "shorter": lambda data: data.__delitem__(slice(-4, None)),
    "head": flipped(30),
    "tail": flipped(-6),
    "middle": flipped(1 << 17),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("times", ["true", "false"])
def test_a_changed_capture_is_read_again(
    change: str, times: str, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its time was put back; and where all times lie, unless only its middle has changed."""
    capture = tmp_path / "a.pcapng"
    capture.write_bytes(SMB.read_bytes() + (b"\x0a\x0d\x0d\x0a" + bytes(8)) * 30_000)
    if times == "false":
        honest = proof._state
        monkeypatch.setattr(proof, "_state", lambda path: {**honest(path), "times": [0, 0]})
    read(capture, cache=tmp_path / "kept")
    read(capture, cache=tmp_path / "kept")
    assert len(reads) == 1
    rewritten(capture, CHANGES[change])
    read(capture, cache=tmp_path / "kept")
    assert len(reads) == (1 if (change, times) == ("middle", "false") else 2)


def test_another_time_is_another_capture(capture: Path, tmp_path: Path, reads: list[str]) -> None:
    """Whoever touched it may have written it."""
    read(capture, cache=tmp_path / "kept")
    os.utime(capture, ns=(0, 10**18))
    read(capture, cache=tmp_path / "kept")
    assert len(reads) == 2
    assert len(kept(tmp_path / "kept")) == 1  # the old rows are replaced


@pytest.mark.parametrize("what", ["negoscope", "scapy", "sources", "tables", "form", "byte_order"])
def test_another_program_reads_again(
    what: str, capture: Path, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older or newer version may tell other rows."""
    read(capture, cache=tmp_path / "kept")
    other = {**proof.program(), what: "another"}
    monkeypatch.setattr(proof, "program", lambda: other)
    read(capture, cache=tmp_path / "kept")
    assert len(reads) == 2


@pytest.mark.parametrize(
    "how", [{"decode_as": "tcp.port==445,http"}, {"engine": "scapy"}], ids=["decode-as", "engine"]
)
def test_other_options_read_again(
    how: dict[str, Any], capture: Path, tmp_path: Path, reads: list[str]
) -> None:
    """Each way to read has its own rows; both stay."""
    for _ in range(2):
        read(capture, cache=tmp_path / "kept")
        read(capture, cache=tmp_path / "kept", **how)
    assert len(reads) == 2
    assert len(kept(tmp_path / "kept")) == 2


def test_every_option_has_been_thought_of() -> None:
    """A new one is a fact of the proof unless it is named here as one that changes no row."""
    assert {field.name for field in fields(Options)} >= proof.NO_MATTER
    assert {"progress", "per_message_tokens"} == proof.NO_MATTER


def test_an_option_that_holds_more_than_it_tells_keeps_nothing(capture: Path) -> None:
    """An object of keys, say: nobody knows when it is another one."""
    from analyzer.capture.inputs import Input

    options = Options()
    options.decode_as = object()  # type: ignore[assignment]
    assert proof.prove(Input(str(capture)), options) is None


def test_secrets_are_not_kept(capture: Path, tmp_path: Path, reads: list[str]) -> None:
    """Neither are tokens' bytes written, nor are rows without them given in their place."""
    for _ in range(2):
        analysis = read(capture, cache=tmp_path / "kept", with_secrets=True)
        assert any(analysis.columns("tokens")["token"])
        assert "nothing is kept" in analysis.notices[0]
    assert len(reads) == 2
    assert not kept(tmp_path / "kept")
    read(capture, cache=tmp_path / "kept")
    (file,) = kept(tmp_path / "kept")
    for token in analysis.columns("tokens")["token"]:
        assert token.encode() not in file.read_bytes()
        assert bytes.fromhex(token) not in file.read_bytes()


def test_only_the_owner_can_read_it(capture: Path, tmp_path: Path) -> None:
    """Whatever the umask."""
    before = os.umask(0)
    try:
        read(capture, cache=tmp_path / "new" / "kept")
    finally:
        os.umask(before)
    (file,) = kept(tmp_path / "new" / "kept")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def signed(data: bytes) -> bytes:
    """A kept file with a right digest."""
    return files.MAGIC + blake2b(data, digest_size=32).digest() + data


def reheaded(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the header of a kept file, with a right digest."""
    found = files.read_kept(path, KEPT)
    assert found is not None
    change(found.header)
    del found.header["parts"]
    files.write_kept(path, found.header, {name: [data] for name, data in found.parts.items()})


def cut(path: Path) -> None:
    """A file that was not written to its end."""
    path.write_bytes(path.read_bytes()[:-100])


def empty(path: Path) -> None:
    """A file without anything."""
    path.write_bytes(b"")


def one_bit(path: Path) -> None:
    """A bad sector."""
    data = bytearray(path.read_bytes())
    data[-1000] ^= 4
    path.write_bytes(data)


def pickled(path: Path) -> None:
    """What other programs would run."""
    path.write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")


def deep(path: Path) -> None:
    """A header without end."""
    text = b"[" * 100_000
    path.write_bytes(signed(len(text).to_bytes(8, "little") + text))


def long_header(path: Path) -> None:
    """A header longer than the file."""
    path.write_bytes(signed((1 << 62).to_bytes(8, "little") + b"{}"))


def many_rows(path: Path) -> None:
    """Rows that would fill the memory."""
    reheaded(path, lambda header: header["tables"]["tokens"].update(rows=1 << 40))


def no_columns(path: Path) -> None:
    """A table without its columns."""
    reheaded(path, lambda header: header["tables"]["tokens"].update(columns={}))


def outside(path: Path) -> None:
    """A column that lies elsewhere."""
    reheaded(path, lambda header: header["tables"]["tokens"]["columns"].update(ts=[-9, 1 << 50]))


def other_column(path: Path) -> None:
    """Text where numbers should be."""

    def change(header: dict[str, Any]) -> None:
        columns = header["tables"]["tokens"]["columns"]
        columns["frame"] = columns["sha256"]

    reheaded(path, change)


def link(path: Path) -> None:
    """A link to somewhere else."""
    elsewhere = path.parent.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def folder(path: Path) -> None:
    """A directory."""
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    """A pipe that nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def writable(path: Path) -> None:
    """A file that others can write."""
    path.chmod(0o666)


@pytest.mark.parametrize(
    "spoil",
    [
        cut,
        empty,
        one_bit,
        pickled,
        deep,
        long_header,
        many_rows,
        no_columns,
        outside,
        other_column,
        link,
        folder,
        pipe,
        writable,
    ],
)
def test_a_spoilt_file_is_told_and_not_used(
    spoil: Callable[[Path], None], capture: Path, tmp_path: Path, reads: list[str]
) -> None:
    """The capture is read as if nothing were kept."""
    plain = rows(read(capture, cache=tmp_path / "kept"), seconds=False)
    spoil(kept(tmp_path / "kept")[0])
    analysis = read(capture, cache=tmp_path / "kept")
    assert rows(analysis, seconds=False) == plain
    assert len(reads) == 2
    assert "not used" in analysis.notices[0]


def test_a_folder_that_is_gone_is_made_again(capture: Path, tmp_path: Path) -> None:
    """It is safe to delete."""
    read(capture, cache=tmp_path / "kept")
    shutil.rmtree(tmp_path / "kept")
    assert read(capture, cache=tmp_path / "kept").notices == []
    assert kept(tmp_path / "kept")


def test_a_folder_may_go_while_a_capture_is_read(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows are given; that nothing was kept is told."""
    really = analyzer.reading.run

    def deleted(*arguments: Any) -> Any:
        done = really(*arguments)
        shutil.rmtree(tmp_path / "kept")
        return done

    with monkeypatch.context() as patched:
        patched.setattr(analyzer.reading, "run", deleted)
        analysis = read(capture, cache=tmp_path / "kept")
    assert rows(analysis, seconds=False) == rows(read(capture), seconds=False)
    assert analysis.notices[0] == "a.pcapng: not kept: No such file or directory"
    assert all("not kept: No such file" in each for each in analysis.notices)


def test_a_folder_may_go_when_rows_were_seen_there(
    capture: Path, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read after all."""
    plain = rows(read(capture, cache=tmp_path / "kept"), seconds=False)
    really = Cache.look_up

    def deleted(*arguments: Any) -> Any:
        found = really(*arguments)
        assert [known for _, known in found] == [True]
        shutil.rmtree(tmp_path / "kept")
        return found

    monkeypatch.setattr(Cache, "look_up", deleted)
    assert rows(read(capture, cache=tmp_path / "kept"), seconds=False) == plain
    assert reads == ["a.pcapng"] * 2


def test_a_folder_that_cannot_be_is_the_callers_mistake(capture: Path) -> None:
    """Told in one line."""
    with pytest.raises(UsageError, match=r"^--cache .*a\.pcapng: "):
        read(capture, cache=capture)


def test_a_full_disk_costs_only_the_cache(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are given all the same; nothing half-written stays."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    analysis = read(capture, cache=tmp_path / "kept")
    assert len(analysis.columns("negotiations")["capture"]) == 1
    assert analysis.notices == ["a.pcapng: not kept: No space left on device"]
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_capture_that_changes_while_it_is_read_is_not_kept(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live one grows under our hands."""
    really = analyzer.reading.run

    def growing(*arguments: Any) -> Any:
        done = really(*arguments)
        with capture.open("ab") as file:
            file.write(b"\n")
        return done

    monkeypatch.setattr(analyzer.reading, "run", growing)
    analysis = read(capture, cache=tmp_path / "kept")
    assert analysis.notices == ["a.pcapng: not kept: it changed while it was read"]
    assert not kept(tmp_path / "kept")


def test_a_fresh_capture_is_read_once_its_time_tells_changes(
    capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two changes within one tick of the file system's clock look like one."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    capture.touch()
    read(capture, cache=tmp_path / "kept")
    assert len(slept) == 1
    assert 0 < slept[0] <= proof.SETTLED_S


def test_a_rotated_capture_is_one(tmp_path: Path, reads: list[str]) -> None:
    """Its parts are proven together; a change of any, or one more, is another capture."""
    parts = tmp_path / "ring"
    parts.mkdir()
    in_time = sorted((SMB, HTTP), key=lambda path: read(path).columns("captures")["first_ts"][0])
    for number, path in enumerate(in_time, 1):
        shutil.copy(path, parts / f"r_0000{number}_2026112712000{number}.pcapng")
    reads.clear()
    name = read(parts, cache=tmp_path / "kept").inputs[0].name
    assert ".." in name
    read(parts, cache=tmp_path / "kept")
    assert reads == [name]
    rewritten(parts / "r_00002_20261127120002.pcapng", grown)
    read(parts, cache=tmp_path / "kept")
    assert reads == [name, name]


def test_several_processes_keep_and_find_the_same(tmp_path: Path, reads: list[str]) -> None:
    """`--jobs` changes nothing."""
    plain = rows(read([SMB, HTTP]), seconds=False)
    reads.clear()
    for _ in range(2):
        analysis = read([SMB, HTTP], jobs=2, cache=tmp_path / "kept")
        assert rows(analysis, seconds=False) == plain
    assert reads == []
    assert len(kept(tmp_path / "kept")) == 2


def test_standard_input_is_not_kept() -> None:
    """It is another one each time."""
    from analyzer.capture.inputs import Input

    assert proof.prove(Input("-"), Options()) is None


def test_every_number_of_a_negotiation_is_known() -> None:
    """A column that refers to negotiations must be counted on behind other captures."""
    words = ("negotiation_id", "negotiation_ids", "retry_of", "fallback_from")
    found = {
        name: tuple(column for column in TABLES[name].names if column in words) for name in KEPT
    }
    assert {name: names for name, names in found.items() if names} == NUMBERED
    assert all(set(names) <= set(TABLES[name].names) for name, names in TELLING.items())
