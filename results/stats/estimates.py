"""From measurements to estimates: one a case, with its time, its ratio to the baseline and its ratio to the winner.

Needs no pandas, since the stop rule calls it after every block. The rules: a low quantile inside a block, t interval
of the logs across blocks, ratios taken in each block and only inside one problem.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from operator import attrgetter
from statistics import median
from typing import Any

import numpy as np

from ..fields import DATA, LARGEST, MEDIANS, STEADY
from ..runfile.read import Run
from ..runfile.records import Block, Case, Measurement, Stop, problem_key
from ..runfile.schema import Scalars
from ..words.names import at_precision
from ..words.settings import under
from .contests import Contest, ContestKey, baseline_of, contests, contests_of, floors
from .findings import withheld
from .intervals import FloatArray, quantile
from .lockstep import NOT_STEADY, Lockstep, aa_values, log_ratios, log_times, only, unsteady
from .quiet import thresholds
from .ratios import Ratio, control_false_discoveries, exp_or_none, ratios_of, sequential_ratio, to_itself

# all of a measurement in one call: a run has a hundred thousand
_medians, _largest = attrgetter(*MEDIANS), attrgetter(*LARGEST)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One case of one run: a row of every table. Times are seconds a call; None where there is nothing to say.

    The status is that of the first block that was not ok; a row that is not ok has no times, medians or ratios. A row
    with a finding that makes its time false is ok and has medians, but neither times, nor what is of every call, nor
    ratios; its reason says why.
    """

    case: Case
    workload: Scalars
    status: str
    reason: str | None
    blocks: int = 0  # those that time_s rests on
    nodes: str | None = None  # the machines that those are of, in a sweep over several
    time_s: float | None = None
    time_low_s: float | None = None
    time_high_s: float | None = None
    time_all_s: float | None = None
    time_min_s: float | None = None
    time_per_problem_s: float | None = None
    rounds: str | None = None  # quiet, fastest or all: the samples that time_s rests on in most blocks
    quiet_share: float | None = None
    baseline: str | None = None
    versus_baseline: Ratio | None = None
    winner: str | None = None
    versus_winner: Ratio | None = None
    operations: str = DATA
    data_winner: str | None = None
    versus_data_winner: Ratio | None = None
    measured: Mapping[str, float | None]  # the median or the largest of the blocks, by the names in MEDIANS and LARGEST
    first_result_s: float | None = None  # transfer to first call, summed block by block
    first_result_low_s: float | None = None
    first_result_high_s: float | None = None
    findings: tuple[str, ...]
    guards_left_out: tuple[str, ...] = ()
    stop_reason: str | None

    @property
    def launch_gap_s(self) -> float | None:
        """Seconds of a call in which an accelerator had nothing to do; None where the profiler did not tell."""
        busy_s = self.measured.get("device_busy_s")
        return None if busy_s is None or self.time_s is None else max(0.0, self.time_s - busy_s)


def label(case: Case) -> str:
    """How a case is named inside its workload: strategy, variant, precision not the highest, setting, cold caches."""
    return f"{case.strategy} {case.variant}{at_precision(case.precision)}{under(case.setting, case.cache)}"


def estimate_run(run: Run, gathered: Mapping[ContestKey, Contest] | None = None) -> tuple[Estimate, ...]:
    """Every case of a run, in the order of the file; `gathered` are its contests where they are at hand."""
    return _estimates(contests_of(run) if gathered is None else gathered, run.stops)


def estimate(
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    *,
    stops: Iterable[Stop] = (),
    limits: Mapping[str, float] | None = None,
) -> tuple[Estimate, ...]:
    """Every case among the measurements, grouped by problem; those of blocks that are not given count for nothing.

    For one problem of a longer run give its measurements and blocks, and as `limits` the `quiet.thresholds` of all
    blocks of the run. Verdicts against the baseline are under false-discovery control over the cases given.
    """
    return _estimates(contests(measurements, blocks, thresholds(blocks) if limits is None else limits), stops)


def ratio_between(
    case: Case,
    other: Case,
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    *,
    limits: Mapping[str, float] | None = None,
) -> Ratio | None:
    """Time of `other` / time of `case`, block by block; None where they never met or one is not ok.

    Any two cases of one problem at one thread setting: two strategies, environments, dtypes or devices. Judged by
    itself, so a caller with many of them applies `ratios.control_false_discoveries`.
    """
    limits = thresholds(blocks) if limits is None else limits
    contest = contests(measurements, blocks, limits).get((case.problem, case.threads))
    return None if contest is None else ratio_in(contest, case, other)


