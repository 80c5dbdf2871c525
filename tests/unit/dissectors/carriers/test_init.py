"""The registry of carriers: what it says of their first bytes holds."""

import pytest
from support.kdc_talk import AS_REQ, EVERY_KIND, over_tcp

from dissectors.carriers import CARRIERS, carrier_class, carriers_starting

HEADS = (
    b"\0\0\0\x44\xfeSMB\x40\0" + bytes(58),
    b"\x85\0\0\0\0\0\0\x44\xfeSMB\x40\0" + bytes(58),
    b"\x82\0\0\0\0\0\0\x44\xfeSMB\x40\0" + bytes(58),
    b"GET / HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00",
    AS_REQ,
    over_tcp(AS_REQ),
    *EVERY_KIND,
)


@pytest.mark.parametrize("name", CARRIERS)
def test_no_message_starts_otherwise(name):
    """A stream is shown to a carrier only if its first byte is among those registered."""
    kind, starts = carrier_class(name), CARRIERS[name].starts
    known = {
        first
        for first in range(256)
        for head in HEADS
        if kind.probe(bytes((first,)) + head[1:]) is not None
    }
    assert known
    assert known <= starts


def test_carriers_are_tried_in_the_order_of_the_registry():
    """A digit may start an HTTP method, and is the tag of an LDAPMessage."""
    assert [kind.name for kind in carriers_starting(0x30)] == ["http", "ldap"]
    assert carriers_starting(0xFF) == ()
