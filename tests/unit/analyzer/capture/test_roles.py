"""Who is the client: the SYN tells, else the ports, else who spoke first."""

import pytest

S, A = 2, 16


@pytest.mark.parametrize(
    ("packets", "client_port", "source", "before"),
    [
        ([(0, S, b""), (1, A, b"x")], 445, "syn", False),
        ([(1, S | A, b""), (1, A, b"x")], 445, "syn", False),
        ([(1, A, b"x")], 40_000, "port", True),
        ([(0, A, b"x")], 40_000, "port", True),
    ],
)
def test_syn_then_port(net, packets, client_port, source, before):
    """The side that sent the SYN is the client even from a low port."""
    consumers, _ = net.follow(
        [net.packet(who, 5, data, flags, ports=(445, 40_000)) for who, flags, data in packets]
    )
    stream = consumers[0].stream
    assert (stream.client_port, stream.role_source, stream.started_before) == (
        client_port,
        source,
        before,
    )
    assert stream.client == ("10.0.0.1" if client_port == 445 else "10.0.0.2")


@pytest.mark.parametrize(
    ("ports", "source", "client_port"),
    [
        ((5985, 50_000), "port", 50_000),
        ((88, 5000), "port", 5000),
        ((40_000, 50_000), "first", 50_000),
        ((5000, 6000), "first", 6000),
        ((445, 445), "first", 445),
    ],
)
def test_ports_that_tell_and_ports_that_do_not(net, ports, source, client_port):
    """A port below 1024, or one that is not ephemeral against one that is, serves."""
    packets = [net.packet(1, 5, flags=A, ports=ports), net.packet(0, 5, b"x", A, ports=ports)]
    stream = net.follow(packets)[0][0].stream
    assert (stream.role_source, stream.client_port) == (source, client_port)
    assert (stream.client == "10.0.0.2") == (client_port == ports[1])
    assert (stream.first_frame, stream.first_ts_ns) == (1, 1_000_000)


def test_ipv6_addresses_are_written_shortest(net):
    """Addresses that are not IPv4-mapped print as IPv6."""
    index = net.index([net.packet(0, 5, b"x")])
    index.src_hi[0], index.src_lo[0] = 0x2001_0DB8_0000_0000, 1
    from analyzer.capture.roles import describe
    from analyzer.capture.streams import Packets, StreamTable

    table = StreamTable()
    import numpy as np

    one = np.ones(1, np.uint64)
    table.number(Packets(one, np.zeros(1, np.intp), index.frame, index.ts_ns))
    stream, client = describe(table, 0, index, 0, 0, 0)
    assert (stream.client, stream.server, client) == ("2001:db8::1", "10.0.0.2", 0)


SHAKEN = [
    (0, 999, S, 0, b""),
    (1, 499, S | A, 1000, b""),
    (0, 1000, A, 500, b""),
    (0, 1000, A, 500, b"x"),
    (1, 500, A, 1001, b"y"),
]


@pytest.mark.parametrize(
    ("packets", "numbers"),
    [
        (SHAKEN, (999, 499)),
        (SHAKEN[2:], (999, 499)),
        (SHAKEN[4:], (1000, 499)),
        ([*SHAKEN[:1], *SHAKEN[3:]], (999, 499)),
        ([(0, 0xFFFF_FFFF, S, 0, b""), (0, 0, A, 0, b"x")], (0xFFFF_FFFF, 0xFFFF_FFFF)),
        # data with the SYN: nothing tells yet where the server will begin
        ([(0, 999, S, 0, b"x"), *SHAKEN[1:2], *SHAKEN[4:]], (999, None)),
    ],
    ids=["syn", "no syn", "one packet", "by the acknowledgement", "modulo", "fast open"],
)
def test_where_both_sides_begin(net, packets, numbers):
    """The same however the packets come: all at once, or one by one."""
    made = [
        net.packet(who, seq, data, flags, ack=ack, ports=(40_000, 445))
        for who, seq, flags, ack, data in packets
    ]
    for blocks in ((), tuple(range(1, len(made)))):
        consumers, _ = net.follow(made, blocks=blocks)
        stream = consumers[0].stream
        assert (stream.client_port, stream.client_seq, stream.server_seq) == (40_000, *numbers)


def test_numbers_of_a_connection_that_takes_another_ones_place_are_not_known(net):
    """Those that the table of streams has are of the connection before it."""
    packets = [
        *net.handshake,
        net.packet(0, 100, b"a"),
        *[net.packet(0, 0x5000_0000 + at, b"b", ack=0x6000_0000) for at in range(8)],
    ]
    consumers, _ = net.follow(packets)
    assert [(each.stream.client_seq, each.stream.server_seq) for each in consumers] == [
        (99, 499),
        (None, None),
    ]
