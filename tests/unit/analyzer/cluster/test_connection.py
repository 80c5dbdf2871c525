"""What keeps a cluster from being used is one line, and comes before anything is read."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.outputs import command_line

pytest.importorskip("distributed", reason="needs the extra dask")

import dask
import distributed
from distributed import Client, LocalCluster

from analyzer.analysis import read
from analyzer.cluster import connection
from analyzer.errors import UsageError

pytestmark = pytest.mark.filterwarnings("default")

ROOT = Path(__file__).resolve().parents[4]
CAPTURE = next((ROOT / "captures").glob("http/*/capture.pcapng"))
CERTIFICATE = str(ROOT / "tests" / "support" / "tls_server.pem")


def refused(**given: Any) -> str:
    """The line by which reading is refused."""
    with pytest.raises(UsageError) as told:
        read(CAPTURE, **given)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 2, one line."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, out, err = command_line("captures", str(CAPTURE), "--cluster", "tcp://127.0.0.1:1")
    assert (status, out) == (2, "")
    needed = "a cluster needs dask.distributed: pip install 'negoscope[dask]'"
    assert err == f"negoscope: {needed}\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--cluster", "nowhere"], "no address; give tls://HOST:PORT"),
        (["--cluster", "tcp://10.0.0.5:8786"], "is not encrypted: whoever reaches it can run"),
        (["--cluster", "tcp://127.0.0.1:1", "--jobs", "2"], "jobs are processes of this machine"),
        (["--cluster", "tls://127.0.0.1:1"], "name your certificates in dask's settings"),
    ],
)
def test_the_command_line_says_what_is_wrong(options: list[str], said: str) -> None:
    """With exit status 2 and one line."""
    status, out, err = command_line("captures", str(CAPTURE), *options)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_scheduler_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Here a port that accepts and says nothing, and one that refuses."""
    monkeypatch.setattr(connection, "CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert "no scheduler answered within 0.5 seconds" in refused(
            client=f"tcp://127.0.0.1:{port}"
        )
    assert "no scheduler answered within 0.5 seconds" in refused(client=f"tcp://127.0.0.1:{port}")


def test_secrets_do_not_meet_an_open_cluster() -> None:
    """Whatever is allowed."""
    said = refused(client="tcp://10.0.0.5:1", with_secrets=True, insecure_cluster=True)
    assert "so keys and secrets are not used there; use tls://" in said


def test_what_is_no_client_is_told() -> None:
    """By its type."""
    assert refused(client=5) == "client: a distributed.Client or an address, not int"


def in_process(**how: Any) -> LocalCluster:
    """A cluster of threads, at addresses that never leave this process."""
    return LocalCluster(processes=False, dashboard_address=None, silence_logs=60, **how)


def test_a_cluster_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time in which one may come."""
    monkeypatch.setattr(connection, "WORKERS_S", 0.3)
    with in_process(n_workers=0) as cluster, Client(cluster, set_as_default=False) as client:
        assert refused(client=client) == "the cluster had no workers for 0.3 seconds"


def test_workers_of_another_version_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """And those that have none at all."""
    with in_process(n_workers=1) as cluster, Client(cluster, set_as_default=False) as client:
        monkeypatch.setattr(connection, "version", lambda _: "9.9")
        assert " has negoscope " in refused(client=client)
        monkeypatch.setattr(distributed.versions, "_version_cached", lambda _: None)
        assert " has no negoscope; install 9.9 there" in refused(client=client)
    assert refused(client=client) == "client: it is closed, not connected"


def test_a_scheduler_that_listens_to_others_is_refused_whatever_the_way_there() -> None:
    """Its own word counts: loopback may be only how we reach it."""
    told = {"address": "tcp://10.0.0.5:8786", "workers": {}}
    client = SimpleNamespace(scheduler_info=lambda: told)
    with pytest.raises(UsageError, match=r"tcp://10\.0\.0\.5:8786 is not encrypted"):
        connection._examine(client, insecure=False, secrets=False)


def test_rows_through_a_cluster_with_tls(tmp_path: Path) -> None:
    """Certificates come from dask's settings."""
    settings: dict[str, Any] = {
        f"distributed.comm.tls.{role}.{what}": CERTIFICATE
        for role in ("client", "worker", "scheduler")
        for what in ("cert", "key")
    }
    settings["distributed.comm.tls.ca-file"] = CERTIFICATE
    with dask.config.set(settings):
        security = distributed.Security()
        with LocalCluster(
            n_workers=1, processes=False, protocol="tls://", security=security, silence_logs=60,
            dashboard_address=None, host="127.0.0.1",
        ) as cluster:  # fmt: skip
            address = cluster.scheduler_address
            assert address.startswith("tls://")
            analysis = read(CAPTURE, client=address, cluster_dir=tmp_path)
    assert len(analysis.columns("captures")["capture"]) == 1
    assert list(tmp_path.iterdir()) == []
