"""A comparison as a frame and as a document of tables."""

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import pandas as pd

from ..compare.refusals import INSTEAD
from ..compare.runs import VERDICTS, ComparedCase, Comparison
from ..fields import CASE_KEYS, CONTEST_KEYS, WORKLOAD
from ..fields import COLUMNS as OF_A_RUN
from ..frame import of_rows, records_of
from ..stats.findings import FINDINGS
from ..words.guesses import BLOCKS_ADVISED, shown_ratio, shown_time, too_few, too_few_text, verdict_text
from ..words.names import Record, grouped, named, title, varying
from ..words.text import bound_text, counted, percent_text, plain
from .cases import by_reason
from .table import Cell, Document, Table, number_cell, table_of

_OF_CASE = tuple(name for name in CASE_KEYS if name != "environment")
_OF_ROW = ("verdict", "ratio", "floor", "delta", "blocks", "status", "reason", "rounds", "base_time_s", "new_time_s")
_OF_DEVICE = ("busy_ratio", "busy_low", "busy_high")

_AS_IN_A_RUN = ("verdict", "ratio", "ratio_low", "ratio_high", "floor", "delta", "blocks", "status", "reason", "rounds")

COMPARISON_COLUMNS: dict[str, str] = {name: kind for name, kind in OF_A_RUN.items() if name in (*_OF_CASE, *WORKLOAD)}
COMPARISON_COLUMNS |= {"base": "string", "new": "string"} | {name: OF_A_RUN[name] for name in _AS_IN_A_RUN}
COMPARISON_COLUMNS |= {"base_time_s": "float64", "new_time_s": "float64", "findings": "string"}
COMPARISON_COLUMNS |= dict.fromkeys(_OF_DEVICE, "float64")

_GROUP_KEYS = tuple(key for key in CONTEST_KEYS if key in COMPARISON_COLUMNS)


def comparison_frame(*comparisons: Comparison) -> pd.DataFrame:
    """One row a case, the same columns and dtypes whatever was compared; `base` and `new` name the sides."""
    rows = (_record(comparison, row) for comparison in comparisons for row in comparison.rows)
    return of_rows(rows, COMPARISON_COLUMNS)


def summary(comparison: Comparison) -> str:
    """`2 slower, 1 faster, 8 same, 1 inconclusive`: every verdict there is, the bad news first."""
    if comparison.across:
        without = sum(row.ratio is None for row in comparison.rows)
        ratios = counted(len(comparison.rows) - without, "ratio") + ", no verdicts"
        return f"{ratios}, {without} skipped" if without else ratios
    counts = Counter(row.verdict for row in comparison.rows)
    words = {verdict: word_of(verdict, comparison.more_than) for verdict in VERDICTS if counts[verdict]}
    return ", ".join(f"{counts[verdict]} {word}" for verdict, word in words.items()) or "nothing to compare"


def comparison_document(comparison: Comparison) -> Document:
    """A table a workload; above it what was compared and why not, and last the count of verdicts."""
    records = records_of(comparison_frame(comparison))
    told = varying(records)
    how = "two sides of one run, in lockstep" if comparison.paired else "two runs"
    above = [f"{how}: base is {plain(comparison.base)}, new is {plain(comparison.new)}"]
    word = "differs" if comparison.across else "refused"
    above += [f"{word}: {plain(text)}" for text in comparison.refusals]
    above += [f"differs: {plain(text)}" for text in comparison.beside]
    above = [*(plain(text) for text in comparison.shortfalls), *above]
    above += [INSTEAD] if any(row.verdict == "refused" for row in comparison.rows) else []
    groups = grouped(records, _GROUP_KEYS).values()
    tables = [_table(named(alike), told, comparison.more_than) for alike in groups]
    return Document(tables, above, list(_notes(comparison)), summary(comparison))


def _record(comparison: Comparison, row: ComparedCase) -> dict[str, Any]:
    record: dict[str, Any] = {name: getattr(row, name) for name in (*_OF_ROW, *_OF_DEVICE)}
    record |= {name: row.workload.get(name) for name in WORKLOAD}
    record |= {name: getattr(row.case, name) or None for name in _OF_CASE}
    record |= {"base": comparison.base, "new": comparison.new, "batch": record["batch"] or 1}
    return record | {"ratio_low": row.low, "ratio_high": row.high, "findings": "; ".join(row.findings)}


def word_of(verdict: str | None, more_than: float | None) -> str:
    """A verdict as it is printed: of a run that asked about one difference, its answers to that."""
    answers = {} if more_than is None else {"same": f"within {percent_text(more_than)}", "inconclusive": "undecided"}
    return answers.get(verdict or "", verdict or "")


