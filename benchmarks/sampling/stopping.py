"""When a contest has been measured enough: on precision, never on significance. And how many rounds a block is worth.

More rounds where they vary more than processes do, fewer where forking is cheap. Kalibera and Jones, Rigorous
Benchmarking in Reasonable Time (2013), section 7: with variance b between blocks and v within them, and costs B a block
and R a round, n blocks of r rounds give the mean a variance (b + v / r) / n at the price n (B + r R). For a given price
it is least at r = sqrt(v B / (b R)).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median

import numpy as np

from linregbench.results.fields import CASE_KEYS
from linregbench.results.runfile.records import Block, Measurement, problem_key
from linregbench.results.runfile.records import Case as Row
from linregbench.results.stats.contests import baseline_of, contests
from linregbench.results.stats.estimates import Estimate, estimate, ratio_between, ratio_in
from linregbench.results.stats.lockstep import by_block, halves, log_ratios
from linregbench.results.words.text import counted

from ..grid.cases import Case, Contest
from .plan import Limits

NEAR = 2.0
NEAR_HALF_WIDTH = 0.01
FAR_HALF_WIDTH = 0.05
VERY_FAR, VERY_FAR_HALF_WIDTH = 10.0, 0.10
"""Who takes so many times as long as the winner need not be known as well to leave."""

LEARNT_FROM = 3
"""Blocks before the first guess; until then a block has block.ROUNDS rounds."""
MORE_BLOCKS = 0.4
"""Of the usual blocks: so many more at most, in later turns, in place of those that were never quiet."""
FEWEST, MOST = 8, 60


def reason(
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    pairs: Sequence[tuple[Case, Case]],
    quiet_limits: Mapping[str, float],
    limits: Limits,
) -> str | None:
    """Why a contest is not measured any further, or None: then it is.

    Every ratio within 2x of the winner, overall or through the data, needs a half-width of 1%, the others 5%; where
    cases stand in pairs, each pair needs 1%; where they are asked about one difference, none of the pairs given, which
    are those still open, may be left. Looking after every block and stopping when it is enough changes the interval's
    coverage a little: results/published/coverage.md has by how much.
    """
    fewest, most = limits.blocks
    done = 1 + max((block.block for block in blocks), default=-1)
    if done and not any(m.status == "ok" for m in measurements if m.block == done - 1):
        return "no case left"
    if done and limits.more_than is not None and not pairs:
        return f"answered after {counted(done, 'block')}"
    if done < fewest:
        return None
    if fewest == most:
        quiet = _quiet_blocks(measurements, blocks, quiet_limits)
        if not limits.exact and quiet < fewest and done < fewest + int(MORE_BLOCKS * fewest):
            return None
        return f"{done} blocks, as asked" if done == fewest else f"{done} blocks, of which {quiet} were quiet"
    if limits.more_than is not None:
        return f"{done} blocks, the most; {counted(len(pairs), 'case')} undecided" if done >= most else None
    if pairs:
        asked = _of_pairs(measurements, blocks, quiet_limits, pairs)
    else:
        asked = _of_ratios(measurements, blocks, quiet_limits)
    worst, needed = max(asked, key=lambda pair: pair[0] / pair[1], default=(0.0, 1.0))
    if worst <= needed:
        return f"half-width {worst:.1%} after {done} blocks"
    if done >= most:
        return f"{done} blocks, the most; half-width {worst:.1%}"
    return None


def settled(
    measurements: Sequence[Measurement], blocks: Sequence[Block], quiet_limits: Mapping[str, float], limits: Limits
) -> dict[Row, str]:
    """The rows that need no more blocks while others do, each with the reason: surely far from the winner, and precise.

    Both its ratio and its time have the half-width that is asked of those who are so far. One whose steps go through
    the data is far from the best of those too, or it stays.
    """
    done = 1 + max((block.block for block in blocks), default=-1)
    if limits.exact or done < max(limits.blocks[0] // 2, LEARNT_FROM):
        return {}
    rows = {}
    for row in estimate(measurements, blocks, limits=quiet_limits):
        ratio, behind, winner = row.versus_baseline, row.versus_winner, row.winner
        if row.versus_data_winner is not None:
            behind, winner = row.versus_data_winner, row.data_winner
        if ratio is None or behind is None or ratio.verdict == "baseline" or behind.high is None:
            continue
        half_width = max(ratio.half_width, _half_width_of_time(row))
        asked = VERY_FAR_HALF_WIDTH if behind.high < 1 / VERY_FAR else FAR_HALF_WIDTH
        if behind.high < 1 / NEAR and half_width <= asked:
            lead = f"{winner} is {1 / behind.ratio:.3g} times as fast"
            rows[row.case] = f"{row.blocks} blocks: {lead}; half-width {half_width:.1%}"
    return rows


def answered(
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    contest: Contest,
    quiet_limits: Mapping[str, float],
    more_than: float,
) -> set[Case]:
    """The cases of the pairs of which it is known whether they differ by more than this fraction, or never will be.

    Not the baselines, which every block has: the others' noise floor is theirs.
    """
    gathered = list(contests(measurements, blocks, quiet_limits).values())
    done: set[Case] = set()
    for base, new in contest.pairs:
        ratio = ratio_in(gathered[0], row_of(new), row_of(base), more_than) if gathered else None
        if ratio is None or ratio.verdict != "inconclusive":
            done |= {base, new}
    return done - {*contest.baselines}


def row_of(case: Case) -> Row:
    """The case as the results know it."""
    facts = case.as_dict()
    of_case = {name: facts[name] for name in CASE_KEYS if name in facts}
    return Row(problem=problem_key(facts["workload"]), dtype=case.workload.dtype, **of_case)


def rounds(
    measurements: Sequence[Measurement], blocks: Sequence[Block], quiet_limits: Mapping[str, float], usual: int
) -> int:
    """Rounds for the next block of a contest, from what its blocks so far show; `usual` before there are enough."""
    if len({block.block for block in blocks}) < LEARNT_FROM:
        return usual
    block_s, round_s = costs(measurements, blocks)
    best = [
        optimum(within, between, block_s, round_s)
        for within, between in variances(measurements, blocks, quiet_limits)
        if within > 0 and round_s > 0
    ]
    return round(median(best)) if best else usual


def optimum(within: float, between: float, block_s: float, round_s: float) -> float:
    """The r of the formula at the top, between FEWEST and MOST."""
    if between <= 0:
        return MOST
    return min(max(math.sqrt(within * block_s / (between * round_s)), FEWEST), MOST)


def costs(measurements: Sequence[Measurement], blocks: Sequence[Block]) -> tuple[float, float]:
    """Seconds that a block costs whatever its rounds, and seconds that a round costs; means over the blocks so far."""
    sampling: dict[tuple[int, int], float] = {}
    for measurement in measurements:
        place = measurement.block, measurement.group
        sampling[place] = sampling.get(place, 0.0) + (measurement.overhead_s or {}).get("sample", 0.0)
    known = [block for block in blocks if block.rounds and block.wall_s is not None]
    if not known:
        return 0.0, 0.0
    round_s = fmean(sampling.get((block.block, block.group), 0.0) / block.rounds for block in known)
    return fmean(max(0.0, (block.wall_s or 0.0) - block.rounds * round_s) for block in known), round_s


def variances(
    measurements: Sequence[Measurement], blocks: Sequence[Block], quiet_limits: Mapping[str, float]
) -> list[tuple[float, float]]:
    """For each case, of its log ratio to the baseline: v of a round inside a block, b of what blocks add to it.

    What the even rounds of a block say and what the odd ones say differ by twice the error of what they say together.
    """
    spreads = []
    for contest in contests(measurements, blocks, quiet_limits).values():
        lockstep = contest.lockstep
        rounds = by_block(lockstep, np.broadcast_to(lockstep.rounds, (1, len(lockstep.rounds))))
        for case in contest.believed:
            reference = baseline_of(contest, case)
            if reference is None:
                continue
            at, row = (lockstep.rows.get(key) for key in ((reference, False), (case, case == reference)))
            if at is None or row is None:
                continue
            whole, even, odd = (log_ratios(part, at).values[row] for part in (lockstep, *halves(lockstep)))
            within = (even - odd) ** 2 / 4
            told = ~np.isnan(within) & ~np.isnan(whole)
            if np.count_nonzero(told) >= LEARNT_FROM:
                of_a_round = float((within * rounds[0])[told].mean())
                spreads.append((of_a_round, float(whole[told].var(ddof=1) - within[told].mean())))
    return spreads


def _half_width_of_time(row: Estimate) -> float:
    """In logs; infinite below two blocks."""
    if row.time_low_s is None or row.time_high_s is None:
        return math.inf
    return math.log(row.time_high_s / row.time_low_s) / 2


def _quiet_blocks(
    measurements: Sequence[Measurement], blocks: Sequence[Block], quiet_limits: Mapping[str, float]
) -> int:
    """In how many blocks of a contest at least half of its cases had quiet samples, or no sentinel told."""
    quiet = 0
    for contest in contests(measurements, blocks, quiet_limits).values():
        lockstep = contest.lockstep
        _, by_quiet = lockstep.undisturbed
        sampled = ~np.isnan(lockstep.log_s).all(axis=-1)
        mostly = 2 * np.count_nonzero(by_quiet, axis=0) >= np.count_nonzero(sampled, axis=0)
        quiet += int(np.count_nonzero((mostly | ~lockstep.watched).astype(np.float64) @ lockstep.members))
    return quiet


def _of_ratios(
    measurements: Sequence[Measurement], blocks: Sequence[Block], quiet_limits: Mapping[str, float]
) -> Iterator[tuple[float, float]]:
    """The half-width of each case's ratio to the baseline, and what is asked of it."""
    for row in estimate(measurements, blocks, limits=quiet_limits):
        ratio, to_winner = row.versus_baseline, row.versus_data_winner or row.versus_winner
        if ratio is not None and ratio.verdict != "baseline":
            near = to_winner is None or to_winner.ratio >= 1 / NEAR
            yield ratio.half_width, NEAR_HALF_WIDTH if near else FAR_HALF_WIDTH


def _of_pairs(
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    quiet_limits: Mapping[str, float],
    pairs: Sequence[tuple[Case, Case]],
) -> Iterator[tuple[float, float]]:
    """The half-width of each pair's ratio, and what is asked of it; a pair that failed asks nothing."""
    for base, new in pairs:
        ratio = ratio_between(row_of(new), row_of(base), measurements, blocks, limits=quiet_limits)
        if ratio is not None:
            yield ratio.half_width, NEAR_HALF_WIDTH
