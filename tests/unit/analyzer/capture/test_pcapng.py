"""The newer format: sections, interfaces, kinds of packet blocks, damage."""

import io
import struct

import pytest

from analyzer.capture import pcapng, records, source
from analyzer.capture.model import NO_LINK, NO_TIME, CaptureAccount
from analyzer.capture.source import Window, from_stream
from analyzer.errors import CaptureError

PACKETS = [bytes([65 + n]) * (20 + n * 3) for n in range(12)]


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + length + body + length


def section(order="<", major=1):
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, major, 0, -1), order)


def interface(link_type=1, order="<", options=b"", snap_len=0):
    return block(1, struct.pack(f"{order}HHI", link_type, 0, snap_len) + options, order)


def enhanced(data, number=0, ticks=1_000_005, order="<", cap_len=None, options=b""):
    length = len(data) if cap_len is None else cap_len
    fields = struct.pack(
        f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, length, len(data)
    )
    return block(6, fields + data + bytes(-len(data) % 4) + options, order)


def simple(data, order="<"):
    return block(3, struct.pack(f"{order}I", len(data)) + data, order)


def obsolete(data, number=0, order="<"):
    fields = struct.pack(f"{order}HHIIII", number, 7, 0, 5, len(data), len(data))
    return block(2, fields + data, order)


def read(data):
    """Packets as (bytes, ts_ns, link_type), the blocks and the account."""
    account = CaptureAccount()
    window = Window(from_stream(io.BytesIO(data)))
    blocks, packets = [], []
    for one in pcapng.read("x.pcapng", window, account):
        blocks.append(one)
        assert one.first_frame == len(packets) + 1
        ends = one.offset + one.cap_len
        assert len(one.buffer) >= int(ends.max()) + 128
        packets += [
            (one.buffer[start:end], ts_ns, link_type)
            for start, end, ts_ns, link_type in zip(
                one.offset.tolist(),
                ends.tolist(),
                one.ts_ns.tolist(),
                one.link_type.tolist(),
                strict=True,
            )
        ]
    return packets, blocks, account


def data_of(packets):
    return [packet[0] for packet in packets]


def losses(account):
    return [(loss.code, loss.offset, loss.length, loss.frame) for loss in account.losses]


@pytest.mark.parametrize("order", "<>")
def test_packets_of_every_kind_come_in_file_order(order):
    """Enhanced, simple and obsolete ones, with unknown blocks between them."""
    parts = [
        section(order),
        interface(1, order),
        interface(113, order),
        enhanced(b"first", 1, 2**32 + 7, order, options=struct.pack(f"{order}HH4s", 1, 4, b"note")),
        block(0x77, b"unknown", order),
        simple(b"second", order),
        block(4, b"names", order),
        obsolete(b"third", 1, order),
        block(5, bytes(12), order),
        enhanced(b"fourth", 0, 1, order),
    ]
    packets, _, account = read(b"".join(parts))
    assert packets == [
        (b"first", (2**32 + 7) * 1000, 113),
        (b"second", NO_TIME, 1),
        (b"third", 5000, 113),
        (b"fourth", 1000, 1),
    ]
    assert account.link_types == {1, 113}
    assert not account.damaged


def test_each_section_has_its_own_byte_order_and_interfaces():
    """Files that were put together."""
    first = section() + interface(1) + enhanced(b"little")
    second = section(">") + interface(101, ">") + enhanced(b"big", order=">")
    packets, _, account = read(first + second + first)
    assert [(data, link) for data, _, link in packets] == [
        (b"little", 1),
        (b"big", 101),
        (b"little", 1),
    ]
    assert not account.damaged


def test_clocks_are_those_of_the_interface():
    """Nanoseconds here, microseconds there."""
    nano = struct.pack("<HHB3x", 9, 1, 9)
    data = section() + interface() + interface(1, options=nano)
    data += enhanced(b"a", 0, 5) + enhanced(b"b", 1, 5)
    assert [ts_ns for _, ts_ns, _ in read(data)[0]] == [5000, 5]


