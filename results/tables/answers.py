"""The models as tables in words, the same for a page and for Markdown: what was found, and what is not in range."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from ..frame import PEAKS, records_of
from ..models.accuracy import Front, fronts
from ..models.calls import BreakEven, break_evens
from ..models.cost import cost_models
from ..models.crossovers import Crossover, crossovers, saturations
from ..models.limits import Limit, limits
from ..models.rays import AXES, AXIS_LETTER, Answer, competitor
from ..models.scaling import scalings
from ..models.words import AnswerTable, Cell, bytes_text, interval, interval_of_exponent, interval_of_time
from ..words.names import Record, particulars, title, varying
from ..words.text import plain
from .accuracy import accuracy_tables

METHOD_NAME = {"gd": "gradient descent", "ols": "least squares", "gd_tol": "descent to a tolerance"}


@dataclass(frozen=True)
class Answers:
    """What the models find in a frame, found once for tables and summary; `told` are the columns that a title names."""

    records: Sequence[Record]
    rows: Sequence[Record]  # those with a time
    told: frozenset[str]
    crossovers: Sequence[Crossover]
    break_evens: Sequence[BreakEven]
    limits: Sequence[Limit]
    fronts: Sequence[Front]


def answers_of(frame: pd.DataFrame, records: Sequence[Record] | None = None) -> Answers:
    """Every model, over the whole frame; `records` are its rows where it was turned over already."""
    records = records_of(frame) if records is None else records
    rows = [record for record in records if record["time_s"] is not None]
    found = [crossover for axis in AXES for crossover in crossovers(rows, axis)]
    found.sort(key=lambda crossover: not crossover.leads)
    reached = limits(rows, frame.attrs.get(PEAKS, {}))
    return Answers(records, rows, varying(records), found, break_evens(rows), reached, fronts(records))


def answer_tables(found: Answers) -> list[AnswerTable]:
    """Every kind of answer."""
    return [
        _crossovers(found),
        _break_evens(found),
        _scalings(found),
        _cost_models(found),
        _throughputs(found),
        *accuracy_tables(found.fronts, found.told),
        _limits(found),
    ]


def crossover_text(found: Crossover) -> str:
    """`jax_scan autodiff overtakes numpy_loop analytic at n = 4,200 [3,900-4,600]`."""
    letter = AXIS_LETTER[found.ray.axis]
    return f"{found.above} overtakes {found.below} at {letter} = {interval(found.at)}"


def place(fixed: Record, told: frozenset[str], without: Iterable[str] = ()) -> Cell:
    """A workload in words, less the axes that are not held."""
    held = {axis: fixed.get(axis) for axis in AXES if axis not in without and fixed.get(axis) is not None}
    parts = [f"{AXIS_LETTER[axis]} = {value:,}" for axis, value in held.items()]
    parts.append(plain(fixed["dtype"]))
    parts += [f"{plain(fixed['threads'])} threads"] if fixed["threads"] != "1" else []
    text = f"{METHOD_NAME.get(fixed['method'], plain(fixed['method']))}: {', '.join(parts + particulars(fixed, told))}"
    return Cell(text, text)


def _text(text: str) -> Cell:
    return Cell(text, text)


def _number(answer: Answer, text: str) -> Cell:
    return Cell(text, float("inf") if answer.value is None else answer.value)


def _crossovers(found: Answers) -> AnswerTable:
    rows = tuple(
        (
            place(each.ray.title, found.told, (each.ray.axis,)),
            _text(AXIS_LETTER[each.ray.axis]),
            _text(each.below),
            _text(each.above),
            _number(each.at, interval(each.at)),
            _text("yes" if each.leads else ""),
        )
        for each in found.crossovers
    )
    return AnswerTable(
        "crossovers",
        "Crossovers",
        "Where one way overtakes another. The interval holds every size at which their order is not sure, whether times"
        " between two measured sizes follow a straight line or a power law. A pair that is missing never changed its "
        "order for sure within the sizes measured: not in range.",
        ("workload", "axis", "faster below", "faster above", "at", "the lead changes"),
        rows,
        "Not in range: no two ways change their order for sure within the sizes measured.",
    )


def _break_evens(found: Answers) -> AnswerTable:
    rows = tuple(
        (
            _text(title(dict(each.fixed), found.told)),
            _text(each.names[0]),
            _text(each.names[1]),
            _number(each.calls, interval(each.calls) if (each.calls.value or 2) > 1 else "at once"),
        )
        for each in found.break_evens
    )
    return AnswerTable(
        "break-even",
        "Is it worth the compile?",
        "After so many calls the compiled way has taken less time in all, everything before its first result included.",
        ("workload", "compiled", "against", "calls"),
        rows,
        "Not in range: nothing compiled was measured beside something that is not.",
    )


def _scalings(found: Answers) -> AnswerTable:
    rows = tuple(
        (
            place(each.ray.title, found.told, (axis,)),
            _text(AXIS_LETTER[axis]),
            _text(each.name),
            _number(each.small, interval_of_exponent(each.small)),
            _number(each.large, interval_of_exponent(each.large)),
            _number(each.whole, interval_of_exponent(each.whole)),
            _text(each.regime),
        )
        for axis in AXES
        for each in scalings(found.rows, axis)
    )
    return AnswerTable(
        "scaling",
        "Scaling",
        "The exponent of time in an axis between the two smallest sizes, between the two largest, and over all where "
        "they lie on one line. Near 0 the time is overhead, near 1 it is the work itself.",
        ("workload", "axis", "case", "small end", "large end", "over all", "regime at the large end"),
        rows,
        "Not in range: nothing was measured at two sizes.",
    )


def _cost_models(found: Answers) -> AnswerTable:
    rows = []
    for model in cost_models(found.rows):
        regimes: dict[str, list[str]] = {}
        for size in model.sizes:
            where = f"n={size.row['samples']:,} d={size.row['features']:,}"
            regimes.setdefault(size.regime, []).append(where + f" ({size.residual:+.0%})")
        sizes = "; ".join(f"{regime} at {', '.join(places)}" for regime, places in regimes.items())
        parts = "; ".join(f"{part}: {interval_of_time(answer)}" for part, answer in model.parts.items())
        rows.append(
            (
                place(dict(model.fixed), found.told),
                _text(model.name),
                _text(parts),
                Cell(f"{model.typical_residual:.0%}, at most {model.worst_residual:.0%}", model.typical_residual),
                _text(sizes),
            )
        )
    return AnswerTable(
        "cost-model",
        "Where the time of gradient descent goes",
        "time = call + steps x (overhead + c n d), fitted to log times, robustly. A call and a step's overhead are one "
        "where only one number of steps was measured; arithmetic is seconds for one element of X in one step. Beside "
        "each size stands how far the measured time is from the model. Intervals hold 95 times in 100 where the "
        "formula does, and about 91 where a few sizes are far off it: read them as approximate.",
        ("workload", "case", "costs", "typical residual", "what dominates where"),
        tuple(rows),
        "Not in range: a fit takes more sizes than unknowns, at batch 1.",
    )


def _throughputs(found: Answers) -> AnswerTable:
    rows = tuple(
        (
            place(each.ray.title, found.told, ("batch",)),
            _text(each.name),
            _number(each.best_per_s, interval(each.best_per_s)),
            Cell(f"{each.best_batch:,}", each.best_batch),
            _number(each.saturation_batch, interval(each.saturation_batch)),
            Cell(
                "" if each.bytes_per_problem is None else bytes_text(each.bytes_per_problem),
                each.bytes_per_problem or 0,
            ),
        )
        for each in saturations(found.rows)
    )
    return AnswerTable(
        "throughput",
        "Throughput",
        "The most problems a second, the batch that had them, the batch from which on there are 90% of them, and how "
        "much a worker's memory grows with a problem, from the smallest batch to the largest: one difference, without "
        "an interval.",
        ("workload", "case", "problems a second", "at batch", "90% from batch", "memory a problem"),
        rows,
        "Not in range: nothing was measured at three batches.",
    )


def _limits(found: Answers) -> AnswerTable:
    known = any(each.flops_share is not None for each in found.limits)
    rows = tuple(
        (
            _text(title(each.row, found.told)),
            _text(competitor(each.row)),
            Cell(f"{each.flops_per_s / 1e9:.3g}", each.flops_per_s),
            Cell("" if each.flops_share is None else f"{each.flops_share:.1%}", each.flops_share or 0.0),
            Cell(f"{each.bytes_per_s / 1e9:.3g}", each.bytes_per_s),
            Cell("" if each.bandwidth_share is None else f"{each.bandwidth_share:.0%}", each.bandwidth_share or 0.0),
            _text("in cache" if each.cached else "in memory"),
        )
        for each in found.limits
    )
    about = (
        "Operations and bytes in closed form, over the time. X counts as in cache below 32 MiB: its bytes then need "
        "not come from memory, and their share of the bandwidth may pass 100%."
    )
    if any((each.flops_share or 0.0) > 1 for each in found.limits):
        about += " Some shares of the GEMM peak pass 100%: it was measured in a disturbed moment, so all are too high."
    missing = "" if known else " The run file holds no peaks of the machine, so there are no shares: not in range."
    columns = ("workload", "case", "Gflop/s", "of GEMM peak", "GB/s", "of bandwidth", "X is")
    return AnswerTable("limits", "Distance to the limit", about + missing, columns, rows, "Nothing has a closed form.")
