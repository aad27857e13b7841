"""All samples of one problem at one thread setting, side by side, and the ratios between any two of its cases.

A *session* is one block of one group: processes that were alive together and were sampled in the same rounds. Cases
that never shared one (too large for memory together) are compared through the baseline, which is in every group.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..runfile.records import Block, BlockKey, Case, Measurement
from .intervals import BoolArray, FloatArray, Interval, medians, paired_log_ratio, quantiles, t_interval
from .quiet import mostly_corrected, of_node, quiet_samples, undisturbed_s

LEAST_QUIET_SAMPLES = 3
"""In a block, or half of the samples where there are fewer than five."""
LEAST_QUIET_BLOCKS = 3
"""From so many on an interval is worth something: then those that were never quiet do not count. With a neighbour loud
throughout 70% of the time 67 of 100 intervals over ten blocks held the truth, and 46 where half of the blocks had to be
quiet (simulated, as the limits beside this one: results/published/quiet.md)."""
LEAST_NODES = 3
"""Machines that a problem's blocks are of, from which on its intervals are of machines; of two there is none to speak
of, and theirs are of blocks, without what one machine differs from another by."""
QUIET_SHARE, FASTEST_SHARE = 0.1, 0.05
"""The quantile of a block's quiet samples that stands for its undisturbed time; and where too few are quiet, of all.

Not the median: a disturbance only ever makes a sample longer, and the sentinel does not see each. Between blocks of the
published standard run a time's standard deviation is 2.5%, by the median 3.6%, a ratio's 2.9 and 4.1%
(results/published/quiet.md).
"""
QUIET, FASTEST, ALL = "quiet", "fastest", "all"

NOT_STEADY = "not_steady"
"""The finding that `unsteady` flags."""
LEAST_IN_A_HALF = 3
BAND = float(np.log1p(0.05))
# beyond a band of 5%, so that honest noise raises less than one false alarm in 1,000 cases
SURE = 0.99


@dataclass(frozen=True)
class Lockstep:
    """Log seconds a call by row, session and round; NaN where there is no sample. Twins (A/A copies) have rows too."""

    rows: Mapping[tuple[Case, bool], int]  # (case, is it the twin) -> index on the first axis
    log_s: FloatArray  # (rows, sessions, rounds)
    quiet: BoolArray  # (rows, sessions, rounds)
    corrected: BoolArray  # (rows, sessions): a wait was taken off most samples
    sentinel_log_s: FloatArray  # (sessions, rounds): 0 in a session without a sentinel
    rounds: FloatArray  # (sessions,): how many rounds each session had
    watched: BoolArray  # (sessions,): a sentinel told which samples were quiet
    members: FloatArray  # (sessions, blocks): 1 where the session belongs to the block
    nodes: tuple[str | None, ...] = ()  # (blocks,): the machine of each, where there are several

    @cached_property
    def middle(self) -> FloatArray:
        """(rows, sessions): the median log time of each row over all its rounds."""
        return medians(self.log_s)

    @cached_property
    def undisturbed(self) -> tuple[FloatArray, BoolArray]:
        """(rows, sessions): the log time that nothing disturbed, and whether quiet samples tell it.

        A low quantile of the quiet samples where there are enough of them, and elsewhere of all. Where a wait was taken
        off most samples it is their median: what is left of them errs to either side.
        """
        present = ~np.isnan(self.log_s)
        least = np.clip((np.count_nonzero(present, axis=-1) + 1) // 2, 1, LEAST_QUIET_SAMPLES)
        by_quiet: BoolArray = np.count_nonzero(self.quiet & present, axis=-1) >= least
        least_s = quantiles(self.log_s, QUIET_SHARE, self.quiet), quantiles(self.log_s, FASTEST_SHARE)
        middle_s = medians(self.log_s, self.quiet), self.middle
        of_quiet, of_all = np.where(self.corrected, middle_s, least_s)
        return np.where(by_quiet, of_quiet, of_all), by_quiet

    @cached_property
    def beside(self) -> dict[int, tuple[FloatArray, FloatArray, tuple[str, ...]]]:
        """By reference, what `_both_rules` found: the baseline's are asked for again and again."""
        return {}


