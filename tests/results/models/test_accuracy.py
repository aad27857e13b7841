"""Time to accuracy on descents whose truth is known: the steps it takes, the time, the floor, and who is first."""

import math

import numpy as np
import pytest
import shown
import synthetic
from ladders import STEPS, descent, noisy, row, seconds
from made import as_run
from synthetic import Truth

from linregbench.results.figures.accuracy import loss_against_time
from linregbench.results.figures.draw import colour_of
from linregbench.results.formats.load import of_runs
from linregbench.results.frame import from_runs
from linregbench.results.models.accuracy import (
    ACCURACIES,
    RESOLUTION,
    Way,
    excess_of,
    floor_of,
    fronts,
    seconds_to,
    winner_at,
)
from linregbench.results.report.markdown import markdown
from linregbench.results.report.page import html
from linregbench.results.tables.accuracy import accuracy_sentences, accuracy_tables, advice_on_accuracy
from linregbench.results.words.names import Record

RHO = 0.99


def geometric(steps: int) -> float:
    return float(RHO ** (2 * steps))


def true_steps(accuracy: float) -> int:
    """Of the descent above."""
    return math.ceil(math.log(accuracy) / (2 * math.log(RHO)))


def way_of(rows: list[Record]) -> Way:
    ((way,),) = [front.ways for front in fronts(rows)]
    return way


@pytest.mark.parametrize("accuracy", [0.5, 1e-2, 1e-4, 1e-6, 1e-8])
def test_a_planted_rate_has_its_time(accuracy: float) -> None:
    found = seconds_to(way_of(descent(geometric)), accuracy)
    expected = pytest.approx(seconds(true_steps(accuracy)), rel=1e-9)
    assert (found.low, found.value, found.high) == (expected, expected, expected)


@pytest.mark.parametrize("accuracy", [1e-2, 1e-6])
def test_the_interval_holds_a_planted_time_as_often_as_it_says(accuracy: float) -> None:
    rng = np.random.default_rng(3)
    truth, rows = seconds(true_steps(accuracy)), descent(geometric)
    found = [seconds_to(way_of(noisy(rows, rng)), accuracy) for _ in range(1_500)]
    hits = sum((each.low or math.inf) <= truth <= (each.high or 0.0) for each in found)
    assert 0.92 <= hits / len(found) <= 0.98


@pytest.mark.parametrize("condition", [3.0, 30.0, 1_000.0])
@pytest.mark.parametrize("accuracy", [0.3, 1e-1, 1e-2, 1e-3])
def test_the_interval_holds_what_many_rates_at_once_make(condition: float, accuracy: float) -> None:
    """As of any data: each direction has its own rate, and between two places only bounds are known."""
    rates = (1 - np.geomspace(1, condition**-2, 16)) ** 2

    def excess(steps: float) -> float:
        return float(np.mean(rates**steps))

    found = seconds_to(way_of(descent(excess)), accuracy)
    truth = next((k for k in range(1, STEPS[-1] + 1) if excess(k) <= accuracy), None)
    if truth is None:
        assert found.why.startswith("not in range: the least excess loss is ")
    else:
        assert found.low is not None
        assert found.high is not None
        assert found.low <= seconds(truth) * (1 + 1e-9)
        assert found.high >= seconds(truth) * (1 - 1e-9)


def test_what_is_not_reached_or_reached_before_is_not_in_range() -> None:
    assert "the least excess loss is 2e-9" in seconds_to(way_of(descent(geometric)), 1e-10).why
    late = way_of(descent(geometric, (100, 1_000)))
    assert "reached in fewer than 100 steps" in seconds_to(late, 0.5).why
    assert seconds_to(way_of(descent(geometric)), 0.99).value == pytest.approx(seconds(1))


def test_times_without_an_interval_give_a_guess_without_one() -> None:
    rows = [each | {"blocks": 1, "time_low_s": None, "time_high_s": None} for each in descent(geometric)]
    found = seconds_to(way_of(rows), 1e-2)
    assert found.value == pytest.approx(seconds_to(way_of(descent(geometric)), 1e-2).value)
    assert (found.low, found.high, found.blocks) == (None, None, 1)


