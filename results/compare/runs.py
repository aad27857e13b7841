"""Faster or slower: one run against another, or environments, settings or caches of one run in lockstep.

Two runs share no moment, so their times are compared unpaired, from what nothing disturbed, with a delta of
at least 3%, and only where nothing but the code differs. The sides of one run share every disturbance: their ratios
are taken block by block.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol, TypeVar

from ..fields import CACHES
from ..runfile.read import Run, RunFileError
from ..runfile.records import BlockKey, Case
from ..runfile.schema import Scalars
from ..stats.contests import baseline_of, contests, floors
from ..stats.estimates import Estimate, estimate_run, ratio_in
from ..stats.intervals import FloatArray, t_interval
from ..stats.lockstep import ALL, least_quiet, log_times
from ..stats.quiet import quiet_share, thresholds
from ..stats.ratios import Floors, Ratio, control_false_discoveries, unpaired_ratio
from ..stats.shortfall import shortfall
from ..words.settings import under
from .refusals import between_sides, cache_states, differences


class OfCase(Protocol):
    """Anything that is of one case."""

    @property
    def case(self) -> Case: ...


_Row = TypeVar("_Row", bound=OfCase)
Pair = tuple[Estimate | None, Estimate | None]
Likeness = Callable[[Case], Hashable]
"""What a case and its counterpart have alike."""


_OF_RATIO = ("ratio", "low", "high", "floor", "delta", "blocks", "rounds")
VERDICTS = ("broken", "slower", "faster", "same", "inconclusive", "refused", "skipped")


@dataclass(frozen=True, kw_only=True)
class ComparedCase:
    """One case on both sides. The ratio is base time / new time: above 1, the new one is faster."""

    case: Case
    workload: Scalars
    verdict: str | None  # one of VERDICTS; None where a side is no run file, and none is given
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    delta: float | None = None
    blocks: int | None = None
    rounds: str | None = None
    busy_ratio: float | None = None  # of the device's own work alone, where the profiler saw it on both sides
    busy_low: float | None = None
    busy_high: float | None = None
    status: str  # of the side that is not ok, where one is not
    reason: str | None
    base_time_s: float | None  # from the rounds that the ratio is from
    new_time_s: float | None
    findings: tuple[str, ...]  # of either side


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Every case that either side has; `refusals` say why there are no verdicts, or on which cases there are none."""

    base: str
    new: str
    rows: tuple[ComparedCase, ...]
    refusals: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # in what two sides of one run differ beside the code
    shortfalls: tuple[str, ...] = ()  # of a run that ended before it had the blocks that it was asked for
    paired: bool  # two sides of one run, in lockstep
    across: bool = False  # a side is no run file: ratios, and never a verdict
    more_than: float | None = None  # the difference that was asked about, where the run stopped at the answer
    quiet_share: float | None = None  # of the samples of one run

    @property
    def got_worse(self) -> bool:
        """Whether any case is slower than it was, or came to an answer and no longer does."""
        return any(row.verdict in ("broken", "slower") for row in self.rows)


@dataclass(frozen=True)
class Level:
    """The log times of a case, one a block, under both rounds rules, and the noise floors of its run."""

    log_s: FloatArray  # that nothing disturbed; where there was no sentinel, of all samples
    rounds: str  # what they rest on: QUIET, FASTEST or ALL
    all_log_s: FloatArray
    floors: Floors


def compare_runs(base: Run, new: Run) -> Comparison:
    """Two runs, unpaired: refused where more than the code differs."""
    names = _names(base, new)
    apart_in = differences(base, new, names)
    # a hot run beside a cold one: their cases meet, to be refused
    keys = (itself,) if cache_states(base) & cache_states(new) else (itself, whatever_the_cache)
    pairs = matched(estimate_run(base), estimate_run(new), keys)
    levels = levels_of(base), levels_of(new)
    drawn = [ratio_of(*levels, mine.case, theirs.case) if mine and theirs else None for mine, theirs in pairs]
    refused: list[Sequence[str]] = [
        [difference.text for difference in apart_in if ratio and difference.concerns(pair[1].case)] if pair[1] else []
        for pair, ratio in zip(pairs, drawn, strict=True)
    ]
    texts = [text for of_pair in refused for text in of_pair]
    if not any(drawn):
        texts.append("no case was measured in both")
    return Comparison(
        base=names[0],
        new=names[1],
        rows=_rows(pairs, _controlled(drawn, refused), refused, names),
        refusals=tuple(dict.fromkeys(texts)),
        shortfalls=_shortfalls((base, new), names),
        paired=False,
    )


