"""The exceptions of negoscope."""

import pytest

from analyzer.errors import CaptureError, NegoscopeError, UsageError


@pytest.mark.parametrize("kind", [CaptureError, UsageError])
def test_every_error_can_be_caught_as_one(kind):
    """A caller that only wants one line for people catches the base class."""
    with pytest.raises(NegoscopeError, match=r"^x\.pcap: no such file$"):
        raise kind("x.pcap: no such file")


def test_an_unreadable_capture_is_not_the_callers_mistake():
    """The two kinds stay apart: they are told differently."""
    assert not issubclass(CaptureError, UsageError)
    assert not issubclass(UsageError, CaptureError)
