#!/usr/bin/env python3
"""Makes cases out of recorded ones: the same packets as a worse recorder or another network would have shown them.

derive.py [CASE...]    all of them, or those whose `carrier/name` begins with one of the words
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import case_file
import frames
from frames import Frame
from packet import fragments, from_client, tagged

NTLM_CHALLENGE = b"NTLMSSP\0\2\0\0\0"
NTLM_AUTHENTICATE = b"NTLMSSP\0\3\0\0\0"
HTTP_CHALLENGE = b"NTLM TlRMTVNTUAAC"
HTTP_TOKEN = b"Authorization: Negotiate YI"
WITHOUT_CONTENT = 14 + 40 + 60
"""Bytes of the longest frame that can be a mere acknowledgement."""


@dataclass(frozen=True)
class Derived:
    """One case: what is done to the frames of another."""

    case: str
    source: str
    title: str
    purpose: str
    change: Callable[[list[Frame]], list[Frame]]
    negotiations: int = 1
    options: dict[str, Any] = field(default_factory=dict)


def carrying(kept: list[Frame], mark: bytes) -> int:
    """Index of the first frame that holds `mark`."""
    return next(n for n, frame in enumerate(kept) if mark in frame.data)


def starting_at(mark: bytes) -> Callable[[list[Frame]], list[Frame]]:
    """The recorder was switched on just before the frame with `mark`."""
    return lambda kept: kept[carrying(kept, mark) :]


def ending_before(mark: bytes) -> Callable[[list[Frame]], list[Frame]]:
    """The recorder was switched off just before the frame with `mark`."""
    return lambda kept: kept[: carrying(kept, mark)]


def ending_after(mark: bytes) -> Callable[[list[Frame]], list[Frame]]:
    """The recorder was switched off just after the frame with `mark`."""
    return lambda kept: kept[: carrying(kept, mark) + 1]


def both(*changes: Callable[[list[Frame]], list[Frame]]) -> Callable[[list[Frame]], list[Frame]]:
    """One change after the other."""

    def change(kept: list[Frame]) -> list[Frame]:
        for one in changes:
            kept = one(kept)
        return kept

    return change


def without(mark: bytes, after: int = 0) -> Callable[[list[Frame]], list[Frame]]:
    """The recorder lost the frame with `mark`, or the `after`th one behind it."""
    return lambda kept: [frame for n, frame in enumerate(kept) if n != carrying(kept, mark) + after]


def without_answer(mark: bytes) -> Callable[[list[Frame]], list[Frame]]:
    """The recorder lost the first frame with content that the server sent after the one with `mark`."""

    def change(kept: list[Frame]) -> list[Frame]:
        asked = carrying(kept, mark)
        lost = next(
            n
            for n, frame in enumerate(kept)
            if n > asked and not from_client(frame) and len(frame.data) > WITHOUT_CONTENT
        )
        return kept[:lost] + kept[lost + 1 :]

    return change


def one_side(client: bool) -> Callable[[list[Frame]], list[Frame]]:
    """The recorder saw one direction only."""
    return lambda kept: [frame for frame in kept if from_client(frame) == client]


def twice(kept: list[Frame]) -> list[Frame]:
    """Each frame is seen two times, as on a mirror port that copies what comes in and what goes out."""
    return [copy for frame in kept for copy in (frame, frame._replace(ts_ns=frame.ts_ns + 700))]


def snapped(length: int) -> Callable[[list[Frame]], list[Frame]]:
    """The recorder kept the first `length` bytes of each frame."""
    return lambda kept: [frame._replace(data=frame.data[:length]) for frame in kept]


def swapped(kept: list[Frame]) -> list[Frame]:
    """Each two neighbouring frames of one direction come in the other order."""
    out, at = [], 0
    while at < len(kept):
        pair = kept[at : at + 2]
        if (
            len(pair) == 2
            and from_client(pair[0]) == from_client(pair[1])
            and min(len(f.data) for f in pair) > 100
        ):
            first, second = pair
            out += [second._replace(ts_ns=first.ts_ns), first._replace(ts_ns=second.ts_ns)]
            at += 2
        else:
            out.append(pair[0])
            at += 1
    return out


def in_fragments(size: int, *, last_first: bool = False) -> Callable[[list[Frame]], list[Frame]]:
    """IP fragments of `size` bytes, in order or the last one first."""

    def change(kept: list[Frame]) -> list[Frame]:
        out = []
        for number, frame in enumerate(kept, 1):
            parts = fragments(frame, size, number)
            if last_first:
                times = [part.ts_ns for part in parts]
                parts = [
                    part._replace(ts_ns=time)
                    for part, time in zip(reversed(parts), times, strict=True)
                ]
            out += parts
        return out

    return change


def same(kept: list[Frame]) -> list[Frame]:
    """Only the file's own form changes."""
    return kept