def compare_sides(run: Run, base: str, new: str) -> Comparison:
    """Two environments of one run, block by block; judged as the run itself was, where it stopped at an answer.

    Raises RunFileError where the run has no environment of that name.
    """
    known = {e.environment for e in run.environments} | {m.environment for m in run.measurements}
    for name in (base, new):
        if name not in known:
            raise RunFileError(f"{run.name}: has no environment {name!r}, only {', '.join(sorted(known)) or 'none'}")
    sides = [[row for row in estimate_run(run) if row.case.environment == name] for name in (base, new)]
    (comparison,) = _within(run, [((base, new), sides[0], sides[1])], elsewhere)
    return replace(comparison, beside=tuple(difference.text for difference in between_sides(run, (base, new))))


def compare_settings(run: Run) -> tuple[Comparison, ...]:
    """Each setting of a run against that of its baseline, block by block, all judged together; none of one setting."""
    base = next((m.setting for m in run.measurements if m.role == "baseline"), "")
    by_setting: dict[str, list[Estimate]] = {}
    for row in estimate_run(run):
        by_setting.setdefault(row.case.setting, []).append(row)
    names = {setting: under(setting).strip() or "no setting" for setting in (base, *by_setting)}
    others = [setting for setting in by_setting if setting != base]
    sides = [((names[base], names[new]), by_setting.get(base, []), by_setting[new]) for new in others]
    return _within(run, sides, whatever_is_set)


def compare_caches(run: Run) -> tuple[Comparison, ...]:
    """The cold caches of a run against its hot ones, block by block; none of a run that has but one of them."""
    rows = estimate_run(run) if len(cache_states(run)) == len(CACHES) else ()
    hot, cold = ([row for row in rows if row.case.cache == cache] for cache in CACHES)
    return _within(run, [(CACHES, hot, cold)] if rows else [], whatever_the_cache)


def _within(
    run: Run, sides: Iterable[tuple[tuple[str, str], Sequence[Estimate], Sequence[Estimate]]], alike: Likeness
) -> tuple[Comparison, ...]:
    """Sides of one run in pairs, by their names and rows: judged together, or each for itself as the run was."""
    # what ratios inside a side are taken against may be there for that alone, and then has no counterpart
    helpers = {m.case for m in run.measurements if m.role == "baseline"}
    met = {
        names: [
            pair
            for pair in matched(base, new, [alike])
            if all(pair) or not any(row and row.case in helpers for row in pair)
        ]
        for names, base, new in sides
    }
    limits = thresholds(run.blocks)
    gathered, quiet = contests(run.measurements, run.blocks, limits), quiet_share(run.blocks, limits)
    more_than = run.header.options.get("more_than")
    more_than = more_than if isinstance(more_than, float) and more_than > 0 else None
    drawn = [
        ratio_in(gathered[mine.case.problem, mine.case.threads], theirs.case, mine.case, more_than)
        if mine and theirs
        else None
        for pairs in met.values()
        for mine, theirs in pairs
    ]
    if more_than is None:
        drawn = _controlled(drawn, [()] * len(drawn))
    left = iter(drawn)
    at_work = _busy(run)
    comparisons = []
    for names, pairs in met.items():
        ratios = [*islice(left, len(pairs))]
        comparisons.append(
            Comparison(
                base=names[0],
                new=names[1],
                rows=tuple(
                    replace(row, **_busy_ratio(at_work, pair))
                    for row, pair in zip(_rows(pairs, ratios, [()] * len(pairs), names), pairs, strict=True)
                ),
                refusals=() if any(ratios) else ("no case was measured in both",),
                shortfalls=_shortfalls((run,), ("the run",)),
                paired=True,
                more_than=more_than,
                quiet_share=None if math.isnan(quiet) else quiet,
            )
        )
    return tuple(comparisons)


