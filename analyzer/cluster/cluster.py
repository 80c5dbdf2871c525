"""A cluster that is ready to read: what `analysis.read` is given for the time of one run."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analyzer.cluster.address import is_local
from analyzer.cluster.connection import addresses, connected
from analyzer.errors import UsageError
from dissectors.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client

    from analyzer.capture.inputs import Input
    from analyzer.cluster.crew import Told
    from analyzer.pipeline import Options
    from analyzer.tables.collect import Tables


@dataclass(frozen=True, slots=True)
class Cluster:
    """A connected cluster, and where its workers put rows."""

    client: Client
    within: str | None
    insecure: bool

    def read(
        self,
        sources: Sequence[Input],
        tables: Tables,
        options: Options,
        progress: Callable[[Input, int], None] | None = None,
    ) -> Iterator[Told]:
        """Read captures; tell each in the order of `sources`."""
        from analyzer.cluster.crew import read_by_cluster  # noqa: PLC0415 - once there is a cluster

        return read_by_cluster(
            self.client,
            sources,
            tables,
            options,
            within=self.within,
            insecure=self.insecure,
            progress=progress,
        )


@contextmanager
def cluster(
    given: Client | str,
    within: str | os.PathLike[str] | None,
    *,
    insecure: bool,
    secrets: bool,
) -> Iterator[Cluster]:
    """Connect to a cluster; see `connection.connected`. `UsageError` if it can't share a folder with us."""
    with connected(given, insecure=insecure, secrets=secrets) as client:
        if within is None and not all(map(is_local, addresses(client))):
            raise UsageError(
                "workers may be on other machines: name a directory or URL that all share (--cluster-dir)"
            )
        yield Cluster(client, None if within is None else os.fspath(within), insecure)