def test_a_closed_form_takes_the_time_that_it_takes() -> None:
    way = way_of([row(method="ols", variant="qr", steps=None, time_s=3e-5, excess_loss=1e-29)])
    assert seconds_to(way, 1e-10).value == pytest.approx(3e-5)
    assert floor_of(way).value == 1e-29
    assert seconds_to(way, 1e-30).why == "not in range: the least excess loss is 1e-29"


def test_rounding_levels_a_descent_off() -> None:
    steps = (1, 10, 100, 1_000, 3_000)
    single = way_of(descent(lambda k: max(geometric(k), 2e-14), steps, dtype="float32"))
    assert floor_of(single).value is None  # between 1,000 steps and 3,000 it still fell, as far as these two show
    longer = way_of(descent(lambda k: max(geometric(k), 2e-14), (*steps, 10_000), dtype="float32"))
    assert floor_of(longer).value == 2e-14


def test_a_slow_direction_is_no_floor() -> None:
    """It too levels off, and goes on falling out of sight."""
    slow = way_of(descent(lambda k: 0.5 * geometric(k) + 1e-3 * 0.999999**k, dtype="float32"))
    assert floor_of(slow).why == "not in range: it has not levelled off"


def test_an_excess_of_nothing_counts_as_the_resolution() -> None:
    assert excess_of(row(excess_loss=0.0)) == RESOLUTION


def test_the_quickest_to_an_accuracy_wins() -> None:
    rows = descent(geometric)
    rows.append(row(method="ols", variant="cholesky", dtype="float32", time_s=3e-5, excess_loss=1e-8))
    rows.append(row(method="ols", variant="qr", time_s=3e-3, excess_loss=1e-29))
    (front,) = fronts(rows)
    found = {accuracy: winner_at(front, accuracy) for accuracy in (0.9, *ACCURACIES, 1e-30)}
    labels = {accuracy: winner and winner.first.way.label for accuracy, winner in found.items()}
    assert labels == {
        0.9: "jax_scan autodiff float64",
        1e-2: "jax_scan cholesky float32",
        1e-4: "jax_scan cholesky float32",
        1e-6: "jax_scan cholesky float32",
        1e-10: "jax_scan qr float64",
        1e-30: None,
    }
    middle, last = found[1e-4], found[1e-10]
    assert middle is not None
    assert middle.sure
    assert middle.other is not None
    assert middle.other.time_s.value == pytest.approx(seconds(true_steps(1e-4)))
    assert last is not None
    assert last.other is None


def test_a_lead_within_the_intervals_is_not_sure() -> None:
    wide = {"time_low_s": 1e-5, "time_high_s": 1e-4, "excess_loss": 1e-3}
    (front,) = fronts([row(time_s=3e-5, method="ols", **wide), row(time_s=4e-5, steps=1, **wide)])
    winner = winner_at(front, 1e-2)
    assert winner is not None
    assert not winner.sure


def test_problems_stand_apart_and_wrong_answers_beside() -> None:
    rows = [*descent(geometric), *descent(geometric, condition=3.0), *descent(geometric, strategy="numpy_loop")]
    rows.append(row(method="ols", status="wrong", excess_loss=1e-6))
    rows.append(row(method="ols", status="failed"))
    first, second = fronts(rows)
    assert [way.name for way in first.ways] == ["jax_scan autodiff", "numpy_loop autodiff"]
    assert [each["excess_loss"] for each in first.wrong] == [1e-6]
    assert (dict(second.fixed)["condition"], second.wrong) == (3.0, ())


def test_files_from_before_have_no_excess_loss() -> None:
    assert fronts([row(steps=10, time_s=1e-4)]) == []


def reported() -> list[Record]:
    """A descent and closed forms of three qualities, one of them wrong."""
    rows = descent(geometric)
    rows += descent(lambda k: max(geometric(k), 2e-14), (1, 10, 100, 2_000, 4_000), dtype="float32")
    rows.append(row(method="ols", variant="cholesky", time_s=3e-5, excess_loss=1e-8))
    rows.append(row(method="ols", variant="inverse", dtype="float32", status="wrong", excess_loss=1e-3))
    return rows