def test_a_packet_of_an_unknown_interface_is_told_and_not_guessed():
    """It keeps its frame number; an interface described later or in another section does not count."""
    data = section() + interface() + enhanced(b"a") + enhanced(b"b", 1) + interface(101)
    data += enhanced(b"c", 1) + section() + enhanced(b"d") + simple(b"e")
    packets, _, account = read(data)
    assert [(packet, link) for packet, _, link in packets] == [
        (b"a", 1),
        (b"b", NO_LINK),
        (b"c", 101),
        (b"d", NO_LINK),
        (b"e", NO_LINK),
    ]
    assert account.undecoded == {"unknown-interface": 3}
    assert account.damaged
    assert [(loss.code, loss.frame, loss.count) for loss in account.losses] == [
        ("capture-damaged", 1, 3),
    ]


def test_a_packet_longer_than_its_block_is_told():
    """The block is sound, so reading goes on."""
    data = section() + interface() + enhanced(b"a") + enhanced(b"b", cap_len=99) + enhanced(b"c")
    packets, _, account = read(data)
    assert data_of(packets) == [b"a", b"", b"c"]
    assert packets[1][2] == NO_LINK
    assert account.undecoded == {"damaged-block": 1}
    assert account.damaged


def test_a_packet_block_without_room_for_its_fields_is_told():
    """Its fields would be those of the next block."""
    data = section() + interface() + block(6, bytes(8)) + enhanced(b"c") + block(3, b"")
    packets, _, account = read(data)
    assert data_of(packets) == [b"", b"c", b""]
    assert account.undecoded == {"damaged-block": 2}


def test_frames_without_packets_count_as_in_wireshark():
    """Journal entries, custom blocks and system calls are numbered."""
    data = section() + interface() + enhanced(b"a")
    for kind in (9, 0xBAD, 0x40000BAD, 0x204):
        data += block(kind, bytes(40))
    packets, _, account = read(data + enhanced(b"b"))
    assert [(packet, link) for packet, _, link in packets] == [
        (b"a", 1),
        *[(b"", NO_LINK)] * 4,
        (b"b", 1),
    ]
    assert packets[1][1] == NO_TIME
    assert account.not_ip == 4
    assert not account.damaged


def test_decryption_secrets_are_kept_and_not_shown():
    """TLS keys in the capture: for those who decrypt, for nobody's eyes."""
    secret = b"CLIENT_RANDOM 00 11"
    body = struct.pack("<II", 0x544C534B, len(secret)) + secret
    _, _, account = read(section() + block(10, body) + interface() + enhanced(b"a"))
    assert account.secrets == [(0x544C534B, secret)]
    assert "CLIENT_RANDOM" not in repr(account)


def test_secrets_are_bounded(monkeypatch):
    """In number and bytes; and one too short is told."""
    one = block(10, struct.pack("<II", 1, 4) + b"keys")
    monkeypatch.setattr(pcapng, "MAX_SECRETS", 3)
    _, _, account = read(section() + one * 5)
    assert len(account.secrets) == 3
    assert [(loss.code, loss.count) for loss in account.losses] == [("limit-count", 2)]
    monkeypatch.setattr(pcapng, "MAX_SECRETS_BYTES", 30)
    _, _, account = read(section() + one * 5)
    assert len(account.secrets) == 2
    _, _, account = read(section() + block(10, b"1234"))
    assert [loss.code for loss in account.losses] == ["capture-damaged"]


def test_interfaces_are_bounded(monkeypatch):
    """A section describes no more than the limit."""
    monkeypatch.setattr(pcapng, "MAX_INTERFACES", 3)
    data = section() + interface() * 5 + enhanced(b"a", 2) + enhanced(b"b", 3)
    packets, _, account = read(data)
    assert [link for _, _, link in packets] == [1, NO_LINK]
    assert ("limit-count", 2) in [(loss.code, loss.count) for loss in account.losses]


