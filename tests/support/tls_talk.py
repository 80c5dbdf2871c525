"""TLS connections for tests: both ends in this process, their bytes as packets, their keys as a log.

Spec: RFC 5246, RFC 8446; the NSS key log format.
"""

from __future__ import annotations

import ssl
import struct
from contextlib import suppress
from pathlib import Path

from tests.support.packets import Conversation, Packet, pcapng

CERTIFICATE = Path(__file__).with_name("tls_server.pem")
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
DECRYPTION_SECRETS, TLS_KEY_LOG = 0x0A, 0x544C534B

Talk = list[tuple[int, bytes]]
"""Who says what, in order: side 0 (client) or 1, and its bytes."""


def client_hello(name: str | None) -> bytes:
    """The first flight of a TLS client that asks for `name`."""
    sent = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def through_tls(
    conversation: Conversation,
    talk: Talk,
    keylog: Path,
    version: str = "1.3",
    alpn: str | None = None,
    mss: int = 1400,
) -> Conversation:
    """Go on with a TCP connection by a TLS handshake and `talk` inside; keys are added to `keylog`."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(CERTIFICATE)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.keylog_filename = str(keylog)
    for context in (client, server):
        context.minimum_version = context.maximum_version = VERSIONS[version]
        if alpn is not None:
            context.set_alpn_protocols([alpn])
    to_client, to_server, from_client, from_server = (ssl.MemoryBIO() for _ in range(4))
    ends = (
        client.wrap_bio(to_client, from_client, server_hostname="web.nego.test"),
        server.wrap_bio(to_server, from_server, server_side=True),
    )

    def carry() -> None:
        if data := from_client.read():
            conversation.client(data, mss)
            to_server.write(data)
        if data := from_server.read():
            conversation.server(data, mss)
            to_client.write(data)

    waiting = set(ends)
    while waiting:
        for end in ends:
            if end in waiting:
                try:
                    end.do_handshake()
                    waiting.discard(end)
                except ssl.SSLWantReadError:
                    pass
            carry()
    for side, data in talk:
        ends[side].write(data)
        carry()
        left = len(data)
        while left:
            left -= len(ends[1 - side].read(left))
    return conversation


def with_secrets(packets: list[Packet], keylog: Path) -> bytes:
    """A pcapng file that brings its keys along in a Decryption Secrets Block."""
    plain, keys = pcapng(packets), keylog.read_bytes()
    body = struct.pack("<II", TLS_KEY_LOG, len(keys)) + keys + bytes(-len(keys) % 4)
    length = struct.pack("<I", len(body) + 12)
    block = struct.pack("<I", DECRYPTION_SECRETS) + length + body + length
    section = int.from_bytes(plain[4:8], "little")
    return plain[:section] + block + plain[section:]
