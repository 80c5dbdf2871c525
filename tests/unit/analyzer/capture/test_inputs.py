"""From the caller's arguments to the list of captures."""

import os

import pytest

from analyzer.capture.inputs import Input, expand, with_distinct_names
from analyzer.errors import UsageError


@pytest.fixture
def folder(tmp_path):
    for name in ("b.pcap", "a.pcap", "note.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "c.pcap").write_bytes(b"x")
    return tmp_path


def names(inputs):
    return [item.name for item in inputs]


def test_files_keep_the_order_of_the_arguments(folder):
    """Rotated captures are given in an order that means something."""
    inputs = expand([str(folder / "b.pcap"), str(folder / "a.pcap")])
    assert names(inputs) == ["b.pcap", "a.pcap"]
    assert not any(item.from_directory for item in inputs)


def test_a_directory_is_all_files_below_it_sorted(folder):
    """What is no capture is found out later."""
    inputs = expand([str(folder)])
    assert names(inputs) == ["a.pcap", "b.pcap", "note.txt", "c.pcap"]
    assert all(item.from_directory for item in inputs)


def test_a_pipe_in_a_directory_is_passed_over(folder):
    """Opening it could wait for ever."""
    os.mkfifo(folder / "pipe")
    assert "pipe" not in names(expand([str(folder)]))
    assert names(expand([str(folder / "pipe")])) == ["pipe"]


def test_a_directory_that_cannot_be_listed_is_told(folder, monkeypatch):
    """The reason is the system's."""

    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UsageError, match=r": Permission denied$"):
        expand([str(folder)])


def test_a_glob_is_sorted_and_may_match_directories(folder):
    """As a shell would have expanded it."""
    assert names(expand([str(folder / "*.pcap")])) == ["a.pcap", "b.pcap"]
    assert names(expand([str(folder / "deep*")])) == ["c.pcap"]


def test_a_file_with_brackets_in_its_name_is_that_file(folder):
    """Only what names no file is a pattern."""
    (folder / "[ab].pcap").write_bytes(b"x")
    assert names(expand([str(folder / "[ab].pcap")])) == ["[ab].pcap"]


def test_a_file_is_read_once_however_often_it_is_named(folder):
    """By its path, through a link, and out of its directory; the first mention counts."""
    (folder / "link.pcap").symlink_to(folder / "a.pcap")
    path = str(folder / "a.pcap")
    inputs = expand([path, path, str(folder / "link.pcap"), str(folder), "-", "-"])
    assert names(inputs) == ["a.pcap", "b.pcap", "note.txt", "c.pcap", "-"]
    assert not inputs[0].from_directory


def test_standard_input_is_a_dash():
    """It has no path to look at."""
    assert expand(["-"]) == [Input("-")]
    assert expand(["-"])[0].is_standard_input


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("absent.pcap", "no such file or directory"),
        ("absent*.pcap", "no file matches"),
        ("empty", "no files in this directory"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(folder, argument, reason):
    """The argument and the reason, as people wrote it."""
    (folder / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        expand([str(folder / argument)])
    assert str(caught.value) == f"{folder / argument}: {reason}"


def test_inputs_of_one_name_show_their_folders(folder):
    """As many folders as tell them apart, no more; other names stay as they are."""
    (folder / "more").mkdir()
    (folder / "more" / "c.pcap").write_bytes(b"x")
    inputs = with_distinct_names(expand([str(folder)]))
    assert [item.name for item in inputs] == [
        "a.pcap",
        "b.pcap",
        "note.txt",
        "deeper/c.pcap",
        "more/c.pcap",
    ]