def ratio_in(contest: Contest, case: Case, other: Case, more_than: float | None = None) -> Ratio | None:
    """`ratio_between` for a contest that was gathered already; the floor is that of either side's baseline.

    With `more_than`, a fraction, as a sequence of looks that stops where the two surely differ by more, or by less.
    """
    if case not in contest.believed or other not in contest.believed:
        return None
    baseline = baseline_of(contest, case)
    if baseline is None:
        baseline = baseline_of(contest, other)
    concerned = replace(contest, lockstep=only(contest.lockstep, {case, other, baseline or case}))
    if more_than is None:
        return _ratios_to(other, [case], concerned, baseline)[case]
    lockstep = concerned.lockstep
    via = None if baseline is None else lockstep.rows[baseline, False]
    values = log_ratios(lockstep, lockstep.rows[other, False], via)
    twin = None if baseline is None else lockstep.rows.get((baseline, True))
    aa = np.full(values.values.shape[1], np.nan)
    if via is not None and twin is not None:
        aa = aa_values(lockstep, via, twin, quiet=bool(lockstep.watched.any()))
    return sequential_ratio(values, lockstep.rows[case, False], aa, more_than)


def _estimates(gathered: Mapping[ContestKey, Contest], stops: Iterable[Stop]) -> tuple[Estimate, ...]:
    reasons: dict[ContestKey, dict[Case | None, str]] = {}
    for stop in stops:
        reasons.setdefault((problem_key(stop.problem), stop.threads), {})[stop.row] = stop.reason
    rows: list[Estimate] = []
    for key, contest in gathered.items():
        rows += _estimate_contest(contest, reasons.get(key, {}))
    judged = [n for n, row in enumerate(rows) if row.versus_baseline and row.versus_baseline.verdict != "baseline"]
    ratios = [ratio for n in judged if (ratio := rows[n].versus_baseline)]
    for n, ratio in zip(judged, control_false_discoveries(ratios), strict=True):
        rows[n] = replace(rows[n], versus_baseline=ratio)
    return tuple(rows)


def _estimate_contest(contest: Contest, stop_reasons: Mapping[Case | None, str]) -> list[Estimate]:
    by_case: dict[Case, list[Measurement]] = {}
    for measurement in sorted(contest.measurements, key=lambda m: (m.block, m.group)):
        if measurement.role != "twin":
            by_case.setdefault(measurement.case, []).append(measurement)
    of_contest = stop_reasons.get(None)
    rows = {c: _facts(c, of_case, stop_reasons.get(c, of_contest)) for c, of_case in by_case.items()}
    # what is known of each case besides: one replacement at the end, since a run has thousands of cases
    more: dict[Case, dict[str, Any]] = {case: {} for case in rows} | _times(rows, contest)
    baselines = {case: baseline_of(contest, case) for case in contest.believed}
    for base in dict.fromkeys(baselines.values()):
        if base is not None:
            beside = [case for case in baselines if baselines[case] == base]
            ratios = _ratios_to(base, beside, contest, base, itself="baseline")
            for case, ratio in ratios.items():
                more[case] |= {"baseline": label(base), "versus_baseline": ratio}
    # whether emptied caches slow it down is another question than which is the fastest
    races: dict[tuple[str, str, str], dict[Case, float]] = {}
    for case in contest.believed:
        if (time_s := more[case].get("time_s")) is not None:
            races.setdefault((case.dtype, case.environment, case.cache), {})[case] = time_s
    for times in races.values():
        through_data = {case for case in times if rows[case].operations == DATA}
        for case, won in _race(times, through_data, contest, baselines).items():
            more[case] |= won
    return [replace(row, **more[case]) for case, row in rows.items()]


def _facts(case: Case, measurements: Sequence[Measurement], stop_reason: str | None) -> Estimate:
    """All that is not speed; the first block that is not ok retires the case."""
    bad = next((m for m in measurements if m.status != "ok"), None)
    counted = [] if bad else measurements
    findings = tuple(dict.fromkeys(finding for m in measurements for finding in m.findings))
    why = bad.reason if bad else withheld(findings)
    medians = zip(*map(_medians, counted), strict=True) if counted else ((),) * len(MEDIANS)
    measured = dict(zip(MEDIANS, map(_middle, medians), strict=True))
    if why:
        measured |= dict.fromkeys(STEADY)
    for name, values in zip(LARGEST, zip(*map(_largest, measurements), strict=True), strict=True):
        measured[name] = max((value for value in values if value is not None), default=None)
    all_first = [m.first_result_s for m in counted]
    low_s, high_s = _ends([seconds for seconds in all_first if seconds])
    return Estimate(
        case=case,
        workload=measurements[0].workload,
        operations=measurements[0].operations or DATA,
        status=bad.status if bad else "ok",
        reason=why,
        measured=measured,
        first_result_s=_middle(all_first),
        first_result_low_s=low_s,
        first_result_high_s=high_s,
        findings=findings,
        guards_left_out=tuple(dict.fromkeys(name for m in measurements for name in m.guards_left_out or ())),
        stop_reason=stop_reason,
    )


