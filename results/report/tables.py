"""The tables of a page that come straight from the frame: every case, every workload's winner, runs side by side."""

from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from ..fields import CONTEST_KEYS
from ..formats.measured import half_width_of
from ..formats.unjudged import rests_on
from ..stats.findings import explained
from ..tables.cases import ratio_cell
from ..tables.table import MISSING, NOTHING, Cell, Row, Table, number_cell, table_of
from ..words.guesses import shown_time, verdict_text
from ..words.names import AXES, AXIS_LETTER, Record, competitor, grouped, title, varying
from ..words.text import counted, error_text, listed, number_text, plain, share_text

_WHAT = (
    *("run", "source", "method", *AXES, "dtype", "threads", "condition", "step_size", "seed", "tolerance"),
    *("max_steps", "data", "environment", "strategy", "variant", "device", "precision", "setting", "cache"),
)
"""What a case is, a column each; one that is the same in every row is left out, and said."""
_ALWAYS = ("method", "samples", "features", "batch", "steps", "strategy", "variant")
_CHOOSE = {*_WHAT, "verdict"}


def case_table(records: Sequence[Record]) -> Table:
    """One row a case, in the order of the frame; a column that says nothing anywhere is left out."""
    several = varying(records, _WHAT)
    kept = [name for name in _WHAT if name in _ALWAYS or name in several]
    rows: list[Row] = [
        [*(_what(record[name]) for name in kept), *(cell(record) for cell in _CELLS.values())] for record in records
    ]
    alike = [f"{name} {plain(str(records[0][name]))}" for name in ("dtype", "threads") if records and name not in kept]
    return table_of(
        "Every case",
        (*(AXIS_LETTER.get(name, name.replace("_", " ")) for name in kept), *_CELLS),
        rows,
        choose={AXIS_LETTER.get(name, name.replace("_", " ")) for name in _CHOOSE},
        name="cases",
        about=(
            "Times are of one call, with their 95% half-widths; vs baseline says how many times as fast as the "
            f"baseline.{f' All of it: {listed(alike)}.' if alike else ''}"
        ),
    ).filled()


def handles(records: Sequence[Record]) -> list[str]:
    """By row, what a link names it by, as `gd,n=1000,d=2,b=1,steps=100,jax_scan,columns`; no two are the same."""
    several = varying(records, _WHAT)
    seen: Counter[str] = Counter()
    found = []
    for record in records:
        parts = [
            f"{AXIS_LETTER[name]}={record[name]}" if name in AXIS_LETTER else plain(str(record[name]))
            for name in _WHAT
            if record[name] is not None and (name in _ALWAYS or name in several)
        ]
        handle = ",".join(parts)
        seen[handle] += 1
        found.append(handle if seen[handle] == 1 else f"{handle},{seen[handle]}")
    return found


def _what(value: Any) -> Cell | str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return Cell(number_text(value), value)
    return plain(str(value))


def conclusions(workloads: Sequence[Table]) -> Table:
    """One row a workload: who wins, by how much."""
    rows = ((workload.title, workload.conclusion) for workload in workloads)
    return table_of("Who wins", ("workload", "who wins"), rows, name="workload-winners", about="One line a workload.")


def reasons(records: Sequence[Record], told: AbstractSet[str]) -> Table:
    """Every case without a time, and every finding, with its reason."""
    rows = []
    for record in records:
        why = [explained(name) for name in (record["findings"] or "").split("; ") if name]
        if record["time_s"] is None:
            why.insert(0, plain(record["reason"] or "no samples"))
        if why:
            status = plain(record["status"]).replace("_", " ")
            rows.append((title(record, told), competitor(record), status, "; ".join(dict.fromkeys(why))))
    return table_of(
        "Findings and what was not measured",
        ("workload", "case", "status", "why"),
        rows,
        name="reasons",
        nothing="Everything that was asked for was measured, and nothing was found.",
    )


def side_by_side(records: Sequence[Record], told: AbstractSet[str]) -> Table | None:
    """The cases that several runs have, a column a run; None for one run. Times are shown, not judged."""
    runs = list(dict.fromkeys(record["run"] for record in records))
    if len(runs) < 2:
        return None
    # other programs name their environments in their own way; one a run tells nothing apart
    environments = grouped(records, ("run", "environment"))
    ignored = {"run", "environment"} if len(environments) == len(runs) else {"run"}
    told = told - ignored
    same = (*(name for name in CONTEST_KEYS if name not in ignored), "strategy", "variant", "device", "setting")
    rows: list[Row] = []
    alone = 0
    for alike in grouped(records, same).values():
        by_run = {record["run"]: record for record in alike}
        if len(by_run) < 2:
            alone += 1
            continue
        cells = [of_run(by_run[run]) if run in by_run else NOTHING for of_run in (_time, ratio_cell) for run in runs]
        rows.append([title(alike[0], told), competitor(alike[0]), *cells])
    names = [plain(run) for run in runs]
    headings = ("workload", "case", *(f"time, {name}" for name in names), *(f"vs baseline, {name}" for name in names))
    return table_of(
        "Runs side by side",
        headings,
        rows,
        name="side-by-side",
        about=(
            "Cases that several runs have. Runs are not judged against each other here: linregbench compare does that. "
            f"{counted(alone, 'case')} of one run alone: see Every case."
        ),
        nothing="No case is in two of the runs.",
    )


def _time(record: Record) -> Cell:
    if record["time_s"] is None:
        status = "no time" if record["status"] == "ok" else record["status"]
        return Cell(plain(status).replace("_", " "), MISSING)
    half_width, share = half_width_of(record)
    text = shown_time(record["time_s"], half_width, blocks=rests_on(record))
    return Cell(f"{text} {share_text(share)}".rstrip(), record["time_s"])


def _seconds(name: str) -> Callable[[Record], Cell]:
    return lambda record: number_cell(shown_time(record[name], blocks=rests_on(record)), record[name])


_CELLS: dict[str, Callable[[Record], Cell]] = {
    "time": _time,
    "a problem": lambda record: _seconds("time_per_problem_s")(record) if record["batch"] > 1 else NOTHING,
    "vs baseline": ratio_cell,
    "verdict": lambda record: Cell(verdict_text(plain(record["verdict"] or ""), rests_on(record))),
    "first result": _seconds("first_result_s"),
    "compile": _seconds("compile_s"),
    "memory": lambda record: number_cell(
        "" if record["rss_growth_bytes"] is None else f"{record['rss_growth_bytes'] / 2**20:,.1f} MiB",
        record["rss_growth_bytes"],
    ),
    "error": lambda record: number_cell(error_text(record["error"]), record["error"]),
}