def test_the_sentences_say_what_the_tables_say() -> None:
    found = fronts(reported())
    text, more = accuracy_sentences(found, frozenset())
    assert text.startswith("Time to accuracy at n = 1,000, d = 16, b = 1, condition 30: a descent is first to an ")
    assert "excess loss of 1e-10, jax_scan autodiff float32: " in text
    assert text.endswith("; no closed form gets there.")
    assert more.startswith(
        "There a closed form is first to an excess loss of 1e-2, jax_scan cholesky float64: 30.00 us ["
    )
    winners, ways = accuracy_tables(found, frozenset())
    assert all(len(cells) == len(table.columns) for table in (winners, ways) for cells in table.rows)
    told = [[cell.text for cell in cells] for cells in winners.rows]
    assert [cells[1:3] for cells in told] == [
        ["1e-2", "closed form"],
        ["1e-4", "closed form"],
        ["1e-6", "closed form"],
        ["1e-10", "descent"],
    ]
    last = {cells[1].text: cells[-1].text for cells in ways.rows}
    assert last == {
        "jax_scan autodiff float64": "not in range",
        "jax_scan autodiff float32": "2e-14",
        "jax_scan cholesky float64": "1e-8",
    }


def test_advice_is_for_the_size_that_was_measured() -> None:
    size = {"samples": 1_000, "features": 16, "batch": 1}
    (line,) = advice_on_accuracy(reported(), size, "1", 1e-4)
    assert line.startswith(
        "at n = 1,000, d = 16, b = 1, condition 30, seed 0: a closed form is first to an excess loss of"
    )
    (never,) = advice_on_accuracy(reported(), size, "1", 1e-29)
    assert never.endswith("nothing measured comes to an excess loss of 1e-29")
    assert advice_on_accuracy(reported(), size | {"samples": 999}, "1", 1e-4) == []
    assert advice_on_accuracy(reported(), size, "all", 1e-4) == []


def test_where_no_descent_arrives_that_is_said() -> None:
    rows = [*descent(lambda k: 1 / (1 + 1e-3 * k)), row(method="ols", variant="qr", time_s=3e-5, excess_loss=1e-29)]
    (text,) = accuracy_sentences(fronts(rows), frozenset())
    assert text.endswith("condition 30: no descent that was measured comes to an excess loss of 1e-2.")


def test_without_a_ladder_nothing_is_said() -> None:
    found = fronts([*descent(geometric, (100,)), row(method="ols", time_s=3e-5, excess_loss=1e-8)])
    assert accuracy_sentences(found, frozenset()) == []
    tables = accuracy_tables(found, frozenset())
    assert [(table.rows, table.nothing[:12]) for table in tables] == [((), "Not in range")] * 2
    assert loss_against_time(found[0].ways[0].rows).get_label() == "no descent of several lengths has an excess loss"


def test_the_figure_tells_dtypes_by_line_and_marks_what_is_wrong() -> None:
    (axes,) = loss_against_time(reported()).axes
    curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert {line.get_linestyle() for line in curves} == {"-", "--"}
    assert {line.get_color() for line in axes.lines} == {colour_of("jax_scan")}
    assert [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "x"] == [1e-3]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        *("jax_scan", "float32", "float64", "a closed form", "levelled off", "wrong, so no time"),
    ]


def test_terminal_markdown_and_page_say_the_same() -> None:
    records = [synthetic.header(), synthetic.environment()]
    for steps in (1, 10, 100, 1_000):
        truth = Truth("numpy_loop", "analytic", seconds(steps), fields={"excess_loss": geometric(steps)})
        of = synthetic.workload(steps=steps, condition=30.0)
        records += synthetic.blocks_of([truth], of=of, blocks=3, rounds=4)
    exact = Truth("numpy_loop", "qr", 3e-5, fields={"excess_loss": 1e-15})
    wrong = Truth("numpy_loop", "inverse", 1.0, status="wrong", reason="off", fields={"excess_loss": 1e-3})
    of = synthetic.workload(method="ols", steps=None, condition=30.0)
    run = as_run([*records, *synthetic.blocks_of([exact, wrong], of=of, blocks=3, rounds=4)])
    frame = from_runs(run)
    assert frame.loc[frame["status"] == "wrong", "excess_loss"].tolist() == [1e-3]
    assert frame.loc[frame["status"] == "wrong", "time_s"].isna().all()
    said = "Time to accuracy at n = 100, d = 2, b = 1, condition 30: a closed form is first to an excess loss of 1e-6"
    built = shown.report(run)
    page = html(built)
    for text in (shown.cases(of_runs(run)), markdown(built), page):
        assert said in " ".join(text.split())
    assert 'id="accuracy-' in page
    assert "wrong, so no time" in page
