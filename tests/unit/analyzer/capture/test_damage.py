"""Finding the place where records go on, and keeping the list of losses short."""

import numpy as np

from analyzer.capture.damage import CHAIN, FIRST_SEARCH, LOSSES_LISTED, find_chain, record_loss
from analyzer.capture.model import CaptureAccount, CaptureLoss


class Steps:
    """A format whose records are given: where each starts and ends."""

    def __init__(self, records):
        self.records = records
        self.asked = 0

    def candidates(self, start, stop):
        self.asked += stop - start
        return np.array(sorted(place for place in self.records if start <= place < stop), np.int64)

    def follow(self, offsets):
        return np.array([self.records.get(int(place), -1) for place in offsets], np.int64)


def chain(start, count, size=10):
    return {start + n * size: start + (n + 1) * size for n in range(count)}


def find(records, start, stop, end, *, at_end=False, cut_allowed=True):
    return find_chain(Steps(records), start, stop, end, at_end=at_end, cut_allowed=cut_allowed)


def test_the_first_long_chain_is_believed():
    """Shorter ones before it are chance."""
    records = chain(7, CHAIN - 1) | chain(1001, CHAIN) | chain(3000, CHAIN + 5)
    assert find(records, 0, 5000, 10_000) == 1001
    assert find(chain(7, CHAIN - 1), 0, 5000, 10_000) is None


def test_a_short_chain_counts_if_it_leads_to_the_end_of_the_file():
    """Exactly there; and only if the file, not the window, ends there."""
    assert find(chain(90, 1), 0, 100, 100, at_end=True) == 90
    assert find(chain(70, 3), 0, 100, 100, at_end=True) == 70
    assert find(chain(70, 3), 0, 100, 100, at_end=False) is None
    assert find(chain(70, 3) | {100: 110}, 0, 100, 110, at_end=True) == 70


def test_two_records_may_lead_into_a_cut_one():
    """A file may be damaged and cut; but not where only the cut is in question."""
    records = chain(60, 2) | {80: 130}
    assert find(records, 0, 100, 100, at_end=True) == 60
    assert find(records, 0, 100, 100, at_end=True, cut_allowed=False) is None
    assert find(chain(70, 1) | {80: 130}, 0, 100, 100, at_end=True) is None


def test_the_earliest_of_several_chains_is_taken():
    """Also if a later one is known to be good after fewer steps."""
    records = chain(0, 9) | {95: 100}
    records[80] = 100
    assert find(records, 0, 100, 100, at_end=True) == 0


def test_a_search_stops_soon_after_the_place():
    """A damaged file must not be searched from each damage to its end."""
    steps = Steps(chain(100, CHAIN))
    found = find_chain(steps, 0, 10_000_000, 10_000_000, at_end=True, cut_allowed=True)
    assert found == 100
    assert steps.asked == FIRST_SEARCH


def test_packets_lost_one_by_one_share_an_entry():
    """It tells where the first is, and how many there are."""
    account = CaptureAccount()
    for place in range(500):
        record_loss(account, CaptureLoss("capture-damaged", "bad packet", place, None, 7, 2))
    record_loss(account, CaptureLoss("capture-damaged", "other", 9))
    assert [(loss.detail, loss.offset, loss.count) for loss in account.losses] == [
        ("bad packet", 0, 1000),
        ("other", 9, 1),
    ]


def test_losses_without_end_are_summed_up():
    """Exact in count and length, bounded in memory; each code has its own list."""
    account = CaptureAccount()
    for place in range(500):
        record_loss(account, CaptureLoss("capture-damaged", "bad", place, 3))
    record_loss(account, CaptureLoss("capture-cut", "cut", 500, 1))
    assert account.damaged
    assert len(account.losses) == LOSSES_LISTED + 1
    damaged = [loss for loss in account.losses if loss.code == "capture-damaged"]
    assert sum(loss.count for loss in damaged) == 500
    assert sum(loss.length for loss in damaged) == 1500
    assert damaged[-1].detail == "bad, and more"
    assert damaged[0].detail == "bad"
