"""asv's history without asv's pages, which need scripts from the net: one line a case, one column a commit.

Ratios to the NumPy loop, since they hold on a noisy machine; a case that has none shows its time.
"""

from pathlib import Path

import pandas as pd

CASE = ["method", "samples", "batch", "strategy", "device", "environment"]
FIGURES = {"ratio": "times as fast as the NumPy loop", "time_s": "seconds a call"}


def history(frame: pd.DataFrame, figure: str = "ratio") -> pd.DataFrame:
    """The figure of each case (rows) at each commit (columns, older first); cases without any are left out."""
    known = frame[frame[figure].notna()].assign(commit=frame["run"].str.split(" ").str[0])
    wide = known.pivot_table(index=CASE, columns="commit", values=figure, aggfunc="last", sort=False)
    return wide[list(dict.fromkeys(known["commit"]))]


def as_text(frame: pd.DataFrame) -> str:
    """Both figures as plain text; a figure that no case has is left out."""
    parts = []
    for figure, words in FIGURES.items():
        wide = history(frame, figure)
        if len(wide):
            table = wide.reset_index().to_string(index=False, float_format=lambda value: f"{value:.4g}")
            parts.append(f"{words}\n\n{table}\n")
    return "\n".join(parts) or "no case has a ratio or a time\n"


def plot(frame: pd.DataFrame, output: Path) -> None:
    """One panel a figure, commits from left to right, one line a case; the ending of `output` says which format."""
    from matplotlib.figure import Figure

    shown = {figure: wide for figure in FIGURES if len(wide := history(frame, figure))}
    drawing = Figure(figsize=(9, 1 + 4 * max(1, len(shown))), layout="constrained")
    for place, (figure, wide) in enumerate(shown.items()):
        axes = drawing.add_subplot(len(shown), 1, place + 1)
        for case, values in wide.iterrows():
            name = " ".join(map(str, case[:-1])) if isinstance(case, tuple) else str(case)
            axes.plot(range(len(wide.columns)), values.tolist(), marker="o", label=name)
        axes.set_yscale("log")
        axes.set_ylabel(FIGURES[figure])
        axes.set_xticks(range(len(wide.columns)), [str(commit) for commit in wide.columns], rotation=45)
        if len(wide) <= 24:
            axes.legend(fontsize="xx-small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    drawing.savefig(output)
