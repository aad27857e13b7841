"""Two sides in one picture: time against samples and against the batch, the best of each, transfers or not."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from ..compare.devices.crossovers import Line, main_lines, overtakings
from ..compare.devices.ratios import Across
from ..compare.devices.sides import STEADY, Spent
from ..models.words import interval as interval_text
from ..stats.intervals import t_interval
from ..tables.devices import TRANSFERS, Wording
from ..words.guesses import too_few
from .draw import INK, colour_of, cut, enough_ticks, log_axes, panelled, seconds_axis

SOLID, DASHED = "-", (0, (4, 2))
SIDE_MARKERS = ("o", "s")
"""Of the base, filled, and of the new side, hollow; a strategy goes by its colour."""


def devices_figure(across: Across) -> Figure:
    """Time of a call against samples and against the batch, for the best of each side, with 95% bands.

    Solid with the data in place, dashed with transfers; a point has the colour of the strategy that is best there. An
    upright line is where one side overtakes the other, its band the interval.
    """

    def draw(axes: Axes, line: Line) -> None:
        log_axes(axes, line.axis)
        seconds_axis(axes)
        for cost in filter(None, (across.moved, STEADY)):
            _draw(axes, line, cost)
        _mark(axes, across, line)
        enough_ticks(axes.yaxis)
        axes.set_ylabel("time of a call")
        handles = _handles(across, line)
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(-0.1, -0.18), ncols=3, columnspacing=1.2)

    chosen = ((line.fixed, line) for line in main_lines(across))
    otherwise = "the two meet at fewer than two places along samples and along the batch"
    return panelled(chosen, draw, otherwise, height=3.9, below=1.25)


def _draw(axes: Axes, line: Line, cost: str) -> None:
    style = SOLID if cost == STEADY else DASHED
    for new, marker in enumerate(SIDE_MARKERS):
        points = []
        for x, contrast in line.best(cost).items():
            spent = contrast.new if new else contrast.base
            points.append((x, *_ends(spent, cost), colour_of(spent.case.strategy)))
        # a line has the colour of the way that is best where it begins
        for (x, low, middle, high, colour), (next_x, next_low, next_middle, next_high, _) in pairwise(points):
            axes.plot([x, next_x], [middle, next_middle], color=colour, linewidth=1.4, linestyle=style)
            axes.fill_between([x, next_x], [low, next_low], [high, next_high], color=colour, alpha=0.22, lw=0)
        for x, low, middle, high, colour in points if cost == STEADY else ():
            face = "none" if new else colour
            axes.plot([x], [middle], marker=marker, markersize=5.5, color=colour, markerfacecolor=face)
            axes.vlines([x], low, high, color=colour, linewidth=2.4, alpha=0.5)


def _ends(spent: Spent, cost: str) -> tuple[float, float, float]:
    """A case's time between the ends of its interval; of too few blocks for one all three are alike."""
    interval = t_interval(spent.log_s[cost])
    low, middle, high = (float(np.exp(end)) for end in (interval.low, interval.mean, interval.high))
    return (middle, middle, middle) if too_few(int(interval.blocks)) else (low, middle, high)


def _mark(axes: Axes, across: Across, line: Line) -> None:
    names = Wording(across).by_name
    for change in overtakings(across, line):
        at = change.at
        if at.value is not None and at.low is not None and at.high is not None:
            axes.axvline(at.value, color=INK, linewidth=0.9, linestyle="-" if change.cost == STEADY else "--")
            if not too_few(at.blocks):
                axes.axvspan(at.low, at.high, color=INK, alpha=0.08, linewidth=0)
            if change.cost == STEADY:
                text = f"{names[change.above]}\nfrom {interval_text(at)}"
                shift = ScaledTranslation(-5 / 72, 0, axes.figure.dpi_scale_trans)
                where = axes.get_xaxis_transform() + shift
                axes.text(at.value, 0.98, text, transform=where, ha="right", va="top", fontsize=7.5)


def _handles(across: Across, line: Line) -> list[Line2D]:
    best = [contrast for cost in filter(None, (STEADY, across.moved)) for contrast in line.best(cost).values()]
    strategies = dict.fromkeys(spent.case.strategy for contrast in best for spent in (contrast.base, contrast.new))
    handles = [Line2D([], [], color=colour_of(name), linewidth=2.4, label=cut(name, 24)) for name in strategies]
    for name, marker, face in zip(Wording(across).names, SIDE_MARKERS, (INK, "none"), strict=True):
        handles.append(Line2D([], [], color=INK, marker=marker, markerfacecolor=face, linestyle="", label=name))
    handles.append(Line2D([], [], color=INK, linewidth=1.2, label="data in place"))
    if across.moved:
        handles.append(Line2D([], [], color=INK, linewidth=1.2, linestyle=DASHED, label=TRANSFERS[across.moved]))
    return handles
