"""A dask cluster on this machine, for as long as standard input is open.

python -m benchmarks.local_cluster WORKERS      prints the scheduler's address
"""

from __future__ import annotations

import sys

import benchmarks  # noqa: F401 - finds the project


def main() -> None:
    """Start, tell the address, wait."""
    from distributed import LocalCluster  # noqa: PLC0415 - an extra

    with LocalCluster(
        n_workers=int(sys.argv[1]),
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