def _table(records: Sequence[Record], told: AbstractSet[str], more_than: float | None) -> Table:
    compared = [record for record in records if record["ratio"] is not None]
    busy = any(record["busy_ratio"] is not None for record in compared)
    return table_of(
        title(records[0], told),
        ("case", "base", "new", "base / new", *(("on the device",) if busy else ()), "verdict"),
        (_row(record, more_than, busy=busy) for record in compared),
        remarks=by_reason((record["name"], _remark(record)) for record in compared),
        left_out=tuple(_left_out([record for record in records if record["ratio"] is None])),
    ).filled()


def _left_out(without: Sequence[Record]) -> Iterator[str]:
    """The cases without a ratio: the broken ones, and all others, and why."""
    by_word: dict[str, list[Record]] = {"broken": [], "skipped": []}
    for record in without:
        by_word.get(record["verdict"], by_word["skipped"]).append(record)
    for word, records in by_word.items():
        reasons = by_reason((record["name"], plain(record["reason"] or "")) for record in records)
        yield from (f"{word}: {line}" for line in reasons)


def _row(record: Record, more_than: float | None, *, busy: bool) -> tuple[Cell | str, ...]:
    blocks = record["blocks"]
    return (
        record["name"] + (" *" if _remark(record) else ""),
        *(number_cell(shown_time(record[side], blocks=blocks), record[side]) for side in ("base_time_s", "new_time_s")),
        Cell(shown_ratio(record["ratio"], record["ratio_low"], record["ratio_high"], blocks=blocks), record["ratio"]),
        *([_on_the_device(record)] if busy else []),
        Cell(verdict_text(word_of(record["verdict"], more_than), blocks), meaning=record["verdict"] or ""),
    )


def _on_the_device(record: Record) -> Cell:
    ratio, low, high = (record[name] for name in _OF_DEVICE)
    return Cell("" if ratio is None else shown_ratio(ratio, low, high, blocks=record["blocks"]), ratio)


def _remark(record: Record) -> str:
    told_above = record["verdict"] == "refused"
    remarks = [plain(text) for text in (None if told_above else record["reason"], record["findings"]) if text]
    return ", ".join(remarks)


def _on_the_question(band: Sequence[float], more_than: float) -> Iterator[str]:
    """What the answers mean, and where the run was too noisy for the question."""
    asked = percent_text(more_than)
    yield f"slower, faster: surely by more than {asked}; within {asked}: surely not."
    above = [delta for delta in band if delta > more_than * (1 + 1e-9)]
    if above:
        yield (
            f"Two copies of the baseline may differ by up to {above[-1]:.1%}: in {len(above)} of {len(band)} such a "
            f"bound is above {asked} and stands in its place, and nothing is called within it."
        )


def _notes(comparison: Comparison) -> Iterator[str]:
    ratios = [row for row in comparison.rows if row.ratio is not None]
    if not ratios:
        return
    if comparison.paired:
        how = "block by block"
    else:
        fastest = sum(row.rounds == "fastest" for row in ratios)
        how = "from all samples" if all(row.rounds == "all" for row in ratios) else "from quiet samples"
        if fastest == len(ratios):
            how = "from the fastest samples"
        elif fastest:
            how += f", and in {fastest} of {len(ratios)} from the fastest"
    sure = [row for row in ratios if not too_few(row.blocks)]
    interval = ", with the 95% interval" if any(row.low is not None for row in sure) else ", without an interval"
    interval += " that holds at all looks together" if comparison.more_than is not None else ""
    yield f"base, new: one call; base / new: {how}{interval}; above 1 the new one is faster."
    if any(row.busy_ratio is not None for row in ratios):
        yield (
            "on the device: the same of the device's own work alone, as the profiler saw it in each block "
            "(device_busy_s); no noise floor is known for it, and the verdict is of base / new."
        )
    if few := {row.blocks for row in ratios if row.blocks is not None and too_few(row.blocks)}:
        yield (
            f"~, likely: {too_few_text(few)} for an interval, a noise floor or a sure verdict; --blocks "
            f"{BLOCKS_ADVISED} takes more."
        )
    band = sorted(row.delta for row in sure if row.delta is not None)
    if band and comparison.more_than is not None:
        yield from _on_the_question(band, comparison.more_than)
    elif band and not comparison.across:
        span = " to ".join(dict.fromkeys(map(bound_text, (band[0], band[-1]))))
        yield f"A difference is called faster or slower from {span} on, judged over all cases together."
    names = dict.fromkeys(name for row in ratios for name in row.findings)
    yield from (f"{name}: {FINDINGS[name]}." for name in names if name in FINDINGS)
