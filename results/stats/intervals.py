"""Intervals, noise floors, verdicts. Everything is in logs of time ratios, one value a block, blocks on the last axis.

NaN marks a block without a value. Every function takes any leading axes, so that a simulation draws all at once. On the
log scale a ratio and its inverse are equally far from 1, and 0.01 is 1% to within 0.005%.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

CONFIDENCE = 0.95
LEAST_DELTA = 0.01
# two runs share no disturbance, and nothing measures what changed between them
LEAST_DELTA_BETWEEN_RUNS = 0.03
# without an A/A pair nothing says how noisy the run was: then as cautious as between two runs
LEAST_DELTA_WITHOUT_FLOOR = LEAST_DELTA_BETWEEN_RUNS
# however noisy the run, cases that may differ by more than this (a log ratio) are not called the same
SAME_AT_MOST = 0.1
# how many standard deviations between blocks a mean lies from what is tested where a sequence of looks decides soonest:
# 5% at 0.7%. Larger values bear skewed blocks better, and decide a little later (results/published/more_than.md)
USUAL_EFFECT = 7.0

# scipy.special and not scipy.stats, whose import alone takes a second of every run


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval; `half_width` is NaN below two blocks."""

    mean: FloatArray
    half_width: FloatArray
    blocks: npt.NDArray[np.int64]

    @property
    def low(self) -> FloatArray:
        """Lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> FloatArray:
        """Upper end."""
        return self.mean + self.half_width


@functools.cache
def quantile(freedom: float) -> float:
    """Student's t for a two-sided 95% interval."""
    return float(special.stdtrit(max(freedom, 1.0), 0.5 + CONFIDENCE / 2))


