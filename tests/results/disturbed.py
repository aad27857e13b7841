"""A case and its baseline, sampled in lockstep beside a neighbour: does what is estimated hold the truth?

The estimator is the harness's own (results.stats.lockstep), given the samples and the looks of the sentinel around
them; so is the rule after which the blocks stop. Logs of times throughout; the case takes half as long as its baseline.

The truth is what one undisturbed sample in ten falls below, as the estimator has it: what is left of noise in a quiet
moment only ever makes a sample longer. A neighbour takes its share of each block, more of some than of others: it was
never in some, never away in others. What it disturbs it slows by a tenth and more, Python half as hard again as the
sentinel and compiled code. Before each sample the sentinel is asked four times at most until it is quiet, and the
neighbour may come or go between two looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from linregbench.benchmarks.sampling.stopping import NEAR_HALF_WIDTH
from linregbench.results.runfile.records import Case
from linregbench.results.stats.intervals import BoolArray, FloatArray, Interval, t_interval
from linregbench.results.stats.lockstep import QUIET_SHARE, Lockstep, log_ratios, log_times
from linregbench.results.stats.quiet import MARGIN, PERCENTILE

MOST, ROUNDS, ASKED_AGAIN = 30, 20, 4
TRUTH = np.array([0.0, -np.log(2)])  # log times of the baseline and of the case
SENSITIVITY = np.array([1.5, 1.0])
PROCESS, SAMPLE, SENTINEL = 0.01, 0.005, 0.004
LEFT_OF_NOISE = stats.gamma.ppf(QUIET_SHARE, 2.0)
SPIKES, SPIKE = 0.02, 0.5
MOVES = 0.1  # how often it is drawn anew whether the neighbour is there, from one look or sample to the next
SHARES = (0.05, 0.3, 0.7)
BASE, OTHER = (Case((), "float32", "highest", name, "analytic", "cpu", "1", "here") for name in ("loop", "scan"))


@dataclass(frozen=True)
class Held:
    """Of one draw and one number of blocks: whether each interval held the truth, and what it rests on."""

    time: bool
    time_rounds: str
    ratio: bool
    ratio_rounds: str
    blocks: int


def drawn(rng: np.random.Generator, share: float, process: float = PROCESS) -> tuple[FloatArray, FloatArray]:
    """Log times (2, blocks, rounds), and the looks of the sentinel right before and right after each (..., 2)."""
    shape = (2, MOST, ROUNDS)
    there = rng.beta(2 * share, 2 * (1 - share), MOST)[np.newaxis, :, np.newaxis]
    before = rng.random((ASKED_AGAIN, *shape)) < there
    busy = [before.all(axis=0)]  # of the looks before a sample the first that is quiet counts
    for _ in range(2):
        busy.append(np.where(rng.random(shape) < MOVES, rng.random(shape) < there, busy[-1]))
    slowed = (0.1 + 0.2 * rng.exponential(size=shape))[..., np.newaxis] * np.stack(busy, axis=-1)
    own = process * rng.standard_normal((2, MOST, 1)) + SAMPLE * (rng.gamma(2.0, size=shape) - LEFT_OF_NOISE)
    own += SPIKE * rng.exponential(size=shape) * (rng.random(shape) < SPIKES)
    log_s = TRUTH[:, np.newaxis, np.newaxis] + own + SENSITIVITY[:, np.newaxis, np.newaxis] * slowed[..., 1]
    return log_s, slowed[..., ::2] + SENTINEL * rng.standard_normal((*shape, 2))


def held(rng: np.random.Generator, share: float, process: float = PROCESS) -> Iterator[Held]:
    """The same draw with exactly 5 blocks, with exactly 10, and stopped as the harness stops, from 10 to 30."""
    log_s, looks = drawn(rng, share, process)
    yield from (_held(log_s, looks, count)[0] for count in (5, 10))
    for count in range(10, MOST + 1):
        found, ratio = _held(log_s, looks, count)
        if ratio.half_width[1] <= np.log1p(NEAR_HALF_WIDTH) or count == MOST:
            yield found
            return


def _held(log_s: FloatArray, looks: FloatArray, count: int) -> tuple[Held, Interval]:
    lockstep = _lockstep(log_s[:, :count], looks[:, :count])
    times, ratios = log_times(lockstep), log_ratios(lockstep, 0)
    time, ratio = t_interval(times.values), t_interval(ratios.values)
    holds = _holds(time, TRUTH), _holds(ratio, TRUTH[0] - TRUTH)
    return Held(bool(holds[0][1]), times.rounds[1], bool(holds[1][1]), ratios.rounds[1], count), ratio


def _holds(interval: Interval, truth: FloatArray) -> BoolArray:
    found: BoolArray = np.abs(interval.mean - truth) <= interval.half_width
    return found


def _lockstep(log_s: FloatArray, looks: FloatArray) -> Lockstep:
    blocks, rounds = log_s.shape[1:]
    # as results.stats.quiet does: a level of all looks so far, and a sample is quiet when both looks around it are
    quiet = looks.max(axis=-1) <= np.log(np.percentile(np.exp(looks), PERCENTILE) * (1 + MARGIN))
    return Lockstep(
        rows={(BASE, False): 0, (OTHER, False): 1},
        log_s=log_s,
        quiet=quiet,
        corrected=np.zeros((2, blocks), dtype=np.bool_),
        sentinel_log_s=looks.max(axis=(0, -1)),
        rounds=np.full(blocks, float(rounds)),
        watched=np.ones(blocks, dtype=np.bool_),
        members=np.eye(blocks),
    )
