"""Join the negotiations of a capture with each other and with what else their clients did."""

from analyzer.correlation.chains import link_forward
from analyzer.correlation.join import correlate

__all__ = ["correlate", "link_forward"]
