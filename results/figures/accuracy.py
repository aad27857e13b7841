"""Excess loss against time: descents as curves and closed forms as points, float32 and float64, a panel a problem."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, NullLocator

from ..models.accuracy import Front, Way, excess_of, floor_of, fronts
from ..models.rays import AXIS_LETTER, Data
from ..words.names import Record
from ..words.text import error_text, number_text
from .draw import INK, MOST_PANELS, colour_of, cut, differing, empty, marker_of, panels, styled

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
    if not chosen:
        return empty("no descent of several lengths has an excess loss")
    fixed = [dict(front.fixed) for front in chosen]
    apart = differing([title | {"dtype": None, "tolerance": None} for title in fixed])
    with styled():
        figure, places = panels(len(chosen), height=_HEIGHT, below=1.15)
        lowest = min(excess_of(row) for front in chosen for way in front.ways for row in way.rows)
        times = [row["time_s"] for front in chosen for way in front.ways for row in way.rows]
        widest = min(times) / _BESIDE, max(times) * _BESIDE
        for axes, front in zip(places, chosen, strict=True):
            _axes(axes, lowest, widest)
            for way in front.ways:
                (_curve if way.method == "gd" else _points)(axes, way)
            _names(axes, [way for way in front.ways if way.method != "gd"])
            for row in front.wrong:
                _wrong(axes, row)
            axes.set_title(_title(dict(front.fixed), apart))
            axes.legend(handles=_legend(front), loc="upper left", bbox_to_anchor=(-0.1, -0.13), ncols=3, handlelength=3)
    return figure


def _axes(axes: Axes, lowest: float, widest: tuple[float, float]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(lowest * _LOWEST, _ABOVE)
    axes.set_xlim(widest)
    axes.xaxis.set_major_formatter(EngFormatter(unit="s", sep=" "))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(numticks=9))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: error_text(y)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("time of a call")
    axes.set_ylabel("excess loss, 1 at the start")
    axes.grid(visible=True)


def _curve(axes: Axes, way: Way) -> None:
    colour = colour_of(way.rows[0]["strategy"])
    times, losses = [row["time_s"] for row in way.rows], [excess_of(row) for row in way.rows]
    axes.plot(
        times,
        losses,
        color=colour,
        marker=marker_of(way.rows[0]["strategy"]),
        markersize=4,
        markerfacecolor=_fill(way.dtype, colour),
        linewidth=1.4,
        linestyle=_STYLES.get(way.dtype, "-."),
    )
    ends = [(y, row["time_low_s"], row["time_high_s"]) for y, row in zip(losses, way.rows, strict=True)]
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
        if row["time_low_s"] is not None:
            axes.hlines(excess_of(row), row["time_low_s"], row["time_high_s"], color=colour, linewidth=2, alpha=0.5)
        axes.plot(
            [row["time_s"]],
            [excess_of(row)],
            color=colour,
            marker=marker_of(row["strategy"]),
            markersize=7,
            markerfacecolor=_fill(way.dtype, colour),
            linestyle="",
        )


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
    axes.plot(
        [1.0],
        [excess_of(row)],
        transform=axes.get_yaxis_transform(),
        color=colour_of(row["strategy"]),
        marker="x",
        markersize=6,
        linestyle="",
        clip_on=False,
    )


def _fill(dtype: str, colour: str) -> str:
    return "none" if dtype == "float32" else colour


def _title(fixed: Record, apart: Sequence[str]) -> str:
    sizes = ", ".join(f"{AXIS_LETTER[axis]} = {fixed[axis]:,}" for axis in ("samples", "features", "batch"))
    sizes += f", {fixed['threads']} threads" if fixed["threads"] != "1" else ""
    if fixed["condition"] is not None:
        sizes += f", condition number {number_text(fixed['condition'])}"
    rest = ", ".join(f"{name} {cut(fixed[name])}" for name in apart if name != "condition" and fixed[name] is not None)
    return f"{sizes}\n{rest}" if rest else sizes


def _legend(front: Front) -> list[Line2D]:
    rows = [row for way in front.ways for row in way.rows]
    strategies = dict.fromkeys(row["strategy"] for row in rows)
    handles = [
        Line2D([], [], color=colour_of(name), marker=marker_of(name), markersize=5, label=cut(name))
        for name in strategies
    ]
    dtypes = sorted({way.dtype for way in front.ways})
    handles += [
        Line2D([], [], color=INK, linestyle=_STYLES.get(name, "-."), marker="o", markersize=5) for name in dtypes
    ]
    for handle, name in zip(handles[len(strategies) :], dtypes, strict=True):
        handle.set_label(cut(name))
        handle.set_markerfacecolor(_fill(name, INK))
    if any(way.method != "gd" for way in front.ways):
        handles.append(Line2D([], [], color=INK, linestyle="", marker="o", markersize=7, label="a closed form"))
    if any(way.method == "gd" and floor_of(way).known for way in front.ways):
        handles.append(Line2D([], [], color=INK, linestyle=":", label="levelled off"))
    if front.wrong:
        handles.append(Line2D([], [], color=INK, linestyle="", marker="x", label="wrong, so no time"))
    return handles
