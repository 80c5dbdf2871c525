"""NegoEx tokens: messages back to back, by which SPNEGO's extension agrees on a scheme.

Spec: MS-NEGOEX 2.2 and 3.1.5.
Not handled: the schemes' own tokens, which whoever decodes this one opens.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.recognise import NEGOEX_SIGNATURE
from dissectors.span import Field, Span
from dissectors.tokens.model import NegoexMessage, NegoexMessages
from dissectors.tokens.negoex_fields import record_message
from dissectors.tokens.negoex_message import COMMON, MessageReader
from dissectors.tokens.recorder import Recorder

MESSAGE_LIMIT = 64
"""Messages read from one token."""


def decode_negoex(
    data: bytes, fields: list[Field] | None = None, base: int = 0, path: str = ""
) -> NegoexMessages:
    """Decode a NegoEx token; with `fields`, write its tree there, from `base` on, below `path`."""
    messages: list[NegoexMessage] = []
    anomalies: list[Anomaly] = []
    if fields is not None:
        Recorder(fields, base, path).add("NEGOEX", 0, len(data), None)
    at = 0
    while at < len(data) or not messages:
        rest = data[at:]
        finding = None
        if len(messages) == MESSAGE_LIMIT:
            finding = ("limit-count", f"more than {MESSAGE_LIMIT} messages")
        elif not rest.startswith(NEGOEX_SIGNATURE[: len(rest)]):
            code = "trailing-bytes" if messages else "bad-value"
            finding = (code, "no NEGOEXTS signature")
        elif len(rest) < COMMON:
            finding = ("truncated", "the header of a message is cut")
        if finding is not None:
            anomalies.append(Anomaly(finding[0], Span(base + at, base + len(data)), finding[1]))
            break
        reader = MessageReader(rest, base + at, anomalies)
        messages.append(reader.read())
        if fields is not None:
            tree = Recorder(fields, base + at, path).below("NEGOEX")
            record_message(tree, str(len(messages) - 1), reader, messages[-1])
        at += len(reader.data)
    return NegoexMessages(raw=data, messages=tuple(messages), anomalies=tuple(anomalies))
