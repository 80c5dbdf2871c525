"""The only place where capture, dissectors and negotiation meet: from one input to its facts.

Packets become streams, streams find their carrier by content, carriers cut out tokens, tokens are
dissected and put together to negotiations. What comes out goes to a `Sink`, object by object, so that
nobody holds more than they need.
"""

from analyzer.pipeline.conversation import ANOMALIES_PER_KIND
from analyzer.pipeline.one_input import conclude, run, stream_engine
from analyzer.pipeline.readers import DatagramReader, DecryptedReader, StreamReader
from analyzer.pipeline.sink import Options, Sink

__all__ = [
    "ANOMALIES_PER_KIND",
    "DatagramReader",
    "DecryptedReader",
    "Options",
    "Sink",
    "StreamReader",
    "conclude",
    "run",
    "stream_engine",
]