ALL = [
    Derived(
        "http/mid_stream", "http/ntlm", "Recorder switched on in the middle, HTTP",
        "The capture begins with the server's NTLM challenge; no SYN, no first leg.", starting_at(HTTP_CHALLENGE),
    ),
    Derived(
        "smb/mid_stream", "smb/smb311_ntlm", "Recorder switched on in the middle, SMB",
        "The capture begins with the session setup that carries the NTLM challenge.", starting_at(NTLM_CHALLENGE),
    ),
    Derived(
        "smb/middle_only", "smb/smb311_ntlm", "Recorder switched on and off in the middle, SMB",
        "The capture holds the session setups with the NTLM challenge and what it is answered with, and no verdict.",
        both(starting_at(NTLM_CHALLENGE), ending_after(NTLM_AUTHENTICATE)),
    ),
    Derived(
        "ldap/mid_stream", "ldap/samba_ntlm_seal", "Recorder switched on in the middle, LDAP",
        "The capture begins with the bind request that carries the last leg.", starting_at(NTLM_AUTHENTICATE),
    ),
    Derived(
        "http/cut_off", "http/ntlm", "Recorder switched off in the middle, HTTP",
        "The capture ends before the server's NTLM challenge.", ending_before(HTTP_CHALLENGE),
    ),
    Derived(
        "smb/cut_off", "smb/smb311_ntlm", "Recorder switched off in the middle, SMB",
        "The capture ends before the last leg of NTLM.", ending_before(NTLM_AUTHENTICATE),
    ),
    Derived(
        "ldap/cut_off", "ldap/samba_ntlm_seal", "Recorder switched off in the middle, LDAP",
        "The capture ends before the last leg of NTLM.", ending_before(NTLM_AUTHENTICATE),
    ),
    Derived(
        "smb/lost_challenge", "smb/smb311_ntlm", "The recorder lost the challenge",
        "One frame is missing and was never sent again: the one with the NTLM challenge.", without(NTLM_CHALLENGE),
    ),
    Derived(
        "http/lost_verdict", "http/negotiate_kerberos", "The recorder lost the verdict, HTTP",
        "The answer to the ticket is missing; the end of the connection is there.", without_answer(HTTP_TOKEN),
    ),
    Derived(
        "http/lost_in_token", "http/negotiate_kerberos", "The recorder lost the end of a token",
        "The second segment of the request with the ticket is missing.", without(HTTP_TOKEN, after=1),
    ),
    Derived(
        "ldap/lost_answer", "ldap/samba_ntlm_seal", "The recorder lost the challenge, LDAP",
        "The bind response with the NTLM challenge is missing.", without(NTLM_CHALLENGE),
    ),
    Derived(
        "smb/client_only", "smb/smb311_ntlm", "Client's direction only, SMB",
        "An asymmetric route: nothing the server said is in the capture.", one_side(client=True),
    ),
    Derived(
        "smb/server_only", "smb/smb311_ntlm", "Server's direction only, SMB",
        "An asymmetric route: nothing the client said is in the capture.", one_side(client=False),
        negotiations=2,
    ),
    Derived(
        "http/client_only", "http/negotiate_kerberos", "Client's direction only, HTTP",
        "The ticket is seen, the answer is not.", one_side(client=True),
    ),
    Derived(
        "http/server_only", "http/ntlm", "Server's direction only, HTTP",
        "The challenge is seen, what it answers is not.", one_side(client=False),
    ),
    Derived(
        "ldap/client_only", "ldap/simple_wrong_password", "Client's direction only, LDAP",
        "A simple bind without its answer.", one_side(client=True),
    ),
    Derived(
        "smb/duplicates", "smb/smb311_kerberos", "Every frame twice, SMB",
        "A mirror port that copies both what comes in and what goes out.", twice,
    ),
    Derived(
        "http/duplicates", "http/negotiate_ntlm", "Every frame twice, HTTP",
        "A mirror port that copies both what comes in and what goes out.", twice,
    ),
    Derived(
        "smb/snaplen_200", "smb/smb311_ntlm", "Snap length 200, SMB",
        "Each frame is cut after 200 bytes: tokens begin and do not end.", snapped(200), options={"snaplen": 200},
    ),
    Derived(
        "http/snaplen_300", "http/negotiate_kerberos", "Snap length 300, HTTP",
        "The head of the request with the ticket is cut.", snapped(300), options={"snaplen": 300},
    ),
    Derived(
        "http/snaplen_256", "http/ntlm", "Snap length 256, HTTP",
        "Challenge and last leg are cut in their tokens; which answer belongs to them is not known any more.", snapped(256), options={"snaplen": 256},
    ),
    Derived(
        "ldap/snaplen_96", "ldap/simple", "Snap length 96, LDAP",
        "The bind request is cut in its name.", snapped(96), options={"snaplen": 96},
    ),
    Derived(
        "smb/vlan", "smb/smb210_ntlm", "VLAN tag",
        "IEEE 802.1Q, VLAN 42.", lambda kept: [tagged(frame, (0x8100, 42)) for frame in kept],
    ),
    Derived(
        "http/vlan_in_vlan", "http/negotiate_kerberos", "Two VLAN tags",
        "IEEE 802.1ad around 802.1Q.", lambda kept: [tagged(frame, (0x88A8, 7), (0x8100, 42)) for frame in kept],
    ),
    Derived(
        "http/reordered", "http/post_with_body", "Segments out of order, HTTP",
        "Neighbouring segments of the client are swapped, those of the ticket and of the body too.", swapped,
    ),
    Derived(
        "smb/reordered", "smb/small_segments", "Segments out of order, SMB",
        "Neighbouring small segments are swapped.", swapped,
    ),
    Derived(
        "smb/ip_fragments", "smb/fallback_by_address", "IPv4 fragments",
        "Every IPv4 packet above 200 bytes comes in fragments.", in_fragments(200),
    ),
    Derived(
        "http/ip_fragments", "http/ntlm", "IPv4 fragments, last one first",
        "Fragments of 160 bytes, each packet's last one first.", in_fragments(160, last_first=True),
    ),
    Derived(
        "ldap/ip6_fragments", "ldap/gss_spnego_seal", "IPv6 fragments",
        "Every IPv6 packet above 400 bytes comes in fragments.", in_fragments(400),
    ),
    Derived(
        "smb/big_endian", "smb/nt1_ntlm", "Written by a big-endian machine",
        "The same capture with the block fields of pcapng in the other byte order.", same, options={"order": ">"},
    ),
    Derived(
        "ldap/microseconds", "ldap/gssapi_seal", "Times in microseconds",
        "The same capture with pcapng's usual resolution of time.", same, options={"tick": 1000},
    ),
]  # fmt: skip


def make(derived: Derived) -> None:
    """Write one derived case from its source's folder."""
    folder = case_file.CAPTURES / derived.case
    folder.mkdir(parents=True, exist_ok=True)
    kept = derived.change(frames.read(case_file.CAPTURES / derived.source / "capture.pcapng"))
    frames.write_pcapng(folder / "capture.pcapng", kept, **({"snaplen": 262144} | derived.options))
    (folder / "expected.jsonl").unlink(missing_ok=True)
    card = case_file.load(derived.source)
    card |= {
        "title": derived.title,
        "purpose": derived.purpose,
        "made_by": f"python captures/record/derive.py {derived.case}",
        "derived_from": derived.source,
        "expect": {"negotiations": derived.negotiations},
    }
    case_file.save(derived.case, card)
    print(f"{derived.case}: {len(kept)} frames, {(folder / 'capture.pcapng').stat().st_size} bytes")


if __name__ == "__main__":
    wanted = tuple(sys.argv[1:])
    for derived in ALL:
        if not wanted or derived.case.startswith(wanted):
            make(derived)
