"""The models as tables in words, the same for a page and for Markdown: what was found, and what is not in range."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..formats.load import Loaded
from ..formats.unjudged import rests_on
from ..models.accuracy import Front, fronts
from ..models.calls import BreakEven, break_evens
from ..models.cost import cost_models
from ..models.crossovers import Crossover, crossovers, saturations
from ..models.limits import FAR, Limit, limits, reason_of
from ..models.rays import Answer
from ..models.scaling import scalings
from ..models.words import bytes_text, interval, interval_of_exponent, interval_of_time
from ..words.guesses import guess_mark, too_few, too_few_text
from ..words.names import AXES, AXIS_LETTER, Record, competitor, place, title, varying
from ..words.text import glance
from .accuracy import accuracy_tables
from .table import Cell, Table, number_cell, table_of


@dataclass(frozen=True)
class Answers:
    """What the models find, found once for tables and summary; `told` are the columns that a title names."""

    records: Sequence[Record]
    rows: Sequence[Record]  # those with a time
    told: frozenset[str]
    crossovers: Sequence[Crossover]  # those where the lead changes first
    break_evens: Sequence[BreakEven]
    limits: Sequence[Limit]
    fronts: Sequence[Front]


def answers_of(loaded: Loaded, records: Sequence[Record]) -> Answers:
    """Every model, over `records`, the rows of the whole frame."""
    rows = [record for record in records if record["time_s"] is not None]
    changes = sorted(
        (change for axis in AXES for change in crossovers(rows, axis)),
        key=lambda change: (not change.leads, not change.leads_data),
    )
    reached = limits(rows, loaded.peaks)
    return Answers(records, rows, varying(records), changes, break_evens(rows), reached, fronts(records))


def answer_tables(answers: Answers) -> list[Table]:
    """Every kind of answer."""
    return [
        _crossovers(answers),
        _break_evens(answers),
        _scalings(answers),
        _cost_models(answers),
        _throughputs(answers),
        *accuracy_tables(answers.fronts, answers.told),
        _limits(answers),
    ]


def crossover_text(change: Crossover) -> str:
    """`jax_scan autodiff overtakes numpy_loop analytic at n = 4,200 [3,900-4,600]`."""
    letter = AXIS_LETTER[change.ray.axis]
    likely = "likely " if too_few(change.at.blocks) else ""
    return f"{change.above} {likely}overtakes {change.below} at {letter} = {interval(change.at)}"


def _unknown(answers: Answers) -> str:
    """Why nothing is sure, where that is for want of blocks."""
    few = {row["blocks"] for row in answers.rows if too_few(rests_on(row))}
    return f"Unknown: {too_few_text(few)} to be sure of any order." if few else ""


def _interval(answer: Answer) -> Cell:
    return number_cell(interval(answer), answer.value)


def _crossovers(answers: Answers) -> Table:
    rows = (
        (
            place(change.ray.title, answers.told),
            AXIS_LETTER[change.ray.axis],
            change.below,
            change.above,
            _interval(change.at),
            "yes" if change.leads else "through the data" if change.leads_data else "",
        )
        for change in answers.crossovers
    )
    return table_of(
        "Crossovers",
        ("workload", "axis", "faster below", "faster above", "at", "the lead changes"),
        rows,
        name="crossovers",
        about=(
            "Where one way overtakes another: strategies, each by its best variant at every size, then single cases. "
            "The interval holds every size at which their order is not sure, whether times between two measured sizes "
            "follow a straight line or a power law; where a best variant changes within it, it ends at the sizes "
            "measured around it. The lead changes overall, or where each step must go through the data. "
            "A pair that is missing never "
            "changed its order for sure within the sizes measured: not in range."
        ),
        nothing=_unknown(answers) or "Not in range: no two ways change their order for sure within the sizes measured.",
    )


def _break_evens(answers: Answers) -> Table:
    rows = (
        (
            title(dict(pay.fixed), answers.told),
            *pay.names,
            number_cell(_calls_text(pay.calls), pay.calls.value),
        )
        for pay in answers.break_evens
    )
    return table_of(
        "Is it worth the compile?",
        ("workload", "compiled", "against", "calls"),
        rows,
        name="break-even",
        about=(
            "After so many calls the compiled way has taken less time in all, everything before its first result "
            "included."
        ),
        nothing="Not in range: nothing compiled was measured beside something that is not.",
    )


def _calls_text(calls: Answer) -> str:
    """After how many calls, or at once where there is no price to pay."""
    if (calls.value or 2) > 1:
        return interval(calls)
    return "likely at once" if too_few(calls.blocks) else "at once"


def _scalings(answers: Answers) -> Table:
    rows = (
        (
            place(growth.ray.title, answers.told),
            AXIS_LETTER[axis],
            growth.name,
            number_cell(interval_of_exponent(growth.small), growth.small.value),
            number_cell(interval_of_exponent(growth.large), growth.large.value),
            number_cell(interval_of_exponent(growth.whole), growth.whole.value),
            growth.regime,
        )
        for axis in AXES
        for growth in scalings(answers.rows, axis)
    )
    return table_of(
        "Scaling",
        ("workload", "axis", "case", "small end", "large end", "over all", "regime at the large end"),
        rows,
        name="scaling",
        about=(
            "The exponent of time in an axis between the two smallest sizes, between the two largest, and over all "
            "where they lie on one line. Near 0 the time is overhead, near 1 it is the work itself."
        ),
        nothing="Not in range: nothing was measured at two sizes.",
    )


def _cost_models(answers: Answers) -> Table:
    rows = []
    for model in cost_models(answers.rows):
        regimes: dict[str, list[str]] = {}
        for size in model.sizes:
            measured = f"n={size.row['samples']:,} d={size.row['features']:,} ({size.residual:+.0%})"
            regimes.setdefault(size.regime, []).append(measured)
        sizes = "; ".join(f"{regime} at {', '.join(places)}" for regime, places in regimes.items())
        parts = "; ".join(f"{part}: {interval_of_time(answer)}" for part, answer in model.parts.items())
        residual = f"{model.typical_residual:.0%}, at most {model.worst_residual:.0%}"
        where = place(dict(model.fixed), answers.told)
        rows.append((where, model.name, parts, Cell(residual, model.typical_residual), sizes))
    return table_of(
        "Where the time of gradient descent goes",
        ("workload", "case", "costs", "typical residual", "what dominates where"),
        rows,
        name="cost-model",
        about=(
            "time = call + steps x (overhead + c n d), fitted to log times, robustly. A call and a step's overhead are "
            "one where only one number of steps was measured; arithmetic is seconds for one element of X in one step. "
            "Beside each size stands how far the measured time is from the model. Intervals hold 95 times in 100 where "
            "the formula does, and about 91 where a few sizes are far off it: read them as approximate."
        ),
        nothing="Not in range: a fit takes more sizes than unknowns, at batch 1.",
    )


def _throughputs(answers: Answers) -> Table:
    rows = (
        (
            place(flow.ray.title, answers.told),
            flow.name,
            _interval(flow.best_per_s),
            Cell(f"{flow.best_batch:,}", flow.best_batch),
            _interval(flow.saturation_batch),
            Cell(bytes_text(flow.bytes_per_problem), flow.bytes_per_problem or 0),
        )
        for flow in saturations(answers.rows)
    )
    return table_of(
        "Throughput",
        ("workload", "case", "problems a second", "at batch", "90% from batch", "memory a problem"),
        rows,
        name="throughput",
        about=(
            "The most problems a second, the batch that had them, the batch from which on there are 90% of them, and "
            "how much a worker's memory grows with a problem, from the smallest batch to the largest: one difference, "
            "without an interval."
        ),
        nothing="Not in range: nothing was measured at three batches.",
    )


def _limits(answers: Answers) -> Table:
    known = any(limit.flops_share is not None for limit in answers.limits)
    rows = (
        (
            title(limit.row, answers.told),
            competitor(limit.row),
            *_of_limit(limit.row, limit.flops_per_s, limit.flops_share, "{:.1%}"),
            *_of_limit(limit.row, limit.bytes_per_s, limit.bandwidth_share, "{:.0%}"),
            "in cache" if limit.cached else "in memory",
            _times(limit),
            limit.bound,
            reason_of(limit, answers.limits),
        )
        for limit in answers.limits
    )
    about = (
        "Operations and bytes in closed form, over the time. X counts as in cache below 32 MiB: its bytes then need "
        "not come from memory, and their share of the bandwidth may pass 100%. The limit is the least that these very "
        "operations can take here: the calls that Python makes, each as long as the shortest there is, and then the "
        "reading of X at the rate of the cache that holds it or the arithmetic at that of a matrix product. "
        f"Why: what was measured beside it that explains more than {FAR:g}x; empty where nothing was."
    )
    if any((limit.flops_share or 0.0) > 1 for limit in answers.limits):
        about += " Some shares of the GEMM peak pass 100%: it was measured in a disturbed moment, so all are too high."
    missing = "" if known else " The run file holds no peaks of the machine, so there are no shares: not in range."
    rates = ("Gflop/s", "of GEMM peak", "GB/s", "of bandwidth")
    return table_of(
        "Distance to the limit",
        ("workload", "case", *rates, "X is", "x of the limit", "set by", "why"),
        rows,
        name="limits",
        about=about + missing,
        nothing="Nothing has a closed form.",
    )


def _times(limit: Limit) -> Cell:
    shown = "" if limit.times is None else f"{guess_mark(rests_on(limit.row))}{glance(limit.times)}"
    return Cell(shown, limit.times or 0.0)


def _of_limit(row: Record, rate: float, share: float | None, form: str) -> tuple[Cell, Cell]:
    """A rate in giga, and its share of the peak."""
    mark = guess_mark(rests_on(row))
    shown = "" if share is None else mark + form.format(share)
    return Cell(f"{mark}{rate / 1e9:.3g}", rate), Cell(shown, share or 0.0)
