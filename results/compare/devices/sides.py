"""The sides of a comparison across devices or machines: one device of one run each, and what every case cost there.

A cost has one value a block, as everywhere: the process is the unit of replication, for a transfer as for a time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from ...runfile.read import Run, RunFileError
from ...runfile.records import Case, Measurement
from ...runfile.schema import Scalars
from ...stats.contests import Contest, ContestKey, contests_of
from ...stats.findings import withheld
from ...stats.intervals import FloatArray
from ...stats.lockstep import log_times
from ...words.text import plain

STEADY, INWARD, BOTH_WAYS, FIRST, FLOW = "steady state", "transfer in", "transfers", "first result", "throughput"
COSTS = (STEADY, INWARD, BOTH_WAYS, FIRST, FLOW)
"""One call on data in place; the same with the data's way to the device; with the answer's way back as well; from
data on the host to the first result, compile and all; and a call where several are enqueued and waited for once."""

WorkloadKey = tuple[object, ...]


@dataclass(frozen=True)
class Spent:
    """What one case cost on its side: log seconds by kind of cost and block, NaN where a block has none.

    `log_s` of the steady state is what nothing disturbed, where there was a sentinel, and `every` the same of all
    samples. A kind is missing where its phases were not measured, but FLOW, which then is the steady state.
    """

    case: Case
    workload: Scalars
    contest: Contest
    log_s: Mapping[str, FloatArray]
    rounds: str  # what they rest on: QUIET, FASTEST or ALL
    every: Mapping[str, FloatArray]
    batched: bool  # one call of the solver for a whole batch; else a loop over its problems
    busy_s: float | None  # a call, as the profiler saw the device at work


@dataclass(frozen=True)
class Side:
    """One device of one run."""

    name: str  # unique among the sides that are compared
    run: Run
    device: str
    kind: str  # `kind_of` it
    spent: Mapping[Case, Spent]
    unmeasured: Mapping[Case, str]  # and why


def sides_of(runs: Sequence[Run]) -> tuple[Side, ...]:
    """Every device of every run, the first of the first run first; one that was there for the baseline alone is none.

    Raises RunFileError where a run is given twice.
    """
    names: dict[str, str] = {}
    for run in runs:
        if run.header.run in names:
            raise RunFileError(f"{run.name}: holds run {run.header.run}, as {names[run.header.run]} does; give it once")
        names[run.header.run] = run.name
    gathered = {run.header.run: contests_of(run) for run in runs}
    devices = [(run, device) for run in runs for device in devices_of(run)]
    named = zip(_names(devices), devices, strict=True)
    return tuple(_side(name, run, device, gathered[run.header.run]) for name, (run, device) in named)


def kind_of(run: Run, device: str) -> str:
    """What a device of a run calls itself; on a CPU, what the machine calls it."""
    kinds = [e.device_kind for e in run.environments if e.device == device and e.device_kind]
    processor = run.header.machine.get("cpu")
    return str(processor) if device == "cpu" and processor else kinds[-1] if kinds else "not told"


def workload_of(case: Case) -> WorkloadKey:
    """What two sides must share to be compared: problem, arithmetic and caches, on whatever device and threads."""
    return case.problem, case.dtype, case.precision, case.cache


def devices_of(run: Run) -> list[str]:
    """Those that cases were asked for on; the baseline is on the CPU of every run, and alone makes no side."""
    asked = dict.fromkeys(m.device for m in run.measurements if m.role == "case")
    return list(asked or dict.fromkeys(m.device for m in run.measurements))


def _names(sides: Sequence[tuple[Run, str]]) -> list[str]:
    """The device's name where no other side has it; else its file's as well, and that alone where all devices are one.

    Files of one name go by their runs.
    """
    devices = Counter(device for _, device in sides)
    stems = {run.header.run: Path(run.name).stem for run, _ in sides}
    alike = Counter(stems.values())
    names = []
    for run, device in sides:
        stem = stems[run.header.run]
        file = stem if alike[stem] == 1 else run.header.run
        whole = file if len(devices) == 1 else f"{device} of {file}"
        names.append(plain(device if devices[device] == 1 else whole))
    return names


def _side(name: str, run: Run, device: str, gathered: Mapping[ContestKey, Contest]) -> Side:
    judged = {m.environment for m in run.measurements if m.role == "baseline"}
    by_case: dict[Case, list[Measurement]] = {}
    for m in run.measurements:
        # of a run of two environments, that of the baseline: the working tree
        if m.device == device and m.role != "twin" and (not judged or m.environment in judged):
            by_case.setdefault(m.case, []).append(m)
    spent = {}
    closed: dict[object, set[int]] = {}
    for block in run.blocks:
        closed.setdefault(block.key[:2], set()).add(block.block)
    for key, contest in gathered.items():
        numbers = sorted(closed.get(key, ()))
        best, every = log_times(contest.lockstep), log_times(contest.lockstep, allow_quiet=False)
        for case in contest.believed:
            row = contest.lockstep.rows[case, False]
            if case not in by_case or np.isnan(every.values[row]).all():
                continue
            of_case = by_case[case]
            extra = _phases(of_case, numbers)
            busy_s = [m.device_busy_s for m in of_case if m.device_busy_s]
            spent[case] = Spent(
                case,
                of_case[0].workload,
                contest,
                _costs(best.values[row], extra),
                best.rounds[row],
                _costs(every.values[row], extra),
                of_case[0].batched,
                median(busy_s) if busy_s else None,
            )
    unmeasured = {case: _why(of_case) for case, of_case in by_case.items() if case not in spent}
    return Side(name, run, device, kind_of(run, device), spent, unmeasured)


def _phases(measurements: Sequence[Measurement], numbers: Sequence[int]) -> dict[str, FloatArray]:
    """Seconds by kind and block beside the steady state; a kind that no block has is left out."""
    by_kind: dict[str, list[list[float]]] = {}
    for measurement in measurements:
        here = measurement.backend != "jax" and measurement.transfer_s is None  # nothing moves
        inward, outward = (0.0 if here else s for s in (measurement.transfer_s, measurement.transfer_out_s))
        values = {
            INWARD: inward,
            BOTH_WAYS: None if inward is None or outward is None else inward + outward,
            FIRST: measurement.first_result_s or None,
            FLOW: measurement.throughput_s or None,
        }
        for kind, value in values.items():
            if value is not None:
                by_kind.setdefault(kind, [[] for _ in numbers])[numbers.index(measurement.block)].append(value)
    # a case that was in several groups of a block still counts once
    return {kind: np.array([np.mean(of) if of else np.nan for of in blocks]) for kind, blocks in by_kind.items()}


def _costs(steady_log_s: FloatArray, extra: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    costs = {STEADY: steady_log_s, FLOW: steady_log_s}
    costs |= {kind: np.log(np.exp(steady_log_s) + extra[kind]) for kind in (INWARD, BOTH_WAYS) if kind in extra}
    return costs | {kind: np.log(extra[kind]) for kind in (FIRST, FLOW) if kind in extra}


def _why(measurements: Sequence[Measurement]) -> str:
    bad = next((m for m in measurements if m.status != "ok"), None)
    if bad is None:
        return withheld(tuple(name for m in measurements for name in m.findings)) or "no samples"
    status = bad.status.replace("_", " ")
    return f"{status}, {bad.reason}" if bad.reason else status
