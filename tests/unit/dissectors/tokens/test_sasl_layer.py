"""SASL security layers inside Wrap tokens."""

from __future__ import annotations

import pytest
from support.coverage import check_tree

from dissectors.span import Span
from dissectors.tokens import dissect_token
from dissectors.tokens.model import SaslLayer, WrapToken
from dissectors.tokens.sasl_layer import layer_names

HEADER = bytes(8)


def wrap(plain: bytes, *, rrc: int = 0, flags: int = 0) -> bytes:
    data = plain + b"S" * 12
    by = rrc % len(data)
    head = bytes((5, 4, flags, 0xFF, 0, 12)) + rrc.to_bytes(2)
    return head + HEADER + data[len(data) - by :] + data[: len(data) - by]


def layer_of(raw: bytes) -> WrapToken:
    token = dissect_token(raw, sasl_layer=True)
    assert isinstance(token, WrapToken)
    return token


@pytest.mark.parametrize(
    ("plain", "layer"),
    [
        (b"\x07\x00\xff\xff", SaslLayer(("none", "integrity", "confidentiality"), 65_535)),
        (b"\x01\x00\x00\x00", SaslLayer(("none",), 0)),
        (b"\x04\x01\x00\x00alice", SaslLayer(("confidentiality",), 65_536, "alice")),
    ],
)
def test_layers(plain: bytes, layer: SaslLayer) -> None:
    """Offer and choice are read, the client's authorization identity too."""
    token = layer_of(wrap(plain, flags=len(plain) == 4))
    assert token.sasl_layer == layer
    assert token.anomalies == ()


def test_only_if_the_carrier_says_so() -> None:
    """No octet tells what a wrapped message is."""
    token = dissect_token(wrap(b"\x07\x00\xff\xff"))
    assert isinstance(token, WrapToken)
    assert token.sasl_layer is None


def test_sealed_layers_are_not_read() -> None:
    """Nobody but the peers can read them."""
    assert layer_of(wrap(b"\x07\x00\xff\xff", flags=2)).sasl_layer is None


@pytest.mark.parametrize(
    ("plain", "flags", "expected"),
    [
        (b"\x07\x00", 0, ("truncated", Span(16, 18))),
        (b"", 0, ("truncated", Span(16, 16))),
        (b"\x08\x00\x00\x00", 1, ("unknown-value", Span(16, 17))),
        (b"\x00\x00\x00\x00", 1, ("unknown-value", Span(16, 17))),
        (b"\x06\x00\x00\x00", 0, ("bad-value", Span(16, 17))),
        (b"\x01\x00\x00\x00\xff\xfe", 0, ("bad-text", Span(20, 22))),
    ],
)
def test_layers_against_the_rules(plain: bytes, flags: int, expected: tuple[str, Span]) -> None:
    """What is odd is told at its bytes."""
    token = layer_of(wrap(plain, flags=flags))
    anomalies = [(a.code, a.span) for a in token.anomalies]
    assert anomalies == [expected] or (not plain and anomalies[0][0] == "truncated")
    check_tree(token)


def test_tree() -> None:
    """The octets of the layer are shown: they are no secret."""
    fields = {
        f.path: f for f in check_tree(layer_of(wrap(b"\x06\x01\x00\x00bob", rrc=12, flags=1)))
    }
    assert not fields["Wrap.plaintext"].secret
    assert fields["Wrap.plaintext.layers"].text == "0x06 (integrity, confidentiality)"
    assert fields["Wrap.plaintext.layers"].span == Span(28, 29)
    assert fields["Wrap.plaintext.max-size"].value == 65_536
    assert (fields["Wrap.plaintext.authzid"].text, fields["Wrap.plaintext.authzid"].span) == (
        "bob",
        Span(32, 35),
    )


@pytest.mark.parametrize("rrc", range(1, 20))
def test_tree_of_turned_octets(rrc: int) -> None:
    """However the turn cuts them, each piece has its field and none is lost."""
    token = layer_of(wrap(b"\x04\x00\x10\x00bob", rrc=rrc))
    assert token.sasl_layer == SaslLayer(("confidentiality",), 4096, "bob")
    sizes = dict.fromkeys(("layers", "max-size", "authzid"), 0)
    for field in check_tree(token):
        if field.name in sizes:
            sizes[field.name] += field.span.length
    assert sizes == {"layers": 1, "max-size": 3, "authzid": 3}


def test_layer_in_a_token_of_rfc_1964() -> None:
    """The older mechanism's Wrap is read too."""
    content = bytes.fromhex("06092a864886f712010202 0201 1100 ffff ffff") + b"q" * 24
    content += b"\x07\x00\x10\x00\x01"
    token = layer_of(bytes((0x60, len(content))) + content)
    assert token.sasl_layer == SaslLayer(("none", "integrity", "confidentiality"), 4096)
    assert "max-size" in {f.name for f in check_tree(token)}


def test_names_of_unknown_layers() -> None:
    """Other bits keep their number."""
    assert layer_names(0x81) == ("none", "bit(7)")
