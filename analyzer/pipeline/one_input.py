"""Read one input to its end: its packets, the readers of its conversations, and what else it tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from analyzer.backlog import Backlog
from analyzer.capture.engine import StreamEngine
from analyzer.capture.inputs import Input
from analyzer.capture.link import PacketDecoder
from analyzer.capture.model import CaptureAccount, CaptureLoss, OpenDatagrams, OpenStream, Stream
from analyzer.capture.reader import open_capture
from analyzer.first_bytes import STRANGERS, looks_like_carrier, looks_like_datagram
from analyzer.negotiation.model import NoticedAnomaly
from analyzer.pipeline.readers import DatagramReader, DecryptedReader, StreamReader
from analyzer.pipeline.sink import Options, Sink
from analyzer.surroundings.watch import Watch
from dissectors.anomaly import Anomaly
from dissectors.span import Span

if TYPE_CHECKING:
    from analyzer.capture.tshark_source import Wireshark


def run(
    source: Input, sink: Sink, options: Options, account: CaptureAccount | None = None
) -> tuple[CaptureAccount, float]:
    """Read one input to its end; return its account and the seconds it took.

    `account`: an empty one to be filled, for who looks into it meanwhile. Raises `CaptureError` if the
    input is no capture. Damage inside a capture is told in the account and as anomalies, never raised.
    """
    began = time.perf_counter()
    account = CaptureAccount() if account is None else account
    if options.wireshark is None:
        _read_natively(source, account, sink, options)
    else:
        _read_by_wireshark(source, account, sink, options, options.wireshark)
    conclude(account, sink)
    return account, time.perf_counter() - began


def conclude(account: CaptureAccount, sink: Sink) -> None:
    """Tell what of the input was lost, once it is read."""
    if account.truncated_packets:
        count = account.truncated_packets
        cut = f"{count} {'packet was' if count == 1 else 'packets were'} cut by the snap length"
        account.losses.append(CaptureLoss("snaplen", cut, count=account.truncated_packets))
    for loss in account.losses:
        sink.anomaly(_loss_anomaly(loss))


def _read_natively(source: Input, account: CaptureAccount, sink: Sink, options: Options) -> None:
    decoder = PacketDecoder(account, by_scapy=options.by_scapy)
    engine = stream_engine(account, sink, options)
    watch = Watch(sink.surrounding)
    for block in open_capture(source, account, options.progress):
        index = decoder.decode(block)
        engine.feed(index)
        watch.feed(index)
    decoder.finish()
    engine.finish()
    watch.finish()


def stream_engine(
    account: CaptureAccount, sink: Sink, options: Options, *, by_first_frame: bool = False
) -> StreamEngine:
    """Make what follows the conversations of an input.

    `by_first_frame`: streams are numbered by their first frames, as not all of them are followed here.
    """

    def described(stream: Stream) -> Stream:
        if by_first_frame:
            stream.stream_id = stream.first_frame
        return stream

    backlog = Backlog()
    return _ConcludingEngine(
        account,
        lambda stream: StreamReader(described(stream), sink, options, backlog),
        lambda stream: DatagramReader(described(stream), sink, options, backlog),
        backlog,
        reopen=looks_like_carrier,
        wants_datagram=looks_like_datagram,
        strangers=None if "tcp" in {transport for transport, _ in options.decode_as} else STRANGERS,
    )


class _ConcludingEngine(StreamEngine):
    """At the end of the capture no conversation waits any longer."""

    def __init__(
        self,
        account: CaptureAccount,
        open_stream: OpenStream,
        open_datagrams: OpenDatagrams,
        backlog: Backlog,
        **rest: Any,
    ) -> None:
        super().__init__(account, open_stream, open_datagrams, **rest)
        self._backlog = backlog

    def finish(self) -> None:
        """Tell all open conversations that the capture ends, in order of their numbers."""
        super().finish()
        self._backlog.conclude()


def _read_by_wireshark(
    source: Input, account: CaptureAccount, sink: Sink, options: Options, how: Wireshark
) -> None:
    from analyzer.capture import tshark_source, tshark_streams  # noqa: PLC0415 - only where wanted

    watch, backlog = Watch(sink.surrounding), Backlog()
    consumers = tshark_streams.Consumers(
        stream=lambda stream: StreamReader(stream, sink, options, backlog),
        datagrams=lambda stream: DatagramReader(stream, sink, options, backlog),
        decrypted=lambda stream: DecryptedReader(stream, sink, options, backlog),
        reopen=looks_like_carrier,
        wants_datagram=looks_like_datagram,
        watch=watch.feed,
    )
    tshark_source.read(source, account, how, consumers, options.progress)
    backlog.conclude()
    watch.finish()


def _loss_anomaly(loss: CaptureLoss) -> NoticedAnomaly:
    start = loss.offset or 0
    span = Span(start, start + (loss.length or 0))
    return NoticedAnomaly(Anomaly(loss.code, span, loss.detail), loss.frame, None, None)
