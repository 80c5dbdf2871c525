"""Let Scapy dissect carriers' payloads with our layers, packet by packet: only after `bind()`.

TCP payloads are known by content, on every port, and taken over only if there is something to tell; all
others go to whatever Scapy has for them. Importing this package changes nothing for anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scapy.layers.inet import TCP

from dissectors.layers.carriers import CARRIER_LAYERS
from dissectors.layers.stream import read_alone

_bound: list[Callable[..., Any]] = []


def bind() -> None:
    """From now on, dissect TCP payloads that carry authentication as `GSS_HTTP`, `GSS_SMB`, `GSS_LDAP`."""
    if _bound:
        return
    before = TCP.guess_payload_class

    def guess_payload_class(layer: Any, payload: bytes) -> Any:
        return layer_of(payload) or before(layer, payload)

    _bound.append(before)
    TCP.guess_payload_class = guess_payload_class  # type: ignore[assignment,method-assign]


def unbind() -> None:
    """Undo `bind()`."""
    if _bound:
        before = _bound.pop()
        if before.__qualname__.startswith("TCP."):
            TCP.guess_payload_class = before  # type: ignore[method-assign]
        else:  # TCP had inherited it
            del TCP.guess_payload_class


def layer_of(payload: bytes) -> Any:
    """The layer of a payload that carries authentication; None for any other."""
    try:
        name, messages = read_alone(payload)
    except Exception:  # noqa: BLE001 - whatever is wrong with us, Scapy shall go on
        return None
    return CARRIER_LAYERS.get(name) if messages else None
