"""A cluster of two worker processes: the rows of one process, and what is lost when workers die."""

from __future__ import annotations

import os
import shutil
import signal
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="needs the extra dask")

from distributed import Client, WorkerPlugin
from support.two_workers import two_workers

from analyzer.analysis import Analysis, read
from analyzer.capture.inputs import Input
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture
from analyzer.cluster import crew
from analyzer.errors import CaptureError, UsageError
from analyzer.tables.schema import TABLES

pytestmark = pytest.mark.filterwarnings("default")  # dask's own are no matter of ours

ROOT = Path(__file__).resolve().parents[4]
OWN = sorted(str(path) for path in (ROOT / "captures").glob("*/*/capture.pcapng"))
FEW = OWN[::31]
CUT = 14
"""Packets in the first file of a rotated set."""


class Deadly(WorkerPlugin):
    """A worker that ends when it is to read a certain capture: always, or once."""

    name = "deadly"

    def __init__(self, path: str, once: str | None = None) -> None:
        self.path = path
        self.once = once

    def setup(self, worker: Any) -> None:
        """Lay the trap in the worker's process."""
        from analyzer.cluster import task

        run = task.run

        def deadly(source: Any, *rest: Any) -> Any:
            if source.path == self.path and (self.once is None or not Path(self.once).exists()):
                if self.once is not None:
                    Path(self.once).touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return run(source, *rest)

        task.run = deadly

    def teardown(self, worker: Any) -> None:
        """Workers that live on are made new."""


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A cluster of two processes."""
    with two_workers() as client:
        yield client


def rows(analysis: Analysis) -> dict[str, Any]:
    """All tables but what reading took, with the type of every cell."""
    found = {
        name: {column: list(cells) for column, cells in analysis.tables.columns[name].items()}
        for name in TABLES
        if name != "findings"
    }
    del found["captures"]["seconds"]
    types = {
        (name, column): [type(cell) for cell in cells]
        for name, columns in found.items()
        for column, cells in columns.items()
    }
    return {**found, "types": types}


def test_workers_give_the_rows_of_one_process(client: Client) -> None:
    """Whatever order captures are done in, tables are those of one process, numbers and types too."""
    alone = rows(read(FEW))
    assert len(alone["negotiations"]["capture"]) > 5
    assert rows(read(FEW, client=client)) == alone


def test_an_address_is_as_good(client: Client, tmp_path: Path) -> None:
    """By its address, and over a folder that is named and left empty."""
    address = client.scheduler.address
    got = read(FEW[:3], client=address, cluster_dir=tmp_path / "rows")
    assert rows(got) == rows(read(FEW[:3]))
    assert list((tmp_path / "rows").iterdir()) == []
    assert client.status == "running"


def test_sentences_name_negotiations_by_their_numbers(client: Client) -> None:
    """Also behind other captures; no number of a worker's own stays anywhere."""
    naming = [
        path
        for path in OWN
        if any(
            "negotiation " in (text or "")
            for text in read(path, tables=["negotiations"]).columns("negotiations")["reason_detail"]
        )
    ][:2]
    assert naming
    paths = [*FEW[:4], *naming]
    assert rows(read(paths, client=client)) == rows(read(paths))


def test_a_rotated_set_is_one_capture(client: Client, tmp_path: Path) -> None:
    """A negotiation that lies in two files is one row; frames are counted through."""
    paths = split(tmp_path)
    analysis = read(paths, client=client)
    assert rows(analysis) == rows(read(paths))
    assert len(analysis.inputs) == 1
    (begins,) = analysis.columns("negotiations")["first_frame"]
    (ends,) = analysis.columns("negotiations")["last_frame"]
    assert begins <= CUT < ends


def split(folder: Path) -> list[Path]:
    """A capture as two classic files, cut behind its packet `CUT`, named as dumpcap does."""
    packets = captured(ROOT / "captures" / "smb" / "guest" / "capture.pcapng")
    head = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 1)
    made = []
    for number, part in enumerate((packets[:CUT], packets[CUT:]), 1):
        path = folder / f"lab_{number:05}_2026112712000{number}.pcap"
        path.write_bytes(head + b"".join(part))
        made.append(path)
    return made


