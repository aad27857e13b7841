"""The tables of a page that come straight from the frame: every case, every workload's winner, runs side by side."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ..fields import CONTEST_KEYS
from ..models.rays import competitor
from ..models.words import AnswerTable, Cell
from ..stats.findings import explained
from ..tables.cases import groups_of
from ..words.names import Record, grouped, title, varying
from ..words.text import counted, error_text, plain, ratio_text, share_text, text_of_time

SEPARATOR = "\x1f"
_FILTERS = ("method", "strategy", "device", "dtype", "precision", "threads", "status", "verdict", "run")


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


def case_table(records: Sequence[Record], told: AbstractSet[str]) -> CaseTable:
    """One row a case, in the order of the frame; a column that says nothing anywhere is left out."""
    titled = [title(record, told) for record in records]
    built: dict[str, list[Cell]] = {
        "workload": [Cell(text, text) for text in titled],
        "case": [Cell(competitor(record), competitor(record)) for record in records],
    }
    for name, cell in _CELLS.items():
        cells = [cell(record) for record in records]
        if any(each.text for each in cells):
            built[name] = cells
    several = varying(records, _FILTERS)
    chosen = [name for name in _FILTERS if name in several]
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


def conclusions(records: Sequence[Record]) -> AnswerTable:
    """One row a workload: who wins, by how much."""
    texts = ((group.title, group.conclusion) for group in groups_of(records))
    rows = tuple(tuple(Cell(text, text) for text in pair) for pair in texts)
    return AnswerTable("workload-winners", "Who wins", "One line a workload.", ("workload", "who wins"), rows, "")


def reasons(records: Sequence[Record], told: AbstractSet[str]) -> AnswerTable:
    """Every case without a time, and every finding, with its reason."""
    rows = []
    for record in records:
        found = [explained(name) for name in (record["findings"] or "").split("; ") if name]
        status = plain(record["status"]).replace("_", " ")
        if record["time_s"] is not None and not found:
            continue
        if record["time_s"] is None:
            found.insert(0, plain(record["reason"] or "no samples"))
        texts = (title(record, told), competitor(record), status, "; ".join(dict.fromkeys(found)))
        rows.append(tuple(Cell(text, text) for text in texts))
    columns = ("workload", "case", "status", "why")
    return AnswerTable("reasons", "Findings and what was not measured", "", columns, tuple(rows), "")


def side_by_side(records: Sequence[Record], told: AbstractSet[str]) -> AnswerTable | None:
    """The cases that several runs have, a column a run; None for one run. Times are shown, not judged."""
    runs = list(dict.fromkeys(record["run"] for record in records))
    if len(runs) < 2:
        return None
    # other programs name their environments in their own way; one a run tells nothing apart
    environments = grouped(records, ("run", "environment"))
    ignored = {"run", "environment"} if len(environments) == len(runs) else {"run"}
    told = told - ignored
    same = (*(name for name in CONTEST_KEYS if name not in ignored), "strategy", "variant", "device")
    rows, alone = [], 0
    for alike in grouped(records, same).values():
        by_run = {record["run"]: record for record in alike}
        if len(by_run) < 2:
            alone += 1
            continue
        record = alike[0]
        texts = (title(record, told), competitor(record))
        times = [_time(by_run[run]) if run in by_run else Cell("", float("inf")) for run in runs]
        ratios = [_ratio(by_run[run]) if run in by_run else Cell("", float("inf")) for run in runs]
        rows.append((*(Cell(text, text) for text in texts), *times, *ratios))
    names = [plain(run) for run in runs]
    columns = ("workload", "case", *(f"time, {name}" for name in names), *(f"vs baseline, {name}" for name in names))
    about = (
        "Cases that several runs have. Runs are not judged against each other here: linregbench compare does that. "
        f"{counted(alone, 'case')} of one run alone: see Every case."
    )
    nothing = "No case is in two of the runs."
    return AnswerTable("side-by-side", "Runs side by side", about, columns, tuple(rows), nothing)


def _key(record: Record, name: str) -> str:
    value = record[name]
    return "" if value is None else plain(str(value))


def _time(record: Record) -> Cell:
    if record["time_s"] is None:
        status = "no time" if record["status"] == "ok" else record["status"]
        return Cell(plain(status).replace("_", " "), float("inf"))
    half_width = None if record["time_high_s"] is None else (record["time_high_s"] - record["time_low_s"]) / 2
    share = "" if half_width is None else f" {share_text(half_width / record['time_s'])}"
    return Cell(f"{text_of_time(record['time_s'], half_width)}{share}", record["time_s"])


def _ratio(record: Record) -> Cell:
    text = ratio_text(record["ratio"], record["ratio_low"], record["ratio_high"])
    return Cell(text, record["ratio"] if record["ratio"] is not None else float("inf"))


def _seconds(name: str) -> Callable[[Record], Cell]:
    return lambda record: Cell(text_of_time(record[name]), float("inf") if record[name] is None else record[name])


def _memory(record: Record) -> Cell:
    grown = record["rss_growth_bytes"]
    return Cell("" if grown is None else f"{grown / 2**20:,.1f} MiB", float("inf") if grown is None else float(grown))


def _error(record: Record) -> Cell:
    return Cell(error_text(record["error"]), float("inf") if record["error"] is None else record["error"])


def _verdict(record: Record) -> Cell:
    text = "" if record["verdict"] is None else plain(record["verdict"])
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
