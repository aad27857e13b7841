"""Cases as tables, one a workload: the fastest first, what was not measured, and who wins by how much.

All of it is plain text, so that every format says the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

import pandas as pd

from ..fields import CONTEST_KEYS, HOT
from ..formats.load import Loaded
from ..formats.measured import half_width_of
from ..formats.unjudged import conclusion, judged_here, notes, only_ratio, rests_on
from ..frame import records_of
from ..models.accuracy import fronts
from ..models.leads import Lead, lead_of, lead_text
from ..models.rays import shortened, through_data
from ..runfile.read import Run
from ..stats.findings import FINDINGS, WITHHELD
from ..stats.shortfall import shortfall
from ..words.families import either, family_of
from ..words.guesses import (
    BLOCKS_ADVISED,
    CLOSE,
    ENOUGH_BLOCKS,
    shown_ratio,
    shown_time,
    too_few,
    too_few_text,
    verdict_text,
)
from ..words.names import Record, at_precision, grouped, named, title, varying
from ..words.settings import under
from ..words.text import bound_text, counted, error_text, listed, plain, share_text
from .accuracy import accuracy_sentences
from .caches import cold_tables
from .table import Cell, Document, Table, number_cell, table_of

NOISY = 0.05

_COLUMNS = ("case", "time", "+-", "a problem", "vs baseline", "verdict", "first result", "error")
_DISPENSABLE = ("error", "first result", "a problem", "+-")


def case_document(loaded: Loaded) -> Document:
    """Every case, and what no workload alone can tell."""
    records = records_of(loaded.frame)
    lines = footnotes(loaded)
    if loaded.frame["excess_loss"].notna().any():
        lines += accuracy_sentences(fronts(records), varying(records))
    return Document([*workload_tables(records), *cold_tables(loaded.runs)], opening(loaded), lines)


def opening(loaded: Loaded) -> list[str]:
    """What comes before any number: that a run has fewer blocks than it was asked for, or too few for any interval."""
    return [line for run in loaded.runs for line in _opening(loaded, run)]


def _opening(loaded: Loaded, run: Run) -> Iterator[str]:
    frame = loaded.frame[(loaded.frame["run"] == run.header.run) & loaded.frame["time_s"].notna()]
    called = f"Run {plain(run.header.run)}" if len(loaded.runs) > 1 else "This run"
    lacking = shortfall(run)
    if lacking:
        yield f"{called} {lacking}."
    few = frame.loc[frame["blocks"] < ENOUGH_BLOCKS, "blocks"]
    if len(few):
        more = "" if lacking else f"; linregbench run --blocks {BLOCKS_ADVISED} takes more"
        yield (
            f"{called} has {len(few):,} of {counted(len(frame), 'time')} from fewer than {ENOUGH_BLOCKS} blocks: those "
            f"have no interval, and are guesses, marked ~{more}."
        )


def workload_tables(records: Sequence[Record]) -> list[Table]:
    """One table a workload, in the order of the rows; in each the fastest first."""
    told = varying(records)
    bases = {_problem(record): record for record in records if record["verdict"] == "baseline"}
    return [_table(named(alike), told, bases.get(_problem(alike[0]))) for alike in grouped(records).values()]


def _problem(record: Record) -> tuple[object, ...]:
    """What ratios are taken inside of: a baseline of one dtype may stand for every dtype, a hot one for the cold."""
    return tuple(record[key] for key in CONTEST_KEYS if key not in ("dtype", "cache"))


def _table(records: Sequence[Record], told: AbstractSet[str], base: Record | None) -> Table:
    measured = [record for record in records if record["time_s"] is not None]
    measured.sort(key=lambda record: (record["winner_verdict"] != "winner", record["time_s"]))
    ratios = [record for record in records if only_ratio(record)]
    ratios.sort(key=lambda record: -record["ratio"])
    return table_of(
        title(records[0], told),
        _COLUMNS,
        map(_row, [*measured, *ratios]),
        _DISPENSABLE,
        remarks=by_reason((record["name"], _remark(record)) for record in [*measured, *ratios]),
        left_out=_left_out([record for record in records if record not in ratios]),
        conclusion=(_likely(measured) or _conclusion(measured or ratios, base)) + _through_data(measured),
    ).filled()


def _row(record: Record) -> tuple[Cell, ...]:
    half_width, share = half_width_of(record)
    batch, blocks = record["batch"], rests_on(record)
    first = "wins" if record["winner_verdict"] == "winner" else ""
    noisy = "noisy" if share is not None and share > NOISY else ""
    of_first = record["first_result_low_s"], record["first_result_high_s"]
    first_half_width = None if None in of_first else (of_first[1] - of_first[0]) / 2
    of_one = shown_time(record["time_per_problem_s"], half_width and half_width / batch, blocks=blocks)
    return (
        Cell(record["name"] + (" *" if _remark(record) else ""), meaning=first),
        Cell(shown_time(record["time_s"], half_width, blocks=blocks), record["time_s"], noisy or first),
        Cell(share_text(share), share, noisy),
        Cell(of_one if batch > 1 else "", record["time_per_problem_s"]),
        ratio_cell(record),
        Cell(verdict_text(record["verdict"], rests_on(record)), meaning=record["verdict"] or ""),
        number_cell(shown_time(record["first_result_s"], first_half_width, blocks=blocks), record["first_result_s"]),
        number_cell(error_text(record["error"]), record["error"]),
    )


def ratio_cell(record: Record) -> Cell:
    """How many times as fast as the baseline."""
    ends = record["ratio_low"], record["ratio_high"]
    return number_cell(shown_ratio(record["ratio"], *ends, blocks=rests_on(record)), record["ratio"])


_NOT_QUIET = {"fastest": "its fastest samples", "all": "all rounds"}
"""In words, what a time or a ratio rests on where it is not quiet samples."""


def _remark(record: Record) -> str:
    share = half_width_of(record)[1]
    remarks = ["noisy"] if share is not None and share > NOISY else []
    if record["rounds"] in _NOT_QUIET:
        remarks.append(_NOT_QUIET[record["rounds"]])
    elif record["ratio_rounds"] in _NOT_QUIET and record["verdict"] != "baseline":
        remarks.append(f"ratio of {_NOT_QUIET[record['ratio_rounds']]}")
    if share is None and not judged_here(record):
        remarks.append("no interval")
    if record["findings"]:
        remarks.append(plain(record["findings"]))
    return ", ".join(remarks)


def _left_out(records: Sequence[Record]) -> tuple[str, ...]:
    """The cases without a time, and why: those whose time would be false, then those that were not measured."""
    without = [record for record in records if record["time_s"] is None]
    false = [record for record in without if record["status"] == "ok" and record["reason"]]
    rest = [record for record in without if record not in false]
    withheld = by_reason((r["name"], plain(r["reason"]).removeprefix(f"{WITHHELD}: ")) for r in false)
    unmeasured = by_reason((record["name"], _why(record)) for record in rest)
    return tuple(f"{WITHHELD}: {line}" for line in withheld) + tuple(f"not measured: {line}" for line in unmeasured)


def _why(record: Record) -> str:
    if record["status"] == "ok":
        return "no samples"
    status = plain(record["status"]).replace("_", " ")
    reason = f", {plain(record['reason'])}" if record["reason"] else ""
    return status + reason


def by_reason(reasons: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """`a, b and c: reason`, cases with the same reason together."""
    together: dict[str, list[str]] = {}
    for name, reason in reasons:
        if reason:
            together.setdefault(reason, []).append(name)
    return tuple(f"{listed(names)}: {reason}" for reason, names in together.items())


def _conclusion(measured: Sequence[Record], of_problem: Record | None) -> str:
    """Who wins, by how much over the runner-up and over the baseline; or who cannot be told apart.

    `of_problem` is the baseline of the problem, which may be of another dtype than these rows.
    """
    if not measured:
        return "Nothing was measured here."
    if not judged_here(measured[0]):
        return conclusion(measured)
    lead = lead_of(measured)
    winner, *level = lead.level
    base = next((record for record in measured if record["verdict"] == "baseline"), None)
    if base is None and of_problem is not None and any(record["ratio"] is not None for record in measured):
        name = plain(f"{of_problem['strategy']} {of_problem['variant']}")
        name += under(of_problem.get("setting"), of_problem.get("cache"))
        hot = of_problem.get("cache") != measured[0].get("cache")
        over = f" The baseline is {name} in {plain(of_problem['dtype'])}{', its caches hot' if hot else ''}."
    elif base is None:
        over = " There is no baseline here, so no ratio to one."
    elif base is winner or base in level:
        over = ""
    else:
        over = f" Over the baseline, {base['name']}: {lead_text(base)}."
    name = f"{winner['name']}, the baseline" if base is winner else winner["name"]
    if len(measured) == 1:
        return f"Only {name} was measured.{over}"
    if not level:
        runner_up, rival = lead.behind[0], lead.rival
        parts = [f"{name}, {_ahead(runner_up, 'the runner-up', base)}"]
        if rival is not None and rival is not runner_up and rival is not base:
            parts.append(f"Over {_outside(lead)}, {rival['name']}: {lead_text(rival)}")
        return f"Winner: {'. '.join(parts)}.{'' if runner_up is base else over}"
    order = _order(lead, name)
    if lead.rival is None:
        return f"{order}{over}"
    ahead = _ahead(lead.rival, _outside(lead), base)
    return f"Winner: {either(lead.level)}, {ahead}.{'' if lead.rival is base else over} {order}"


def _through_data(measured: Sequence[Record]) -> str:
    """Who is the fastest where each step must go through the data, in a workload that has something shorter."""
    rows = through_data(measured)
    if not shortened(measured) or not rows or not judged_here(rows[0]):
        return ""
    lead = lead_of(rows)
    winner, *level = lead.level
    likely = "likely " if any(too_few(rests_on(row)) for row in rows) else ""
    names = either(lead.level) if lead.sure else " or ".join(row["name"] for row in lead.level)
    told = f" With every step through the data: {likely}{names}"
    if lead.behind and (lead.sure or not level):
        rival = lead.rival or lead.behind[0]
        told += f", {lead_text(rival)} as fast as {rival['name']}"
    of_all = next(row for row in measured if row["name"] == winner["name"])
    shortcut = next(row for row in measured if row["winner_verdict"] == "winner")
    if shortcut is not of_all:
        told += f"; {shortcut['name']} is {lead_text(of_all)} as fast"
    return f"{told}."


def _order(lead: Lead, name: str) -> str:
    """Of those level with the winner, `name`: that they tie, or that nothing is sure."""
    level = lead.level[1:]
    names = listed([f"{record['name']} ({lead_text(record, ', ')})" for record in level])
    between = "" if lead.sure else f" between {listed(list(lead.families))}"
    if lead.tied:
        return f"Tie{between} to within {_spread(level):.1%}: {name} is as fast as {names}."
    which = "Which of them is too close to call" if lead.rival else "Too close to call"
    return f"{which}{between}: the lead of {name} over {names} is inconclusive."


def _ahead(record: Record, called: str, base: Record | None) -> str:
    name = f"the baseline {record['name']}" if record is base else record["name"]
    return f"{lead_text(record)} as fast as {called}, {name}"


def _outside(lead: Lead) -> str:
    """What the rival is the best of."""
    (family,) = lead.families
    return "the next strategy" if lead.rival and family_of(lead.rival) == family else f"the best outside {family}"


def _likely(measured: Sequence[Record]) -> str:
    """Whoever seems the fastest, where some have too few blocks; nothing where none has."""
    few = {record["blocks"] for record in measured if too_few(rests_on(record))}
    if not few:
        return ""
    lead = lead_of(measured)
    winner, *close = lead.level
    base = next((record for record in measured if record["verdict"] == "baseline"), None)
    name = f"{winner['name']}, the baseline" if base is winner else winner["name"]
    text = f"Likely {name}" if len(measured) > 1 else f"Only {name} was measured"
    if close:
        text += f" or {' or '.join(record['name'] for record in close)}, within ~{CLOSE:.0%} of each other"
    told = [*lead.behind[:1], *(record for record in lead.behind[1:] if record is base)]
    leads = [
        f"{lead_text(record)} as fast as {record['name']}{', the baseline' if record is base else ''}"
        for record in told
    ]
    return f"{', '.join((text, *leads))}. {too_few_text(few)} to be sure."


def _spread(level: Sequence[Record]) -> float:
    """The largest lead, either way, that the intervals of a tie still allow."""
    ends = [(float(record["winner_ratio_low"]), float(record["winner_ratio_high"])) for record in level]
    return max(max(1 / low, high) - 1 for low, high in ends)


def footnotes(loaded: Loaded) -> list[str]:
    """One paragraph each; nothing that the frame does not need."""
    frame = loaded.frame
    lines = [
        "time: one call, with the 95% half-width; vs baseline: how many times as fast, block by block, with the "
        "95% interval; first result: transfer, trace, lower, compile and first call together; error: relative distance "
        "from the float64 answer."
    ]
    if any(at_precision(name) for name in frame["precision"].dropna()):
        lines.append(
            "at default, at high: JAX's precision of float32 products (on a CPU every one is the highest; on a GPU the "
            "default may be TF32, on a TPU bfloat16); every other row has the highest."
        )
    shown = list(dict.fromkeys(frame["run"].dropna()))
    lines += [*_cold(loaded, shown), *_findings(frame), *_not_looked_for(frame)]
    judged = frame[frame["verdict"].notna() & (frame["blocks"] >= ENOUGH_BLOCKS)]
    floor, delta = (judged[name].dropna() for name in ("floor", "delta"))
    if len(floor):
        lines.append(
            f"noise: two copies of the same baseline differ by at most {_span(floor)} (a 95% bound); a difference is "
            f"called faster or slower from {_span(delta)} on."
        )
    if frame["quiet_share"].notna().any():
        lines.append(
            f"quiet: {frame['quiet_share'].mean():.0%} of the samples, a fast sentinel right before and after; a "
            "block's time is what one in ten of those falls below, or where too few are quiet its fastest samples, "
            f"which is said where most blocks are such; 'noisy' marks a half-width over {NOISY:.0%}."
        )
    noise = {run: line for run, line in loaded.noise.items() if run in shown}
    lines += [f"run {plain(run)}: {line}." if len(noise) > 1 else f"{line}." for run, line in noise.items()]
    return lines + notes(frame)


def _cold(loaded: Loaded, shown: Sequence[str]) -> Iterator[str]:
    """Which runs were taken with cold caches."""
    cold = [run for run in shown if run in loaded.cold]
    if cold:
        where = f" in run {listed([plain(run) for run in cold])}" if len(shown) > 1 else ""
        hot = any(measurement.cache == HOT for run in loaded.runs for measurement in run.measurements)
        yield (
            f"cold caches{where}: a sample is one call, and a buffer of twice the last-level cache is written before "
            f"it, off the clock; {'so it is for the rows named (cold) alone' if hot else 'baseline and cases alike'}."
        )


def _findings(frame: pd.DataFrame) -> list[str]:
    """The findings of the rows that have a time, in words; those without one say it themselves."""
    texts = frame.loc[frame["time_s"].notna(), "findings"].dropna()
    names = dict.fromkeys(name for text in texts for name in text.split("; "))
    return [f"{name}: {FINDINGS[name]}." for name in names if name in FINDINGS]


def _not_looked_for(frame: pd.DataFrame) -> Iterator[str]:
    """The guards that were left out, and of how many of the rows with a time."""
    texts = frame.loc[frame["time_s"].notna(), "guards_left_out"].dropna()
    names = dict.fromkeys(name for text in texts for name in text.split("; "))
    if names:
        yield (
            f"not looked for in {counted(len(texts), 'case')}, since it would have taken longer than the samples did: "
            f"{listed([plain(name) for name in names])}."
        )


def _span(values: "pd.Series[float]") -> str:
    low, high = map(bound_text, (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"
