"""A report of runs: the answer first, then the tables, then how they came about and where the time went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import pandas as pd

from ..figures.illustrating import Illustrator, here
from ..formats import unjudged
from ..frame import DIAGNOSTICS, from_runs
from ..models.words import AnswerTable
from ..runfile.collecting import uncollected
from ..runfile.read import Run
from ..runfile.records import Measurement
from ..stats.noise import details
from ..tables.answers import answer_tables, answers_of
from ..tables.layout import escaped
from ..words.text import plain
from .devices import DevicesPart, devices_parts
from .facts import facts_of
from .page import html_of
from .sentences import plain_words

ON_THE_CLOCK = (
    "On the clock: one call of the solver on data that are in place already, until its whole result is there. "
    "Transfer, trace, lower, compile and the first call are on clocks of their own. "
    "Making the data, choosing the step size and checking the answer are on none."
)


@uncollected()
def markdown(runs: Sequence[Run], frame: pd.DataFrame | None = None) -> str:
    """The runs as Markdown: their tables, their machines, what is on the clock; `frame` where it is made already."""
    from ..tables import cases  # rich, which a page has no need of

    frame = from_runs(*runs) if frame is None else frame
    found = answers_of(frame)
    parts = ["# linregbench report", _bullets(plain_words(frame, found)), cases.as_markdown(frame).rstrip()]
    parts += [part for devices in devices_parts(runs) for part in _devices(devices)]
    parts += [_answer(each) for each in answer_tables(found)] + [ON_THE_CLOCK]
    parts += [
        f"## Run {escaped(plain(run.header.run))}\n\n{_bullets(_facts(run, frame))}\n\n{account_of_time(run)}"
        for run in runs
    ]
    parts += [
        f"## Run {escaped(str(run['name']))}\n\n{_bullets(run['facts'])}\n\n{escaped(str(run['account']))}"
        for run in unjudged.as_runs(frame)
    ]
    return "\n\n".join(parts) + "\n"


@uncollected()
def html(
    runs: Sequence[Run],
    pictures: Mapping[str, str] | None = None,
    frame: pd.DataFrame | None = None,
    draw: Illustrator = here,
) -> str:
    """The runs as one self-contained page.

    `pictures` are further figures as SVG elements by caption; `draw` draws the page's own, here or beside.
    """
    frame = from_runs(*runs) if frame is None else frame
    told = [
        {
            "name": plain(run.header.run),
            "started": plain(run.header.started),
            "preset": plain(run.header.preset or ""),
            "facts": [plain(fact) for fact in _facts(run, frame)],
            "account": account_of_time(run),
        }
        for run in runs
    ]
    return html_of(frame, [*told, *unjudged.as_runs(frame)], ON_THE_CLOCK, pictures, devices_parts(runs), draw)


def account_of_time(run: Run) -> str:
    """Where the time of a run went, by what it was spent on, and what a case cost in a block beyond its samples."""
    if run.end is None or not run.end.wall_s:
        return "where the time went: not told, since the run has not ended"
    spent = dict(run.end.harness_s or {})
    spent["the rest"] = max(0.0, run.end.wall_s - sum(spent.values()))
    parts = sorted(spent.items(), key=lambda item: -item[1])
    shares = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts if seconds >= 0.05)
    kinds = {"NumPy": _numpy, "jitted": _jitted, "other JAX": _other}
    costs = [(name, [_overhead_s(m) for m in run.measurements if of_kind(m)]) for name, of_kind in kinds.items()]
    told = ", ".join(f"{name} {fmean(seconds):.2f} s" for name, seconds in costs if seconds)
    return (
        f"where the time went: {run.end.wall_s:.0f} s in all: {shares}\n"
        f"beyond its samples a case cost in a block, on average: {told or 'nothing, since none was measured'}"
    )


def _overhead_s(measurement: Measurement) -> float:
    spent: Mapping[str, float] = measurement.overhead_s or {}
    return sum(seconds for phase, seconds in spent.items() if phase != "sample")


def _numpy(measurement: Measurement) -> bool:
    return measurement.status == "ok" and measurement.backend == "numpy"


def _jitted(measurement: Measurement) -> bool:
    return measurement.status == "ok" and measurement.compiled


def _other(measurement: Measurement) -> bool:
    return measurement.status == "ok" and measurement.backend != "numpy" and not measurement.compiled


def _facts(run: Run, frame: pd.DataFrame) -> list[str]:
    header = run.header
    lines = [
        f"taken {header.started}, preset {header.preset}, seed {header.seed}, linregbench {header.linregbench}",
        _listed(header.machine.items()),
    ]
    lines += [
        f"{environment.nursery}: Python {environment.python}, {_listed(environment.packages.items())}, "
        f"{environment.blas}, {environment.device_kind}"
        for environment in run.environments
    ]
    lines += [line for environment in run.environments for line in facts_of(environment)]
    return lines + details(frame.attrs[DIAGNOSTICS][run.header.run])


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)


def _devices(part: DevicesPart) -> list[str]:
    """A pair of devices or machines: the answer in words, what stands on either side, the tables."""
    heading = f"## {escaped(part.heading)}"
    return [heading, _bullets((*part.sentences, *part.sides)), *(_answer(table) for table in part.tables)]


def _answer(answers: AnswerTable) -> str:
    """One kind of answer as a heading and a table."""
    heading = f"### {escaped(answers.heading)}"
    if not answers.rows:
        return f"{heading}\n\n{escaped(answers.nothing)}"
    lines = [tuple(escaped(name) for name in answers.columns), tuple("---" for _ in answers.columns)]
    lines += [tuple(escaped(cell.text) for cell in row) for row in answers.rows]
    about = f"{escaped(answers.about)}\n\n" if answers.about else ""
    return f"{heading}\n\n{about}" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _listed(items: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in items if value is not None)
