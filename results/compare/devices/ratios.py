"""Two sides beside each other, workload by workload: the same strategy on both, and the best of each.

Two sides of one run were sampled in lockstep, and their ratios are paired; those of two runs share no moment, and their
intervals come from the blocks of either session (Welch). They hold for these sessions, and nothing is judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...models.rays import Answer
from ...runfile.read import RunFileError
from ...runfile.schema import Scalars
from ...stats.estimates import label, ratio_in
from ...stats.intervals import FloatArray, Interval, t_interval, welch_interval
from ...stats.ratios import exp_or_none
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

    workload: Scalars  # without a batch it is of one problem
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
    def costs(self) -> tuple[str, ...]:
        """The kinds of cost that are shown."""
        return tuple(cost for cost in COSTS if cost == self.moved or cost not in (INWARD, BOTH_WAYS))


def compare_sides_across(sides: Sequence[Side]) -> tuple[Across, ...]:
    """Every other side against the first one on which anything was measured; pairs with nothing in common are left out.

    Raises RunFileError where there is one side alone.
    """
    if len(sides) < 2:
        raise RunFileError(_alone(sides))
    first, *others = [side for side in sides if side.spent] or sides[:1]
    pairs = [_across(first, other) for other in others]
    return tuple(pair for pair in pairs if pair.meetings)


def without_common(sides: Sequence[Side], pairs: Sequence[Across]) -> list[str]:
    """A line for every side that stands in no comparison: nothing was measured there, or nothing that others have."""
    compared = {name for across in pairs for name in (across.base.name, across.new.name)}
    lines = [_unmeasured(side) for side in sides if not side.spent]
    first, *others = [side for side in sides if side.spent] or sides[:1]
    lines += [
        f"{first.name} and {side.name} have no workload in common: measure the same method, sizes, dtype, precision "
        f"and seed on both"
        for side in others
        if side.name not in compared
    ]
    return lines


def _unmeasured(side: Side) -> str:
    whys = list(dict.fromkeys(side.unmeasured.values())) or ["no case was asked for"]
    more = f" (and {counted(len(whys) - 1, 'other reason')})" if len(whys) > 1 else ""
    return f"{side.run.name}: nothing was measured on {side.device}: {plain(whys[0])}{more}"


def _alone(sides: Sequence[Side]) -> str:
    if not sides:
        return "a run without a single case has nothing to compare"
    (side,) = sides
    return (
        f"{side.run.name}: holds cases on {side.device} alone: name a second file, "
        f"or measure both in one run (linregbench run --device cpu,cuda)"
    )


def contrast(base: Spent, new: Spent, cost: str) -> Contrast | None:
    """One kind of cost of two cases; None where either does not tell it.

    Undisturbed where both runs had a sentinel. Within one run paired: the steady state round by round, the others,
    which have one value a block, block by block.
    """
    quiet = base.quiet is not None and new.quiet is not None
    mine, theirs = (_costs(spent, quiet=quiet).get(cost) for spent in (base, new))
    if mine is None or theirs is None:
        return None
    paired = base.contest is new.contest and not np.isnan(mine - theirs).all()
    interval = t_interval(mine - theirs) if paired else welch_interval(mine, theirs)
    if not int(interval.blocks):
        return None
    rounds = "quiet" if quiet else "all"
    answer, blocks = _answer(interval), int(interval.blocks)
    by_round = ratio_in(base.contest, new.case, base.case) if paired and cost == STEADY else None
    if by_round is not None:
        answer, blocks, rounds = Answer(by_round.ratio, by_round.low, by_round.high), by_round.blocks, by_round.rounds
    base_s, new_s = (float(np.exp(np.nanmean(logs))) for logs in (mine, theirs))
    return Contrast(cost, base, new, base_s, new_s, answer, blocks, rounds, paired)


def _across(base: Side, new: Side) -> Across:
    there, here = _by_workload(base), _by_workload(new)
    common = [key for key in there if key in here]
    costs_of_all = [spent.every for key in common for side in (there, here) for spent in side[key]]
    moved = next(
        (kind for kind in (BOTH_WAYS, INWARD) if costs_of_all and all(kind in costs for costs in costs_of_all)), None
    )
    across = Across(base, new, moved, ())
    return replace(across, meetings=tuple(_meeting(across, key, there[key], here[key]) for key in common))


def _meeting(across: Across, key: WorkloadKey, base: Sequence[Spent], new: Sequence[Spent]) -> Meeting:
    best = {}
    for cost in across.costs:
        first, second = (_best(spent, cost) for spent in (base, new))
        of_best = first and second and contrast(first, second, cost)
        if of_best:
            best[cost] = of_best
    pairs = matched(base, new, (lambda case: (label(case), case.threads), label))
    alike = [
        {cost: known for cost in across.costs if (known := contrast(one, other, cost))}
        for one, other in pairs
        if one and other
    ]
    lacking = [
        (f"{label(case)} on {side.name}", why)
        for side in (across.base, across.new)
        for case, why in side.unmeasured.items()
        if workload_of(case) == key
    ]
    workload = dict(base[0].workload)
    return Meeting(workload | {"batch": workload.get("batch") or 1}, best, tuple(filter(None, alike)), tuple(lacking))


def _by_workload(side: Side) -> dict[WorkloadKey, list[Spent]]:
    together: dict[WorkloadKey, list[Spent]] = {}
    for case, spent in side.spent.items():
        together.setdefault(workload_of(case), []).append(spent)
    return together


def _best(of_side: Sequence[Spent], cost: str) -> Spent | None:
    """The one that costs least, at whatever number of threads."""
    known = [spent for spent in of_side if cost in spent.every]
    return min(known, key=lambda spent: np.nanmean(_costs(spent, quiet=True)[cost]), default=None)


def _costs(spent: Spent, *, quiet: bool) -> Mapping[str, FloatArray]:
    return spent.quiet if quiet and spent.quiet is not None else spent.every


def _answer(interval: Interval) -> Answer:
    low, high = (exp_or_none(float(end)) for end in (interval.low, interval.high))
    return Answer(exp_or_none(float(interval.mean)), low, high)