def test_an_interface_description_that_is_too_short_is_told():
    """The packets that need it are lost with it."""
    packets, _, account = read(section() + block(1, b"1234") + enhanced(b"a"))
    assert packets[0][2] == NO_LINK
    assert [loss.detail for loss in account.losses] == [
        "interface description too short",
        "packet of an unknown interface",
    ]


CAPTURE = section() + interface() + b"".join(enhanced(data) for data in PACKETS)
STARTS = [len(section() + interface())]
for _data in PACKETS:
    STARTS.append(STARTS[-1] + len(enhanced(_data)))


def test_a_cut_at_every_byte_keeps_all_packets_before_it():
    """None is lost, none is invented, the cut is told where it is."""
    for size in range(12, len(CAPTURE) + 1):
        if size < len(section()):
            with pytest.raises(CaptureError, match="cut short"):
                read(CAPTURE[:size])
            continue
        packets, _, account = read(CAPTURE[:size])
        whole = sum(start <= size for start in STARTS) - 1
        assert data_of(packets) == PACKETS[: max(whole, 0)]
        borders = [len(section()), *STARTS]
        last = max(border for border in borders if border <= size)
        expected = [("capture-cut", last, size - last, max(whole, 0) or None)]
        assert losses(account) == (expected if size > last else [])
        assert account.damaged == (size > last)


DAMAGE = {
    "length zero": lambda data, at: struct.pack_into("<I", data, at + 4, 0),
    "length too small": lambda data, at: struct.pack_into("<I", data, at + 4, 8),
    "length odd": lambda data, at: struct.pack_into("<I", data, at + 4, 57),
    "length huge": lambda data, at: struct.pack_into("<I", data, at + 4, 0xFFFFFFFC),
    "length beyond the file": lambda data, at: struct.pack_into("<I", data, at + 4, 100_000),
    "tail differs": lambda data, at: struct.pack_into(
        "<I", data, at + len(enhanced(PACKETS[5])) - 4, 4
    ),
    "section without order": lambda data, at: struct.pack_into("<I", data, at, 0x0A0D0D0A),
    "all ones": lambda data, at: struct.pack_into("<16s", data, at, b"\xff" * 16),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_blocks_behind_a_broken_one_are_found_again(kind):
    """Whatever is wrong with it."""
    broken = bytearray(CAPTURE)
    DAMAGE[kind](broken, STARTS[5])
    packets, _, account = read(bytes(broken))
    assert data_of(packets) == PACKETS[:5] + PACKETS[6:]
    assert losses(account) == [("capture-damaged", STARTS[5], STARTS[6] - STARTS[5], 5)]
    assert account.damaged


def test_two_broken_blocks_in_a_row_are_one_loss():
    """Whether the first stands alone in its stretch or not."""
    broken = bytearray(CAPTURE)
    for start in STARTS[1:3]:
        struct.pack_into("<I", broken, start - 4, 8)
    packets, _, account = read(bytes(broken))
    assert data_of(packets) == PACKETS[2:]
    assert losses(account) == [("capture-damaged", STARTS[0], STARTS[2] - STARTS[0], None)]
    packets, _, account = read(section() + bytes(broken)[STARTS[0] :])
    assert [packet[2] for packet in packets] == [NO_LINK] * 10
    assert losses(account)[0] == (
        "capture-damaged",
        len(section()),
        STARTS[2] - STARTS[0],
        None,
    )


SECTIONS = {
    "length zero": section()[:4] + bytes(4) + section()[8:],
    "length beyond the bound": section()[:4] + b"\xfc\xff\xff\xff" + section()[8:],
    "another version": section(major=2),
    "tail differs": section()[:-4] + bytes(4),
}


@pytest.mark.parametrize("kind", SECTIONS)
def test_a_broken_later_section_loses_only_itself(kind):
    """The interfaces before it stay, for want of better ones."""
    packets, _, account = read(CAPTURE + SECTIONS[kind] + CAPTURE[len(section()) :])
    assert data_of(packets) == PACKETS * 2
    assert {packet[2] for packet in packets} == {1}
    assert losses(account) == [("capture-damaged", len(CAPTURE), len(section()), 12)]


@pytest.mark.parametrize("size", [8, 12, 27, 28, 31])
def test_a_cut_in_a_later_section_is_told(size):
    """Also where it has options that are cut."""
    body = struct.pack("<IHHqI", 0x1A2B3C4D, 1, 0, -1, 0)
    packets, _, account = read(CAPTURE + block(0x0A0D0D0A, body)[:size])
    assert data_of(packets) == PACKETS
    assert account.damaged
    assert [loss.offset for loss in account.losses] == [len(CAPTURE)]


@pytest.mark.parametrize("missing", [1, 2, 3, 5, 47])
def test_missing_bytes_are_survived(missing):
    """Blocks need not stay at multiples of four."""
    broken = CAPTURE[: STARTS[5] + 10] + CAPTURE[STARTS[5] + 10 + missing :]
    packets, _, account = read(broken)
    assert data_of(packets)[:5] == PACKETS[:5]
    assert data_of(packets)[-6:] == PACKETS[6:]
    assert account.damaged


def test_a_broken_first_section_loses_only_itself():
    """Its byte order is enough to go on."""
    broken = bytearray(CAPTURE)
    struct.pack_into("<I", broken, 4, 0xFFFFFFF0)
    packets, _, account = read(bytes(broken))
    assert data_of(packets) == PACKETS
    assert losses(account) == [("capture-damaged", 0, len(section()), None)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x0a\x0d\x0d\x0a", "without its byte order"),
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "without its byte order"),
        (section(major=2), r"version 2\.0 is not supported"),
    ],
)
def test_a_section_that_tells_nothing_is_refused(data, reason):
    """Rather than guessing at what follows."""
    with pytest.raises(CaptureError, match=rf"^x\.pcapng: .*{reason}"):
        read(data)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("size", [64, 100, 999, 4096])
