"""Community ID v1 of a conversation, to join rows with Zeek's and Suricata's logs.

Spec: the Community ID flow hashing specification, version 1, seed 0.
"""

from __future__ import annotations

import hashlib
import struct
from binascii import b2a_base64
from functools import lru_cache

from analyzer.capture.model import Stream

PROTOCOLS = {"tcp": 6, "udp": 17}
_ENDS = struct.Struct(">BBHH")


def community_id(stream: Stream) -> str:
    """Community ID of a stream."""
    return flow_id(
        stream.transport, stream.client, stream.client_port, stream.server, stream.server_port
    )


def flow_id(transport: str, client: str, client_port: int, server: str, server_port: int) -> str:
    """`1:` and the base64 of SHA-1 over seed, ordered endpoints, protocol, padding and ports."""
    one = _packed(client), client_port
    two = _packed(server), server_port
    if two < one:
        one, two = two, one
    ends = _ENDS.pack(PROTOCOLS[transport], 0, one[1], two[1])
    digest = hashlib.sha1(b"\0\0" + one[0] + two[0] + ends, usedforsecurity=False).digest()
    return "1:" + b2a_base64(digest, newline=False).decode()


@lru_cache(maxsize=4096)
def _packed(address: str) -> bytes:
    if ":" not in address:
        return bytes(map(int, address.split(".")))
    from socket import AF_INET6, inet_pton  # noqa: PLC0415 - slow to import; IPv4 goes without

    return inet_pton(AF_INET6, address)
