"""asv's history without asv's pages, which need scripts from the net: a panel a problem, a line a case."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from ..tables.history import QUANTITIES, history
from ..words.text import plain
from .draw import look, ratio_axis, styled

ACROSS = 4
STYLES = ("-", "--", ":", "-.")


def plot(frame: pd.DataFrame, output: Path) -> None:
    """The ratios, or the times where there are none: a panel a problem, a line a strategy, older commits to the left.

    The ending of `output` says which format. Raises ValueError for one that cannot be drawn.
    """
    figure = next((name for name in QUANTITIES if len(history(frame, name))), "ratio")
    wide = history(frame, figure)
    problems = dict(list(wide.groupby(["method", "samples", "batch"], sort=True)))
    places = list(dict.fromkeys(case[4:] for case in wide.index))
    down = max(1, -(-len(problems) // ACROSS))
    with styled():
        drawing = Figure(figsize=(3.6 * ACROSS, 2.6 * down + 0.6), layout="constrained")
        for place, ((method, samples, batch), of_problem) in enumerate(problems.items()):
            axes = drawing.add_subplot(down, ACROSS, place + 1)
            for case, values in zip(of_problem.index, of_problem.to_numpy(), strict=True):
                _line(axes, case, values.tolist(), places)
            axes.set_title(f"{method} n={samples:,} b={batch:,}")
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
            axes.yaxis.set_minor_locator(NullLocator())
            if figure == "time_s":
                axes.yaxis.set_major_formatter(EngFormatter(unit="s", sep=" "))
            else:
                ratio_axis(axes.yaxis)
            axes.set_xticks(range(len(wide.columns)), [str(commit) for commit in wide.columns], rotation=60, fontsize=7)
            axes.tick_params(axis="y", labelsize=7)
            axes.grid(visible=True)
        drawing.supylabel(QUANTITIES[figure])
        named = {line.get_label(): line for axes in drawing.axes for line in axes.lines}
        if named:
            drawing.legend(list(named.values()), [str(name) for name in named], loc="outside upper center", ncols=4)
        drawing.savefig(output)


def _line(axes: Axes, case: tuple[Any, ...], values: list[float], places: list[tuple[str, str]]) -> None:
    """One case over the commits: the colour says the strategy, the kind of line where it ran."""
    strategy, device, environment = case[3:]
    where = [device] if device != "cpu" else []
    where += [environment] if len({name for _, name in places}) > 1 else []
    axes.plot(
        range(len(values)),
        values,
        **look(strategy),
        markersize=4,
        linestyle=STYLES[places.index((device, environment)) % len(STYLES)],
        label=plain(f"{strategy} on {', '.join(where)}" if where else strategy),
    )
