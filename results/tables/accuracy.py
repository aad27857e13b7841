"""Time to accuracy in words: who is first to an excess loss, how long each way takes, and what it cannot pass."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ..models.accuracy import ACCURACIES, Arrival, Front, Way, Winner, floor_of, fronts, seconds_to, winner_at
from ..models.rays import NOT_IN_RANGE, Answer, Data
from ..models.words import interval_of_time
from ..words.names import place
from ..words.text import error_text, plain
from .table import NOTHING, Cell, Table, number_cell, table_of

MOST_SENTENCES = 6
IN_FLOAT64 = "NumPy's inverse, solve and lstsq compute float32 data in float64, and JAX's in float32."
_KINDS = ("closed form", "descent")
_NOTHING = "Not in range: no descent of several lengths has an excess loss beside another way."


def accuracy_tables(all_fronts: Sequence[Front], told: AbstractSet[str]) -> list[Table]:
    """Who is first to each accuracy, and every way to it."""
    compared = [front for front in all_fronts if front.compared]
    winners = (_winner(front, accuracy, told) for front in compared for accuracy in ACCURACIES)
    ways = (_way(place(dict(front.fixed), told), way) for front in compared for way in front.ways)
    return [
        table_of(
            "Who is first to an accuracy",
            (
                "problem",
                "excess loss",
                "first",
                "quickest closed form",
                "its time",
                "quickest descent",
                "time of that",
            ),
            winners,
            name="accuracy-winners",
            about=(
                f"{IN_FLOAT64} "
                "An excess loss is the loss of the answer less the least possible, over that of the start at zero. "
                "Every strategy, dtype and number of steps of one problem competes; times of descents lie between "
                "measured numbers of steps, and their intervals hold all that is possible there."
            ),
            nothing=_NOTHING,
        ),
        table_of(
            "Time to accuracy",
            ("problem", "way", *(f"to {error_text(each)}" for each in ACCURACIES), "cannot pass"),
            ways,
            name="time-to-accuracy",
            about=(
                f"{IN_FLOAT64} "
                "How long each way takes until its excess loss is so small, and the excess loss that it cannot pass: "
                "of a descent where more steps lead no lower, since rounding stops it; of a closed form its own. Not "
                "in range: no number of steps that was measured is enough, or a descent has not levelled off yet."
            ),
            nothing=_NOTHING,
        ),
    ]


def accuracy_sentences(all_fronts: Sequence[Front], told: AbstractSet[str]) -> list[str]:
    """For each problem, who is first to the least excess loss that a descent reaches, and what that takes a descent."""
    compared = [front for front in all_fronts if front.compared]
    lines = [line for front in compared[:MOST_SENTENCES] for line in _sentences(front, told)]
    if len(compared) > MOST_SENTENCES:
        lines.append(f"Time to accuracy of {len(compared) - MOST_SENTENCES:,} more problems: see Time to accuracy.")
    return lines


def advice_on_accuracy(data: Data, size: Mapping[str, int], threads: str, accuracy: float) -> list[str]:
    """For each problem of this very size, who is first to an excess loss, whatever the method and the steps."""
    lines = []
    for front in fronts(data):
        fixed = dict(front.fixed)
        if front.compared and fixed | dict(size) == fixed and fixed["threads"] == threads:
            winner = winner_at(front, accuracy)
            none = f"nothing measured comes to an excess loss of {error_text(accuracy)}"
            lines.append(f"at {place(fixed, frozenset({'seed'}))}: {_race(winner) if winner else none}")
    return lines


def _sentences(front: Front, told: AbstractSet[str]) -> Iterator[str]:
    winners = [winner for accuracy in ACCURACIES if (winner := winner_at(front, accuracy))]
    where = f"Time to accuracy at {place(dict(front.fixed), told)}"
    raced = [winner for winner in winners if not winner.first.way.closed or winner.other is not None]
    if not raced:
        yield f"{where}: no descent that was measured comes to an excess loss of {error_text(ACCURACIES[0])}."
        return
    yield f"{where}: {_race(raced[-1])}."
    if raced[0].first.way.closed != raced[-1].first.way.closed:
        yield f"There {_race(raced[0])}."
    if raced[-1] is not winners[-1]:
        last = winners[-1]
        yield f"There only closed forms come to {error_text(last.accuracy)}, first {_named(last.first)}."


def _race(winner: Winner) -> str:
    """`a closed form is first to an excess loss of 1e-6, A float32: 22 us; the quickest descent, B float32: 12 ms`."""
    kind, other = _KINDS if winner.first.way.closed else reversed(_KINDS)
    doubt = "" if winner.sure else ", though not for sure"
    level = error_text(winner.accuracy)
    text = f"a {kind} is first to an excess loss of {level}{doubt}, {_named(winner.first)}"
    if winner.other is None:
        return f"{text}; no {other} gets there"
    return f"{text}; the quickest {other} is {_named(winner.other)}"


def _named(arrival: Arrival) -> str:
    return f"{plain(arrival.way.label)}: {interval_of_time(arrival.time_s)}"


def _winner(front: Front, accuracy: float, told: AbstractSet[str]) -> Iterator[Cell | str]:
    winner = winner_at(front, accuracy)
    yield from (place(dict(front.fixed), told), Cell(error_text(accuracy), accuracy))
    kind, by_kind = NOT_IN_RANGE, {}
    if winner is not None:
        kind = _KINDS[0] if winner.first.way.closed else _KINDS[1]
        kind += "" if winner.sure else ", not for sure"
        by_kind = {arrival.way.closed: arrival for arrival in (winner.first, winner.other) if arrival}
    yield kind
    for closed in (True, False):
        arrival = by_kind.get(closed)
        yield plain(arrival.way.label) if arrival else NOT_IN_RANGE
        yield _time(arrival.time_s) if arrival else NOTHING


def _way(problem: str, way: Way) -> Iterator[Cell | str]:
    yield from (problem, plain(way.label))
    yield from (_time(seconds_to(way, accuracy)) for accuracy in ACCURACIES)
    floor = floor_of(way)
    yield number_cell(NOT_IN_RANGE if floor.value is None else error_text(floor.value), floor.value)


def _time(answer: Answer) -> Cell:
    return number_cell(interval_of_time(answer) if answer.known else NOT_IN_RANGE, answer.value)
