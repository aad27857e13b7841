"""Whether a case keeps its pace through its blocks: the second half of the rounds against the first."""

import numpy as np
import numpy.typing as npt

from .intervals import BoolArray, FloatArray, medians, t_interval
from .lockstep import Lockstep, by_block

NOT_STEADY = "not_steady"

LEAST_SAMPLES = 3
BAND = float(np.log1p(0.05))
# beyond a band of 5%, so that honest noise raises less than one false alarm in 1,000 cases
CONFIDENCE = 0.99


def half_drift(log_s: npt.ArrayLike, rounds: npt.ArrayLike) -> FloatArray:
    """Median log time of the second half of the rounds less that of the first.

    (..., sessions, rounds) -> (..., sessions); `rounds` (sessions,) is how many rounds each session had. NaN where a
    half has fewer than 3 samples.
    """
    samples = np.asarray(log_s, dtype=np.float64)
    number = np.asarray(rounds, dtype=np.float64)[:, np.newaxis]
    late = np.arange(samples.shape[-1]) >= number / 2
    drift: FloatArray = medians(samples, late, LEAST_SAMPLES) - medians(samples, ~late, LEAST_SAMPLES)
    return drift


def unsteady(lockstep: Lockstep) -> BoolArray:
    """One flag a row: over the blocks, its halves surely differ by more than 5%, beside the sentinel.

    Beside the sentinel and not the baseline, since a baseline that warms up would make every other case look unsteady.
    What a neighbour does to one block falls on either half alike, so only what happens in every block is ever sure.
    """
    drift = half_drift(lockstep.log_s - lockstep.sentinel_log_s, lockstep.rounds)
    interval = t_interval(by_block(lockstep, drift), CONFIDENCE)
    flags: BoolArray = (interval.low > BAND) | (interval.high < -BAND)
    return flags