def test_windows_of_any_size_give_the_same_packets(monkeypatch, order, size):
    """A block that straddles a border is carried over, and damage is found there too."""
    data = [bytes([n]) * (1 + n * 7 % 500) for n in range(200)]
    parts = [enhanced(one, order=order) for one in data]
    parts[100:100] = [b"\xfe" * 3000]
    monkeypatch.setattr(source, "READ_BYTES", size)
    monkeypatch.setattr(pcapng.PcapngReader, "reach", 16 * 600)
    packets, _, account = read(section(order) + interface(order=order) + b"".join(parts))
    assert data_of(packets) == data
    assert [(loss[0], loss[2], loss[3]) for loss in losses(account)] == [
        ("capture-damaged", 3000, 100)
    ]


def test_a_large_block_that_is_no_packet_is_passed_over():
    """A name resolution block of megabytes is legal."""
    data = section() + interface() + block(4, bytes(9 << 20)) + enhanced(b"a")
    packets, _, account = read(data)
    assert data_of(packets) == [b"a"]
    assert not account.damaged


def test_many_small_sections_share_a_block():
    """Blocks are not cut where sections are."""
    packets, blocks, _ = read((section() + interface() + enhanced(b"a")) * 50)
    assert len(packets) == 50
    assert len(blocks) == 1


def test_blocks_without_packet_bytes_are_bounded(monkeypatch):
    """Be they empty packets, sections or anything else; what follows is found."""
    monkeypatch.setattr(records, "IDLE_LIMIT", 100)
    for idle in (section(), block(0x77, b""), interface(), enhanced(b"")):
        data = CAPTURE + idle * (records.BLOCK_PACKETS + 9) + interface() + enhanced(b"z" * 30)
        packets, _, account = read(data)
        assert data_of(packets)[:12] == PACKETS
        assert data_of(packets)[-1] == b"z" * 30
        assert "limit-count" in [loss.code for loss in account.losses]
