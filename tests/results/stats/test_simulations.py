"""Comparisons on synthetic data with known truth: coverage, false verdicts, planted differences; seeds fixed.

The statistics of one run are simulated in test_intervals; here those between two runs, and then all of it at once,
from samples to verdicts, over 1,000 cases.
"""

import numpy as np
import pytest
import synthetic
from made import BASE, as_run
from scipy import stats
from synthetic import Noise, Truth

from linregbench.results.compare.runs import Comparison, compare_runs, compare_sides
from linregbench.results.runfile.read import Run
from linregbench.results.stats.estimates import estimate_run
from linregbench.results.stats.intervals import (
    LEAST_DELTA_BETWEEN_RUNS,
    FloatArray,
    delta,
    medians,
    verdict,
    welch_interval,
    welch_p_value,
)

DRAWS, ROUNDS = 4_000, 20
CONTESTS, FEW, PAIRS = 50, 10, 20


def block_log_s(seed: int, *, blocks: int = 10, process: float = 0.01, spread: float = 0.01) -> FloatArray:
    """Log times (draw, block) of one case in one run: process noise, sample noise, drift, spikes, all its own."""
    rng = np.random.default_rng(seed)
    shape = (DRAWS, blocks, ROUNDS)
    drift = spread * rng.standard_normal((*shape[:2], 1)) * np.linspace(-1, 1, ROUNDS)
    # half of them upwards, half downwards, so that the truth of a median stays 0
    spikes = rng.exponential(size=shape) * (rng.random(shape) < 0.03) * rng.choice([-1.0, 1.0], shape)
    own = process * rng.standard_normal((*shape[:2], 1)) + 0.01 * rng.standard_normal(shape)
    return medians(own + drift + spikes)


def test_welch_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    base, new = rng.standard_normal(8) + 0.5, 3 * rng.standard_normal(5)
    ours, theirs = welch_interval(base, new), stats.ttest_ind(base, new, equal_var=False)
    low, high = theirs.confidence_interval()
    assert [ours.low, ours.high] == pytest.approx([low, high], rel=1e-9)
    assert ours.blocks == 5
    assert welch_p_value(base, new, 0.0) == pytest.approx(theirs.pvalue, rel=1e-9)


def test_welch_at_the_edges() -> None:
    exact = welch_interval([1.0, 1.0, 1.0], [0.5, 0.5])
    assert [exact.mean, exact.half_width, exact.blocks] == [0.5, 0.0, 2]
    assert welch_p_value([1.0, 1.0], [0.5, 0.5], 0.1) == 0.0
    single = welch_interval([1.0, np.nan], [0.5, 0.4])
    assert np.isnan(single.half_width)
    assert welch_p_value([1.0], [0.5, 0.4], 0.0) == 1.0
    none = welch_interval([np.nan, np.nan], [0.5, 0.4])
    assert none.blocks == 0
    assert np.isnan(none.mean)


@pytest.mark.parametrize(("blocks", "process"), [(10, 0.01), (10, 0.03), (5, 0.01), (30, 0.02)])
def test_coverage_between_runs_of_unlike_noise_and_length(blocks: int, process: float) -> None:
    interval = welch_interval(block_log_s(1), block_log_s(2, blocks=blocks, process=process) - np.log(1.3))
    covered = (interval.low <= np.log(1.3)) & (np.log(1.3) <= interval.high)
    assert 0.93 <= covered.mean() <= 0.97
    assert np.exp(interval.mean.mean()) == pytest.approx(1.3, rel=1e-3)


def test_false_verdicts_between_runs_are_rare() -> None:
    """Also where the runs are so noisy that the half-width is as wide as delta."""
    for process in (0.01, 0.03):
        base, new = (block_log_s(seed, process=process) for seed in (3, 4))
        interval = welch_interval(base, new)
        band = delta(np.nan, LEAST_DELTA_BETWEEN_RUNS)
        assert np.isin(verdict(interval, band), ["faster", "slower"]).mean() <= 0.02
        assert np.isin(verdict(interval, 0.0), ["faster", "slower"]).mean() <= 0.055


@pytest.mark.parametrize(("factor", "word"), [(1.05, "faster"), (1 / 1.05, "slower")])
def test_five_percent_between_quiet_runs_is_found(factor: float, word: str) -> None:
    base, new = (block_log_s(seed, process=0.007, spread=0.005) for seed in (5, 6))
    interval = welch_interval(base, new - np.log(factor))
    assert (verdict(interval, delta(np.nan, LEAST_DELTA_BETWEEN_RUNS)) == word).mean() >= 0.95


def many(
    name: str, seed: int, noise: Noise, *, factor: float = 1.0, sides: tuple[str, ...] = ("here",), contests: int = FEW
) -> Run:
    """Contests of 20 cases each, in the environment "here" so many times as fast as in others and as in other runs."""
    records = [synthetic.header(run=name), *(synthetic.environment(environment=side) for side in sides)]
    for contest in range(contests):
        truths = [BASE]
        for side in sides:
            time_s = 1e-4 / (factor if side == "here" else 1.0)
            truths += [Truth("jax_scan", f"v{n}", time_s, fields={"environment": side}) for n in range(PAIRS)]
        of = synthetic.workload(samples=100 + contest)
        records += synthetic.blocks_of(truths, of=of, blocks=10, noise=noise, seed=seed)
    return as_run(records, name)


def check_unchanged(comparison: Comparison) -> None:
    """1,000 cases that did not change: coverage, false verdicts, false verdicts without a delta."""
    rows = [row for row in comparison.rows if row.case.strategy == "jax_scan"]
    assert len(rows) == CONTESTS * PAIRS
    ends = np.array([(row.low, row.high) for row in rows], dtype=np.float64)
    outside = (ends[:, 0] > 1) | (ends[:, 1] < 1)
    assert 0.93 <= 1 - outside.mean() <= 0.97
    assert outside.mean() <= 0.055
    assert np.mean([row.verdict in ("faster", "slower") for row in rows]) <= 0.02


def share_found(comparison: Comparison) -> float:
    """Of the cases that are faster, those that are called so."""
    return float(np.mean([row.verdict == "faster" for row in comparison.rows if row.case.strategy == "jax_scan"]))


@pytest.mark.long
def test_from_samples_to_verdicts_between_two_runs() -> None:
    # little drift, since the cases of a contest share it, and 50 contests are few draws of it
    usual, calm = Noise(drift=0.005), Noise(process=0.005, drift=0.005, busy_share=0.1)
    base, new = (many(name, seed, usual, contests=CONTESTS) for seed, name in enumerate(("base", "new")))
    check_unchanged(compare_runs(base, new))
    assert not any("not_steady" in row.findings for row in estimate_run(base))
    assert share_found(compare_runs(many("base", 2, calm), many("new", 3, calm, factor=1.05))) >= 0.95


@pytest.mark.long
def test_from_samples_to_verdicts_in_lockstep() -> None:
    sides, noisy = ("ref", "here"), Noise(process=0.01, busy_share=0.6, busy=0.3, drift=0.1)
    check_unchanged(compare_sides(many("run", 4, Noise(), sides=sides, contests=CONTESTS), *sides))
    assert share_found(compare_sides(many("run", 5, noisy, factor=1.05, sides=sides), *sides)) >= 0.95
