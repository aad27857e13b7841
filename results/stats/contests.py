"""Who competes with whom: the cases of one problem at one thread setting, side by side, and the baseline of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..runfile.read import Run
from ..runfile.records import Block, Case, Measurement, ProblemKey
from .findings import falsifying
from .lockstep import Lockstep, gather
from .quiet import thresholds
from .ratios import Floors, floors_of

ContestKey = tuple[ProblemKey, str]


@dataclass(frozen=True)
class Contest:
    """All that was measured of one problem at one thread setting."""

    measurements: Sequence[Measurement]
    lockstep: Lockstep
    believed: tuple[Case, ...]  # ok in every block, and nothing found that makes their time false
    named: frozenset[Case]  # the baselines, believed or not

    @cached_property
    def floors(self) -> dict[Case, Floors]:
        """Those that were asked for."""
        return {}


def contests_of(run: Run) -> dict[ContestKey, Contest]:
    """Those of a whole run."""
    return contests(run.measurements, run.blocks, thresholds(run.blocks))


def contests(
    measurements: Iterable[Measurement], blocks: Iterable[Block], limits: Mapping[str, float]
) -> dict[ContestKey, Contest]:
    """The measurements by contest, in the order of the file; `limits` are `quiet.thresholds` of the run."""
    apart: dict[ContestKey, tuple[list[Measurement], list[Block]]] = {}
    for measurement in measurements:
        apart.setdefault(measurement.block_key[:2], ([], []))[0].append(measurement)
    for block in blocks:
        apart.setdefault(block.key[:2], ([], []))[1].append(block)
    return {
        key: Contest(
            measured,
            gather(measured, closed, limits),
            _believed(measured),
            frozenset(m.case for m in measured if m.role == "baseline"),
        )
        for key, (measured, closed) in apart.items()
    }


def baseline_of(contest: Contest, case: Case) -> Case | None:
    """The baseline of the case's environment, of its dtype where there is one; lstsq in NumPy stands in for OLS."""
    here = [other for other in contest.believed if other.environment == case.environment]
    for candidates in (
        [other for other in here if other in contest.named],
        [other for other in here if (other.strategy, other.variant) == ("numpy_loop", "lstsq")],
    ):
        if candidates:
            alike = [other for other in candidates if (other.dtype, other.precision) == (case.dtype, case.precision)]
            return (alike or candidates)[0]
    return None


def floors(contest: Contest, baseline: Case | None) -> Floors:
    """The noise floors of the baseline's A/A pair; none without a baseline."""
    if baseline is None:
        return Floors()
    if baseline not in contest.floors:
        rows = contest.lockstep.rows
        contest.floors[baseline] = floors_of(contest.lockstep, rows[baseline, False], rows.get((baseline, True)))
    return contest.floors[baseline]


def _believed(measurements: Sequence[Measurement]) -> tuple[Case, ...]:
    timed = [m for m in measurements if m.role != "twin"]
    doubted = {m.case for m in timed if m.status != "ok" or falsifying(m.findings)}
    return tuple(dict.fromkeys(m.case for m in timed if m.case not in doubted))
