"""Which web site is asked for: one address and port may serve many, each with credentials of its own.

A site is known by the name and the port that the client asked for. A request through a proxy is for the
origin server's site; the proxy itself is known by its address, for no client says its name to it.

Spec: RFC 9110 4.3.1, 7.2 and 11.5 (a protection space belongs to one origin).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from analyzer.capture.model import Stream
from dissectors.records import NamedTuple

LONGEST_NAME = 255
"""Characters of a name that is remembered; no host in DNS has a longer one (RFC 1035 2.3.4)."""
ORIGIN = "http"
"""The carrier whose servers have sites; `http-proxy` is what a proxy itself asks for."""


class Site(NamedTuple):
    """A web site as its client names it."""

    host: str  # in lower case, without the last dot
    port: int  # where the client names none, the connection's


def site_of(
    carrier: str, server_name: str | None, facts: Mapping[str, Any], stream: Stream
) -> Site | None:
    """The site that a request is for: `server_name`, and the port among the `facts` of its carrier.

    None where no name is known: a carrier without sites, a request without Host, or one that is not in
    the capture.
    """
    if carrier != ORIGIN or not server_name:
        return None
    made = _remembered if len(server_name) <= LONGEST_NAME else _site
    return made(server_name, facts.get("port") or stream.server_port)


def _site(server_name: str, port: int) -> Site:
    from dissectors.carriers.http_head import host_key  # noqa: PLC0415 - not without HTTP

    return Site(host_key(server_name), port)


_remembered = lru_cache(1024)(_site)
"""A site that many ask for is one object, as each of their negotiations keeps it."""


def may_be_one(site: Site | None, other: Site | None) -> bool:
    """Nothing tells the two apart; that both are at one address, the caller knows."""
    return site is None or other is None or site == other
