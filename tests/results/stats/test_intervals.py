"""The statistics on synthetic data whose truth is known; all draws of a simulation at once, seeds fixed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from linregbench.results.stats import intervals
from linregbench.results.stats.intervals import (
    BoolArray,
    FloatArray,
    Interval,
    benjamini_hochberg,
    delta,
    floor,
    medians,
    p_value,
    paired_log_ratio,
    quantiles,
    sequential_interval,
    t_interval,
    verdict,
)

DRAWS, BLOCKS, ROUNDS = 4_000, 10, 20


def log_samples(
    seed: int, *, cases: int = 2, draws: int = DRAWS, blocks: int = BLOCKS, process: float = 0.01, sample: float = 0.01
) -> FloatArray:
    """Log times (case, draw, block, round) of equally fast cases: process noise, sample noise, drift, spikes."""
    rng = np.random.default_rng(seed)
    shape = (cases, draws, blocks, ROUNDS)
    drift = 0.1 * rng.standard_normal((draws, blocks, 1)) * np.linspace(0, 1, ROUNDS)
    disturbance = 0.2 * rng.exponential(size=shape[1:]) * (rng.random(shape[1:]) < 0.3)
    spikes = rng.exponential(size=shape) * (rng.random(shape) < 0.03)
    own = process * rng.standard_normal((*shape[:3], 1)) + sample * rng.standard_normal(shape)
    return own + spikes + drift + disturbance


def test_t_interval_is_that_of_scipy() -> None:
    values = np.random.default_rng(0).standard_normal(7)
    interval = t_interval(values)
    low, high = stats.t.interval(0.95, 6, loc=values.mean(), scale=stats.sem(values))
    assert interval.low == pytest.approx(low, rel=1e-12)
    assert interval.high == pytest.approx(high, rel=1e-12)
    assert interval.blocks == 7


def test_missing_blocks_count_for_nothing() -> None:
    values = np.array([[1.0, np.nan, 3.0, 2.0], [np.nan, np.nan, np.nan, 5.0], [np.nan] * 4])
    interval = t_interval(values)
    assert interval.blocks.tolist() == [3, 1, 0]
    assert interval.mean[:2].tolist() == [2.0, 5.0]
    assert interval.half_width[0] == pytest.approx(t_interval([1.0, 3.0, 2.0]).half_width)
    assert np.isnan(interval.half_width[1:]).all()
    assert np.isnan(interval.mean[2])


@given(
    hnp.arrays(np.float64, (3, 9), elements=st.floats(-1e3, 1e3) | st.just(np.nan)),
    hnp.arrays(np.bool_, (3, 9)),
    st.integers(1, 4),
)
def test_medians_are_those_of_numpy(values: FloatArray, keep: BoolArray, least: int) -> None:
    for row, kept, found in zip(values, keep, medians(values, keep, least), strict=True):
        chosen = row[kept & ~np.isnan(row)]
        if len(chosen) < least:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(np.median(chosen), rel=1e-12, abs=1e-12)


def test_medians_of_nothing() -> None:
    assert np.isnan(medians(np.empty((2, 0)))).all()
    assert np.isnan(medians([np.nan, np.nan]))


@pytest.mark.parametrize("blocks", [5, 10, 30])
def test_coverage_of_the_ratio(blocks: int) -> None:
    log_s = log_samples(1, blocks=blocks)
    log_s[1] -= np.log(1.3)
    interval = t_interval(paired_log_ratio(log_s[0], log_s[1]))
    covered = (interval.low <= np.log(1.3)) & (np.log(1.3) <= interval.high)
    assert 0.93 <= covered.mean() <= 0.97
    assert np.exp(interval.mean.mean()) == pytest.approx(1.3, rel=5e-4)


def test_coverage_of_the_time_where_blocks_drift_apart() -> None:
    rng = np.random.default_rng(2)
    log_s = np.log(1e-3) + 0.1 * rng.standard_normal((DRAWS, BLOCKS, 1)) + log_samples(3, cases=1)[0] * 0.1
    median_shift = np.median(log_samples(4, cases=1)[0] * 0.1)
    interval = t_interval(medians(log_s))
    truth = np.log(1e-3) + median_shift
    assert 0.93 <= ((interval.low <= truth) & (truth <= interval.high)).mean() <= 0.97


def test_pairing_cancels_what_the_cases_share() -> None:
    log_s = log_samples(5, process=0.005, sample=0.005)
    paired = t_interval(paired_log_ratio(log_s[0], log_s[1]))
    apart = t_interval(medians(log_s[0]) - medians(log_s[1]))
    alone = t_interval(medians(log_s[0]))
    assert paired.half_width.mean() < 0.3 * alone.half_width.mean()
    assert paired.half_width.mean() < apart.half_width.mean()


def _judge(base: FloatArray, case: FloatArray, twin: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.str_]]:
    noise = floor(paired_log_ratio(base, twin))
    return verdict(t_interval(paired_log_ratio(base, case)), delta(noise))


def test_false_verdicts_are_rare() -> None:
    """20,000 draws, since 4,000 leave the rate itself uncertain by 0.7%."""
    with_delta, bare = [], []
    for seed in range(20, 25):
        base, case, twin = log_samples(seed, cases=3)
        with_delta.append(np.isin(_judge(base, case, twin), ["faster", "slower"]).mean())
        bare.append((verdict(t_interval(paired_log_ratio(base, case)), 0.0) != "inconclusive").mean())
    assert np.mean(with_delta) <= 0.02
    assert np.mean(bare) <= 0.055


@pytest.mark.parametrize(("factor", "word"), [(1.05, "faster"), (1 / 1.05, "slower")])
def test_a_planted_difference_is_found(factor: float, word: str) -> None:
    base, case, twin = log_samples(7, cases=3, process=0.007, sample=0.005)
    assert (_judge(base, case - np.log(factor), twin) == word).mean() >= 0.95


def test_the_stop_rule_biases_nothing() -> None:
    """10 to 30 blocks, until the half-width is at most 1%: coverage 92.5 to 97%, and no bias, whatever the noise."""
    rng = np.random.default_rng(8)
    for process in (0.005, 0.015, 0.022, 0.03, 0.06):
        values = process * rng.standard_normal((20_000, 30))
        mean, half_width = np.full(20_000, np.nan), np.full(20_000, np.inf)
        for count in range(10, 31):
            interval = t_interval(values[:, :count])
            going = half_width > 0.01
            mean, half_width = (
                np.where(going, new, old) for new, old in ((interval.mean, mean), (interval.half_width, half_width))
            )
        assert 0.925 <= (np.abs(mean) <= half_width).mean() <= 0.97
        assert abs(mean.mean()) < 4 * mean.std() / np.sqrt(len(mean))


@given(hnp.arrays(np.float64, st.integers(3, 12), elements=st.floats(-1, 1)).filter(lambda of: of.std() > 1e-3))
def test_the_sequential_interval_ends_where_the_likelihood_ratio_is_twenty(values: FloatArray) -> None:
    """As the martingale is written in the source, of the values less the end of the interval."""
    interval, count = sequential_interval(values), len(values)
    precision = 1 / intervals.USUAL_EFFECT**2
    for end in (interval.low, interval.high):
        squares, total = ((values - end) ** 2).sum(), (values - end).sum()
        whole = (count + precision) * squares
        ratio = np.sqrt(precision / (count + precision)) * (whole / (whole - total**2)) ** (count / 2)
        assert ratio == pytest.approx(20, rel=1e-6)


def test_a_sequential_interval_needs_three_blocks() -> None:
    values = np.array([[1.0, 2.0, np.nan], [1.0, np.nan, np.nan], [1.0, 1.0, 1.0], [np.nan] * 3])
    assert sequential_interval(values).half_width.tolist() == pytest.approx([np.nan, np.nan, 0.0, np.nan], nan_ok=True)


@pytest.mark.parametrize("noise", ["normal", "heavy tails"])
def test_the_sequential_interval_holds_the_truth_at_all_looks_together(noise: str) -> None:
    rng = np.random.default_rng(8)
    shape = (DRAWS, 30)
    values = rng.standard_normal(shape) if noise == "normal" else rng.standard_t(3, shape)
    held = {of: np.ones(DRAWS, dtype=np.bool_) for of in (sequential_interval, t_interval)}
    for count in range(3, 31):
        for of in held:
            interval = of(values[:, :count])
            held[of] &= np.abs(interval.mean) <= interval.half_width
    assert held[sequential_interval].mean() >= 0.95
    assert held[t_interval].mean() < 0.9, "one look is what it is made for"


def test_floor_covers_the_bias_of_a_pair() -> None:
    values = 0.01 + 0.005 * np.random.default_rng(9).standard_normal((20_000, BLOCKS))
    assert 0.94 <= (floor(values) >= 0.01).mean() <= 0.96
    assert floor([0.02, 0.02, 0.02]) == pytest.approx(0.02)
    assert floor([-0.02, -0.02, -0.02]) == pytest.approx(0.02)
    assert np.isnan(floor([0.01]))


def test_delta_is_never_under_its_bounds() -> None:
    assert np.expm1(delta([0.001, 0.05, np.nan])) == pytest.approx([0.01, np.expm1(0.05), 0.03])
    assert np.expm1(delta([0.001, 0.05, np.nan], least=0.04)) == pytest.approx([0.04, np.expm1(0.05), 0.04])


def test_verdicts_at_the_edges() -> None:
    band = 0.01
    mean = np.array([0.05, -0.05, 0.0, 0.012, 0.0, 0.03, 0.015, np.nan])
    half_width = np.array([0.01, 0.01, 0.005, 0.001, 0.03, np.nan, 0.006, np.nan])
    found = verdict(Interval(mean, half_width, np.full(8, 5)), band)
    assert found.tolist() == [
        "faster",
        "slower",
        "same",
        "faster",
        "inconclusive",
        "inconclusive",
        "inconclusive",
        "inconclusive",
    ]
    softened = verdict(Interval(mean, half_width, np.full(8, 5)), band, rejected=False)
    assert softened.tolist()[:4] == ["inconclusive", "inconclusive", "same", "same"]


def test_a_noisy_run_calls_nothing_the_same_that_may_differ_by_a_third() -> None:
    wide = Interval(np.zeros(2), np.array([0.09, 0.3]), np.full(2, 5))
    assert verdict(wide, 0.5).tolist() == ["same", "inconclusive"]


@given(hnp.arrays(np.float64, 6, elements=st.floats(-0.1, 0.1)), st.floats(0.001, 0.05))
def test_p_value_says_what_the_interval_says(values: FloatArray, band: float) -> None:
    interval = t_interval(values)
    outside = bool((interval.low > band) | (interval.high < -band))
    edge = min(abs(abs(interval.low) - band), abs(abs(interval.high) - band)) < 1e-12
    assert edge or outside == (p_value(values, band) < 0.05)


def test_p_value_against_zero_is_that_of_scipy() -> None:
    values = np.random.default_rng(10).standard_normal(8) + 0.4
    assert p_value(values, 0.0) == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue, rel=1e-9)
    assert p_value([0.1], 0.01) == 1.0
    assert p_value([0.5, 0.5, 0.5], 0.01) == 0.0


@given(hnp.arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1)))
def test_benjamini_hochberg_is_that_of_scipy(p_values: FloatArray) -> None:
    adjusted = stats.false_discovery_control(p_values)
    clear = np.abs(adjusted - 0.05) > 1e-12
    assert (benjamini_hochberg(p_values) == (adjusted <= 0.05))[clear].all()


def test_benjamini_hochberg_holds_its_rate() -> None:
    rng = np.random.default_rng(11)
    truth = np.zeros(20)
    truth[:5] = 0.05
    values = truth[:, np.newaxis] + 0.01 * rng.standard_normal((DRAWS, 20, BLOCKS))
    rejected = benjamini_hochberg(p_value(values, 0.0))
    false = rejected[:, 5:].sum(axis=1) / np.maximum(rejected.sum(axis=1), 1)
    assert false.mean() <= 0.05
    assert rejected[:, :5].mean() >= 0.99
    assert benjamini_hochberg([]).shape == (0,)


def test_importing_stays_light() -> None:
    assert not hasattr(intervals, "stats")


@given(
    st.lists(st.floats(-1e3, 1e3) | st.just(math.nan), max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
    st.floats(0, 1),
)
def test_a_quantile_is_numpys_of_the_values_that_are_kept(values: list[float], keep: list[bool], share: float) -> None:
    kept = [value for value, stays in zip(values, keep, strict=False) if stays and not math.isnan(value)]
    found = quantiles([values, values], share, keep[: len(values)])
    expected = np.quantile(kept, share) if kept else math.nan
    assert found == pytest.approx([expected] * 2, nan_ok=True, abs=1e-9)
