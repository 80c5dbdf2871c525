"""Keys of conversations: symmetric, distinct, found again in a table that grows."""

import numpy as np
import pytest

from analyzer.capture import conversation_keys
from analyzer.capture.conversation_keys import ConversationKeys, KeyTable, first_rows


def ends(*rows):
    high, low, port = zip(*rows, strict=True)
    return np.array(high, np.uint64), np.array(low, np.uint64), np.array(port, np.uint16)


def test_both_directions_share_a_key_and_differ_in_the_sender():
    """A packet and its answer belong together, and who sent it shows."""
    there, back = ends((0, 1, 80), (0, 2, 1000)), ends((0, 2, 1000), (0, 1, 80))
    keys, senders = ConversationKeys().pair(there, back)
    assert keys[0] == keys[1]
    assert sorted(senders.tolist()) == [0, 1]


def test_every_part_of_an_endpoint_counts():
    """High half, low half and port all make another conversation, also in their top bits."""
    rows = [
        (0, 0, 0),
        (1 << 63, 0, 0),
        (0, 1 << 63, 0),
        (1 << 63, 1 << 63, 0),
        (0, 0, 1 << 15),
        (0, 1 << 32, 0),
    ]
    keys, _ = ConversationKeys().pair(ends(*rows), ends(*[(7, 7, 7)] * len(rows)))
    assert len(set(keys.tolist())) == len(rows)
    assert (keys != 0).all()


def test_keys_are_another_process_secret():
    """Two instances do not agree, so that collisions cannot be prepared."""
    one, other = (ConversationKeys().pair(ends((0, 1, 2)), ends((0, 3, 4)))[0] for _ in range(2))
    assert one[0] != other[0]


def test_table_finds_what_was_put_and_nothing_else():
    """All keys survive growth and collisions; unknown ones are -1."""
    keys = np.random.default_rng(5).permutation(np.arange(1, 2001, dtype=np.uint64))
    keys[::4] <<= np.uint64(50)  # the others fall into one slot
    keys = np.unique(keys)
    table = KeyTable(bits=4)
    for part in np.array_split(np.arange(len(keys)), 7):
        table.put(keys[part], part)
    assert table.find(keys).tolist() == list(range(len(keys)))
    assert table.find(np.array([1 << 62, 123_456_789], np.uint64)).tolist() == [-1, -1]


def test_a_known_key_changes_its_number():
    """A reused conversation points to its newest stream."""
    table = KeyTable(bits=4)
    key = np.array([9], np.uint64)
    table.put(key, np.array([1]))
    table.put(key, np.array([2]))
    assert table.find(key).tolist() == [2]


@pytest.mark.parametrize("count", [0, 1, 2, 500, 5000])
@pytest.mark.parametrize("spread", [2, 40, 200, 1 << 60])
def test_where_each_key_is_first(spread, count):
    """As `np.unique` tells it, however many keys share their upper bits."""
    keys = np.random.default_rng(spread).integers(1, spread, count).astype(np.uint64)
    keys[::7] = keys[:1]
    keys[1::7] = keys[:1] ^ np.uint64(1)
    _, begins, which = np.unique(keys, return_index=True, return_inverse=True)
    assert first_rows(keys).tolist() == begins[which].tolist()


def test_keys_that_meet_at_every_turn(monkeypatch):
    """Where other bits do not help, sorting does."""
    monkeypatch.setattr(conversation_keys, "_OTHER_BITS", np.ones(4, np.uint64))
    keys = np.array([3, 1, 9, 3, 7, 5, 8, 8, 1], np.uint64)
    assert first_rows(keys).tolist() == [0, 1, 2, 0, 4, 5, 6, 6, 1]
