"""NTLM over HTTP after the KDC was out of reach: not in DNS, or refused by what is in between.

Spec: RFC 1035 4.1, RFC 2782, RFC 792 (destination unreachable), RFC 4443 3.1, RFC 1812 5.2.7.1.
"""

import struct
from collections.abc import Callable
from ipaddress import ip_address

from frames import Frame
from hand_http import SERVICE
from hand_kdc import tgs
from hand_reasons import ntlm_in_spnego
from made import Made
from talk import MILLISECOND, Talk, merged, with_checksums

DNS_PORT, KDC_PORT, SRV, IN = 53, 88, 33, 1
SERVER_FAILED, NO_SUCH_NAME = 2, 3
ROUTER = "fd99::9"


def page(*, at: int, client: str = "10.99.0.20", server: str = "10.99.0.2") -> Talk:
    """A page by Negotiate; the client has nothing but NTLM to offer."""
    return ntlm_in_spnego(Talk(server, client=client, at=at, client_port=40_080).open())


def looked_for(name: str, ident: int, rcode: int | None, *, at: int) -> Talk:
    """The client asks the controller for a service's servers; `rcode` None: there is no answer."""
    labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
    asked = labels + b"\0" + struct.pack(">HH", SRV, IN)
    question = struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + asked
    said = [] if rcode is None else [struct.pack(">6H", ident, 0x8180 | rcode, 1, 0, 0, 0) + asked]
    talk = Talk("10.99.0.1", DNS_PORT, client_port=42_000 + ident, at=at)
    return talk.datagrams(question, *said)


def not_in_dns() -> list[Frame]:
    return merged(
        looked_for("_kerberos._udp.nego.test", 1, NO_SUCH_NAME, at=0),
        looked_for("_kerberos._tcp.nego.test", 2, NO_SUCH_NAME, at=3),
        page(at=10),
    )


def dns_down() -> list[Frame]:
    return merged(
        looked_for("_kerberos._tcp.dc._msdcs.nego.test", 1, None, at=0),
        looked_for("_kerberos._tcp.dc._msdcs.nego.test", 2, SERVER_FAILED, at=2000),
        page(at=2010),
    )


def told(sender: str, refused: Frame, code: int, *, after: int) -> Frame:
    """What `sender` tells the client of its packet: ICMP destination unreachable, with the packet's begin."""
    packet = refused.data[14:]
    own = ip_address(sender).packed
    if len(own) == 4:
        body = bytes([3, code]) + bytes(6) + packet[:28]
        source = packet[12:16]
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 1, 0) + own + source
    else:
        body = bytes([1, code]) + bytes(6) + packet[:1232]
        head = struct.pack(">IHBB", 6 << 28, len(body), 58, 64) + own + packet[8:24]
    macs = refused.data[6:12] + refused.data[:6]
    data = with_checksums(macs + refused.data[12:14] + head + body)
    return Frame(refused.ts_ns + after * MILLISECOND, data, len(data))


def refused_udp() -> list[Frame]:
    request = Talk("10.99.0.1", KDC_PORT, client_port=40_088).datagrams(tgs(SERVICE))
    return [*request.frames, told("10.99.0.1", request.frames[0], 3, after=1), *page(at=10).frames]


def refused_tcp() -> list[Frame]:
    client, kdc = "fd99::20", "fd99::1"
    frames = page(at=1010, client=client, server="fd99::2").frames
    for at in (0, 1000):
        [syn] = Talk(kdc, KDC_PORT, client=client, client_port=40_088, at=at).open().frames[:1]
        frames += [syn, told(ROUTER, syn, 1, after=1)]
    return sorted(frames, key=lambda frame: frame.ts_ns)


def case(name: str, title: str, purpose: str, frames: Callable[[], list[Frame]], **kdc) -> Made:
    return Made(case=f"http/{name}", title=title, purpose=purpose, frames=frames, **kdc)


CASES = [
    case(
        "fallback_kdc_not_in_dns", "No KDC in DNS, so NTLM",
        "The client looks for its realm's KDC over UDP and TCP; there are no such names, and SPNEGO offers NTLM.",
        not_in_dns,
    ),
    case(
        "fallback_kdc_dns_down", "Nobody can say where the KDC is, so NTLM",
        "The look-up of the domain's KDCs gets no answer at first and then SERVFAIL; SPNEGO offers NTLM.",
        dns_down,
    ),
    case(
        "fallback_kdc_port_unreachable", "ICMP instead of a ticket, so NTLM",
        "The request for the ticket is answered with ICMP port unreachable alone; SPNEGO offers NTLM.",
        refused_udp, kdc=[f"TGS - {SERVICE} no answer"],
    ),
    case(
        "fallback_kdc_prohibited", "A firewall before the KDC, so NTLM",
        "Over IPv6 both SYNs to the KDC are answered by a router: administratively prohibited.",
        refused_tcp,
    ),
]  # fmt: skip
