"""What a worker is told, as JSON: paths and plain options, never code, never the content of a key file.

Orders are seen by the scheduler and in its dashboard. A key log is named by its path, and read where the
worker runs.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, field
from functools import cache
from typing import TYPE_CHECKING, Any

from analyzer import __version__
from analyzer.capture.inputs import Input, RemoteInput, RotatedInput, parts_of
from analyzer.errors import UsageError
from analyzer.pipeline import Options
from analyzer.tables.schema import columns_digest
from dissectors.records import dataclass

if TYPE_CHECKING:
    from analyzer.cluster.folder import Folder
    from analyzer.tables.collect import Tables


@dataclass(frozen=True, slots=True)
class Order:
    """Read one capture, and put its rows into the folder."""

    program: str
    folder: str
    mark: str
    parts: list[list[Any]]  # of the capture's files: path, name, bytes, whether it is a URL
    name: str
    is_set: bool  # the parts are a rotated set
    tables: list[str]
    with_secrets: bool
    engine: str
    decode_as: list[list[Any]] = field(default_factory=list)  # transport, port, carrier
    per_message_tokens: bool = True
    tls_keylog: str | None = None  # its path, the same for every worker
    wireshark_rules: list[str] = field(default_factory=list)

    def as_bytes(self) -> bytes:
        """Write it down."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, order: bytes) -> Order:
        """Read what `as_bytes` wrote."""
        return cls(**json.loads(order))

    def source(self) -> Input:
        """The capture that is meant."""
        parts = tuple(_input(*part) for part in self.parts)
        return RotatedInput(parts[0].path, False, self.name, parts) if self.is_set else parts[0]

    def options(self) -> Options:
        """What the pipeline is asked for, but for the engine `tshark`, which each worker has its own of."""
        return Options(
            decode_as={(transport, port): carrier for transport, port, carrier in self.decode_as},
            per_message_tokens=self.per_message_tokens,
            by_scapy=self.engine == "scapy",
        )


def order_for(source: Input, tables: Tables, options: Options, folder: Folder) -> Order:
    """Make the order for one capture. Raises `UsageError` for what only this machine can read."""
    if source.is_standard_input:
        raise UsageError("standard input can't be read by a cluster: save it to a file")
    shark = options.wireshark
    keylog = None if shark is None else shark.tls_keylog
    return Order(
        program=program(),
        folder=folder.where,
        mark=folder.mark,
        parts=[_part(part) for part in parts_of(source)],
        name=source.name,
        is_set=isinstance(source, RotatedInput),
        tables=sorted(tables.wanted),
        with_secrets=tables.secrets,
        engine=tables.engine,
        decode_as=[[*key, carrier] for key, carrier in options.decode_as.items()],
        per_message_tokens=options.per_message_tokens,
        tls_keylog=None if keylog is None else os.path.abspath(keylog),  # noqa: PTH100 - as text
        wireshark_rules=[] if shark is None else list(shark.decode_as),
    )


def _part(part: Input) -> list[Any]:
    if type(part) not in {Input, RemoteInput}:
        raise UsageError(f"{part.name}: packets of this process can't be read by a cluster")
    is_url = isinstance(part, RemoteInput)
    path = part.path if is_url else os.path.abspath(part.path)  # noqa: PTH100 - as text
    return [path, part.name, part.size, is_url]


def _input(path: str, name: str, size: int, is_url: bool) -> Input:
    return RemoteInput(path, False, name, size) if is_url else Input(path, False, name)


@cache
def program() -> str:
    """What must be the same here and there: the version, and the columns of every table."""
    return f"{__version__}+{columns_digest()[:12]}"
