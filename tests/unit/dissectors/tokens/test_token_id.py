"""Token ids by name."""

from dissectors.recognise import CONTEXT_TOKEN_IDS
from dissectors.tokens.token_id import TOKEN_IDS, token_id_text


def test_names():
    """Name and octets; an unknown one keeps its octets."""
    assert token_id_text(b"\x01\x00") == "KRB_AP_REQ (01 00)"
    assert token_id_text(b"\x09\x09") == "unknown(09 09)"


def test_every_known_id_has_a_name():
    """What is recognised can be named."""
    assert set(CONTEXT_TOKEN_IDS) <= set(TOKEN_IDS)
