"""What the first result costs and when it has paid for itself; and every ratio to the baseline at a glance."""

from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator, NullLocator

from ..models.calls import calls_to_pay
from ..models.rays import Data, measured
from ..words.names import Key, Record, competitor, grouped
from .draw import (
    INK,
    MOST_PANELS,
    PHASE_COLOURS,
    colour_of,
    cut,
    differing,
    empty,
    ends_of,
    enough_ticks,
    inches_of,
    legend_below,
    legend_room,
    log_axes,
    look,
    panel_title,
    panelled,
    panels,
    ratio_axis,
    seconds_axis,
    styled,
)

MOST_IN_A_FOREST = 48
CALLS = 1_000_000
_LEGEND = 0.48


def cost_shares(data: Data) -> Figure:
    """The first result split into its phases, and below it a further call; the middle contest of each method."""
    chosen = examples(data)
    height = 1.8 + 0.3 * max(map(len, chosen.values()), default=0)
    return panelled(chosen.items(), _bars, "nothing was measured", height=height, left=1.7, below=1.2)


def break_even_figure(data: Data) -> Figure:
    """Total time against the number of calls, the first one with all that comes before it; dots where lines cross."""
    chosen = examples(data, pays)
    names = [[cut(competitor(row)) for row in rows] for rows in chosen.values()]
    return panelled(chosen.items(), _totals, "nothing was measured", below=legend_room(names))


def forest(data: Data) -> Figure:
    """Ratios to the baseline with their intervals, one line a case; the contests with the most cases."""
    kept = forest_rows(measured(data))
    lines = sum(len(rows) + 1 for rows in kept)
    if not kept:
        return empty("no case stands beside a baseline")
    apart = differing([rows[0] for rows in kept])
    with styled():
        figure, (axes,) = panels(1, width=8.5, height=1.2 + 0.19 * lines, left=2.0, below=0.6)
        at, places, labels = 0.0, [], []
        for rows in kept:
            heading = panel_title(rows[0], apart).replace("\n", ", ")
            axes.text(0.01, at, heading, transform=axes.get_yaxis_transform(), va="center", size=8)
            # not through the headings
            axes.vlines(1.0, at - len(rows) - 0.5, at - 0.5, color=INK, linewidth=0.8)
            for row in sorted(rows, key=lambda row: -row["ratio"]):
                at -= 1
                _whisker(axes, row, at)
                places.append(at)
                labels.append(cut(competitor(row)))
            at -= 1
        axes.set_xscale("log")
        ratio_axis(axes.xaxis)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_yticks(places, labels, fontsize=7)
        axes.set_ylim(at, 1)
        enough_ticks(axes.xaxis)
        axes.set_xlabel("times as fast as the baseline, 95% interval")
        axes.grid(visible=True, axis="x")
    return figure


def forest_rows(rows: Sequence[Record]) -> list[list[Record]]:
    """Of the contests with the most cases, those beside a baseline; so many as stay readable."""
    contests = [alike for alike in grouped(rows).values() if len(alike) > 1]
    contests = [[row for row in alike if row["ratio"] and row["verdict"] != "baseline"] for alike in contests]
    kept, lines = [], 0
    for alike in sorted(filter(None, contests), key=len, reverse=True):
        if lines + len(alike) <= MOST_IN_A_FOREST:
            kept.append(alike)
            lines += len(alike) + 1
    return kept


def examples(data: Data, worth: Callable[[list[Record]], int] = len) -> dict[Key, list[Record]]:
    """Of each run, method, dtype and thread setting, the contest that shows most; the middle one of several by time."""
    timed = (row for row in measured(data) if row["first_result_s"])
    chosen: dict[Key, list[Record]] = {}
    for alike in islice(grouped(timed, ("run", "method", "dtype", "threads", "environment")).values(), MOST_PANELS):
        contests = [(worth(rows), fixed, rows) for fixed, rows in grouped(alike).items()]
        most = max(value for value, _, _ in contests)
        best = [(fixed, rows) for value, fixed, rows in contests if value == most]
        best.sort(key=lambda contest: min(row["time_s"] for row in contest[1]))
        fixed, rows = best[len(best) // 2]
        chosen[fixed] = rows
    return chosen


def pays(rows: list[Record]) -> int:
    """How many break-evens a contest has to show, sure or not: it is asked of every contest of a run."""
    pairs = [(one, other) for one in rows if one["compile_s"] for other in rows if not other["compile_s"]]
    return sum(
        one["first_result_s"] > other["first_result_s"] and one["time_s"] < other["time_s"] for one, other in pairs
    )


def phase_spent(row: Record, phase: str) -> float:
    """Seconds of a phase by its name in PHASE_COLOURS; 0 where there is none."""
    return row[f"{phase.replace(' ', '_')}_s"] or 0.0


def _bars(axes: Axes, rows: Sequence[Record]) -> None:
    rows = sorted(rows, key=lambda row: -row["first_result_s"])
    for place, row in enumerate(rows):
        left = 0.0
        for phase, colour in PHASE_COLOURS.items():
            spent = phase_spent(row, phase)
            axes.barh(place, spent, left=left, height=0.5, color=colour, label=phase if place == 0 else None)
            left += spent
        axes.plot([row["time_s"]], [place], marker="|", markersize=13, markeredgewidth=2.5, color=INK, linestyle="")
    axes.plot([], [], marker="|", markersize=9, markeredgewidth=2.5, color=INK, linestyle="", label="a further call")
    axes.set_xlim(0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(unit="s", sep=" "))
    axes.set_yticks(range(len(rows)), [cut(competitor(row)) for row in rows])
    axes.set_xlabel("time to the first result")
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    # in inches below the axis, however tall the panel is
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -_LEGEND / inches_of(axes)[1]), ncols=3)


def _totals(axes: Axes, rows: Sequence[Record]) -> None:
    log_axes(axes, "calls")
    seconds_axis(axes)
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    calls = np.geomspace(1, CALLS, 200)
    for row in rows:
        total = row["first_result_s"] + (calls - 1) * row["time_s"]
        axes.plot(calls, total, color=colour_of(row["strategy"]), label=cut(competitor(row)), linewidth=1.4)
    for compiled in (row for row in rows if row["compile_s"]):
        _mark_break_evens(axes, compiled, [row for row in rows if not row["compile_s"]])
    axes.set_ylabel("time in all")
    legend_below(axes)


def _mark_break_evens(axes: Axes, compiled: Record, others: Sequence[Record]) -> None:
    for other in others:
        calls = calls_to_pay(compiled, other)
        if calls.value is None or calls.low is None or calls.high is None or calls.value <= 1:
            continue
        total = compiled["first_result_s"] + (calls.value - 1) * compiled["time_s"]
        axes.plot([calls.value], [total], marker="o", markersize=5, color=INK)
        axes.hlines(total, calls.low, calls.high, color=INK, linewidth=1.2)


def _whisker(axes: Axes, row: Record, at: float) -> None:
    colour = colour_of(row["strategy"])
    low, high = ends_of(row, "ratio_low", "ratio_high")
    if low is not None:
        axes.hlines(at, low, high, color=colour, linewidth=2)
    faint = row["verdict"] in ("inconclusive", "same") or low is None
    face = "none" if faint else colour
    axes.plot([row["ratio"]], [at], **look(row["strategy"]), markersize=5, markerfacecolor=face)
