"""How the cases of a problem stand while a run goes on: a first look, of all samples, that decides nothing.

The tables at the end are of quiet samples, have intervals and verdicts; this has the median of what there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from linregbench.results.runfile.records import Measurement
from linregbench.results.words.guesses import shown_ratio, shown_time
from linregbench.results.words.names import at_precision
from linregbench.results.words.settings import under

GUESS = 1
"""Blocks that a number rests on as far as its words go: whatever is shown before the end is a guess."""


@dataclass(frozen=True)
class Standing:
    """A case so far: seconds a call, how many times as fast as the baseline, or the status that ended it."""

    name: str
    time_s: float | None
    ratio: float | None
    status: str = "ok"

    @property
    def texts(self) -> tuple[str, str, str]:
        """Its name, and in words its time and its ratio, or why it has none."""
        if self.time_s is None:
            return self.name, self.status.replace("_", " "), ""
        ratio = shown_ratio(self.ratio, None, None, blocks=GUESS)
        return self.name, shown_time(self.time_s, blocks=GUESS), ratio


@dataclass(frozen=True)
class Standings:
    """Those of one problem, the fastest first, then those without a time."""

    title: str
    blocks: int
    cases: tuple[Standing, ...]


def standings(title: str, measurements: Iterable[Measurement]) -> Standings:
    """How they stand: medians over the samples of a block, then over blocks; the twin of the baseline left out."""
    of_case: dict[tuple[str, ...], list[Measurement]] = {}
    several = set()
    for measured in measurements:
        if measured.role != "twin":
            facts = str(measured.workload.get("dtype")), measured.environment, measured.device
            several.add(facts)
            case = (measured.strategy, measured.variant, measured.precision, measured.setting, measured.cache, *facts)
            of_case.setdefault(case, []).append(measured)
    base = [m for of in of_case.values() for m in of if m.role == "baseline"]
    base_s = _median_s(base)
    cases = []
    for (strategy, variant, precision, setting, cache, *where), of in of_case.items():
        apart = [fact for place, fact in enumerate(where) if len({each[place] for each in several}) > 1]
        name = " ".join((f"{strategy} {variant}{at_precision(precision)}", *apart)) + under(setting, cache)
        bad = next((m.status for m in of if m.status != "ok"), None)
        time_s = None if bad else _median_s(of)
        cases.append(Standing(name, time_s, base_s / time_s if base_s and time_s else None, bad or "no samples"))
    cases.sort(key=lambda case: (case.time_s is None, case.time_s or 0.0))
    return Standings(title, 1 + max((m.block for of in of_case.values() for m in of), default=-1), tuple(cases))


def _median_s(measurements: Iterable[Measurement]) -> float | None:
    blocks = [median(m.samples_s) for m in measurements if m.status == "ok" and m.samples_s]
    return median(blocks) if blocks else None
