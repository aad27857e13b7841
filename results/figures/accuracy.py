"""Excess loss against time: descents as curves and closed forms as points, float32 and float64, a panel a problem."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator

from ..models.accuracy import Front, Way, excess_of, floor_of, fronts
from ..models.rays import Data
from ..words.names import Record
from ..words.text import error_text
from .draw import INK, MOST_PANELS, colour_of, cut, ends_of, log_axes, look, panelled

_STYLES: dict[str, Any] = {"float32": "--", "float64": "-"}
_HEIGHT = 4.4
_LOWEST, _ABOVE, _BESIDE = 1e-3, 4.0, 1.6  # room below the lowest point, above 1, and to either side, as factors
_ALIKE = 10.0
"""Excess losses of closed forms within this factor are one: what is left is rounding."""


def loss_against_time(data: Data) -> Figure:
    """How near the least loss each way comes, and how long it takes; bands and bars are the 95% intervals of the time.

    An answer that was wrong has no time: its excess loss is marked at the right edge. A dotted end says that a descent
    has levelled off, and that more steps in this arithmetic lead no lower.
    """
    chosen = [front for front in fronts(data) if front.compared][:MOST_PANELS]
    rows = [row for front in chosen for way in front.ways for row in way.rows]
    lowest = min(map(excess_of, rows), default=1.0) * _LOWEST
    times = [row["time_s"] for row in rows]

    def draw(axes: Axes, front: Front) -> None:
        log_axes(axes, "time of a call")
        axes.set_ylim(lowest, _ABOVE)
        axes.set_xlim(min(times) / _BESIDE, max(times) * _BESIDE)
        axes.xaxis.set_major_formatter(EngFormatter(unit="s", sep=" "))
        axes.yaxis.set_major_locator(LogLocator(numticks=9))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: error_text(y)))
        axes.set_ylabel("excess loss, 1 at the start")
        for way in front.ways:
            (_curve if way.method == "gd" else _points)(axes, way)
        _names(axes, [way for way in front.ways if way.method != "gd"])
        for row in front.wrong:
            _wrong(axes, row)
        axes.legend(handles=_legend(front), loc="upper left", bbox_to_anchor=(-0.1, -0.13), ncols=3, handlelength=3)

    otherwise = "no descent of several lengths has an excess loss"
    return panelled(((front.fixed, front) for front in chosen), draw, otherwise, height=_HEIGHT, below=1.15)


def _curve(axes: Axes, way: Way) -> None:
    colour = colour_of(way.rows[0]["strategy"])
    times, losses = [row["time_s"] for row in way.rows], [excess_of(row) for row in way.rows]
    axes.plot(
        times,
        losses,
        **look(way.rows[0]["strategy"]),
        markersize=4,
        markerfacecolor=_fill(way.dtype, colour),
        linewidth=1.4,
        linestyle=_STYLES.get(way.dtype, "-."),
    )
    ends = [(y, *ends_of(row)) for y, row in zip(losses, way.rows, strict=True)]
    known = [end for end in ends if end[1] is not None]
    if known:
        at, lows, highs = zip(*known, strict=True)
        axes.fill_betweenx(at, lows, highs, color=colour, alpha=0.22, linewidth=0)
    floor = floor_of(way)
    if floor.value is not None:
        axes.plot([times[-1], axes.get_xlim()[1]], [floor.value] * 2, color=colour, linestyle=":", linewidth=1.4)


def _points(axes: Axes, way: Way) -> None:
    for row in way.rows:
        colour = colour_of(row["strategy"])
        low, high = ends_of(row)
        if low is not None:
            axes.hlines(excess_of(row), low, high, color=colour, linewidth=2, alpha=0.5)
        style = look(row["strategy"]) | {"markerfacecolor": _fill(way.dtype, colour)}
        axes.plot([row["time_s"]], [excess_of(row)], **style, markersize=7, linestyle="")


def _names(axes: Axes, ways: Sequence[Way]) -> None:
    """The variants that no other of the dtype beats in time and excess loss; the rest would only crowd the panel."""
    for way in ways:
        for row in way.rows:
            mine = row["time_s"], excess_of(row)
            alike = [other for each in ways if each.dtype == way.dtype for other in each.rows]
            if not any(other["time_s"] < mine[0] and excess_of(other) < _ALIKE * mine[1] for other in alike):
                text = cut(row["variant"], 16)
                axes.annotate(text, mine, xytext=(0, -13), textcoords="offset points", ha="center", size=7)


def _wrong(axes: Axes, row: Record) -> None:
    at_the_edge: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "clip_on": False, "linestyle": ""}
    axes.plot([1.0], [excess_of(row)], color=colour_of(row["strategy"]), marker="x", markersize=6, **at_the_edge)


def _fill(dtype: str, colour: str) -> str:
    return "none" if dtype == "float32" else colour


def _legend(front: Front) -> list[Line2D]:
    rows = [row for way in front.ways for row in way.rows]
    strategies = dict.fromkeys(row["strategy"] for row in rows)
    handles = [Line2D([], [], **look(name), markersize=5, label=cut(name)) for name in strategies]
    for name in sorted({way.dtype for way in front.ways}):
        style = {"linestyle": _STYLES.get(name, "-."), "markerfacecolor": _fill(name, INK), "label": cut(name)}
        handles.append(Line2D([], [], color=INK, marker="o", markersize=5, **style))
    if any(way.method != "gd" for way in front.ways):
        handles.append(Line2D([], [], color=INK, linestyle="", marker="o", markersize=7, label="a closed form"))
    if any(way.method == "gd" and floor_of(way).known for way in front.ways):
        handles.append(Line2D([], [], color=INK, linestyle=":", label="levelled off"))
    if front.wrong:
        handles.append(Line2D([], [], color=INK, linestyle="", marker="x", label="wrong, so no time"))
    return handles
