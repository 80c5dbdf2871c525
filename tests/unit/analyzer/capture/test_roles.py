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
