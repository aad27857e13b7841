"""Times and ratios hold the truth beside a neighbour, with the blocks fixed and with the stop rule; seeds fixed.

tests/studies/coverage.py says how often.
"""

import numpy as np
import pytest
from disturbed import ROUNDS, SHARES, TRUTH, drawn, held
from scipy import stats

from linregbench.results.stats.intervals import medians, t_interval

DRAWS, CLAIMED, UNLUCKY = 100, 0.925, 1e-4


@pytest.mark.parametrize("share", SHARES)
def test_the_interval_of_undisturbed_moments_holds_the_truth(share: float) -> None:
    found = [list(held(np.random.default_rng([5, draw]), share)) for draw in range(DRAWS)]
    least = stats.binom.ppf(UNLUCKY, DRAWS, CLAIMED)
    for of in zip(*found, strict=True):
        assert sum(one.time for one in of) >= least
        assert sum(one.ratio for one in of) >= least
    fixed, ten, stopped = ({one.blocks for one in of} for of in zip(*found, strict=True))
    assert (fixed, ten) == ({5}, {10})
    assert min(stopped) >= 10
    assert len(stopped) > 1


def test_the_median_of_whatever_happened_does_not() -> None:
    log_s, _ = drawn(np.random.default_rng(6), 0.7)
    assert log_s.shape == (2, 30, ROUNDS)
    every = t_interval(medians(log_s))
    assert (every.low > TRUTH).all()