@dataclass(frozen=True)
class BlockValues:
    """One value a block and row, under the rounds rule of the row; NaN where a block has none."""

    values: FloatArray  # (rows, blocks)
    rounds: tuple[str, ...]  # (rows,): what they rest on, QUIET, FASTEST or ALL
    nodes: tuple[str | None, ...] = ()  # (blocks,): the machine of each, where there are several

    @property
    def units(self) -> FloatArray:
        """(rows, blocks): what varies independently; (rows, machines) where the blocks are of so many.

        Then a block's value is that of its machine and what the block adds, and blocks of one machine say the same
        thing again: an interval over blocks would hold too few of what other machines would have shown.
        """
        names = [*dict.fromkeys(self.nodes)]
        if len(names) < LEAST_NODES:
            return self.values
        of_node = np.array([[node == name for name in names] for node in self.nodes], dtype=np.float64)
        return _means(self.values, of_node)

    @property
    def interval(self) -> Interval:
        """The mean of each row, with its interval; and how many blocks it rests on."""
        return replace(t_interval(self.units), blocks=np.count_nonzero(~np.isnan(self.values), axis=-1))

    @property
    def undisturbed(self) -> BoolArray:
        """(rows,): whether what is estimated is the undisturbed time, and not the median of whatever happened."""
        return np.array([rounds != ALL for rounds in self.rounds], dtype=np.bool_)


def gather(measurements: Sequence[Measurement], blocks: Sequence[Block], limits: Mapping[str, float]) -> Lockstep:
    """Puts the samples of one problem and thread setting side by side; `limits` are `quiet.thresholds` of the run."""
    sessions: dict[BlockKey, int] = {block.key: number for number, block in enumerate(blocks)}
    rows: dict[tuple[Case, bool], int] = {}
    row_of = [rows.setdefault((m.case, m.role == "twin"), len(rows)) for m in measurements]
    rounds = np.array([block.rounds for block in blocks], dtype=np.float64)
    most = max((block.rounds for block in blocks), default=0)
    samples_s = np.full((len(rows), len(blocks), most), np.nan)
    quiet = np.zeros((len(rows), len(blocks), most), dtype=np.bool_)
    corrected = np.zeros((len(rows), len(blocks)), dtype=np.bool_)
    for row, measurement in zip(row_of, measurements, strict=True):
        session = sessions.get(measurement.block_key)
        if session is None or measurement.status != "ok":
            continue
        places = _places(measurement.rounds)
        samples_s[row, session, places] = undisturbed_s(measurement)
        quiet[row, session, places] = quiet_samples(measurement, blocks[session], limits)
        corrected[row, session] = mostly_corrected(measurement)
    sentinel_s = np.ones((len(blocks), most))
    for session, block in enumerate(blocks):
        if block.sentinel_s:
            sentinel_s[session, : block.rounds] = block.slowest_sentinel_s
    sentinel_s[~(np.isfinite(sentinel_s) & (sentinel_s > 0))] = np.nan
    numbers = np.array([block.block for block in blocks], dtype=np.int64)
    members = (numbers[:, np.newaxis] == np.unique(numbers)).astype(np.float64)
    watched = np.array(
        [bool(block.sentinel_s) and of_node(block.node, block.threads) in limits for block in blocks], dtype=np.bool_
    )
    nodes = {block.block: block.node for block in blocks}
    of_blocks = tuple(nodes[number] for number in sorted(nodes))
    return Lockstep(rows, np.log(samples_s), quiet, corrected, np.log(sentinel_s), rounds, watched, members, of_blocks)


def least_quiet(*rounds: str) -> str:
    """What a figure that is made of several rests on: the least of what they do."""
    return max(rounds, key=(QUIET, FASTEST, ALL).index)


def only(lockstep: Lockstep, cases: Collection[Case]) -> Lockstep:
    """The rows of these cases and of their twins alone."""
    kept = {key: row for key, row in lockstep.rows.items() if key[0] in cases}
    chosen = list(kept.values())
    rows = {key: number for number, key in enumerate(kept)}
    return _taken(replace(lockstep, rows=rows), chosen)


def _taken(lockstep: Lockstep, chosen: Sequence[int]) -> Lockstep:
    """Its arrays by row, of these rows alone."""
    at = list(chosen)
    return replace(lockstep, log_s=lockstep.log_s[at], quiet=lockstep.quiet[at], corrected=lockstep.corrected[at])


def halves(lockstep: Lockstep) -> tuple[Lockstep, Lockstep]:
    """Its even rounds and its odd ones."""
    even, odd = (
        replace(lockstep, log_s=lockstep.log_s[..., first::2], quiet=lockstep.quiet[..., first::2]) for first in (0, 1)
    )
    return even, odd


def log_times(lockstep: Lockstep, *, allow_quiet: bool = True) -> BlockValues:
    """Log of the time of each row in each block: what nothing disturbed, or with `allow_quiet=False` the median of all.

    A run without a sentinel has only the latter.
    """
    every = by_block(lockstep, lockstep.middle)
    if not allow_quiet or not lockstep.watched.any():
        return BlockValues(every, (ALL,) * len(every), lockstep.nodes)
    values, by_quiet = lockstep.undisturbed
    return BlockValues(*_quiet_blocks(lockstep, values, by_quiet), lockstep.nodes)


