"""Per-message tokens: Wrap and MIC of Kerberos in both its forms, NTLM's signature, SASL's layers.

Checksums and ciphers are dummies unless given.

Spec: RFC 4121 4.2.6, RFC 1964 1.2, RFC 4757 7.2-7.3, MS-NLMP 2.2.2.9, RFC 4752 3.1-3.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from dissectors.tokens.build.arguments import builder
from dissectors.tokens.build.error import BuildError
from dissectors.tokens.build.spnego import gss_frame
from dissectors.tokens.build.value import dummy

ARCFOUR_SIGN = 0x11
ARCFOUR_SEAL = 0x10
DES3_SIGN = 0x04
_NO_SEAL = 0xFFFF
_BLOCK = 8
_LAYERS = {"none": 1, "integrity": 2, "confidentiality": 4}


@builder
def wrap_cfx(
    plaintext: bytes = b"",
    *,
    cipher: bytes | None = None,
    checksum: bytes | None = None,
    from_acceptor: bool = False,
    acceptor_subkey: bool = False,
    ec: int | None = None,
    rrc: int = 0,
    sequence: int = 0,
) -> bytes:
    """Wrap after RFC 4121: sealed if a `cipher` is given, else plaintext and checksum, turned by `rrc`."""
    flags = from_acceptor | (cipher is not None) << 1 | acceptor_subkey << 2
    if cipher is None:
        check = dummy(12) if checksum is None else checksum
        data = plaintext + check
        extra = len(check) if ec is None else ec
        turn = rrc % len(data) if data else 0
        data = data[len(data) - turn :] + data[: len(data) - turn]
    elif plaintext or checksum is not None:
        raise BuildError("a sealed token holds a cipher, no plaintext and no checksum")
    else:
        data, extra = cipher, ec or 0
    return b"\x05\x04" + struct.pack(">BBHHQ", flags, 0xFF, extra, rrc, sequence) + data


@builder
def mic_cfx(
    checksum: bytes | None = None,
    *,
    from_acceptor: bool = False,
    acceptor_subkey: bool = False,
    sequence: int = 0,
) -> bytes:
    """MIC after RFC 4121."""
    flags = from_acceptor | acceptor_subkey << 2
    check = dummy(12) if checksum is None else checksum
    return b"\x04\x04" + bytes((flags,)) + b"\xff" * 5 + struct.pack(">Q", sequence) + check


@builder
def wrap_1964(
    plaintext: bytes = b"",
    *,
    cipher: bytes | None = None,
    sgn_alg: int = ARCFOUR_SIGN,
    seal_alg: int = ARCFOUR_SEAL,
    snd_seq: bytes | None = None,
    checksum: bytes | None = None,
    mech: str = "kerberos",
) -> bytes:
    """Wrap after RFC 1964, framed: sealed if a `cipher` is given, else confounder, plaintext, padding."""
    if cipher is None:
        padding = _BLOCK - len(plaintext) % _BLOCK
        seal_alg, data = _NO_SEAL, dummy(8) + plaintext + bytes((padding,)) * padding
    elif plaintext:
        raise BuildError("a sealed token holds a cipher and no plaintext")
    else:
        data = cipher
    head = b"\x02\x01" + struct.pack("<HH", sgn_alg, seal_alg) + b"\xff\xff"
    return gss_frame(mech, head + _signed(sgn_alg, snd_seq, checksum) + data)


@builder
def mic_1964(
    *,
    sgn_alg: int = ARCFOUR_SIGN,
    snd_seq: bytes | None = None,
    checksum: bytes | None = None,
    mech: str = "kerberos",
) -> bytes:
    """MIC after RFC 1964, framed."""
    head = b"\x01\x01" + struct.pack("<H", sgn_alg) + b"\xff" * 4
    return gss_frame(mech, head + _signed(sgn_alg, snd_seq, checksum))


@builder
def ntlm_signature(
    message: bytes = b"",
    *,
    sequence: int = 0,
    checksum: bytes | None = None,
    extended: bool = True,
) -> bytes:
    """NTLMSSP_MESSAGE_SIGNATURE, and the signed or sealed message if there is one.

    `extended`: with extended session security, a checksum of 8 bytes; else one of 4.
    """
    size = 8 if extended else 4
    check = dummy(size) if checksum is None else checksum
    if len(check) != size:
        raise BuildError(f"checksum has {size} bytes, not {len(check)}")
    if extended and not any(check[:4]):
        raise BuildError("a checksum that begins with 4 zero bytes reads as RandomPad")
    pad = b"" if extended else bytes(4)
    return b"\x01\x00\x00\x00" + pad + check + struct.pack("<I", sequence) + message


@builder
def sasl_layer(
    layers: Iterable[str] = ("none", "integrity", "confidentiality"),
    *,
    max_size: int = 65_536,
    authzid: str | None = None,
) -> bytes:
    """What SASL's GSSAPI mechanism puts into a Wrap: layers, maximum size, and whom to act as."""
    mask = 0
    for layer in layers:
        if layer not in _LAYERS:
            raise BuildError(f"layer {layer!r}: one of {', '.join(_LAYERS)}")
        mask |= _LAYERS[layer]
    if not 0 <= max_size < 1 << 24:
        raise BuildError(f"max_size has 24 bits, too few for {max_size}")
    return bytes((mask,)) + max_size.to_bytes(3) + (authzid or "").encode()


def _signed(sgn_alg: int, snd_seq: bytes | None, checksum: bytes | None) -> bytes:
    """SND_SEQ and SGN_CKSUM."""
    sequence = dummy(8) if snd_seq is None else snd_seq
    size = 20 if sgn_alg == DES3_SIGN else 8
    check = dummy(size) if checksum is None else checksum
    if len(sequence) != 8 or len(check) != size:
        raise BuildError(f"snd_seq has 8 bytes and this checksum {size}")
    return sequence + check
