"""How an SMB 3.1.1 client and its server begin: NEGOTIATE and its answer, for conversations made by hand.

Spec: MS-SMB2 2.2.1.2, 2.2.3 and 2.2.4.
"""

import struct

SMB_3_1_1 = 0x0311
SIGNING_ENABLED = 1
NEGOTIATE = 0
AES_CIPHERS = (4, 3, 2, 1)  # AES-256-GCM, AES-256-CCM, AES-128-GCM, AES-128-CCM
_CLIENT_GUID = bytes.fromhex("7b0ce49d1a2f4c43a6f05e9b21d38c77")
_SERVER_GUID = bytes.fromhex("f3d1a0529c3b4e2fb7486d10c5a2e991")
_SALT = bytes(range(32))
_BUFFER_SIZES = (8 << 20,) * 3
_CAPABILITIES = 0x2F  # DFS, leasing, large MTU, multi-channel, directory leasing


def negotiate(server_name: str) -> bytes:
    """NEGOTIATE of a client that speaks SMB 2.0.2 to 3.1.1 and names the server."""
    dialects = struct.pack("<5H", 0x0202, 0x0210, 0x0300, 0x0302, SMB_3_1_1)
    ciphers = struct.pack("<5H", 4, *AES_CIPHERS)
    contexts = [_integrity(), (2, ciphers), (5, server_name.encode("utf-16-le"))]
    offset = 64 + 36 + len(dialects)
    offset += -offset % 8
    head = struct.pack(
        "<HHHHI16sIHH", 36, 5, SIGNING_ENABLED, 0, _CAPABILITIES, _CLIENT_GUID, offset, len(contexts), 0
    )  # fmt: skip
    return _packet(_aligned(head + dialects, 64) + _contexts(contexts))


def negotiated(hint: bytes, filetime: int) -> bytes:
    """NEGOTIATE response: the dialect is 3.1.1; `hint` is the server's NegTokenInit2."""
    contexts = [_integrity(), (2, struct.pack("<2H", 1, AES_CIPHERS[2]))]
    offset = 64 + 64 + len(hint)
    offset += -offset % 8
    head = struct.pack(
        "<HHHH16sI3IQQHHI", 65, SIGNING_ENABLED, SMB_3_1_1, len(contexts), _SERVER_GUID, _CAPABILITIES,
        *_BUFFER_SIZES, filetime, 0, 128, len(hint), offset,
    )  # fmt: skip
    body = _aligned(head + hint, 64) + _contexts(contexts)
    return _packet(body, response=True)


def _integrity() -> tuple[int, bytes]:
    return 1, struct.pack("<HHH", 1, len(_SALT), 1) + _SALT


def _contexts(contexts: list[tuple[int, bytes]]) -> bytes:
    """Each at a multiple of eight, the last one without padding."""
    out = b""
    for kind, data in contexts:
        out = _aligned(out, 0) + struct.pack("<HHI", kind, len(data), 0) + data
    return out


def _aligned(data: bytes, before: int) -> bytes:
    return data + bytes(-(before + len(data)) % 8)


def _packet(body: bytes, *, response: bool = False) -> bytes:
    """The header in front of `body`, and the length in front of both."""
    header = struct.pack(
        "<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, 0, NEGOTIATE, 1, int(response), 0, 0, 0, 0, 0, bytes(16)
    )  # fmt: skip
    return struct.pack(">I", len(header) + len(body)) + header + body
