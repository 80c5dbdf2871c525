"""A cluster of two worker processes on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
from distributed import Client, LocalCluster

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def two_workers() -> Iterator[Client]:
    """Lend a client of two workers whose tasks may lose a worker each."""
    settings = {
        "distributed.scheduler.allowed-failures": 1,
        "distributed.nanny.pre-spawn-environ.PYTHONPATH": str(ROOT),
        "distributed.worker.multiprocessing-method": "spawn",
        "logging.distributed": "critical",
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=60
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client
