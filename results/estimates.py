"""From measurements to estimates: one a case, with its time, its ratio to the baseline and its ratio to the winner.

Needs no pandas, since the stop rule calls it after every block. The rules: median inside a block, t interval of the
logs across blocks, ratios paired by round and only inside one problem.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TypeVar

import numpy as np

from results.kinds import Block, Case, Measurement, ProblemKey, Stop, problem_key
from results.lockstep import Lockstep, gather, log_ratios, log_times
from results.quiet import thresholds
from results.ratios import Floors, Ratio, control_false_discoveries, exp_or_none, floors_of, ratios_of, to_itself
from results.records import Run
from results.schema import Scalars
from results.statistics import t_interval

PHASES = ("transfer_s", "trace_s", "lower_s", "compile_s", "first_call_s", "warm_up_s", "dispatch_s", "cpu_over_wall")

_Number = TypeVar("_Number", int, float)
_Problems = dict[tuple[ProblemKey, str], tuple[list[Measurement], list[Block]]]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One case of one run: a row of every table. Times are seconds a call; None where there is nothing to say.

    The status is that of the first block that was not ok; a row that is not ok has no times, phases or ratios.
    """

    case: Case
    workload: Scalars
    status: str
    reason: str | None
    blocks: int = 0  # those that time_s rests on
    time_s: float | None = None
    time_low_s: float | None = None
    time_high_s: float | None = None
    time_all_s: float | None = None
    time_min_s: float | None = None
    rounds: str | None = None  # "quiet" or "all": those that time_s rests on
    quiet_share: float | None = None
    baseline: str | None = None
    versus_baseline: Ratio | None = None
    winner: str | None = None
    versus_winner: Ratio | None = None
    phases: Mapping[str, float | None]  # median over the blocks, by the names in PHASES
    first_result_s: float | None = None  # transfer to first call, summed block by block
    error: float | None
    error_limit: float | None
    peak_rss_bytes: int | None
    rss_growth_bytes: int | None
    compiles: int | None
    findings: tuple[str, ...]
    stop_reason: str | None


def estimate_run(run: Run) -> tuple[Estimate, ...]:
    """Every case of a run, in the order of the file."""
    return estimate(run.measurements, run.blocks, stops=run.stops)


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
    limits = thresholds(blocks) if limits is None else limits
    reasons = {(problem_key(stop.problem), stop.threads): stop.reason for stop in stops}
    found: list[Estimate] = []
    for key, (its_measurements, its_blocks) in _by_problem(measurements, blocks).items():
        found += _estimate_problem(its_measurements, its_blocks, limits, reasons.get(key))
    judged = [n for n, row in enumerate(found) if row.versus_baseline and row.versus_baseline.verdict != "baseline"]
    ratios = [ratio for n in judged if (ratio := found[n].versus_baseline)]
    for n, ratio in zip(judged, control_false_discoveries(ratios), strict=True):
        found[n] = replace(found[n], versus_baseline=ratio)
    return tuple(found)


def ratio_between(
    case: Case,
    other: Case,
    measurements: Sequence[Measurement],
    blocks: Sequence[Block],
    *,
    limits: Mapping[str, float] | None = None,
) -> Ratio | None:
    """Time of `other` / time of `case`, paired by round in the same block; None where they never met or one is not ok.

    Any two cases of one problem at one thread setting: two strategies, environments, dtypes or devices. Judged by
    itself, so a caller with many of them applies `ratios.control_false_discoveries`.
    """
    limits = thresholds(blocks) if limits is None else limits
    mine, theirs = _by_problem(measurements, blocks).get((case.problem, case.threads), ([], []))
    lockstep = gather(mine, theirs, limits)
    retired = {m.case for m in mine if m.status != "ok" and m.role != "twin"}
    ok = [m.case for m in mine if m.case not in retired]
    if case not in ok or other not in ok:
        return None
    return _ratios_to(other, [case], lockstep, _baseline_of(case, mine, ok))[case]


def label(case: Case) -> str:
    """How a case is named inside its workload: strategy and variant."""
    return f"{case.strategy} {case.variant}"


def _estimate_problem(
    measurements: Sequence[Measurement], blocks: Sequence[Block], limits: Mapping[str, float], stop_reason: str | None
) -> list[Estimate]:
    lockstep = gather(measurements, blocks, limits)
    by_case: dict[Case, list[Measurement]] = {}
    for measurement in sorted(measurements, key=lambda m: (m.block, m.group)):
        if measurement.role != "twin":
            by_case.setdefault(measurement.case, []).append(measurement)
    rows = {case: _facts(case, of_case, stop_reason) for case, of_case in by_case.items()}
    ok = [case for case, row in rows.items() if row.status == "ok"]
    _add_times(rows, ok, lockstep)
    baselines = {case: _baseline_of(case, measurements, ok) for case in ok}
    for base in dict.fromkeys(baselines.values()):
        if base is not None:
            ratios = _ratios_to(base, [case for case in ok if baselines[case] == base], lockstep, base)
            for case, ratio in ratios.items():
                own = to_itself(ratio, "baseline") if ratio is not None and case == base else ratio
                rows[case] = replace(rows[case], baseline=label(base), versus_baseline=own)
    contests: dict[tuple[str, str, str], list[Case]] = {}
    for case in ok:
        if rows[case].time_s is not None:
            contests.setdefault((case.dtype, case.precision, case.environment), []).append(case)
    for cases in contests.values():
        _add_winner(rows, cases, lockstep, baselines)
    return list(rows.values())


