"""The interval of every model holds the truth as often as it claims; tests/studies/coverage.py says how often."""

import numpy as np
import pytest
from scipy import stats
from simulated import MODELS

DRAWS = 160
UNLUCKY = 1e-4
"""How often a model that keeps its word may fail here; the seeds are fixed, so it is once or never."""


@pytest.mark.parametrize("name", MODELS)
def test_an_interval_holds_the_truth_as_often_as_it_claims(name: str) -> None:
    model, claimed = MODELS[name]
    draws = 60 if name.startswith("cost") else DRAWS  # a fit takes thirty times as long as anything else here
    outcomes = [model(np.random.default_rng([7, draw])) for draw in range(draws)]
    told = [outcome for outcome in outcomes if outcome is not None]
    assert len(told) >= 0.9 * draws
    assert sum(told) >= stats.binom.ppf(UNLUCKY, len(told), claimed)