def log_ratios(lockstep: Lockstep, reference: int, via: int | None = None) -> BlockValues:
    """log(time of the row `reference` / time of each row) in each block: of what nothing disturbed in either.

    A run without a sentinel has the median of the pairs of each round. `via` is the baseline's row, for blocks in which
    the two were in different groups.
    """
    best, every, names = _both_rules(lockstep, reference)
    if via is not None and via != reference:
        direct = zip((best, every), _both_rules(lockstep, via)[:2], strict=True)
        best, every = (np.where(np.isnan(rule), base - base[reference], rule) for rule, base in direct)
    of_rule = (best, names) if lockstep.watched.any() else (every, (ALL,) * len(every))
    return BlockValues(*of_rule, lockstep.nodes)


def aa_values(lockstep: Lockstep, baseline: int, twin: int, *, quiet: bool) -> FloatArray:
    """The A/A log ratios by block under one rounds rule, since a floor must be of the rounds that it guards."""
    pair = _taken(replace(lockstep, rows={}), (baseline, twin))
    best, every, _ = _both_rules(pair, 0)
    values: FloatArray = (best if quiet else every)[1]
    return values


def by_block(lockstep: Lockstep, by_session: FloatArray) -> FloatArray:
    """(rows, sessions) -> (rows, blocks): a row that was in several groups of a block still counts once."""
    return _means(by_session, lockstep.members)


def half_drift(log_s: npt.ArrayLike, rounds: npt.ArrayLike) -> FloatArray:
    """Median log time of the second half of the rounds less that of the first.

    (..., sessions, rounds) -> (..., sessions); `rounds` (sessions,) is how many rounds each session had. NaN where a
    half has fewer than 3 samples.
    """
    samples = np.asarray(log_s, dtype=np.float64)
    number = np.asarray(rounds, dtype=np.float64)[:, np.newaxis]
    late = np.arange(samples.shape[-1]) >= number / 2
    drift: FloatArray = medians(samples, late, LEAST_IN_A_HALF) - medians(samples, ~late, LEAST_IN_A_HALF)
    return drift


def unsteady(lockstep: Lockstep) -> BoolArray:
    """One flag a row: over the blocks, its halves surely differ by more than 5%, beside the sentinel.

    Beside the sentinel and not the baseline, since a baseline that warms up would make every other case look unsteady.
    What a neighbour does to one block falls on either half alike, so only what happens in every block is ever sure.
    """
    drift = half_drift(lockstep.log_s - lockstep.sentinel_log_s, lockstep.rounds)
    interval = t_interval(by_block(lockstep, drift), SURE)
    flags: BoolArray = (interval.low > BAND) | (interval.high < -BAND)
    return flags


def _means(values: FloatArray, members: FloatArray) -> FloatArray:
    """(rows, values) x (values, groups) -> (rows, groups): the mean over each group, of what is there."""
    present = ~np.isnan(values)
    count: Any = present.astype(np.float64) @ members
    total = np.where(present, values, 0.0) @ members
    with np.errstate(invalid="ignore"):
        means: FloatArray = np.where(count > 0, total / count, np.nan)
    return means


@lru_cache(maxsize=1024)
def _places(rounds: tuple[int, ...]) -> slice | list[int]:
    """Where the samples of these rounds go; most cases have one in every round."""
    return slice(0, len(rounds)) if rounds == tuple(range(len(rounds))) else list(rounds)


def _both_rules(lockstep: Lockstep, reference: int) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """The log ratios (rows, blocks) of the reference to every row, undisturbed and of all rounds; their rounds."""
    if reference not in lockstep.beside:
        times, by_quiet = lockstep.undisturbed
        best, names = _quiet_blocks(lockstep, times[reference] - times, by_quiet[reference] & by_quiet)
        over_all = paired_log_ratio(lockstep.log_s[reference], lockstep.log_s)
        # slow cases that never met in a round are paired by block, median against median
        every = np.where(np.isnan(over_all), lockstep.middle[reference] - lockstep.middle, over_all)
        lockstep.beside[reference] = best, by_block(lockstep, every), names
    return lockstep.beside[reference]


def _quiet_blocks(lockstep: Lockstep, values: FloatArray, by_quiet: BoolArray) -> tuple[FloatArray, tuple[str, ...]]:
    """(rows, sessions) -> (rows, blocks): the values that quiet samples tell, where enough blocks have one, else all.

    A spell may outlast a block; then even its fastest samples are a third too slow. Which blocks those are the sentinel
    alone decides.
    """
    quiet = by_block(lockstep, np.where(by_quiet, values, np.nan))
    every = by_block(lockstep, values)
    told, of = (np.count_nonzero(~np.isnan(blocks), axis=-1) for blocks in (quiet, every))
    enough = told >= np.clip(of, 1, LEAST_QUIET_BLOCKS)
    chosen = np.where(enough[:, np.newaxis], quiet, every)
    return chosen, tuple(QUIET if row else FASTEST for row in enough)
