"""pyshark captures: read as pyshark reads them, in a process of their own."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

import negoscope as ng
from analyzer.analysis import read
from analyzer.capture import pyshark_source
from tests.support.packets import Conversation, pcapng
from tests.support.tls_talk import through_tls

ROOT = Path(__file__).resolve().parents[3]
CAPTURE = ROOT / "captures" / "http" / "negotiate_kerberos" / "capture.pcapng"
LDAP = ROOT / "captures" / "ldap" / "gss_spnego_seal" / "capture.pcapng"

pyshark = pytest.importorskip("pyshark")
pytestmark = [
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
    # pyshark's own, when a capture is made in this process
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture
def file_capture() -> Any:
    """Makes a FileCapture whose event loop is closed afterwards."""
    loop = asyncio.new_event_loop()

    def made(path: Path, **settings: Any) -> Any:
        return pyshark.FileCapture(str(path), eventloop=loop, **settings)

    yield made
    loop.close()


def rows(analysis: Any, table: str = "negotiations") -> list[dict[str, Any]]:
    columns = analysis.tables.columns[table]
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("path", [CAPTURE, LDAP], ids=["http", "ldap"])
def test_a_path_gives_the_tables_of_read(path: Path) -> None:
    """Cell by cell."""
    analysis, native = ng.from_pyshark(path), read(path)
    for table in ("negotiations", "tokens", "offers", "anomalies"):
        assert rows(analysis, table) == rows(native, table)
    assert rows(analysis, "captures")[0]["engine"] == "pyshark"


def test_a_capture_is_read_with_its_settings(file_capture: Any) -> None:
    """A display filter hides packets: those of the other connections here."""
    analysis = ng.from_pyshark(file_capture(CAPTURE, display_filter="tcp.port == 88"))
    assert rows(analysis) == []
    assert rows(analysis, "captures")[0]["packets"] > 0
    assert rows(ng.from_pyshark(file_capture(CAPTURE))) == rows(read(CAPTURE))


def test_preferences_of_a_capture_count(tmp_path: Path, file_capture: Any) -> None:
    """A key log among them decrypts."""
    keylog = tmp_path / "keys.log"
    said = [
        (0, b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\n\r\n"),
        (1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]
    path = tmp_path / "tls.pcapng"
    path.write_bytes(pcapng(through_tls(Conversation(443), said, keylog).close().packets))
    capture = file_capture(path, override_prefs={"tls.keylog_file": str(keylog)})
    (row,) = rows(ng.from_pyshark(capture))
    assert (row["scheme"], row["protection"]) == ("Basic", "tls")


def test_inside_a_running_event_loop() -> None:
    """As in a notebook, where pyshark itself refuses to work."""

    async def cell() -> list[dict[str, Any]]:
        assert asyncio.get_running_loop().is_running()
        return rows(ng.from_pyshark(CAPTURE))

    assert asyncio.run(cell()) == rows(read(CAPTURE))


def test_without_the_old_way_to_wait_for_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.14 has no child watchers any more; the child does not need them."""
    child = Path(pyshark_source.__file__).with_name("pyshark_child.py")
    older = child.read_text(encoding="utf-8")
    assert "watcher(" not in older
    shim = "import asyncio\nfor n in ('get', 'set'): delattr(asyncio, n + '_child_watcher')\n"
    real = pyshark_source.Pyshark.command

    def command(how: Any, path: str) -> list[str]:
        program, *options, _script, told = real(how, path)
        code = f"{shim}import runpy, sys\nsys.argv = ['', sys.argv[1]]\n"
        return [
            program,
            *options,
            "-c",
            f"{code}runpy.run_path({str(child)!r}, run_name='__main__')",
            told,
        ]

    monkeypatch.setattr(pyshark_source.Pyshark, "command", command)
    assert rows(ng.from_pyshark(CAPTURE)) == rows(read(CAPTURE))


def test_a_negotiation_can_be_shown(file_capture: Any) -> None:
    """Reading again is done by pyshark again."""
    analysis = ng.from_pyshark(file_capture(CAPTURE))
    assert analysis.negotiation(1).row["mechanism"] == "kerberos"


def test_a_cut_file_is_damaged(tmp_path: Path) -> None:
    """pyshark hides how tshark ended, but not what it said."""
    (tmp_path / "cut.pcapng").write_bytes(CAPTURE.read_bytes()[:3000])
    analysis = ng.from_pyshark(tmp_path / "cut.pcapng")
    assert analysis.damaged
    assert rows(analysis, "captures")[0]["packets"] > 0


def test_what_cannot_be_read(tmp_path: Path, file_capture: Any) -> None:
    """No capture, no file, no such filter: one line each."""
    (tmp_path / "x.pcap").write_text("hello, world, this is text")
    with pytest.raises(ng.CaptureError, match=r"x\.pcap: not a capture"):
        ng.from_pyshark(tmp_path / "x.pcap")
    with pytest.raises(ng.UsageError, match="no such file"):
        ng.from_pyshark(tmp_path / "y.pcap")
    with pytest.raises(ng.UsageError, match="takes a FileCapture or a path, not int"):
        ng.from_pyshark(3)
    with pytest.raises(ng.UsageError, match="reads one file"):
        ng.from_pyshark(str(CAPTURE.parents[1] / "*" / "capture.pcapng"))
    with pytest.raises(ng.CaptureError, match="pyshark failed with status 2"):
        ng.from_pyshark(file_capture(CAPTURE, display_filter="no.such.field"))


def test_without_pyshark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to get it."""
    monkeypatch.setattr(pyshark_source, "find_spec", lambda _name: None)
    with pytest.raises(ng.UsageError, match=r"pip install 'negoscope\[pyshark\]'"):
        ng.from_pyshark(CAPTURE)
