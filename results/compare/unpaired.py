"""The ratio of two cases that were measured in two runs: their blocks' times, which share no moment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..runfile.identity import Case
from ..runfile.read import Run
from ..stats.contests import baseline_of, contests, floors
from ..stats.intervals import FloatArray
from ..stats.lockstep import log_times
from ..stats.quiet import thresholds
from ..stats.ratios import Floors, Ratio, unpaired_ratio


@dataclass(frozen=True)
class Level:
    """The log times of a case, one a block, under both rounds rules, and the noise floors of its run."""

    quiet_log_s: FloatArray | None  # None where there are not enough quiet rounds
    all_log_s: FloatArray
    floors: Floors


def levels_of(run: Run) -> dict[Case, Level]:
    """Every case of a run whose time is believed."""
    levels: dict[Case, Level] = {}
    for contest in contests(run.measurements, run.blocks, thresholds(run.blocks)).values():
        best, every = log_times(contest.lockstep), log_times(contest.lockstep, allow_quiet=False)
        for case in contest.believed:
            row = contest.lockstep.rows[case, False]
            quiet = best.values[row] if best.quiet[row] else None
            levels[case] = Level(quiet, every.values[row], floors(contest, baseline_of(contest, case)))
    return levels


def ratio_of(base: Mapping[Case, Level], new: Mapping[Case, Level], base_case: Case, new_case: Case) -> Ratio | None:
    """base time / new time, from quiet rounds where both have them; None where either has no time."""
    mine, theirs = base.get(base_case), new.get(new_case)
    if mine is None or theirs is None:
        return None
    if mine.quiet_log_s is not None and theirs.quiet_log_s is not None:
        noise = _larger(mine.floors.quiet, theirs.floors.quiet)
        return unpaired_ratio(mine.quiet_log_s, theirs.quiet_log_s, noise, quiet=True)
    noise = _larger(mine.floors.every, theirs.floors.every)
    return unpaired_ratio(mine.all_log_s, theirs.all_log_s, noise, quiet=False)


def _larger(one: float, other: float) -> float:
    """The larger floor; the only one where a run has no A/A pair, NaN where neither has."""
    return max((floor for floor in (one, other) if not math.isnan(floor)), default=math.nan)