def _add_times(rows: dict[Case, Estimate], ok: Sequence[Case], lockstep: Lockstep) -> None:
    best, every = log_times(lockstep), log_times(lockstep, allow_quiet=False)
    interval, all_rounds = t_interval(best.values), t_interval(every.values)
    sampled = ~np.isnan(lockstep.log_s)
    for case in ok:
        row = lockstep.rows[case, False]
        taken = sampled[row]
        if not taken.any():
            continue
        sessions = taken.any(axis=-1)
        rows[case] = replace(
            rows[case],
            blocks=int(interval.blocks[row]),
            time_s=exp_or_none(interval.mean[row]),
            time_low_s=exp_or_none(interval.low[row]),
            time_high_s=exp_or_none(interval.high[row]),
            time_all_s=exp_or_none(all_rounds.mean[row]),
            time_min_s=float(np.exp(np.nanmin(lockstep.log_s[row]))),
            rounds="quiet" if best.quiet[row] else "all",
            quiet_share=float(lockstep.quiet[sessions].sum() / lockstep.rounds[sessions].sum()),
        )


def _add_winner(
    rows: dict[Case, Estimate], cases: list[Case], lockstep: Lockstep, baselines: Mapping[Case, Case | None]
) -> None:
    """Compares the cases of one contest with the fastest: by time, unless a paired ratio surely says otherwise."""
    leader = min(cases, key=lambda case: rows[case].time_s or float("inf"))
    ratios = _ratios_to(leader, cases, lockstep, baselines[leader])
    passed = {leader}
    while faster := {c: r.ratio for c, r in ratios.items() if c not in passed and r and r.verdict == "faster"}:
        leader = max(faster, key=faster.__getitem__)
        ratios = _ratios_to(leader, cases, lockstep, baselines[leader])
        passed.add(leader)
    for case, ratio in ratios.items():
        own = to_itself(ratio, "winner") if ratio is not None and case == leader else ratio
        rows[case] = replace(rows[case], winner=label(leader), versus_winner=own)


def _ratios_to(
    reference: Case, cases: Sequence[Case], lockstep: Lockstep, baseline: Case | None
) -> dict[Case, Ratio | None]:
    """The ratio of each case to the reference, in other groups through the baseline."""
    via = None if baseline is None else lockstep.rows[baseline, False]
    ratios = ratios_of(log_ratios(lockstep, lockstep.rows[reference, False], via), _floors(lockstep, baseline))
    return {case: ratios[lockstep.rows[case, False]] for case in cases}


def _facts(case: Case, measurements: Sequence[Measurement], stop_reason: str | None) -> Estimate:
    """All that is not speed; the first block that is not ok retires the case."""
    bad = next((m for m in measurements if m.status != "ok"), None)
    counted = [] if bad else measurements
    return Estimate(
        case=case,
        workload=measurements[0].workload,
        status=bad.status if bad else "ok",
        reason=bad.reason if bad else None,
        phases={phase: _middle(getattr(m, phase) for m in counted) for phase in PHASES},
        first_result_s=_middle(m.first_result_s for m in counted),
        error=_largest(m.error for m in measurements),
        error_limit=_largest(m.error_limit for m in measurements),
        peak_rss_bytes=_largest(m.peak_rss_bytes for m in measurements),
        rss_growth_bytes=_largest(m.rss_growth_bytes for m in measurements),
        compiles=_largest(m.compiles for m in measurements),
        findings=tuple(dict.fromkeys(finding for m in measurements for finding in m.findings)),
        stop_reason=stop_reason,
    )


def _baseline_of(case: Case, measurements: Sequence[Measurement], ok: Sequence[Case]) -> Case | None:
    """The baseline of the case's environment, of its dtype where there is one; lstsq in NumPy stands in for OLS."""
    here = [other for other in ok if other.environment == case.environment]
    named = {m.case for m in measurements if m.role == "baseline"}
    for candidates in (
        [other for other in here if other in named],
        [other for other in here if (other.strategy, other.variant) == ("numpy_loop", "lstsq")],
    ):
        if candidates:
            alike = [other for other in candidates if (other.dtype, other.precision) == (case.dtype, case.precision)]
            return (alike or candidates)[0]
    return None


def _floors(lockstep: Lockstep, baseline: Case | None) -> Floors:
    if baseline is None:
        return Floors()
    return floors_of(lockstep, lockstep.rows[baseline, False], lockstep.rows.get((baseline, True)))


def _by_problem(measurements: Sequence[Measurement], blocks: Sequence[Block]) -> _Problems:
    problems: _Problems = {}
    for measurement in measurements:
        problems.setdefault(measurement.block_key[:2], ([], []))[0].append(measurement)
    for block in blocks:
        problems.setdefault(block.key[:2], ([], []))[1].append(block)
    return problems


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _largest(values: Iterable[_Number | None]) -> _Number | None:
    return max((value for value in values if value is not None), default=None)
