"""The answers of a run in plain words, for the top of a report; every sentence is in a table further down."""

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from ..formats.unjudged import judged_here, notes
from ..frame import NOISE
from ..models.crossovers import lead_of
from ..models.words import interval
from ..tables.accuracy import accuracy_sentences
from ..tables.answers import METHOD_NAME, Answers, crossover_text, place
from ..words.names import Record, grouped, title
from ..words.text import counted, plain

MOST_CROSSOVERS = 6


def plain_words(frame: pd.DataFrame, found: Answers) -> list[str]:
    """Who wins how often, where the lead changes, what the compile costs, how far to believe it."""
    lines = [*_winners(frame, found), *_lead_changes(found), *_compiles(found)]
    lines += accuracy_sentences(found.fronts, found.told)
    lines += [f"{_named(frame, run)}{line}." for run, line in frame.attrs.get(NOISE, {}).items()]
    lines += notes(frame)
    unmeasured = int((frame["time_s"].isna()).sum())
    if unmeasured:
        have = "has" if unmeasured == 1 else "have"
        lines.append(f"{unmeasured:,} of {counted(len(frame), 'case')} {have} no time; the reasons are below.")
    return lines or ["Nothing was measured."]


def _named(frame: pd.DataFrame, run: str) -> str:
    text = f"Run {plain(run)}: " if frame["run"].nunique() > 1 else ""
    return text or "How far to believe it: "


def _winners(frame: pd.DataFrame, found: Answers) -> Iterator[str]:
    by_method: dict[tuple[str, str], list[list[Record]]] = {}
    for rows in grouped(filter(judged_here, found.rows)).values():
        by_method.setdefault((rows[0]["run"], rows[0]["method"]), []).append(rows)
    for (run, method), of_method in by_method.items():
        wins: Counter[str] = Counter()
        for rows in of_method:
            winner, lead = lead_of(rows)
            wins["" if lead is None else plain(winner["strategy"])] += 1
        close = wins.pop("", 0)
        told = [f"{name} is fastest in {number:,}" for name, number in wins.most_common()]
        told += [f"{close:,} too close to call between strategies"] if close else []
        name = METHOD_NAME.get(method, plain(method))
        where = f", run {plain(run)}" if frame["run"].nunique() > 1 else ""
        yield f"{name.capitalize()}{where}: of {counted(len(of_method), 'workload')}, {', '.join(told)}."


def _lead_changes(found: Answers) -> Iterator[str]:
    leading = [each for each in found.crossovers if each.leads]
    for each in leading[:MOST_CROSSOVERS]:
        where = place(each.ray.title, found.told, (each.ray.axis,)).text
        yield f"{where[0].upper()}{where[1:]}: {crossover_text(each)}."
    if len(leading) > MOST_CROSSOVERS:
        yield f"The lead changes hands at {len(leading) - MOST_CROSSOVERS:,} more places; see Crossovers."


def _compiles(found: Answers) -> Iterator[str]:
    """For each run and method, the quickest break-even against the baseline, and where there is none."""
    by_method: dict[tuple[str, str], list[tuple[float, str]]] = {}
    for each in found.break_evens:
        if each.other["verdict"] == "baseline":
            key = each.other["run"], each.other["method"]
            paid = by_method.setdefault(key, [])
            if each.calls.value is not None:
                text = (
                    f"{each.names[0]} pays for its compile against {each.names[1]} after {interval(each.calls)} calls"
                )
                paid.append((each.calls.value, f"{title(dict(each.fixed), found.told)}: {text}, the soonest of all."))
    for (_, method), paid in by_method.items():
        name = METHOD_NAME.get(method, plain(method)).capitalize()
        yield min(paid)[1][0].upper() + min(paid)[1][1:] if paid else f"{name}: no compile pays against the baseline."
