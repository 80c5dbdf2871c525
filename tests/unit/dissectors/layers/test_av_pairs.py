"""AV pairs as packets."""

import pytest

from dissectors.layers.av_pairs import GSS_NTLM_AV_PAIR, read_pairs, write_pairs


@pytest.mark.parametrize(
    ("av_id", "value", "data"),
    [
        (1, "DC", "010004004400 4300"),
        (6, 2, "0600040002000000"),
        (7, 5, "070008000500000000000000"),
        (10, bytes(16), "0a001000" + "00" * 16),
        (17, b"\1\2", "110002000102"),
        (2, b"\0\xd8\0", "0200030000d800"),
    ],
)
def test_pairs_keep_their_kind(av_id, value, data):
    """Text, numbers and bytes; text that is none stays bytes."""
    data = bytes.fromhex(data)
    packet = GSS_NTLM_AV_PAIR(data)
    assert (packet.av_id, packet.value) == (av_id, value)
    assert bytes(GSS_NTLM_AV_PAIR(av_id=av_id, value=value)) == data
    assert packet.summary()


def test_lists_end():
    """A list is read to its end, or as far as it is whole."""
    pairs = [GSS_NTLM_AV_PAIR(av_id=1, value="A"), GSS_NTLM_AV_PAIR(av_id=1, value="B")]
    data = write_pairs(pairs)
    assert read_pairs(data + b"\1\0\2\0") == read_pairs(data) == read_pairs(data[:-4])
    assert [pair.value for pair in read_pairs(data)] == ["A", "B"]
    assert [pair.value for pair in read_pairs(data[:7])] == ["A"]
