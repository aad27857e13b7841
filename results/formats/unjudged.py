"""Times that another program measured: what a report has of them, what it cannot have, and why.

asv, pytest-benchmark and pyperf sample one case after the other, each in its own seconds. So their files hold no rounds
to pair, no second copy of the baseline whose difference would be the noise floor, and no sentinel to say when the
machine was slow: times are all there is, and a verdict on them would be a guess.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ..words.names import Record
from ..words.text import counted, listed, plain, ratio_text

OURS = "linregbench"
WHY = "its file holds no rounds to pair, no second copy of the baseline and no sentinel"


def judged_here(record: Record) -> bool:
    """Whether the row is of a run file, in which cases were sampled side by side and judged."""
    return bool(record["source"] == OURS)


def rests_on(record: Record) -> int | None:
    """The blocks that the numbers of a row rest on; None for those of another program, which knows no blocks."""
    return record["blocks"] if judged_here(record) else None


def only_ratio(record: Record) -> bool:
    """Whether a file has a ratio for the row and no time, as asv's has of a benchmark of ratios alone."""
    return not judged_here(record) and record["time_s"] is None and record["ratio"] is not None


def sources(frame: pd.DataFrame) -> dict[str, list[str]]:
    """By the other programs in the frame, their runs."""
    pairs = frame.loc[frame["source"].notna() & (frame["source"] != OURS), ["source", "run"]].drop_duplicates()
    by_source: dict[str, list[str]] = {}
    for source, run in pairs.itertuples(index=False):
        by_source.setdefault(str(source), []).append(str(run))
    return by_source


def notes(frame: pd.DataFrame) -> list[str]:
    """One sentence a program: why there are neither verdicts nor a diagnosis of noise for its times."""
    return [
        f"{plain(source)}, run {listed(list(map(plain, runs)))}: times, but neither verdicts "
        f"nor a diagnosis of noise: {WHY}."
        for source, runs in sources(frame).items()
    ]


def as_runs(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The runs of other programs as a page lists its runs: name, started, preset, facts, account of each."""
    listing = []
    for source, runs in sources(frame).items():
        program = plain(source)
        for run in runs:
            rows = frame[(frame["source"] == source) & (frame["run"] == run)]
            statuses = rows["status"].value_counts().items()
            counts = ", ".join(f"{number:,} {plain(str(name)).replace('_', ' ')}" for name, number in statuses)
            facts = [
                f"from a file of {program}, in {'; '.join(map(plain, rows['units'].dropna().unique()))}",
                f"{counted(len(rows), 'case')}: {counts}",
                f"no diagnosis of noise: {WHY}",
                f"its machine and packages stand in {program}'s own file",
            ]
            account = f"where the time went: {program} does not tell"
            listing.append({"name": plain(run), "started": "", "preset": "", "facts": facts, "account": account})
    return listing


def conclusion(measured: Sequence[Record]) -> str:
    """Of one workload, the fastest first: the shortest time and the next, and that nobody has judged them."""
    first, *others = measured
    if only_ratio(first):
        times = ratio_text(first["ratio"])
        return f"Highest ratio: {first['name']}, {times} as fast as {plain(first['baseline'])}. No verdict: {WHY}."
    if not others:
        return f"Only {first['name']} was measured."
    ratio = ratio_text(others[0]["time_s"] / first["time_s"])
    return f"Shortest time: {first['name']}; next {others[0]['name']}, {ratio} as long. No verdict: {WHY}."