def t_interval(values: npt.ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Student's t interval of the mean of the blocks' values; of log times, its exp is that of the geometric mean.

    The process is the unit of replication: one value a block, never pooled samples (Georges, Buytaert and Eeckhout,
    "Statistically Rigorous Java Performance Evaluation", OOPSLA 2007, section 3.3).
    """
    mean, error, count = _mean_and_error(values)
    return Interval(mean, _t_quantile(count - 1.0, 0.5 + confidence / 2) * error, count)


def sequential_interval(values: npt.ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """An interval of the mean that holds it at all looks together, however often one looks and whenever one stops.

    `values` are the blocks so far; the half-width is NaN below three of them. A confidence sequence for normal
    blocks of unknown variance: the means at which the scale-invariant likelihood ratio, mixed over effects of standard
    deviation USUAL_EFFECT, is below 1 / (1 - confidence). It is a martingale at the true mean, so that by Ville's
    inequality it ever passes that with a probability of at most 1 - confidence (Lai, "On Confidence Sequences", Ann.
    Stat. 4, 1976; the Gaussian mixture: Wang and Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian
    means with unknown variance", arXiv 2310.03722, 2023).
    """
    mean, error, count = _mean_and_error(values)
    share = 1 / (1 + count * USUAL_EFFECT**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        bound = ((1 - confidence) ** 2 * share) ** (-1.0 / count)
        squared = (count - 1.0) * (bound - 1) / (1 - bound * share)
        return Interval(mean, np.where(squared >= 0, np.sqrt(squared) * error, np.nan), count)


def welch_interval(base: npt.ArrayLike, new: npt.ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Welch's t interval of mean(base) - mean(new), unpaired; of log times, its exp is that of base time / new time.

    The two may have unequal variances and numbers of blocks; `blocks` is the smaller number (Welch, Biometrika 34,
    1947, with Satterthwaite's degrees of freedom, Biometrics Bulletin 2, 1946).
    """
    difference, error, freedom, count = _difference_and_error(base, new)
    return Interval(difference, _t_quantile(freedom, 0.5 + confidence / 2) * error, count)


def medians(values: npt.ArrayLike, keep: npt.ArrayLike | None = None, least: int = 1) -> FloatArray:
    """Median along the last axis of the values that are kept and not NaN; NaN where fewer than `least` are."""
    sample = np.asarray(values, dtype=np.float64)
    if keep is not None:
        sample = np.where(keep, sample, np.nan)
    if sample.shape[-1] == 0:
        return np.full(sample.shape[:-1], np.nan)
    ordered = np.sort(sample, axis=-1)  # NaN last
    size = sample.shape[-1]
    if least <= size and not np.isnan(ordered[..., -1]).any():
        whole: FloatArray = (ordered[..., (size - 1) // 2] + ordered[..., size // 2]) / 2
        return whole
    count = np.count_nonzero(~np.isnan(sample), axis=-1)[..., np.newaxis]
    below = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    above = np.take_along_axis(ordered, np.minimum(count // 2, sample.shape[-1] - 1), axis=-1)
    middle: FloatArray = np.where(count >= max(least, 1), (below + above) / 2, np.nan)[..., 0]
    return middle


def quantiles(values: npt.ArrayLike, share: float, keep: npt.ArrayLike = True) -> FloatArray:
    """The value below which this share of the last axis lies, of those that are kept and not NaN; NaN where none are.

    Between two of them by a straight line (definition 7 of Hyndman and Fan, *Sample Quantiles in Statistical Packages*,
    The American Statistician 50, 1996).
    """
    sample = np.asarray(values, dtype=np.float64)
    ordered = np.sort(np.where(keep, sample, np.nan), axis=-1)  # NaN last
    if ordered.shape[-1] == 0:
        return np.full(ordered.shape[:-1], np.nan)
    count = np.count_nonzero(~np.isnan(ordered), axis=-1)[..., np.newaxis]
    place = share * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    low, high = (np.take_along_axis(ordered, index, axis=-1) for index in (below, above))
    quantile: FloatArray = (low + (place - below) * (high - low))[..., 0]
    return quantile


def paired_log_ratio(base_log_s: npt.ArrayLike, case_log_s: npt.ArrayLike) -> FloatArray:
    """Median over the rounds of a block of log(base time / case time), from log times with rounds on the last axis.

    Above 0 the case is faster. Both samples of a round were taken within milliseconds, so drift cancels in each pair
    (and the order inside a round is random: Mytkowicz and others, "Producing Wrong Data Without Doing Anything
    Obviously Wrong!", ASPLOS 2009, on randomising the set-up).
    """
    return medians(np.asarray(base_log_s) - np.asarray(case_log_s))


def floor(aa_values: npt.ArrayLike) -> FloatArray:
    """What the run shows between two copies of the same code: |mean| + one-sided 95% t bound over the blocks.

    `aa_values` are the A/A log ratios, one a block; NaN below two blocks. The rule is this project's own.
    """
    mean, error, count = _mean_and_error(aa_values)
    bound: FloatArray = np.abs(mean) + _t_quantile(count - 1.0, CONFIDENCE) * error
    return bound


def delta(noise_floor: npt.ArrayLike, least: float = LEAST_DELTA) -> FloatArray:
    """The smallest log ratio that is called a difference: `least`, or the noise floor where that is higher.

    Without a floor (NaN) at least 3%.
    """
    bound = np.asarray(noise_floor, dtype=np.float64)
    unknown = np.log1p(max(least, LEAST_DELTA_WITHOUT_FLOOR))
    return np.where(np.isnan(bound), unknown, np.maximum(bound, np.log1p(least)))


def bands_of_question(noise_floor: npt.ArrayLike, more_than: float) -> tuple[FloatArray, FloatArray]:
    """For `verdict` on one question, whether the difference is more than this fraction: its delta, and its `same`.

    Where the floor is higher it stands in the place of the fraction, and nothing is called the same.
    """
    band = delta(noise_floor, more_than)
    return band, np.where(band > np.log1p(more_than), 0.0, band)


def p_value(values: npt.ArrayLike, delta: npt.ArrayLike) -> FloatArray:
    """Of the hypothesis that the true |log ratio| is at most delta; 1 below two blocks.

    Twice the one-sided t tail beyond the nearer end, so that p < 0.05 says what a 95% interval outside +-delta says
    (interval null hypothesis: Hodges and Lehmann, J. R. Stat. Soc. B 16, 1954).
    """
    mean, error, count = _mean_and_error(values)
    return _tail(mean, error, count - 1.0, delta)


def welch_p_value(base: npt.ArrayLike, new: npt.ArrayLike, delta: npt.ArrayLike) -> FloatArray:
    """What `p_value` is to `t_interval`, to `welch_interval`."""
    difference, error, freedom, _ = _difference_and_error(base, new)
    return _tail(difference, error, freedom, delta)


def benjamini_hochberg(p_values: npt.ArrayLike, rate: float = 1 - CONFIDENCE) -> BoolArray:
    """Which hypotheses of the last axis fall with a false discovery rate of at most `rate`.

    Benjamini and Hochberg, J. R. Stat. Soc. B 57 (1995); it holds under the positive dependence that a shared baseline
    brings (Benjamini and Yekutieli, Ann. Stat. 29, 2001).
    """
    p = np.asarray(p_values, dtype=np.float64)
    number = p.shape[-1]
    if number == 0:
        return np.zeros(p.shape, dtype=np.bool_)
    order = np.argsort(p, axis=-1)
    below = np.take_along_axis(p, order, axis=-1) <= rate * np.arange(1, number + 1) / number
    # every hypothesis up to the last one below its line falls, also those that are above theirs
    last = np.where(below.any(axis=-1), number - np.argmax(below[..., ::-1], axis=-1), 0)[..., np.newaxis]
    rejected = np.empty(p.shape, dtype=np.bool_)
    np.put_along_axis(rejected, order, np.arange(number) < last, axis=-1)
    return rejected


def verdict(
    interval: Interval, delta: npt.ArrayLike, rejected: npt.ArrayLike = True, *, same: npt.ArrayLike | None = None
) -> npt.NDArray[np.str_]:
    """`faster` or `slower`: outside +-delta, and `rejected` by false-discovery control; `same`: inside +-`same`, else
    +-2 delta and SAME_AT_MOST, since two cases that may differ by a third are not the same for the noise of the run.

    Otherwise, and below two blocks, `inconclusive`. The interval is of log(base time / case time). Judging by a band
    instead of by 0 keeps differences nobody would act on from becoming verdicts (Schuirmann, J. Pharmacokinet.
    Biopharm. 15, 1987).
    """
    band = np.asarray(delta, dtype=np.float64)
    sure = np.asarray(rejected)
    inside = np.minimum(2 * band, SAME_AT_MOST) if same is None else np.asarray(same, dtype=np.float64)
    return np.select(
        [
            sure & (interval.low > band),
            sure & (interval.high < -band),
            (np.abs(interval.mean) + interval.half_width) < inside,
        ],
        ["faster", "slower", "same"],
        "inconclusive",
    )


def _mean_and_error(values: npt.ArrayLike) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """Mean, its standard error and the number of blocks; the error is NaN below two blocks, the mean at none."""
    sample = np.asarray(values, dtype=np.float64)
    present = ~np.isnan(sample)
    count: Any = np.count_nonzero(present, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.sum(sample, axis=-1, where=present) / count
        squares = np.sum((sample - mean[..., np.newaxis]) ** 2, axis=-1, where=present)
        error = np.sqrt(squares / (count - 1.0) / count)
    return np.asarray(mean), np.where(np.asarray(count) > 1, error, np.nan), np.asarray(count)


def _difference_and_error(
    base: npt.ArrayLike, new: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """mean(base) - mean(new), its standard error, the degrees of freedom, and the smaller number of blocks."""
    sides = [_mean_and_error(values) for values in (base, new)]
    (base_mean, base_error, base_count), (new_mean, new_error, new_count) = sides
    variance = base_error**2 + new_error**2
    spread: Any = sum(error**4 / np.maximum(count - 1.0, 1.0) for _, error, count in sides)
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = variance**2 / spread
    # without any spread the degrees of freedom are 0 / 0, and the error is 0 whatever they are
    freedom = np.where(spread > 0, freedom, 1.0)
    return base_mean - new_mean, np.sqrt(variance), freedom, np.minimum(base_count, new_count)


def _t_quantile(freedom: npt.ArrayLike, probability: float) -> FloatArray:
    return np.asarray(special.stdtrit(np.maximum(freedom, 1.0), probability))


def _tail(mean: FloatArray, error: FloatArray, freedom: npt.ArrayLike, delta: npt.ArrayLike) -> FloatArray:
    """Twice the one-sided t tail of |mean| beyond delta; 1 where there is no error to speak of."""
    with np.errstate(invalid="ignore", divide="ignore"):
        beyond = (np.abs(mean) - np.asarray(delta)) / error
        tail = 2 * special.stdtr(np.maximum(freedom, 1.0), -beyond)
    return np.asarray(np.where(np.isnan(tail), 1.0, np.minimum(tail, 1.0)))