def alike_but_for(*names: str) -> Likeness:
    """The same case, whatever these of its fields are."""
    blank: dict[str, Any] = dict.fromkeys(names, "")
    return lambda case: replace(case, **blank)


itself = alike_but_for()
elsewhere = alike_but_for("environment")
whatever_is_set = alike_but_for("setting")
whatever_the_cache = alike_but_for("cache")
anywhere = alike_but_for("environment", "device", "threads")


def matched(
    base: Sequence[_Row], new: Sequence[_Row], keys: Iterable[Likeness]
) -> list[tuple[_Row | None, _Row | None]]:
    """Every row with its counterpart: by the first of the keys under which each side has one, and only one, left."""
    counterparts: dict[Case, _Row] = {}
    left = list(new)
    for key in keys:
        there = _unique(key, [row for row in base if row.case not in counterparts])
        here = _unique(key, left)
        counterparts |= {there[k].case: here[k] for k in there.keys() & here.keys()}
        taken = {row.case for row in counterparts.values()}
        left = [row for row in new if row.case not in taken]
    return [*((row, counterparts.get(row.case)) for row in base), *((None, row) for row in left)]


def lacking(pair: Pair, names: tuple[str, str]) -> str:
    """Why a pair has no ratio: what each side lacks, in words."""
    present = {name: _why(row) for name, row in zip(names, pair, strict=True) if row is not None}
    bad = {name: why for name, why in present.items() if why}
    if not bad:
        return f"only {next(iter(present))} has it" if len(present) == 1 else "the two were never sampled together"
    if len(bad) == 2 and len(set(bad.values())) == 1:
        return f"in both: {next(iter(bad.values()))}"
    return "; ".join(f"in {name}: {why}" for name, why in bad.items())


def broken(pair: Pair) -> bool:
    """Whether the base came to an answer in time, and the new one was tried and did not."""
    base, new = pair
    return base is not None and base.time_s is not None and new is not None and new.status not in ("ok", "skipped")


def apart(pair: Pair) -> str | None:
    """In what a case and its counterpart differ, in words: `device cpu against cuda`; None where in nothing."""
    base, new = pair
    if base is None or new is None:
        return None
    both = [(name, getattr(base.case, name), getattr(new.case, name)) for name in ("device", "threads")]
    return ", ".join(f"{name} {mine} against {theirs}" for name, mine, theirs in both if mine != theirs) or None


def _why(row: Estimate) -> str | None:
    if row.status != "ok":
        status = row.status.replace("_", " ")
        return f"{status}, {row.reason}" if row.reason else status
    return row.reason or (None if row.time_s is not None else "no samples")


def _unique(key: Likeness, rows: Iterable[_Row]) -> Mapping[Hashable, _Row]:
    together: dict[Hashable, list[_Row]] = {}
    for row in rows:
        together.setdefault(key(row.case), []).append(row)
    return {value: those[0] for value, those in together.items() if len(those) == 1}


def levels_of(run: Run) -> dict[Case, Level]:
    """Every case of a run whose time is believed."""
    levels: dict[Case, Level] = {}
    for contest in contests(run.measurements, run.blocks, thresholds(run.blocks)).values():
        best, every = log_times(contest.lockstep), log_times(contest.lockstep, allow_quiet=False)
        for case in contest.believed:
            row = contest.lockstep.rows[case, False]
            noise = floors(contest, baseline_of(contest, case))
            levels[case] = Level(best.values[row], best.rounds[row], every.values[row], noise)
    return levels


def ratio_of(base: Mapping[Case, Level], new: Mapping[Case, Level], base_case: Case, new_case: Case) -> Ratio | None:
    """base time / new time, undisturbed where both runs had a sentinel; None where either has no time."""
    mine, theirs = base.get(base_case), new.get(new_case)
    if mine is None or theirs is None:
        return None
    rounds = least_quiet(mine.rounds, theirs.rounds)
    if rounds == ALL:
        noise = _larger(mine.floors.every, theirs.floors.every)
        return unpaired_ratio(mine.all_log_s, theirs.all_log_s, noise, ALL)
    return unpaired_ratio(mine.log_s, theirs.log_s, _larger(mine.floors.quiet, theirs.floors.quiet), rounds)


