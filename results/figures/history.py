"""A history as a picture: a panel a problem, a line a case, a level and a mark where it stepped."""

from collections.abc import Iterator
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from ..compare.history import QUANTITIES, History, Series
from ..tables.history import called, moved
from ..words.names import brief, competitor, grouped, varying
from ..words.text import plain
from .draw import INK, look, ratio_axis, styled

ACROSS = 4
STYLES = ("-", "--", ":", "-.")
_MOST_NAMES = 12
"""Of commits or dates under a panel."""
_OF_PROBLEM = ("method", "samples", "features", "batch", "steps", "dtype", "threads", "condition", "cache")


def plot(history: History, output: Path) -> None:
    """The picture as a file, of every problem; its ending says which format. Raises ValueError for a wrong one."""
    drawing = history_figure(history)
    with styled():
        drawing.savefig(output)


def history_figure(history: History, most: int | None = None) -> Figure:
    """The ratios, or the times where there are none: a panel a problem, a line a case, older runs to the left.

    Where there are more than `most` problems, those that stepped come first, and the rest is left out.
    """
    figure = next((name for name in QUANTITIES if any(s.figure == name for s in history.series)), "ratio")
    chosen = {id(series.record): series for series in history.series if series.figure == figure}
    records = [series.record for series in chosen.values()]
    told = varying(records) - {"run", "environment"}
    places = list(dict.fromkeys((record["device"], record["environment"]) for record in records))
    moments = {moment: place for place, moment in enumerate(history.moments)}
    runs = {run: moments[origin] for run, origin in history.origins.items()}
    stepped = {id(series.record) for series in chosen.values() if series.steps}
    problems = list(grouped(records, _OF_PROBLEM).values())
    if most is not None and len(problems) > most:
        problems = sorted(problems, key=lambda rows: not any(id(row) in stepped for row in rows))[:most]
    across = max(1, min(ACROSS, len(problems)))
    down = max(1, -(-len(problems) // across))
    with styled():
        drawing = Figure(figsize=(max(3.6 * across, 6.0), 2.6 * down + 0.6), layout="constrained")
        for place, of_problem in enumerate(problems):
            axes = drawing.add_subplot(down, across, place + 1)
            for record in of_problem:
                _line(axes, chosen[id(record)], runs, places)
            axes.set_title(brief(of_problem[0], told))
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
            axes.yaxis.set_minor_locator(NullLocator())
            if figure == "time_s":
                axes.yaxis.set_major_formatter(EngFormatter(unit="s", sep=" "))
            else:
                ratio_axis(axes.yaxis)
            ticks = dict(_names(history))
            axes.set_xticks(list(ticks), list(ticks.values()), rotation=60, fontsize=7)
            axes.tick_params(axis="y", labelsize=7)
            axes.grid(visible=True)
        drawing.supylabel(QUANTITIES[figure])
        named = {line.get_label(): line for axes in drawing.axes for line in axes.lines if line.get_gid() is None}
        if named:
            drawing.legend(list(named.values()), [str(name) for name in named], loc="outside upper center", ncols=4)
    return drawing


def _names(history: History) -> Iterator[tuple[int, str]]:
    """The places that are named under a panel: all, or evenly spread where there are many."""
    every = -(-len(history.moments) // _MOST_NAMES)
    for place, origin in enumerate(history.moments):
        if place % every == 0:
            yield place, called(origin).partition(" ")[0]


def _line(axes: Axes, series: Series, runs: dict[str, int], places: list[tuple[str, str]]) -> None:
    """One case: the colour says the strategy, the kind of line where it ran, a bar each level beside a step."""
    record = series.record
    at = [runs[run] for run in series.runs]
    where = f" in {plain(record['environment'])}" if len({name for _, name in places}) > 1 else ""
    axes.plot(
        at,
        series.values,
        **look(record["strategy"]),
        markersize=4 if len(at) < 2 * _MOST_NAMES else 2.5,
        linestyle=STYLES[places.index((record["device"], record["environment"])) % len(STYLES)],
        label=competitor(record) + where,
    )
    for number, step in enumerate(series.steps):
        first = series.steps[number - 1].place if number else 0
        for start, end, level in ((first, step.place, step.before), (step.place, step.until, step.after)):
            axes.plot([at[start], at[end - 1]], [level, level], color=INK, linewidth=1, gid="level")
        axes.annotate(
            moved(series, step),
            (at[step.place], step.after),
            xytext=(3, 6),
            textcoords="offset points",
            fontsize=7,
        )
