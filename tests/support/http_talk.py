"""Conversations over HTTP for tests: messages to say, and a wire that notes what the carrier tells."""

import base64

from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage
from dissectors.carriers.http import HttpCarrier

INIT = bytes.fromhex("604806062b0601050502a03e")
RESP = bytes.fromhex("a1073005a0030a0101")
NTLM1, NTLM2, NTLM3 = (b"NTLMSSP\x00" + bytes([number]) + b"\0\0\0" for number in (1, 2, 3))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def b64(token):
    return base64.b64encode(token)


def message(start, *lines, body=b""):
    """Build a message; a body gets its Content-Length."""
    if body:
        lines = (*lines, b"Content-Length: %d" % len(body))
    return b"\r\n".join((start, *lines)) + b"\r\n\r\n" + body


def get(*lines, target=b"/a", body=b"", method=b"GET"):
    return message(method + b" " + target + b" HTTP/1.1", b"Host: web:80", *lines, body=body)


def negotiate(token, **how):
    return get(b"Authorization: Negotiate " + b64(token), **how)


def ntlm(token, **how):
    return get(b"Authorization: NTLM " + b64(token), **how)


def refuse(*challenges, code=401, body=b"no"):
    family = {401: b"WWW-Authenticate: ", 407: b"Proxy-Authenticate: "}[code]
    lines = [family + challenge for challenge in challenges]
    return message(b"HTTP/1.1 %d No" % code, *lines, body=body)


class Wire:
    """A connection that numbers its segments as frames, and what its carrier said."""

    def __init__(self, **how):
        self.said = []
        self.carrier = HttpCarrier(self.said.append, **how)
        self.offsets = [0, 0]
        self.frame = 0

    def send(self, side, data, size=None):
        size = size or len(data)
        window = self.carrier.windows[side]
        for at in range(0, len(data), size):
            self.frame += 1
            piece = data[at : at + size]
            window.append(self.offsets[side], piece, self.frame, self.frame * 1000)
            self.offsets[side] += len(piece)
            if not window.skipping:
                self.carrier.feed(side)
        return self

    def client(self, data, size=None):
        return self.send(CLIENT, data, size)

    def server(self, data, size=None):
        return self.send(SERVER, data, size)

    def lose(self, side, length):
        """Leave a hole, as the pipeline tells it."""
        self.frame += 1
        self.offsets[side] += length
        window = self.carrier.windows[side]
        window.restart(self.offsets[side])
        window.frame, window.ts_ns = self.frame, self.frame * 1000
        self.carrier.gap(side, length, self.frame, self.frame * 1000)
        return self

    def end(self, side=None, how="capture-end"):
        self.frame += 1
        self.carrier.end(side, how, self.frame, self.frame * 1000)
        return self

    @property
    def messages(self):
        return [item for item in self.said if isinstance(item, CarrierMessage)]

    @property
    def codes(self):
        """All anomaly codes, of messages and of the connection."""
        found = []
        for item in self.said:
            anomalies = item.anomalies if isinstance(item, CarrierMessage) else (item.anomaly,)
            found += [anomaly.code for anomaly in anomalies]
        return found

    @property
    def story(self):
        """Every message in short: kind, exchange in order of appearance, token, verdict, frame."""
        ids = {}
        return [
            (
                m.kind,
                None if m.exchange is None else ids.setdefault(id(m.exchange), len(ids)),
                m.token,
                m.status and m.status.verdict,
                m.frame,
            )
            for m in self.messages
        ]

    @property
    def exchanges(self):
        return list({id(m.exchange): m.exchange for m in self.messages if m.exchange}.values())