def _ends(seconds: Sequence[float]) -> tuple[float, float] | tuple[None, None]:
    """Of the 95% interval over blocks, in logs, about the median; none below two blocks."""
    if len(seconds) < 2:
        return None, None
    # in plain Python: it is asked of every case, and for five numbers NumPy takes ten times as long
    logs = list(map(math.log, seconds))
    centre, freedom = sum(logs) / len(logs), len(logs) - 1
    spread = math.sqrt(sum((log_s - centre) ** 2 for log_s in logs) / freedom / len(logs))
    factor = math.exp(min(quantile(freedom) * spread, 300.0))
    middle = median(seconds)
    return middle / factor, middle * factor


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _times(rows: Mapping[Case, Estimate], contest: Contest) -> dict[Case, dict[str, Any]]:
    """What the samples of each case tell, by field; those of a case without one are left out."""
    lockstep: Lockstep = contest.lockstep
    best, every = log_times(lockstep), log_times(lockstep, allow_quiet=False)
    interval, all_rounds = best.interval, every.interval
    lows, highs = interval.low, interval.high
    sampled = ~np.isnan(lockstep.log_s)
    with np.errstate(invalid="ignore"):
        quiet_share = (lockstep.quiet & sampled).sum(axis=(1, 2)) / sampled.sum(axis=(1, 2))
    least_s: FloatArray = np.exp(np.where(sampled, lockstep.log_s, np.inf).min(axis=(1, 2), initial=np.inf))
    drifting = unsteady(lockstep)
    return {
        case: {
            "blocks": int(interval.blocks[row]),
            "nodes": ", ".join(sorted({*filter(None, lockstep.nodes)})) or None,
            "time_s": (time_s := exp_or_none(interval.mean[row])),
            "time_per_problem_s": time_s and time_s / int(rows[case].workload.get("batch") or 1),
            "time_low_s": exp_or_none(lows[row]),
            "time_high_s": exp_or_none(highs[row]),
            "time_all_s": exp_or_none(all_rounds.mean[row]),
            "time_min_s": float(least_s[row]),
            "rounds": best.rounds[row],
            "quiet_share": float(quiet_share[row]),
            "findings": rows[case].findings + (NOT_STEADY,) * bool(drifting[row]),
        }
        for case in contest.believed
        if sampled[row := lockstep.rows[case, False]].any()
    }


def _race(
    times: Mapping[Case, float],
    through_data: AbstractSet[Case],
    contest: Contest,
    baselines: Mapping[Case, Case | None],
) -> dict[Case, dict[str, Any]]:
    """By case, the fields that say who wins and by how much: of all, and of those whose steps go through the data."""
    leader, ratios = _winner(times, contest, baselines)
    won: dict[Case, dict[str, Any]] = {}
    for case, ratio in ratios.items():
        won[case] = {"winner": label(leader), "versus_winner": ratio}
    if through_data and leader not in through_data:
        leader, ratios = _winner({case: times[case] for case in times if case in through_data}, contest, baselines)
    for case in through_data:
        won[case] |= {"data_winner": label(leader), "versus_data_winner": ratios[case]}
    return won


def _winner(
    times: Mapping[Case, float], contest: Contest, baselines: Mapping[Case, Case | None]
) -> tuple[Case, dict[Case, Ratio | None]]:
    """The fastest of one race, by time, unless a paired ratio surely says otherwise; and the ratio of each to it."""
    leader = min(times, key=times.__getitem__)
    ratios = _ratios_to(leader, [*times], contest, baselines[leader], itself="winner")
    passed = {leader}
    while faster := {c: r.ratio for c, r in ratios.items() if c not in passed and r and r.verdict == "faster"}:
        leader = max(faster, key=faster.__getitem__)
        ratios = _ratios_to(leader, [*times], contest, baselines[leader], itself="winner")
        passed.add(leader)
    return leader, ratios


def _ratios_to(
    reference: Case, cases: Sequence[Case], contest: Contest, baseline: Case | None, *, itself: str | None = None
) -> dict[Case, Ratio | None]:
    """The ratio of each case to the reference, in other groups through the baseline; `itself` in place of a verdict."""
    lockstep = contest.lockstep
    via = None if baseline is None else lockstep.rows[baseline, False]
    ratios = ratios_of(log_ratios(lockstep, lockstep.rows[reference, False], via), floors(contest, baseline))
    of_cases = {case: ratios[lockstep.rows[case, False]] for case in cases}
    if itself and (ratio := of_cases.get(reference)) is not None:
        of_cases[reference] = to_itself(ratio, itself)
    return of_cases
