"""Why two runs must not be compared: whatever differs between them beside the code that is judged.

A regression is a claim about code. It can be made across two runs only where the machine was the same and ran as fast,
which their sentinels tell: the same small work in every run, so that a difference in it is the machine's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from ..fields import COLD
from ..runfile.kinds import Told, unlike
from ..runfile.read import Run
from ..runfile.records import Case
from ..stats.quiet import sentinel_levels
from ..words.text import threads_text

MOST_DISAGREEMENT = 0.02
INSTEAD = (
    "to judge: sample both in one run, by linregbench versus REF; or compare machines or devices, without verdicts, "
    "by linregbench compare --across BASE NEW"
)
"""What to do where verdicts are refused."""


@dataclass(frozen=True)
class Difference:
    """A reason to refuse verdicts: on every case, or on those at one thread setting."""

    text: str
    threads: str | None = None

    def concerns(self, case: Case) -> bool:
        """Whether it forbids a verdict on this case."""
        return self.threads in (None, case.threads)


def differences(base: Run, new: Run, names: tuple[str, str]) -> tuple[Difference, ...]:
    """Every difference between the runs that forbids a verdict; `names` are what the two are called in the text."""
    return (*circumstances(base, new, names), *dict.fromkeys(_of_sentinels(base, new, names)))


def circumstances(base: Run, new: Run, names: tuple[str, str]) -> tuple[Difference, ...]:
    """Those of what the runs were taken on and under: machine, packages, variables."""
    return tuple(dict.fromkeys(_of_machines(base, new, names)))


def between_sides(run: Run, names: tuple[str, str]) -> tuple[Difference, ...]:
    """What the two sides of one run, by their names, ran under and is not the same: another interpreter, say."""
    base, new = ([replace(e, environment="") for e in run.environments if e.environment == name] for name in names)
    return tuple(dict.fromkeys(_of_kinds(({}, base), ({}, new), names)))


def cache_states(run: Run) -> frozenset[str]:
    """Whether its cases were sampled hot, cold, or both."""
    return frozenset(measurement.cache for measurement in run.measurements)


def _of_machines(base: Run, new: Run, names: tuple[str, str]) -> Iterator[Difference]:
    if base.header.run == new.header.run:
        yield Difference(f"both files hold run {base.header.run}, and a run says nothing about itself")
    states = cache_states(base), cache_states(new)
    if all(states) and not states[0] & states[1]:
        yield from _differ("flushing of the caches", COLD in states[0], COLD in states[1], names)
    of_base, of_new = ((run.header.machine, run.environments) for run in (base, new))
    yield from _of_kinds(of_base, of_new, names)


def _of_kinds(base: Told, new: Told, names: tuple[str, str]) -> Iterator[Difference]:
    """What machine and processes are, and ran under."""
    for what, mine, other, threads in unlike(base, new):
        yield from _differ(what, mine, other, names, threads)


def _of_sentinels(base: Run, new: Run, names: tuple[str, str]) -> Iterator[Difference]:
    """The machine's own speed in its quiet moments."""
    if None not in (base.header.sentinel, new.header.sentinel):
        yield from _differ("the sentinel's version", base.header.sentinel, new.header.sentinel, names)
    of_base, of_new = (sentinel_levels(run.blocks) for run in (base, new))
    for threads in sorted({block.threads for block in base.blocks} & {block.threads for block in new.blocks}):
        if min(of_base.get(threads, 0.0), of_new.get(threads, 0.0)) <= 0:
            lacking = names[0] if threads not in of_base else names[1]
            yield Difference(f"{lacking} has no sentinel, so nothing tells whether the machine was as fast", threads)
            continue
        factor = of_new[threads] / of_base[threads]
        if max(factor, 1 / factor) > 1 + MOST_DISAGREEMENT:
            slower = names[1] if factor > 1 else names[0]
            yield Difference(
                f"the sentinels disagree by {max(factor, 1 / factor) - 1:.1%}: the machine was slower in "
                f"{slower} ({threads_text(threads)}); up to {MOST_DISAGREEMENT:.0%} is accepted",
                threads,
            )


def _differ(
    what: str, base: object, new: object, names: tuple[str, str], threads: str | None = None
) -> Iterator[Difference]:
    if base != new:
        yield Difference(f"{what} is {_told(base)} in {names[0]} and {_told(new)} in {names[1]}", threads)


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not told" if value is None else "empty" if value == "" else str(value)
