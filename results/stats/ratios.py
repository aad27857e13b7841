"""A ratio between two cases with its interval and verdict, from one log ratio a block."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .intervals import (
    LEAST_DELTA_BETWEEN_RUNS,
    FloatArray,
    Interval,
    bands_of_question,
    benjamini_hochberg,
    delta,
    floor,
    p_value,
    sequential_interval,
    t_interval,
    verdict,
    welch_interval,
    welch_p_value,
)
from .lockstep import BlockValues, Lockstep, aa_values


@dataclass(frozen=True)
class Ratio:
    """How many times as fast: time of the other / time of this, above 1 is faster; 95% interval across blocks."""

    ratio: float
    low: float | None  # None below two blocks
    high: float | None
    blocks: int
    rounds: str  # QUIET, FASTEST or ALL: what it rests on in most blocks
    floor: float | None  # what two copies of the baseline differ by, as a fraction; None without such a pair
    delta: float  # the least that is called a difference, as a fraction
    p_value: float  # of a difference no larger than delta; NaN where a sequence of looks is judged
    verdict: str  # faster, slower, same, inconclusive; or what the other is, where it is the case itself

    @property
    def half_width(self) -> float:
        """Of the interval, as a fraction of the ratio: what the stop rule looks at. Infinite below two blocks."""
        return math.inf if self.low is None or self.high is None else math.sqrt(self.high / self.low) - 1


@dataclass(frozen=True)
class Floors:
    """The noise floor of a baseline's A/A pair under each rounds rule, as log ratios; NaN where there is none.

    `seen` is by how much the two copies differed on average, by the rule that the ratios go by: no bound, and all that
    few blocks tell.
    """

    quiet: float = math.nan
    every: float = math.nan
    seen: float = math.nan


def floors_of(lockstep: Lockstep, baseline: int, twin: int | None) -> Floors:
    """From the rows of a baseline and of its twin."""
    if twin is None:
        return Floors()
    quiet, every = (aa_values(lockstep, baseline, twin, quiet=rule) for rule in (True, False))
    seen = t_interval(quiet if lockstep.watched.any() else every)
    return Floors(float(floor(quiet)), float(floor(every)), abs(float(seen.mean)))


def ratios_of(values: BlockValues, floors: Floors) -> list[Ratio | None]:
    """One ratio a row, each judged by itself; None for a row without a value in any block."""
    noise = np.where(values.undisturbed, floors.quiet, floors.every)
    band = delta(noise)
    return _judged(values.interval, noise, band, p_value(values.units, band), values.rounds)


def sequential_ratio(values: BlockValues, row: int, aa: FloatArray, more_than: float) -> Ratio | None:
    """One row, looked at after every block: slower or faster by more than this fraction, `same` within it, or unsure.

    `aa` (blocks,) are the A/A log ratios, of which those of the row's own blocks count: what is measured of the
    baseline later does not change the answer. All answers together are wrong at most once in 20 times
    (`sequential_interval`).
    """
    of_row = values.values[row]
    noise = floor(np.where(np.isnan(of_row), np.nan, aa))[np.newaxis]
    band, same = bands_of_question(noise, more_than)
    interval = sequential_interval(of_row[np.newaxis])
    return _judged(interval, noise, band, np.array([np.nan]), values.rounds[row : row + 1], same)[0]


def unpaired_ratio(base_log_s: FloatArray, new_log_s: FloatArray, noise: float, rounds: str) -> Ratio | None:
    """base time / new time of two runs, from log times (blocks,); None where a side has no block.

    `noise` is the larger noise floor of the two runs, NaN where there is none. The verdict is that on the new side.
    """
    floor_of_both = np.array([noise])
    band = delta(floor_of_both, LEAST_DELTA_BETWEEN_RUNS)
    sides = base_log_s[np.newaxis], new_log_s[np.newaxis]
    return _judged(welch_interval(*sides), floor_of_both, band, welch_p_value(*sides, band), (rounds,))[0]


def to_itself(ratio: Ratio, name: str) -> Ratio:
    """The ratio of a case to itself: 1 without doubt, with `name` in place of a verdict."""
    return replace(ratio, ratio=1.0, low=1.0, high=1.0, p_value=1.0, verdict=name)


def control_false_discoveries(ratios: list[Ratio]) -> list[Ratio]:
    """The verdicts of a whole grid together: those that Benjamini-Hochberg lets stand stay, the others are softened."""
    stands = benjamini_hochberg([ratio.p_value for ratio in ratios])
    return [ratio if sure else _softened(ratio) for ratio, sure in zip(ratios, stands, strict=True)]


def exp_or_none(log_value: float) -> float | None:
    """exp of a number, None of NaN; held within +-300, where two wild blocks would overflow."""
    return None if math.isnan(log_value) else math.exp(min(max(log_value, -300.0), 300.0))


def _softened(ratio: Ratio) -> Ratio:
    if ratio.verdict not in ("faster", "slower") or ratio.low is None or ratio.high is None:
        return ratio
    inside = max(abs(math.log(ratio.low)), abs(math.log(ratio.high))) < 2 * math.log1p(ratio.delta)
    return replace(ratio, verdict="same" if inside else "inconclusive")


def _judged(
    interval: Interval,
    noise: FloatArray,
    band: FloatArray,
    p_values: FloatArray,
    rounds: Sequence[str],
    same: FloatArray | None = None,
) -> list[Ratio | None]:
    verdicts, lows, highs = verdict(interval, band, same=same), interval.low, interval.high
    ratios: list[Ratio | None] = []
    for row, blocks in enumerate(interval.blocks):
        if not blocks:
            ratios.append(None)
            continue
        ratios.append(
            Ratio(
                ratio=math.exp(min(max(interval.mean[row], -300.0), 300.0)),
                low=exp_or_none(lows[row]),
                high=exp_or_none(highs[row]),
                blocks=int(blocks),
                rounds=rounds[row],
                floor=None if math.isnan(noise[row]) else math.expm1(min(noise[row], 300.0)),
                delta=math.expm1(min(band[row], 300.0)),
                p_value=float(p_values[row]),
                verdict=str(verdicts[row]),
            )
        )
    return ratios
