"""asv's history without asv's pages, which need scripts from the net: one line a case, one column a commit.

Ratios to the NumPy loop, since they hold on a noisy machine; a case that has none shows its time.
"""

from pathlib import Path

import pandas as pd

from results import wording

CASE = ["method", "samples", "batch", "strategy", "device", "environment"]
ACROSS = 4
FIGURES = {"ratio": "times as fast as the NumPy loop", "time_s": "time of a call"}


def history(frame: pd.DataFrame, figure: str = "ratio") -> pd.DataFrame:
    """The figure of each case (rows) at each commit (columns, older first); cases without any are left out."""
    known = frame[frame[figure].notna()]
    known = known.assign(commit=known["run"].str.split(" ").str[0])
    wide = known.pivot_table(index=CASE, columns="commit", values=figure, aggfunc="last", sort=False)
    return wide[list(dict.fromkeys(known["commit"]))]


def as_text(frame: pd.DataFrame) -> str:
    """Both figures as plain text; a figure that no case has is left out."""
    parts = []
    for figure, words in FIGURES.items():
        wide = history(frame, figure)
        if len(wide):
            shown = wording.text_of_time if figure == "time_s" else wording.ratio_text
            table = wide.reset_index().to_string(index=False, float_format=shown, na_rep="")
            parts.append(f"{words}\n\n{table}\n")
    return "\n".join(parts) or "no case has a ratio or a time\n"


def plot(frame: pd.DataFrame, output: Path) -> None:
    """The ratios, or the times where there are none: a panel a problem, a line a strategy, older commits to the left.

    The ending of `output` says which format. Raises ValueError for one that cannot be drawn.
    """
    from matplotlib.figure import Figure

    figure = next((name for name in FIGURES if len(history(frame, name))), "ratio")
    wide = history(frame, figure)
    problems = dict(list(wide.groupby(["method", "samples", "batch"], sort=True)))
    strategies = list(dict.fromkeys(wide.index.get_level_values("strategy")))
    down = max(1, -(-len(problems) // ACROSS))
    drawing = Figure(figsize=(3.6 * ACROSS, 2.6 * down + 0.6), layout="constrained")
    for place, ((method, samples, batch), of_problem) in enumerate(problems.items()):
        axes = drawing.add_subplot(down, ACROSS, place + 1)
        for case, values in zip(of_problem.index, of_problem.to_numpy(), strict=True):
            strategy, device = case[3], case[4]
            colour = f"C{strategies.index(strategy)}"
            style = "-" if device == "cpu" else "--"
            label = strategy if device == "cpu" else f"{strategy} on {device}"
            axes.plot(range(len(values)), values.tolist(), color=colour, ls=style, marker=".", label=label)
        axes.set_title(f"{method} n={samples:,} b={batch:,}", fontsize="small")
        axes.set_yscale("log")
        axes.set_xticks(range(len(wide.columns)), [str(commit) for commit in wide.columns], rotation=60, fontsize=6)
        axes.tick_params(axis="y", which="both", labelsize=6)
    drawing.supylabel(FIGURES[figure], fontsize="small")
    named = {line.get_label(): line for axes in drawing.axes for line in axes.lines}
    if named:
        drawing.legend(
            list(named.values()), [str(name) for name in named], loc="outside upper center", ncols=6, fontsize="small"
        )
    drawing.savefig(output)
