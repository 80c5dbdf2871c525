"""The parts of an NTLM message, collected in any order and written as they lie, up to the last byte.

What a cut leaves of an element is that element, told as incomplete; what no field claims is `Padding`.

Spec: MS-NLMP 2.2.1.1-2.2.1.3 (which elements there are), appendix B <11>, <12> (which may be missing).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from operator import itemgetter
from typing import TYPE_CHECKING

from dissectors.codes.ntlm_flags import (
    NEGOTIATE_VERSION,
    NTLM_FLAGS,
    ntlm_flag_meaning,
    ntlm_flags_text,
)
from dissectors.tokens.ntlm_amount import counted_bytes, part_there
from dissectors.tokens.ntlm_padding import gaps, record_padding
from dissectors.tokens.ntlm_payload import Claim, Payload
from dissectors.tokens.ntlm_version import record_version

if TYPE_CHECKING:
    from dissectors.tokens.recorder import Recorder

SECRETS = frozenset({"ServerChallenge", "MIC"})
"""Elements of a fixed part whose bytes are not shown."""

_DESCRIPTOR = struct.Struct("<HHI")
_DESCRIPTORS = {
    "NEGOTIATE_MESSAGE": ((16, "DomainName"), (24, "Workstation")),
    "CHALLENGE_MESSAGE": ((12, "TargetName"), (40, "TargetInfo")),
    "AUTHENTICATE_MESSAGE": (
        (12, "LmChallengeResponse"),
        (20, "NtChallengeResponse"),
        (28, "DomainName"),
        (36, "UserName"),
        (44, "Workstation"),
        (52, "EncryptedRandomSessionKey"),
    ),
}

Write = Callable[["Recorder", int, int], None]
"""Writes the part of a message that stands at `[start, stop)`."""


class Parts:
    """The parts of one message; signature, type and descriptors are there from the start."""

    def __init__(self, payload: Payload, name: str) -> None:
        self._payload = payload
        self._name = name
        self._parts: list[tuple[int, int, Write]] = []
        number = payload.data[8]
        kind = f"{number} ({name.removesuffix('_MESSAGE')})"
        self.put(0, 8, lambda tree, *at: tree.add("Signature", *at, "NTLMSSP\x00", "NTLMSSP"))
        self.put(8, 12, lambda tree, *at: tree.add("MessageType", *at, number, kind))
        read = {claim[4] for claim in payload.claims}
        for place, field in _DESCRIPTORS[name]:
            if place not in read:
                self.element(place, place + 8, f"{field}Fields", None)
        for claim in payload.claims:
            self.put(claim[4], claim[4] + 8, self._descriptor(claim))

    def put(self, start: int, stop: int, write: Write) -> None:
        """Add a part."""
        self._parts.append((start, stop, write))

    def element(self, start: int, stop: int, name: str, write: Write | None) -> None:
        """Add an element of the fixed part if it is there, or a cut left a piece of it."""
        payload = self._payload
        if start >= payload.size or (start >= payload.fixed and stop > payload.first):
            return
        if stop > payload.size:
            text = part_there(payload.size - start, stop - start)
            secret = name in SECRETS
            self.put(
                start,
                payload.size,
                lambda tree, *at: tree.add(name, *at, None, text, secret=secret),
            )
        elif write is not None:
            self.put(start, stop, write)

    def flags(self, at: int, flags: int | None) -> None:
        """Add NegotiateFlags, with a field for each bit that is set."""
        text = ntlm_flags_text(flags or 0)

        def write(tree: Recorder, start: int, stop: int) -> None:
            tree.add("NegotiateFlags", start, stop, flags, text)
            bits = tree.below("NegotiateFlags")
            for bit, name in NTLM_FLAGS.items():
                if flags and flags & bit:
                    bits.add(name, start, stop, bit, f"0x{bit:08x}, {ntlm_flag_meaning(bit)}")

        self.element(at, at + 4, "NegotiateFlags", write)

    def version(self, at: int, version: str | None, flags: int | None) -> None:
        """Add the VERSION slot; where no flag announces one, only a whole slot is taken for it."""
        data = self._payload.data
        if (flags and flags & NEGOTIATE_VERSION) or self._payload.reaches(at + 8):
            self.element(
                at, at + 8, "Version", lambda tree, *_: record_version(tree, data, at, version)
            )

    def claimed(self) -> list[Claim]:
        """Payload fields that claim bytes."""
        return [claim for claim in self._payload.claims if claim[2]]

    def write(self, recorder: Recorder, text: str | None = None) -> None:
        """Write the message with a `text` beside its name: all parts as they lie, and the gaps."""
        data, size = self._payload.data, self._payload.size
        recorder.add(self._name, 0, size, None, text)
        tree = recorder.below(self._name)
        for start, stop in gaps([part[:2] for part in self._parts], size):
            self.put(start, stop, lambda tree, *at: record_padding(tree, data, *at))
        for start, stop, write in sorted(self._parts, key=itemgetter(0)):
            write(tree, start, stop)

    def _descriptor(self, claim: Claim) -> Write:
        start, stop, length, name, at = claim
        _, maximum, offset = _DESCRIPTOR.unpack_from(self._payload.data, at)
        text = f"{counted_bytes(length)} at {offset}" if length else "empty"
        if stop - start != length:
            text += f", {stop - start or 'none'} of them there"

        def write(tree: Recorder, _start: int, _stop: int) -> None:
            tree.add(f"{name}Fields", at, at + 8, length, text)
            parts = tree.below(f"{name}Fields")
            parts.add("Len", at, at + 2, length)
            ignored = None if maximum == length else f"{maximum} (ignored)"
            parts.add("MaxLen", at + 2, at + 4, maximum, ignored)
            parts.add("BufferOffset", at + 4, at + 8, offset)

        return write
