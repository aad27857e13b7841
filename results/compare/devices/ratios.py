"""Two sides beside each other, workload by workload: the same strategy on both, and the best of each.

Two sides of one run were sampled in lockstep, and their ratios are paired; those of two runs share no moment, and their
intervals come from the blocks of either session (Welch). They hold for these sessions, and nothing is judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...models.rays import Answer
from ...runfile.read import RunFileError
from ...stats.estimates import label, ratio_in
from ...stats.intervals import t_interval, welch_interval
from ...stats.lockstep import ALL, least_quiet
from ...stats.ratios import exp_or_none
from ...words.names import Record
from ...words.text import counted, plain
from ..runs import matched
from .sides import BOTH_WAYS, COSTS, INWARD, STEADY, Side, Spent, WorkloadKey, workload_of


@dataclass(frozen=True)
class Contrast:
    """One kind of cost on the two sides. The ratio is base / new: above 1, the new side is the faster."""

    cost: str
    base: Spent
    new: Spent
    base_s: float
    new_s: float
    ratio: Answer
    blocks: int
    rounds: str  # "quiet", "fastest" or "all"
    paired: bool  # in lockstep; else two sessions

    @property
    def faster(self) -> int:
        """1 where the new side is surely the faster, -1 where the base is, 0 where the interval holds 1."""
        if self.ratio.low is None or self.ratio.high is None:
            return 0
        return 1 if self.ratio.low > 1 else -1 if self.ratio.high < 1 else 0


@dataclass(frozen=True)
class Meeting:
    """A workload that both sides solved: contrasts by kind of cost, of the best of each side and of each strategy.

    A strategy meets itself at the same number of threads, or else where each side has it but once.
    """

    workload: Record  # and the precision of its arithmetic; without a batch it is of one problem
    best: Mapping[str, Contrast]
    alike: tuple[Mapping[str, Contrast], ...]
    lacking: tuple[tuple[str, str], ...]  # what was asked for and has no time, and why


@dataclass(frozen=True)
class Across:
    """Two sides, and all that they have in common; `moved` is the most that both tell of transfers, None of none."""

    base: Side
    new: Side
    moved: str | None
    meetings: tuple[Meeting, ...]

    @property
    def heading(self) -> str:
        """Which stands against which."""
        return f"{self.new.name} against {self.base.name}"

    def best(self, cost: str) -> list[tuple[Meeting, Contrast]]:
        """The best of each side by one kind of cost, wherever both tell it."""
        return [(meeting, meeting.best[cost]) for meeting in self.meetings if cost in meeting.best]


def compare_sides_across(sides: Sequence[Side]) -> tuple[Across, ...]:
    """Every other side against the first one on which anything was measured; pairs with nothing in common are left out.

    Raises RunFileError where there is one side alone.
    """
    if not sides:
        raise RunFileError("a run without a single case has nothing to compare")
    if len(sides) == 1:
        raise RunFileError(
            f"{sides[0].run.name}: holds cases on {sides[0].device} alone: name a second file, "
            f"or measure both in one run (linregbench run --device cpu,cuda)"
        )
    first, *others = [side for side in sides if side.spent] or sides[:1]
    pairs = [_across(first, other) for other in others]
    return tuple(pair for pair in pairs if pair.meetings)


def without_common(sides: Sequence[Side], pairs: Sequence[Across]) -> list[str]:
    """A line for every side that stands in no comparison: nothing was measured there, or nothing that others have."""
    compared = {across.new.name for across in pairs}
    first = next((side for side in sides if side.spent), None)
    lines = []
    for side in sides:
        if not side.spent:
            why, *others = dict.fromkeys(side.unmeasured.values()) or ["no case was asked for"]
            more = f" (and {counted(len(others), 'other reason')})" if others else ""
            lines.append(f"{side.run.name}: nothing was measured on {side.device}: {plain(why)}{more}")
        elif first and side.name not in {first.name, *compared}:
            lines.append(
                f"{first.name} and {side.name} have no workload in common: measure the same method, sizes, dtype, "
                f"precision and seed on both"
            )
    return lines


def _contrast(base: Spent, new: Spent, cost: str) -> Contrast | None:
    """One kind of cost of two cases; None where either does not tell it.

    Undisturbed where both runs had a sentinel. Within one run paired block by block.
    """
    rounds = least_quiet(base.rounds, new.rounds)
    mine, theirs = ((spent.every if rounds == ALL else spent.log_s).get(cost) for spent in (base, new))
    if mine is None or theirs is None:
        return None
    paired = base.contest is new.contest and not np.isnan(mine - theirs).all()
    interval = t_interval(mine - theirs) if paired else welch_interval(mine, theirs)
    blocks = int(interval.blocks)
    if not blocks:
        return None
    value, low, high = (exp_or_none(float(end)) for end in (interval.mean, interval.low, interval.high))
    answer = Answer(value, low, high)
    steady = ratio_in(base.contest, new.case, base.case) if paired and cost == STEADY else None
    if steady is not None:
        answer, blocks, rounds = Answer(steady.ratio, steady.low, steady.high), steady.blocks, steady.rounds
    base_s, new_s = (float(np.exp(np.nanmean(logs))) for logs in (mine, theirs))
    return Contrast(cost, base, new, base_s, new_s, answer, blocks, rounds, paired)


def _across(base: Side, new: Side) -> Across:
    there, here = _by_workload(base), _by_workload(new)
    common = {key: (there[key], here[key]) for key in there if key in here}
    told = [spent.every for cases in common.values() for of_side in cases for spent in of_side]
    moved = next((kind for kind in (BOTH_WAYS, INWARD) if all(kind in costs for costs in told)), None)
    costs = [cost for cost in COSTS if cost == moved or cost not in (INWARD, BOTH_WAYS)]
    meetings = []
    for key, cases in common.items():
        lacking = tuple(
            (f"{label(case)} on {side.name}", why)
            for side in (base, new)
            for case, why in side.unmeasured.items()
            if workload_of(case) == key
        )
        meetings.append(_meeting(*cases, costs, lacking))
    return Across(base, new, moved, tuple(meetings))


def _meeting(
    base: Sequence[Spent], new: Sequence[Spent], costs: Sequence[str], lacking: tuple[tuple[str, str], ...]
) -> Meeting:
    fastest = {cost: (_best(base, cost), _best(new, cost)) for cost in costs}
    best = _contrasts(fastest)
    pairs = matched(base, new, (lambda case: (label(case), case.threads), label))
    alike = (_contrasts(dict.fromkeys(costs, pair)) for pair in pairs)
    workload = dict(base[0].workload) | {"precision": base[0].case.precision, "cache": base[0].case.cache}
    return Meeting(workload | {"batch": workload.get("batch") or 1}, best, tuple(filter(None, alike)), lacking)


def _contrasts(pairs: Mapping[str, tuple[Spent | None, Spent | None]]) -> dict[str, Contrast]:
    """By kind of cost, of those pairs that are two and tell it."""
    contrasts = {cost: _contrast(base, new, cost) for cost, (base, new) in pairs.items() if base and new}
    return {cost: contrast for cost, contrast in contrasts.items() if contrast}


def _by_workload(side: Side) -> dict[WorkloadKey, list[Spent]]:
    together: dict[WorkloadKey, list[Spent]] = {}
    for case, spent in side.spent.items():
        together.setdefault(workload_of(case), []).append(spent)
    return together


def _best(of_side: Sequence[Spent], cost: str) -> Spent | None:
    """The one that costs least, at whatever number of threads."""
    known = [spent for spent in of_side if cost in spent.every]
    return min(known, key=lambda spent: np.nanmean(spent.log_s[cost]), default=None)
