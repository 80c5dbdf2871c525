"""A conversation with a KDC: built messages, and a connection that numbers its segments as frames."""

from __future__ import annotations

from typing import Any

from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage
from dissectors.carriers.kdc import KdcCarrier
from dissectors.tokens import build
from dissectors.tokens.build import kdc

TGT = f"krbtgt/{kdc.REALM}"
AS_REQ = kdc.as_req()
PROOF = kdc.as_req(padata=[kdc.pa_enc_timestamp()], nonce=2)
AS_REP = kdc.as_rep()
TGS_REQ = kdc.tgs_req(padata=[kdc.pa_tgs_req(build.ap_req(sname=TGT, form="bare"))], nonce=3)
TGS_REP = kdc.tgs_rep()


def error(code: int | str, **how: Any) -> bytes:
    """A KRB-ERROR about the ticket-granting service, unless `how` says otherwise."""
    return build.krb_error(code, form="bare", **{"sname": TGT, **how})


PREAUTH_REQUIRED = error(25, e_data=kdc.method_data([(2, b""), kdc.pa_etype_info2()]))
UNKNOWN_SERVICE = error(7, sname=kdc.SERVICE)
EVERY_KIND = (AS_REQ, AS_REP, TGS_REQ, TGS_REP, PREAUTH_REQUIRED)


def over_tcp(message: bytes) -> bytes:
    """A message with its length in front."""
    return len(message).to_bytes(4) + message


class Wire:
    """A TCP connection and what its carrier said."""

    def __init__(self, **how: Any) -> None:
        self.said: list[Any] = []
        self.carrier = KdcCarrier(self.said.append, **how)
        self.offsets = [0, 0]
        self.frame = 0

    def send(self, side: int, data: bytes, size: int | None = None) -> Wire:
        """Say something, in segments of `size`."""
        window = self.carrier.windows[side]
        size = size or len(data)
        for at in range(0, len(data), size):
            self.frame += 1
            piece = data[at : at + size]
            window.append(self.offsets[side], piece, self.frame, self.frame * 1000)
            self.offsets[side] += len(piece)
            if not window.skipping:
                self.carrier.feed(side)
        return self

    def client(self, *messages: bytes, size: int | None = None) -> Wire:
        """Ask."""
        return self.send(CLIENT, b"".join(map(over_tcp, messages)), size)

    def server(self, *messages: bytes, size: int | None = None) -> Wire:
        """Answer."""
        return self.send(SERVER, b"".join(map(over_tcp, messages)), size)

    def lose(self, side: int, length: int) -> Wire:
        """Leave a hole, as the pipeline tells it."""
        self.frame += 1
        self.offsets[side] += length
        window = self.carrier.windows[side]
        window.restart(self.offsets[side])
        window.frame, window.ts_ns = self.frame, self.frame * 1000
        self.carrier.gap(side, length, self.frame, self.frame * 1000)
        return self

    def end(self, side: int | None = None, how: str = "capture-end") -> Wire:
        """Stop."""
        self.frame += 1
        self.carrier.end(side, how, self.frame, self.frame * 1000)
        return self

    @property
    def messages(self) -> list[CarrierMessage]:
        """What it handed on."""
        return [item for item in self.said if isinstance(item, CarrierMessage)]

    @property
    def tokens(self) -> list[bytes | None]:
        """The messages' bytes."""
        return [message.token for message in self.messages]

    @property
    def codes(self) -> list[str]:
        """All anomaly codes, of messages and of the connection."""
        found = []
        for item in self.said:
            anomalies = item.anomalies if isinstance(item, CarrierMessage) else (item.anomaly,)
            found += [anomaly.code for anomaly in anomalies]
        return found
