"""The way to a cluster: found, trusted, and of the same version, or one line that says why not."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from importlib.metadata import version
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from analyzer.cluster.address import checked, refuse_open
from analyzer.errors import UsageError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client

CONNECT_S = 10
"""Time in which the scheduler must answer."""
WORKERS_S = 30
"""Time in which it must have a worker."""

_NEEDED = "a cluster needs dask.distributed: pip install 'negoscope[dask]'"


@contextmanager
def connected(given: Client | str, *, insecure: bool, secrets: bool) -> Iterator[Client]:
    """Give a client of a cluster that can be used: `given`, or one for that address, closed afterwards.

    `insecure`: it may be open to others. `secrets`: keys or tokens' bytes are at stake. Raises `UsageError`.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError(_NEEDED) from None
    if isinstance(given, str):
        address = checked(given)
        refuse_open([address], allowed=insecure, secrets=secrets)
        with _quiet():
            client = _connect(Client, address)
            try:
                _examine(client, insecure=insecure, secrets=secrets)
                yield client
            finally:
                with suppress(Exception):  # a scheduler that is gone can't be told good-bye
                    client.close(timeout=CONNECT_S)
        return
    if not isinstance(given, Client):
        raise UsageError(f"client: a distributed.Client or an address, not {type(given).__name__}")
    if given.asynchronous:
        raise UsageError("client: an asynchronous client can't be waited for; make another one")
    if given.status != "running":
        raise UsageError(f"client: it is {given.status}, not connected")
    _examine(given, insecure=insecure, secrets=secrets)
    yield given


def _connect(kind: Any, address: str) -> Any:
    made: SimpleQueue[Any] = SimpleQueue()

    def connect() -> None:
        try:
            made.put(kind(address, timeout=CONNECT_S, set_as_default=False))
        except Exception as error:  # noqa: BLE001 - told below
            made.put(error)

    # in a thread: dask's own time-out does not hold for what accepts and then says nothing
    Thread(target=connect, daemon=True).start()
    try:
        found = made.get(timeout=CONNECT_S + 2)
        if isinstance(found, Exception):
            raise found
    except Empty:
        why = f"no scheduler answered within {CONNECT_S} seconds"
        raise UsageError(f"--cluster {address}: {why}") from None
    except OSError as error:  # no answer in time, or TLS that fails
        why = _tls_trouble(error) or f"no scheduler answered within {CONNECT_S} seconds"
        raise UsageError(f"--cluster {address}: {why}") from None
    except (TypeError, ValueError, RuntimeError) as error:
        if address.startswith(("tls:", "wss:")):
            hint = "name your certificates in dask's settings (distributed.comm.tls)"
            raise UsageError(f"--cluster {address}: {hint}") from None
        raise UsageError(f"--cluster {address}: {first_line(error)}") from None
    return found


def _tls_trouble(error: BaseException | None) -> str | None:
    """What went wrong with certificates, if that is what kept us out."""
    while error is not None:
        text = first_line(error)
        if "CERTIFICATE" in text or "SSL" in text:
            return text
        error = error.__cause__ or error.__context__
    return None


def _examine(client: Any, *, insecure: bool, secrets: bool) -> None:
    """Refuse a cluster without workers, one that is open to others, and other versions of this program."""
    try:
        refuse_open([scheduler_of(client)], allowed=insecure, secrets=secrets)
        client.wait_for_workers(1, timeout=WORKERS_S)
        refuse_open(addresses(client), allowed=insecure, secrets=secrets)
        packages = client.get_versions(packages=["negoscope"])
    except TimeoutError:
        raise UsageError(f"the cluster had no workers for {WORKERS_S} seconds") from None
    except OSError as error:
        raise UsageError(f"the cluster was lost: {first_line(error)}") from None
    ours = version("negoscope")
    for worker, told in packages["workers"].items():
        theirs = told["packages"].get("negoscope")
        if theirs is None:
            raise UsageError(f"the worker {worker} has no negoscope; install {ours} there")
        if theirs != ours:
            raise UsageError(f"the worker {worker} has negoscope {theirs}; this is {ours}")


def scheduler_of(client: Any) -> str:
    """Where the scheduler listens, by its own word: the way there may lead through a loopback address."""
    return str(client.scheduler_info()["address"])


def addresses(client: Any) -> list[str]:
    """Where the scheduler and all workers listen."""
    info = client.scheduler_info()
    return [str(info["address"]), *map(str, info["workers"])]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log lines of dask: what goes wrong is told in one line of ours."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled
