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
from .intervals import BoolArray, FloatArray, medians, paired_log_ratio, t_interval
from .quiet import quiet_rounds

LEAST_QUIET_SAMPLES = 3
LEAST_QUIET_BLOCKS = 4

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
    quiet: BoolArray  # (sessions, rounds)
    sentinel_log_s: FloatArray  # (sessions, rounds): 0 in a session without a sentinel
    rounds: FloatArray  # (sessions,): how many rounds each session had
    capped: BoolArray  # (rows,): sat out rounds, since its calls are slow
    members: FloatArray  # (sessions, blocks): 1 where the session belongs to the block

    @cached_property
    def middle(self) -> FloatArray:
        """(rows, sessions): the median log time of each row over all its rounds."""
        return medians(self.log_s)

    @cached_property
    def beside(self) -> dict[int, tuple[FloatArray, FloatArray]]:
        """By reference, what `_both_rules` found: the baseline's are asked for again and again."""
        return {}


@dataclass(frozen=True)
class BlockValues:
    """One value a block and row, under the rounds rule of the row; NaN where a block has none."""

    values: FloatArray  # (rows, blocks)
    quiet: BoolArray  # (rows,): from quiet rounds alone; otherwise from all rounds


def gather(measurements: Sequence[Measurement], blocks: Sequence[Block], limits: Mapping[str, float]) -> Lockstep:
    """Puts the samples of one problem and thread setting side by side; `limits` are `quiet.thresholds` of the run."""
    sessions: dict[BlockKey, int] = {block.key: number for number, block in enumerate(blocks)}
    rows: dict[tuple[Case, bool], int] = {}
    row_of = [rows.setdefault((m.case, m.role == "twin"), len(rows)) for m in measurements]
    rounds = np.array([block.rounds for block in blocks], dtype=np.float64)
    most = max((block.rounds for block in blocks), default=0)
    samples_s = np.full((len(rows), len(blocks), most), np.nan)
    capped = np.zeros(len(rows), dtype=np.bool_)
    for row, measurement in zip(row_of, measurements, strict=True):
        session = sessions.get(measurement.block_key)
        if session is None or measurement.status != "ok":
            continue
        samples_s[row, session, _places(measurement.rounds)] = measurement.samples_s
        capped[row] |= len(measurement.rounds) < blocks[session].rounds
    quiet = np.zeros((len(blocks), most), dtype=np.bool_)
    sentinel_s = np.ones((len(blocks), most))
    for session, block in enumerate(blocks):
        quiet[session, : block.rounds] = quiet_rounds(block, limits)
        if block.sentinel_s:
            sentinel_s[session, : block.rounds] = block.slowest_sentinel_s
    sentinel_s[~(np.isfinite(sentinel_s) & (sentinel_s > 0))] = np.nan
    numbers = np.array([block.block for block in blocks], dtype=np.int64)
    members = (numbers[:, np.newaxis] == np.unique(numbers)).astype(np.float64)
    return Lockstep(rows, np.log(samples_s), quiet, np.log(sentinel_s), rounds, capped, members)


def only(lockstep: Lockstep, cases: Collection[Case]) -> Lockstep:
    """The rows of these cases and of their twins alone."""
    kept = {key: row for key, row in lockstep.rows.items() if key[0] in cases}
    chosen = list(kept.values())
    rows = {key: number for number, key in enumerate(kept)}
    return replace(lockstep, rows=rows, log_s=lockstep.log_s[chosen], capped=lockstep.capped[chosen])


def log_times(lockstep: Lockstep, *, allow_quiet: bool = True) -> BlockValues:
    """Log of the median time of each row in each block: from quiet rounds where the row has enough of them.

    A block counts with 3 quiet samples or more; a row with fewer than 4 such blocks, or one that sat out rounds, uses
    all its rounds.
    """
    every = by_block(lockstep, lockstep.middle)
    if not allow_quiet:
        return BlockValues(every, np.zeros(len(every), dtype=np.bool_))
    quiet = by_block(lockstep, medians(lockstep.log_s, lockstep.quiet, LEAST_QUIET_SAMPLES))
    return _choose(quiet, every, ~lockstep.capped)


def log_ratios(lockstep: Lockstep, reference: int, via: int | None = None) -> BlockValues:
    """log(time of the row `reference` / time of each row), paired by round, median in each block.

    Quiet rounds where both sides have enough of them. Rows of the same code share every disturbance, so they use all
    rounds (but see `aa_values`). `via` is the baseline's row, for blocks in which the two were in different groups.
    """
    quiet, every = _both_rules(lockstep, reference)
    if via is not None and via != reference:
        direct = zip((quiet, every), _both_rules(lockstep, via), strict=True)
        quiet, every = (np.where(np.isnan(rule), base - base[reference], rule) for rule, base in direct)
    code = [_code(case) for case, _ in lockstep.rows]
    different = np.array([other != code[reference] for other in code], dtype=np.bool_)
    return _choose(quiet, every, ~lockstep.capped & ~lockstep.capped[reference] & different)


def aa_values(lockstep: Lockstep, baseline: int, twin: int, *, quiet: bool) -> FloatArray:
    """The A/A log ratios by block under one rounds rule, since a floor must be of the rounds that it guards."""
    log_s = lockstep.log_s[[baseline, twin]]
    if quiet:
        ratios = paired_log_ratio(log_s[:1], log_s[1:], lockstep.quiet, LEAST_QUIET_SAMPLES)
    else:
        ratios = _all_rounds(log_s, lockstep.middle[[baseline, twin]], 0)[1:]
    values: FloatArray = by_block(lockstep, ratios)[0]
    return values


def by_block(lockstep: Lockstep, by_session: FloatArray) -> FloatArray:
    """(rows, sessions) -> (rows, blocks): a row that was in several groups of a block still counts once."""
    present = ~np.isnan(by_session)
    count: Any = present.astype(np.float64) @ lockstep.members
    total = np.where(present, by_session, 0.0) @ lockstep.members
    with np.errstate(invalid="ignore"):
        values: FloatArray = np.where(count > 0, total / count, np.nan)
    return values


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


@lru_cache(maxsize=1024)
def _places(rounds: tuple[int, ...]) -> slice | list[int]:
    """Where the samples of these rounds go; most cases have one in every round."""
    return slice(0, len(rounds)) if rounds == tuple(range(len(rounds))) else list(rounds)


def _both_rules(lockstep: Lockstep, reference: int) -> tuple[FloatArray, FloatArray]:
    """The log ratios (rows, blocks) of the reference to every row, from quiet rounds and from all."""
    if reference not in lockstep.beside:
        log_s = lockstep.log_s
        quiet = paired_log_ratio(log_s[reference], log_s, lockstep.quiet, LEAST_QUIET_SAMPLES)
        every = _all_rounds(log_s, lockstep.middle, reference)
        lockstep.beside[reference] = by_block(lockstep, quiet), by_block(lockstep, every)
    return lockstep.beside[reference]


def _all_rounds(log_s: FloatArray, middle: FloatArray, reference: int) -> FloatArray:
    """Paired over every round; slow cases that never met in a round are paired by block, median against median."""
    paired = paired_log_ratio(log_s[reference], log_s)
    return np.where(np.isnan(paired), middle[reference] - middle, paired)


def _choose(quiet: FloatArray, every: FloatArray, allowed: BoolArray) -> BlockValues:
    enough = allowed & (np.count_nonzero(~np.isnan(quiet), axis=-1) >= LEAST_QUIET_BLOCKS)
    return BlockValues(np.where(enough[:, np.newaxis], quiet, every), enough)


def _code(case: Case) -> tuple[str, str, str]:
    return case.strategy, case.variant, case.device
