"""The tables of a page that come straight from the frame: every case, every workload's winner, runs side by side."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from results import wording
from results.answers import AnswerTable, Cell
from results.findings import explained
from results.models import competitor
from results.rows import CONTEST_KEYS
from results.summary import groups, records_of
from results.titles import TOLD_IF_VARYING, Record, title

SEPARATOR = "\x1f"
_FILTERS = ("method", "strategy", "device", "dtype", "threads", "status", "verdict", "run")


@dataclass(frozen=True)
class CaseTable:
    """Every case; `choices` are the filters by name with their values, `keys` each row's values of them."""

    name: str
    heading: str
    about: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...]
    keys: tuple[str, ...]


def case_table(frame: pd.DataFrame) -> CaseTable:
    """One row a case, in the order of the frame; a column that says nothing anywhere is left out."""
    records = records_of(frame)
    told = told_in(frame)
    titled = [title(record, told) for record in records]
    built: dict[str, list[Cell]] = {
        "workload": [Cell(text, text) for text in titled],
        "case": [Cell(competitor(record), competitor(record)) for record in records],
    }
    for name, cell in _CELLS.items():
        cells = [cell(record) for record in records]
        if any(each.text for each in cells):
            built[name] = cells
    chosen = [name for name in _FILTERS if frame[name].nunique() > 1]
    choices = tuple((name, tuple(sorted({_key(record, name) for record in records} - {""}))) for name in chosen)
    return CaseTable(
        "cases",
        "Every case",
        "Times are seconds a call with their 95% half-widths; ratios say how many times as fast as the baseline.",
        tuple(built),
        tuple(zip(*built.values(), strict=True)),
        choices,
        tuple(SEPARATOR.join(_key(record, name) for name in chosen) for record in records),
    )


def conclusions(frame: pd.DataFrame) -> AnswerTable:
    """One row a workload: who wins, by how much."""
    rows = tuple((Cell(group.title, group.title), Cell(group.conclusion, group.conclusion)) for group in groups(frame))
    return AnswerTable("workload-winners", "Who wins", "One line a workload.", ("workload", "who wins"), rows, "")


def reasons(frame: pd.DataFrame) -> AnswerTable:
    """Every case without a time, and every finding, with its reason."""
    told = told_in(frame)
    rows = []
    for record in records_of(frame):
        found = [explained(name) for name in (record["findings"] or "").split("; ") if name]
        status = wording.plain(record["status"]).replace("_", " ")
        if record["time_s"] is not None and not found:
            continue
        if record["time_s"] is None:
            found.insert(0, wording.plain(record["reason"] or "no samples"))
        texts = (title(record, told), competitor(record), status, "; ".join(dict.fromkeys(found)))
        rows.append(tuple(Cell(text, text) for text in texts))
    columns = ("workload", "case", "status", "why")
    return AnswerTable("reasons", "Findings and what was not measured", "", columns, tuple(rows), "")


def side_by_side(frame: pd.DataFrame) -> AnswerTable | None:
    """The same case of several runs, a column a run; None for one run. Times are shown, not judged."""
    runs = [str(run) for run in frame["run"].dropna().unique()]
    if len(runs) < 2:
        return None
    # other programs name their environments in their own way; one a run tells nothing apart
    one_each = frame.groupby("run")["environment"].nunique().max() <= 1
    ignored = {"run", "environment"} if one_each else {"run"}
    told = frozenset(told_in(frame) - ignored)
    found: dict[tuple[object, ...], dict[str, Record]] = {}
    for record in records_of(frame):
        key = (*(record[name] for name in CONTEST_KEYS if name not in ignored), competitor(record))
        found.setdefault(key, {})[record["run"]] = record
    rows = []
    for by_run in found.values():
        record = next(iter(by_run.values()))
        texts = (title(record, told), competitor(record))
        times = [_time(by_run[run]) if run in by_run else Cell("", float("inf")) for run in runs]
        ratios = [_ratio(by_run[run]) if run in by_run else Cell("", float("inf")) for run in runs]
        rows.append((*(Cell(text, text) for text in texts), *times, *ratios))
    names = [wording.plain(run) for run in runs]
    columns = ("workload", "case", *(f"time, {name}" for name in names), *(f"vs baseline, {name}" for name in names))
    about = "The same cases in every run. Runs are not judged against each other here: `linregbench compare` does that."
    return AnswerTable("side-by-side", "Runs side by side", about, columns, tuple(rows), "")


def told_in(frame: pd.DataFrame) -> frozenset[str]:
    """The columns that a title must name, since they vary."""
    return frozenset(key for key in TOLD_IF_VARYING if frame[key].nunique() > 1)


def _key(record: Record, name: str) -> str:
    value = record[name]
    return "" if value is None else wording.plain(str(value))


def _time(record: Record) -> Cell:
    if record["time_s"] is None:
        return Cell(wording.plain(record["status"]).replace("_", " "), float("inf"))
    half_width = None if record["time_high_s"] is None else (record["time_high_s"] - record["time_low_s"]) / 2
    share = "" if half_width is None else f" {wording.share_text(half_width / record['time_s'])}"
    return Cell(f"{wording.text_of_time(record['time_s'], half_width)}{share}", record["time_s"])


def _ratio(record: Record) -> Cell:
    text = wording.ratio_text(record["ratio"], record["ratio_low"], record["ratio_high"])
    return Cell(text, record["ratio"] if record["ratio"] is not None else float("inf"))


def _seconds(name: str) -> Callable[[Record], Cell]:
    return lambda record: Cell(
        wording.text_of_time(record[name]), float("inf") if record[name] is None else record[name]
    )


def _memory(record: Record) -> Cell:
    grown = record["rss_growth_bytes"]
    return Cell("" if grown is None else f"{grown / 2**20:,.1f} MiB", float("inf") if grown is None else float(grown))


def _error(record: Record) -> Cell:
    return Cell(wording.error_text(record["error"]), float("inf") if record["error"] is None else record["error"])


def _verdict(record: Record) -> Cell:
    text = "" if record["verdict"] is None else wording.plain(record["verdict"])
    return Cell(text, text)


_CELLS: dict[str, Callable[[Record], Cell]] = {
    "time": _time,
    "a problem": lambda record: _seconds("time_per_problem_s")(record) if record["batch"] > 1 else Cell("", ""),
    "vs baseline": _ratio,
    "verdict": _verdict,
    "first result": _seconds("first_result_s"),
    "compile": _seconds("compile_s"),
    "memory": _memory,
    "error": _error,
}
