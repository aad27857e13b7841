"""How noisy the machine was while a run was taken, by what the run itself recorded."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from ..runfile import device_states
from ..runfile.read import Run
from ..runfile.records import Block, Measurement
from ..words.guesses import too_few
from .contests import Contest, ContestKey, contests_of, floors
from .intervals import FloatArray, floor, medians, t_interval
from .lockstep import by_block, half_drift, log_times, only
from .nodes import Node, agreement
from .quiet import PERCENTILE, quiet_share, sentinel_levels, thresholds


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """The noise of one run in numbers; None where the run cannot tell. Shares and floors are fractions.

    The figures of samples are those of the baselines, since every block of every contest has them, and they have one
    thread: a compiled case is switched between threads of its own, which is no noise. Lag-1
    autocorrelation of the log samples, share outside Tukey's outer fences (three interquartile ranges; *Exploratory
    Data Analysis*, 1977), size of the drift from the first to the second half of a block's rounds.
    """

    blocks: int
    most_blocks: int  # that the baseline of any contest has; below ENOUGH_BLOCKS there is neither floor nor half-width
    quiet_share: float | None
    saw_quiet: bool  # whether those rounds were quiet indeed
    autocorrelation: float | None
    outlier_share: float | None
    drift: float | None
    time_half_width: float | None  # of the baselines' times, as the tables show them
    floor: float | None  # of the baselines' A/A pairs over all rounds; the middle one of the contests
    difference: float | None  # of the same pairs, the mean and no bound: all that too few blocks tell
    sentinel_floor: float | None  # of the sentinels' A/A pair; the larger one of the thread settings
    switches_per_s: float | None  # involuntary context switches per second of sampling
    others_cpu: float | None  # cores' worth
    steal_share: float | None  # of the CPU time of all cores
    frequency_mhz: tuple[float, float] | None  # lowest and highest block
    slowed: tuple[str, ...] = ()  # which accelerators were held down, by what, in how many blocks, in words
    device_clocks_mhz: tuple[tuple[str, float, float], ...] = ()  # accelerator, lowest, highest
    nodes: tuple[Node, ...] = ()  # the machines of a sweep over several, each beside the others
    on_two: int = 0  # problems whose blocks are of two machines, what those differ by being in no interval


def diagnose(run: Run, gathered: Mapping[ContestKey, Contest] | None = None) -> Diagnostics:
    """The noise of a run; `gathered` are its contests where they are at hand."""
    limits = thresholds(run.blocks)
    share = quiet_share(run.blocks, limits)
    baselines = [m for m in run.measurements if m.role in ("baseline", "twin")]
    gathered = contests_of(run) if gathered is None else gathered
    by_contest = [facts for contest in gathered.values() if (facts := _of_contest(contest))]
    watched = any(block.sentinel_s for block in run.blocks)
    frequencies = [block.frequency_mhz for block in run.blocks if block.frequency_mhz is not None]
    return Diagnostics(
        blocks=len(run.blocks),
        most_blocks=int(max((facts["blocks"] for facts in by_contest), default=0)),
        quiet_share=share if watched and not math.isnan(share) else None,
        saw_quiet=watched and _saw_quiet(run.blocks),
        **{name: _middle(facts[name] for facts in by_contest) for name in _OF_CONTEST},
        sentinel_floor=_sentinel_floor(run.blocks),
        switches_per_s=_switches_per_s(baselines),
        others_cpu=_by_wall((block.others_cpu, block.wall_s) for block in run.blocks),
        steal_share=_steal_share(run),
        frequency_mhz=(min(frequencies), max(frequencies)) if frequencies else None,
        slowed=device_states.slowed(block.device_state for block in run.blocks),
        device_clocks_mhz=device_states.clocks(block.device_state for block in run.blocks),
        nodes=agreement(run.blocks),
        on_two=sum(len({*contest.lockstep.nodes}) == 2 for contest in gathered.values()),
    )


LEVEL_MARGIN = 0.03

_OF_CONTEST = ("autocorrelation", "outlier_share", "drift", "time_half_width", "floor", "difference")


def _of_contest(contest: Contest) -> dict[str, float]:
    """What the baseline of one contest tells, NaN for what it cannot; nothing without a baseline that is ok."""
    base = next((case for case in contest.believed if case in contest.named), None)
    if base is None:
        return {}
    lockstep = only(contest.lockstep, {base})
    row = lockstep.rows[base, False]
    log_s = lockstep.log_s[row]
    drift = by_block(lockstep, half_drift(log_s, lockstep.rounds)[np.newaxis])[0]
    noise = floors(contest, base)
    times = t_interval(log_times(lockstep).values[row])
    few = too_few(int(times.blocks))
    floor_in_use = noise.quiet if lockstep.watched.any() else noise.every
    return {
        "blocks": int(times.blocks),
        "autocorrelation": _lag_one(log_s),
        "outlier_share": _outlier_share(log_s),
        "drift": float(np.expm1(medians(np.abs(drift)))),
        "time_half_width": math.nan if few else float(np.expm1(times.half_width)),
        "floor": math.nan if few else math.expm1(min(floor_in_use, 300.0)),
        "difference": math.expm1(min(noise.seen, 300.0)),
    }


def _lag_one(log_s: FloatArray) -> float:
    """Lag-1 autocorrelation of the samples about the mean of their session, (sessions, rounds) -> one number."""
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.count_nonzero(~np.isnan(log_s), axis=-1, keepdims=True)
        residual = log_s - np.nansum(log_s, axis=-1, keepdims=True) / count
        return float(np.nansum(residual[:, 1:] * residual[:, :-1]) / np.nansum(residual**2))


def _outlier_share(log_s: FloatArray) -> float:
    sessions = log_s[~np.isnan(log_s).all(axis=-1)]
    if not sessions.size:
        return math.nan
    # NumPy does one session at a time where there may be a NaN
    percentile = np.nanpercentile if np.isnan(sessions).any() else np.percentile
    low, high = percentile(sessions, [25, 75], axis=-1)[..., np.newaxis]
    outside = (sessions < low - 3 * (high - low)) | (sessions > high + 3 * (high - low))
    return float(outside.sum() / np.count_nonzero(~np.isnan(sessions)))


def _saw_quiet(blocks: Sequence[Block]) -> bool:
    """Whether there was an undisturbed level at all.

    On a machine that is never quiet the lowest tenth of the sentinel samples is no level: it keeps getting faster.
    """
    low, lower = (sentinel_levels(blocks, percentile) for percentile in (PERCENTILE, 1.0))
    return all(lower[threads] * (1 + LEVEL_MARGIN) >= level for threads, level in low.items())


def _sentinel_floor(blocks: Sequence[Block]) -> float | None:
    by_threads: dict[str, list[float]] = {}
    for block in blocks:
        pairs = [pair for pair in block.sentinel_pair_s or () if len(pair) == 2 and min(pair) > 0]
        if pairs:
            by_threads.setdefault(block.threads, []).append(median(math.log(one / other) for one, other in pairs))
    return max(
        (float(np.expm1(floor(values))) for values in by_threads.values() if not too_few(len(values))),
        default=None,
    )


def _switches_per_s(measurements: Iterable[Measurement]) -> float | None:
    watched = [m for m in measurements if m.status == "ok" and m.involuntary_switches is not None]
    seconds = sum(sum(m.samples_s) * (m.loops or 1) for m in watched)
    return sum(m.involuntary_switches or 0 for m in watched) / seconds if seconds else None


def _steal_share(run: Run) -> float | None:
    known = [(block.steal, block.wall_s) for block in run.blocks if block.steal is not None and block.wall_s]
    cores = run.header.machine.get("cores")
    cpu_s = sum(wall_s for _, wall_s in known) * (cores if isinstance(cores, int) and cores > 0 else 1)
    return sum(steal_s for steal_s, _ in known) / cpu_s if cpu_s else None


def _by_wall(values: Iterable[tuple[float | None, float | None]]) -> float | None:
    """The mean of what blocks tell, by how long they took."""
    known = [(value, wall_s) for value, wall_s in values if value is not None and wall_s]
    total = sum(wall_s for _, wall_s in known)
    return sum(value * wall_s for value, wall_s in known) / total if total else None


def _middle(values: Iterable[float]) -> Any:
    known = [value for value in values if not math.isnan(value)]
    return median(known) if known else None
