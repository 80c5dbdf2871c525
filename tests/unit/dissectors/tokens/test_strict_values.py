"""Limits of values, and pyasn1's values beside the tolerant ones."""

from __future__ import annotations

from typing import Any

import pytest
from pyasn1.type import char, univ

from dissectors.span import Field, Span
from dissectors.tokens.asn1 import kerberos, kerberos_types, spnego
from dissectors.tokens.build import ap_rep
from dissectors.tokens.strict_der import DerWalk
from dissectors.tokens.strict_shape import Leaf, ShapeWalk
from dissectors.tokens.strict_values import DOUBTFUL, compare, decoded, judge, plain


def judged(kind: Any, content: bytes) -> list[tuple[str, str]]:
    walk = DerWalk(content)
    judge(walk, [Leaf("T.x", ("x",), kind, 0, 0, len(content))])
    return [(a.code, a.detail) for a in walk.findings]


@pytest.mark.parametrize(
    ("kind", "content", "code", "words"),
    [
        (kerberos_types.Int32(), "0080000000", "strict-mismatch", "not -2147483648 to 2147483647"),
        (
            kerberos_types.UInt32(),
            "ff",
            "strict-mismatch",
            "an unsigned number written as a signed",
        ),
        (kerberos_types.UInt32(), "0100000000", "strict-mismatch", "not 0 to 4294967295"),
        (kerberos_types.Microseconds(), "0f4240", "strict-mismatch", "not 0 to 999999"),
        (kerberos_types.ProtocolVersion(), "04", "strict-mismatch", "4, not 5"),
        (univ.Integer(), "7f" * 17, "strict-mismatch", "17 octets of a number"),
        (spnego.NegState, "07", "unknown-value", "7"),
        (kerberos_types.KerberosFlags(), "0540", "strict-mismatch", "3 bits, 32 wanted"),
        (kerberos_types.KerberosFlags(), "00", "strict-mismatch", "0 bits, 32 wanted"),
        (spnego.ContextFlags(), "0176", "strict-mismatch", "7 bits, 32 wanted"),
        (spnego.ContextFlags(), "00" * 6, "strict-mismatch", "40 bits, 32 wanted"),
        (kerberos_types.KerberosTime(), b"202601020304Z".hex(), "bad-value", "not YYYYMMDDhhmmssZ"),
        (kerberos_types.KerberosTime(), b"20260102030405.1Z".hex(), "bad-value", "not YYYY"),
        (kerberos_types.Realm, "c389".upper(), "strict-mismatch", "beyond IA5String"),
    ],
)
def test_values_beyond_the_limits_of_their_types(
    kind: Any, content: str, code: str, words: str
) -> None:
    """Each limit that pyasn1 would not hold is held here."""
    ((found, detail),) = judged(kind, bytes.fromhex(content))
    assert found == code
    assert detail.startswith("T.x: ")
    assert words in detail


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (kerberos_types.Int32(), "80000000"),
        (kerberos_types.UInt32(), "00ffffffff"),  # the kvno of a read-only domain controller
        (kerberos_types.KerberosFlags(), "0000000000"),
        (kerberos_types.KerberosFlags(), "000000000000"),
        (spnego.ContextFlags(), "0040000000"),
        (kerberos_types.KerberosTime(), b"19700101000000Z".hex()),
        (kerberos_types.Realm, b"LAB.EXAMPLE".hex()),
        (char.GeneralString(), "c389"),
    ],
)
def test_values_within(kind: Any, content: str) -> None:
    """What the specifications allow passes."""
    assert judged(kind, bytes.fromhex(content)) == []


def read(data: bytes, kind: Any, path: str) -> tuple[DerWalk, Any, list[Leaf]]:
    walk = DerWalk(data)
    walk.one(0, len(data))
    shape = ShapeWalk(walk)
    shape.go(kind, 0, len(data), path)
    return walk, decoded(walk, kind, 0, len(data), path, shape.leaves), shape.leaves


def test_pyasn1_is_heard_when_nothing_else_is_known() -> None:
    """If pyasn1 alone rejects a token, the value it stumbles over is named."""
    oid = b"\x06\x1a\x2a" + b"\xff" * 24 + b"\x01"  # an arc beyond pyasn1's limit
    data = b"\xa1\x20\x30\x1e\xa1\x1c" + oid
    walk, value, _ = read(data, spnego.BARE_RESP, "NegTokenResp")
    assert value is None
    (finding,) = walk.findings
    assert finding.code == "strict-mismatch"
    assert finding.span == (4, 34)
    assert finding.detail == "NegTokenResp.supportedMech: pyasn1 rejects it (PyAsn1Error)"


def test_values_are_compared_by_their_bytes() -> None:
    """A field of the tolerant reading that has other values than pyasn1's is named."""
    data = ap_rep(form="bare")
    walk, value, leaves = read(data, kerberos.AP_REP, "AP-REP")
    etype = next(leaf for leaf in leaves if leaf.path.endswith("etype"))
    span = Span(etype.at, etype.stop)
    right = {span: [Field("AP-REP.enc-part.etype", "etype", 18, "18", span)]}
    values = compare(walk, value, leaves, right, [])
    assert values["enc-part.etype"] == 18
    assert walk.findings == []
    wrong = {span: [Field("AP-REP.enc-part.etype", "etype", 17, "17", span)]}
    compare(walk, value, leaves, wrong, [])
    assert [a.detail for a in walk.findings] == ["AP-REP.enc-part.etype: the two readings differ"]


def test_values_that_are_odd_already_are_doubtful() -> None:
    """What a finding explains is not told again as a difference."""
    data = ap_rep(form="bare")
    walk, value, leaves = read(data, kerberos.AP_REP, "AP-REP")
    etype = next(leaf for leaf in leaves if leaf.path.endswith("etype"))
    values = compare(walk, value, leaves, {}, [Span(etype.start, etype.stop)])
    assert values["enc-part.etype"] is DOUBTFUL
    assert values["pvno"] == 5


def test_plain_values() -> None:
    """pyasn1's values become Python's."""
    assert plain(univ.BitString("0101"), univ.BitString()) == {1, 3}
    assert plain(univ.Boolean(1), univ.Boolean()) is True
    assert plain(univ.ObjectIdentifier("1.2.3"), univ.ObjectIdentifier()) == "1.2.3"
    assert plain(char.GeneralString(b"\xff"), char.GeneralString()) == "\\xff"