def _larger(one: float, other: float) -> float:
    """The larger floor; the only one where a run has no A/A pair, NaN where neither has."""
    return max((floor for floor in (one, other) if not math.isnan(floor)), default=math.nan)


def _rows(
    pairs: Sequence[Pair],
    drawn: Sequence[Ratio | None],
    refused: Sequence[Sequence[str]],
    names: tuple[str, str],
) -> tuple[ComparedCase, ...]:
    rows = []
    for pair, ratio, texts in zip(pairs, drawn, refused, strict=True):
        why = "; ".join(texts) or (apart(pair) if ratio else lacking(pair, names))
        verdict = "refused" if texts else ratio.verdict if ratio else "broken" if broken(pair) else "skipped"
        every = ratio is not None and ratio.rounds == "all"
        times = [None if side is None else side.time_all_s if every else side.time_s for side in pair]
        # of what is not judged there is no least difference to judge by
        values = {name: getattr(ratio, name) for name in _OF_RATIO if name != "delta" or not texts} if ratio else {}
        rows.append(compared_case(pair, verdict, why, times, **values))
    return tuple(rows)


def _controlled(drawn: Sequence[Ratio | None], refused: Sequence[Sequence[str]]) -> list[Ratio | None]:
    """The ratios judged together: false-discovery control over all that are not refused."""
    judged = [n for n, ratio in enumerate(drawn) if ratio and not refused[n]]
    controlled = list(drawn)
    for n, ratio in zip(judged, control_false_discoveries([r for n in judged if (r := drawn[n])]), strict=True):
        controlled[n] = ratio
    return controlled


def compared_case(
    pair: Pair, verdict: str | None, reason: str | None, times_s: Sequence[float | None], **values: Any
) -> ComparedCase:
    """A pair as the newer of its sides is called, with the times of both; `values` are those of its ratio."""
    present = [side for side in pair if side is not None]
    return ComparedCase(
        case=present[-1].case,
        workload=present[-1].workload,
        verdict=verdict,
        status=next((side.status for side in reversed(present) if side.status != "ok"), "ok"),
        reason=reason,
        base_time_s=times_s[0],
        new_time_s=times_s[1],
        findings=tuple(dict.fromkeys(finding for side in present for finding in side.findings)),
        **values,
    )


def _busy(run: Run) -> dict[Case, dict[BlockKey, float]]:
    """By case and block, seconds a call for which the profiler saw the device at work."""
    busy_s: dict[Case, dict[BlockKey, float]] = {}
    for measured in run.measurements:
        if measured.device_busy_s:
            busy_s.setdefault(measured.case, {})[measured.block_key] = measured.device_busy_s
    return busy_s


def _busy_ratio(busy_s: Mapping[Case, Mapping[BlockKey, float]], pair: Pair) -> dict[str, Any]:
    """Base over new of a pair's work on the device, by blocks, with Student's 95% interval; none below two blocks."""
    base, new = (busy_s.get(side.case, {}) if side else {} for side in pair)
    ratios = [math.log(base[block] / new[block]) for block in base if block in new]
    if len(ratios) < 2:
        return {}
    interval = t_interval(ratios)
    mean, half = float(interval.mean), float(interval.half_width)
    return {"busy_ratio": math.exp(mean), "busy_low": math.exp(mean - half), "busy_high": math.exp(mean + half)}


def _shortfalls(runs: Iterable[Run], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{name} {text}" for run, name in zip(runs, names, strict=True) if (text := shortfall(run)))


def _names(base: Run, new: Run) -> tuple[str, str]:
    """What the two are called: by their files, and where those are called the same, by their runs too."""
    if base.name != new.name:
        return base.name, new.name
    return f"{base.name} ({base.header.run})", f"{new.name} ({new.header.run})"