def captured(path: Path) -> list[bytes]:
    """Records of a capture, as a classic file has them."""
    found = []
    for block in open_capture(Input(str(path)), CaptureAccount()):
        for offset, length, ts_ns in zip(block.offset, block.cap_len, block.ts_ns, strict=True):
            data = bytes(memoryview(block.buffer)[int(offset) : int(offset + length)])
            seconds, rest = divmod(int(ts_ns), 10**9)
            found.append(struct.pack("<IIII", seconds, rest, len(data), len(data)) + data)
    return found


def test_what_is_no_capture_is_named(client: Client, tmp_path: Path) -> None:
    """As by one process, in `errors` and in `captures`."""
    bad = tmp_path / "bad.pcap"
    bad.write_bytes(b"no capture at all")
    analysis = read([FEW[0], bad, FEW[1]], client=client)
    assert analysis.errors == ["bad.pcap: not a capture"]
    assert rows(analysis) == rows(read([FEW[0], bad, FEW[1]]))
    with pytest.raises(CaptureError, match=r"bad\.pcap: not a capture"):
        read(bad, client=client)


def test_a_lost_worker_is_made_up_for(client: Client, tmp_path: Path) -> None:
    """A capture whose worker dies once is read by another one: the same rows, no error."""
    plugin = Deadly(FEW[2], once=str(tmp_path / "died"))
    client.register_plugin(plugin)
    try:
        analysis = read(FEW[:6], client=client)
    finally:
        client.unregister_worker_plugin("deadly")
        client.restart()
    assert (tmp_path / "died").exists()
    assert analysis.errors == []
    assert rows(analysis) == rows(read(FEW[:6]))


def test_a_capture_that_kills_every_worker_is_lost_alone(client: Client) -> None:
    """It is named; whoever was blamed with it is read."""
    client.register_plugin(Deadly(FEW[1]))
    try:
        analysis = read(FEW[:6], client=client)
    finally:
        client.unregister_worker_plugin("deadly")
        client.restart()
    (error,) = analysis.errors
    assert error.endswith(": not read to its end: it ends every worker that reads it")
    told = analysis.columns("captures")["error"]
    assert [place for place, text in enumerate(told) if text is not None] == [1]
    alone = read([*FEW[:1], *FEW[2:6]])
    numbers = analysis.columns("negotiations")["negotiation_id"]
    assert list(numbers) == list(alone.columns("negotiations")["negotiation_id"])


def test_an_interrupt_cancels_and_leaves_nothing(client: Client, tmp_path: Path) -> None:
    """Nothing of the run is left on the scheduler or in its folder."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(FEW, client=client, cluster_dir=tmp_path, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    ours = client.run_on_scheduler(
        lambda dask_scheduler: [key for key in dask_scheduler.tasks if "negoscope" in str(key)]
    )
    assert ours == []


def test_a_file_that_differs_for_workers_is_refused(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shorter file at the same path would give rows of less than what was meant."""
    path = tmp_path / "x.pcapng"
    shutil.copy(FEW[0], path)
    part = crew.order_for

    def told_larger(*given: Any) -> Any:
        made = part(*given)
        made.parts[0][2] += 1
        return made

    monkeypatch.setattr(crew, "order_for", told_larger)
    with pytest.raises(CaptureError, match="must be the same for both"):
        read(path, client=client)


def test_other_columns_there_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker with another state of the program makes no rows."""
    monkeypatch.setattr("analyzer.cluster.order.program", lambda: "0.0.1+0")
    with pytest.raises(
        UsageError, match=r"a worker of the cluster has negoscope .*; this is 0.0.1"
    ):
        read(FEW[:2], client=client)


def test_a_folder_that_workers_do_not_see_is_told(client: Client) -> None:
    """Here a place in this process's memory."""
    with pytest.raises(UsageError, match="does not see the folder memory://nowhere"):
        read(FEW[:2], client=client, cluster_dir="memory://nowhere")
