"""A run on one screen: problems down, strategies across, how many times as fast as the baseline each is at its best."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from ..formats.measured import half_width_of
from ..formats.unjudged import rests_on
from ..models.leads import lead_of
from ..words.guesses import CLOSE, shown_ratio, shown_time, too_few
from ..words.names import Record, brief, grouped, varying
from ..words.settings import under
from ..words.text import plain
from .table import Cell, Document, Table, table_of

MOST_PROBLEMS = 30
"""Lines; a screen has not many more."""

ABOUT = (
    "baseline: its time; then how many times as fast each strategy is at its best variant. [ ]: the fastest, or not "
    "surely slower than it."
)
GUESSED = " ~: too few blocks for an interval; there [ ] is the fastest, and what is within 5% of it."
NOT_SAID = " Where a problem does not say: d = 2, b = 1, 100 steps, float32, t = 1 thread."


def matrix_document(records: Sequence[Record]) -> Document:
    """The rows of a run, with and without a time, as one table, and what its marks mean."""
    if not any(record["time_s"] is not None for record in records):
        return Document([Table("In short", nothing="Nothing was measured.")])
    contests = [*grouped(records).values()]
    told = varying(records)
    strategies = tuple(dict.fromkeys(_strategy(record) for record in records))
    rows = [_row(alike, strategies, told) for alike in contests[:MOST_PROBLEMS]]
    counts = {strategy: len([*grouped(filter(_of(strategy), records))]) for strategy in strategies}
    seldom = sorted((name for name in strategies if 2 * counts[name] < len(contests)), key=lambda name: counts[name])
    table = table_of("In short", ("problem", "baseline", *strategies), rows, seldom).filled()
    left_out = len(contests) - MOST_PROBLEMS
    guessed = any(record["time_s"] is not None and too_few(rests_on(record)) for record in records)
    more = f" {left_out:,} problems more stand in the tables above." if left_out > 0 else ""
    return Document([_unfolded(table)], notes=[ABOUT + (GUESSED if guessed else "") + NOT_SAID + more])


def _unfolded(table: Table) -> Table:
    """The same with problems on one line each."""
    first, *rest = table.columns
    return replace(table, columns=(replace(first, least=max(map(len, table.texts("problem")))), *rest))


def _strategy(record: Record) -> str:
    device = "" if record["device"] == "cpu" else f" on {plain(record['device'])}"
    return plain(record["strategy"]) + device + under(record.get("setting"))


def _of(strategy: str) -> Callable[[Record], bool]:
    return lambda record: _strategy(record) == strategy


def _row(records: Sequence[Record], strategies: Iterable[str], told: AbstractSet[str]) -> list[Cell | str]:
    timed = [record for record in records if record["time_s"] is not None]
    base = next((record for record in timed if record["verdict"] == "baseline"), None)
    shown = _time(base) if base else ""
    leading = {_strategy(record) for record in _level(timed)}
    cells: list[Cell | str] = [brief(records[0], told), Cell(shown, base["time_s"] if base else None)]
    for strategy in strategies:
        mine = [*filter(_of(strategy), records)]
        best = min((record for record in mine if record in timed), key=lambda record: record["time_s"], default=None)
        if best is None:
            cells.append(Cell(plain(mine[0]["status"]).replace("_", " ") if mine else ""))
        else:
            cells.append(_cell(best, wins=strategy in leading))
    return cells


def _cell(best: Record, *, wins: bool) -> Cell:
    ratio = shown_ratio(best["ratio"], best["ratio_low"], best["ratio_high"], blocks=rests_on(best))
    text = ratio.partition(" (")[0] or _time(best)
    return Cell(f"[{text}]" if wins else text, best["ratio"] or 0.0, "wins" if wins else "")


def _time(record: Record) -> str:
    return shown_time(record["time_s"], half_width_of(record)[0], blocks=rests_on(record))


def _level(timed: Sequence[Record]) -> Sequence[Record]:
    """The fastest and whatever is not surely slower; where blocks are too few for sureness, what is near it."""
    if not timed or not any(record["winner_ratio"] for record in timed):
        return timed[:1] if len(timed) == 1 else ()
    if any(too_few(rests_on(record)) for record in timed):
        return [record for record in timed if (record["winner_ratio"] or 0.0) > 1 - CLOSE]
    return lead_of(timed).level
