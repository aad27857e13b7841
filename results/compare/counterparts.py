"""Which row of one side stands against which of the other, and why some stand alone."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from ..runfile.identity import Case
from ..stats.rows import Estimate

Pair = tuple[Estimate | None, Estimate | None]
Key = Callable[[Case], Hashable]


def itself(case: Case) -> Hashable:
    """The same case in every respect."""
    return case


def elsewhere(case: Case) -> Hashable:
    """The same case in whatever environment."""
    return replace(case, environment="")


def anywhere(case: Case) -> Hashable:
    """The same case in whatever environment, on whatever device and number of threads."""
    return replace(case, environment="", device="", threads="")


def matched(base: Sequence[Estimate], new: Sequence[Estimate], keys: Iterable[Key]) -> list[Pair]:
    """Every row with its counterpart: by the first of the keys under which each side has one, and only one, left."""
    found: dict[Case, Estimate] = {}
    left = list(new)
    for key in keys:
        there = _unique(key, [row for row in base if row.case not in found])
        here = _unique(key, left)
        found |= {there[k].case: here[k] for k in there.keys() & here.keys()}
        taken = {row.case for row in found.values()}
        left = [row for row in new if row.case not in taken]
    return [*((row, found.get(row.case)) for row in base), *((None, row) for row in left)]


def lacking(pair: Pair, names: tuple[str, str]) -> str:
    """Why a pair has no ratio: what each side lacks, in words."""
    told = {name: _why(row) for name, row in zip(names, pair, strict=True) if row is not None}
    bad = {name: why for name, why in told.items() if why}
    if not bad:
        return f"only {next(iter(told))} has it" if len(told) == 1 else "the two were never sampled together"
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


def _unique(key: Key, rows: Iterable[Estimate]) -> Mapping[Hashable, Estimate]:
    together: dict[Hashable, list[Estimate]] = {}
    for row in rows:
        together.setdefault(key(row.case), []).append(row)
    return {value: those[0] for value, those in together.items() if len(those) == 1}
