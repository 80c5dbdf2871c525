"""The strict reading of tokens made to hurt: an answer in time, whatever the bytes."""

from __future__ import annotations

import random
import time
from functools import cache

import pytest
from support.messages import NTLM, SPNEGO, der

from dissectors.anomaly import CODES
from dissectors.tokens import dissect_token
from dissectors.tokens.build import (
    ap_rep,
    ap_req,
    as_rep,
    as_req,
    iakerb,
    krb_cred,
    krb_error,
    meta_data,
    method_data,
    neg_token_init,
    neg_token_init2,
    neg_token_resp,
    negoex,
    ntlm_challenge,
    pa_enc_timestamp,
    pa_etype_info2,
    pa_for_user,
    pa_pac_options,
    pa_pac_request,
    pa_tgs_req,
    tgs_rep,
    tgs_req,
    tgt_rep,
    tgt_req,
    ticket,
)
from dissectors.tokens.strict import strict_check, strict_departures

SECONDS = 1.0
MUTATIONS = 40  # of each kind here; ten thousand were run once


def spnego(content: bytes) -> bytes:
    """A NegTokenInit with this content."""
    return der(0x60, SPNEGO, der(0xA0, der(0x30, content)))


def nested(tag: int, depth: int) -> bytes:
    """Elements in elements, their lengths all true."""
    data = b""
    for _ in range(depth):
        data = der(tag, data)
        if len(data) > 60_000:
            break
    return data


def spnego_in_spnego(times: int) -> bytes:
    token = neg_token_init(["spnego"])
    for _ in range(times):
        token = neg_token_init(["spnego"], token)
    return token


HOSTILE = {
    "definite nesting": spnego(der(0xA2, nested(0x30, 10_000))),
    "indefinite nesting": spnego(der(0xA2, b"\x30\x80" * 30_000)),
    "only indefinite nesting": b"\xa1\x80" + b"\x30\x80" * 32_000,
    "constructed strings in each other": spnego(der(0xA2, nested(0x24, 5_000))),
    "SPNEGO in SPNEGO": spnego_in_spnego(50),
    "a length of 2 to the 64th": spnego(b"\xa2\x88" + b"\xff" * 8),
    "a length of 126 octets": spnego(b"\xa2\xfe" + b"\xff" * 126),
    "an INTEGER of 64 KB": der(0x7E, der(0x30, der(0xA6, der(2, b"\x7f" * 65_000)))),
    "an ENUMERATED of 64 KB": der(0xA1, der(0x30, der(0xA0, der(10, b"\x7f" * 65_000)))),
    "a BIT STRING of 64 KB": spnego(der(0xA1, der(3, b"\x00" + b"\xff" * 65_000))),
    "an OID of 64 K arcs": spnego(der(0xA0, der(0x30, der(6, b"\x2b" * 65_000)))),
    "an arc of 64 KB": spnego(der(0xA0, der(0x30, der(6, b"\xff" * 65_000 + b"\x01")))),
    "5,400 mechanisms": spnego(der(0xA0, der(0x30, NTLM * 5_400))),
    "1,000 mechanisms": spnego(der(0xA0, der(0x30, NTLM * 1_000))),
    "32,000 empty mechanisms": spnego(der(0xA0, der(0x30, b"\x06\x00" * 32_000))),
    "100,000 mechanisms": spnego(der(0xA0, der(0x30, NTLM * 100_000))),
    "a million NULLs": spnego(der(0xA0, der(0x30, b"\x05\x00" * 1_000_000))),
    "1,000 empty string parts": spnego(der(0xA2, der(0x24, b"\x04\x00" * 1_000))),
    "30,000 empty string parts": spnego(der(0xA2, der(0x24, b"\x04\x00" * 30_000))),
    "300 padata": as_req(padata=[pa_enc_timestamp(cipher=b"c")] * 150 + [pa_pac_request()] * 150),
    "5,000 padata": as_req(padata=[(2, b"")] * 5_000),
    "tag numbers without end": spnego(b"\xbf" + b"\xff" * 60_000),
    "a tag number in 100 octets": spnego(b"\xbf" + b"\x80" * 99 + b"\x01\x00"),
    "long lengths all over": spnego(b"\xa0\x84\x00\x00\x00\x02\x30\x00" * 7_000),
    "name of 1,000 parts": ap_req(sname=(2, ["x"] * 300)),
    "additional tickets": tgs_req(additional_tickets=[ticket("a/b", cipher=b"c")] * 50),
    "what crashed pyasn1": bytes.fromhex("a1053030300002"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_in_time(name: str) -> None:
    """No hostile token raises, takes a second, or yields more findings than people read."""
    token = dissect_token(HOSTILE[name])
    began = time.perf_counter()
    found = strict_check(token)
    assert time.perf_counter() - began < SECONDS
    assert len(found) <= 40
    for anomaly in found:
        assert anomaly.code in CODES
        assert len(anomaly.detail) < 300


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tokens_never_pass(name: str) -> None:
    """Each of them departs from its module, or reaches a limit, in one of the two readings."""
    token = dissect_token(HOSTILE[name])
    sound = {"300 padata", "1,000 mechanisms", "additional tickets", "name of 1,000 parts"}
    if name not in sound:
        assert token.findings or strict_departures(token)


@cache
def examples() -> tuple[bytes, ...]:
    """A valid token of every kind that is ASN.1."""
    padata = [pa_enc_timestamp(), pa_pac_request(), pa_pac_options()]
    bare = ap_req(form="bare")
    return (
        neg_token_init(mech_token=ap_req(), req_flags=["mutualFlag"]),
        neg_token_init2(),
        neg_token_resp("request-mic", "ntlm", ntlm_challenge(), b"m" * 16),
        neg_token_resp("reject", response_token=krb_error()),
        bare,
        ap_rep(form="token-id"),
        krb_error(e_data=method_data([pa_etype_info2(), (136, b"")])),
        tgt_req(),
        tgt_rep(),
        iakerb(as_req(padata=padata)),
        as_rep(padata=[pa_etype_info2([(18, "LAB.EXAMPLEalice")])]),
        tgs_req(padata=[pa_tgs_req(bare), pa_for_user()]),
        tgs_rep(),
        krb_cred(),
        neg_token_init(["negoex"], negoex(meta_data(der(0x30, der(0xA0, der(0x30)))))),
    )


@pytest.mark.parametrize("which", range(15))
def test_mutations_get_an_answer(which: int) -> None:
    """However a token is damaged, the strict reading answers with ranges inside the token."""
    whole = examples()[which]
    chance = random.Random(which)
    for _ in range(MUTATIONS):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            how = chance.randrange(4)
            if how == 0:
                data[at] = chance.choice((0, 0x80, 0x81, 0x84, 0xFF, 0x30, 0x24, 0x1F, 0xA3))
            elif how == 1:
                data[at] ^= 1 << chance.randrange(8)
            elif how == 2:
                del data[at : at + chance.randrange(1, 9)]
            else:
                data[at:at] = chance.randbytes(chance.randrange(1, 5))
        for anomaly in strict_check(dissect_token(bytes(data))):
            assert 0 <= anomaly.span.start <= anomaly.span.end <= len(data)


@pytest.mark.parametrize("which", range(15))
def test_every_prefix_departs(which: int) -> None:
    """A token cut anywhere gets an answer, and never passes for whole."""
    whole = examples()[which]
    for size in range(8, len(whole), max(1, len(whole) // 60)):  # from where it is known
        token = dissect_token(whole[:size])
        strict_check(token)
        assert token.findings or strict_departures(token), size
