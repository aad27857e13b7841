"""Who wins overall, and who of those whose steps go through the data: in the frame, tables, sentences and advice."""

from typing import Any

import pytest
import shown
import synthetic
from made import as_run
from synthetic import QUIET, Truth

from linregbench.results.formats.load import Loaded, of_runs
from linregbench.results.models.advise import Wish, advise, in_words
from linregbench.results.models.cost import cost_models
from linregbench.results.models.crossovers import crossovers
from linregbench.results.models.leads import lead_of
from linregbench.results.models.rays import measured, through_data
from linregbench.results.report.sentences import THROUGH_DATA, summary_of
from linregbench.results.tables.answers import answers_of

GRAM = {"operations": "gram"}
SIZES = (100, 1_000, 10_000)


def case(n: int, strategy: str, variant: str) -> Truth:
    times_s = {
        ("numpy_loop", "analytic"): 200e-6 + 100e-9 * n,
        ("numpy_loop", "gram"): 130e-6 + 8e-9 * n,
        ("jax_scan", "columns"): 20e-6 + 300e-9 * n,
        ("jax_scan", "gram"): 15e-6 + 2e-9 * n,
    }
    fields = GRAM if variant == "gram" else {"operations": "data"}
    return Truth(strategy, variant, times_s[strategy, variant], fields=fields)


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    records = [synthetic.header(), synthetic.environment()]
    for n in SIZES:
        truths = [case(n, s, v) for s in ("numpy_loop", "jax_scan") for v in ("analytic", "columns", "gram")
                  if (s, v) not in (("numpy_loop", "columns"), ("jax_scan", "analytic"))]  # fmt: skip
        records += synthetic.blocks_of(truths, of=synthetic.workload(samples=n), noise=QUIET, blocks=10)
    return of_runs(as_run(records))


def rows_at(loaded: Loaded, n: int) -> dict[str, dict[str, Any]]:
    return {f"{row['strategy']} {row['variant']}": row for row in measured(loaded.frame) if row["samples"] == n}


def test_the_frame_has_both_winners_and_the_ratio_to_each(loaded: Loaded) -> None:
    small, large = rows_at(loaded, 100), rows_at(loaded, 10_000)
    assert {row["winner"] for row in (*small.values(), *large.values())} == {"jax_scan gram"}
    assert small["numpy_loop analytic"]["data_winner"] == "jax_scan columns"
    assert large["jax_scan columns"]["data_winner"] == "numpy_loop analytic"
    assert large["jax_scan columns"]["data_winner_ratio"] == pytest.approx(1.2 / 3.02, rel=0.02)
    assert large["jax_scan columns"]["data_winner_verdict"] == "slower"
    assert large["numpy_loop analytic"]["data_winner_verdict"] == "winner"
    for row in (small["jax_scan gram"], large["numpy_loop gram"]):
        assert row["operations"] == "gram"
        assert row["data_winner"] is None
        assert row["data_winner_ratio"] is None


def test_a_race_of_those_that_go_through_the_data_is_a_race_like_any_other(loaded: Loaded) -> None:
    lead = lead_of(through_data(rows_at(loaded, 10_000).values()))
    assert [row["variant"] for row in (*lead.level, *lead.behind)] == ["analytic", "columns"]
    assert lead.behind[0]["winner_ratio"] == pytest.approx(1.2 / 3.02, rel=0.02)
    older = [{"strategy": "numpy_loop", "winner_ratio": 0.5}]
    assert through_data(older) == older


def test_a_table_names_the_fastest_through_the_data_and_how_far_behind_it_is(loaded: Loaded) -> None:
    text = " ".join(shown.cases(loaded, "markdown").split())
    assert "Winner: jax_scan gram" in text
    told = "With every step through the data: numpy_loop analytic, 2.5"
    assert told in text
    end = text[text.index(told) :]
    assert "as fast as jax_scan columns; jax_scan gram is 34" in end[: end.index(".", len(told) + 60)]


def test_without_shortcuts_nothing_is_said_of_them() -> None:
    records = [synthetic.header(), synthetic.environment()]
    records += synthetic.blocks_of(
        [case(100, "numpy_loop", "analytic"), case(100, "jax_scan", "columns")], of=synthetic.workload(), blocks=5
    )
    alone = of_runs(as_run(records))
    assert "through the data" not in shown.cases(alone, "markdown")
    assert not any(THROUGH_DATA in line for line in summary_of(alone, answers_of(alone, measured(alone.frame))))


def test_the_summary_counts_both(loaded: Loaded) -> None:
    lines = summary_of(loaded, answers_of(loaded, measured(loaded.frame)))
    overall, through = (line for line in lines if "of 3 workloads" in line)
    assert overall.startswith("Gradient descent: of 3 workloads, jit is fastest in 3 (scan), on X'X made once in all")
    assert through.startswith(f"{THROUGH_DATA}: of 3 workloads, NumPy is fastest in 2")
    assert "jit is fastest in 1" in through


def test_the_lead_changes_among_those_that_go_through_the_data(loaded: Loaded) -> None:
    changes = {(change.below, change.above): change for change in crossovers(loaded.frame, "samples")}
    change = changes["jax_scan columns", "numpy_loop analytic"]
    assert (change.leads, change.leads_data) == (False, True)
    assert change.at.value == pytest.approx(900, rel=0.1)
    assert not any(one.leads for one in changes.values())


def test_advice_has_a_way_for_either_kind_of_work(loaded: Loaded) -> None:
    found = advise(loaded.frame, Wish(10_000, 2))
    assert found.candidates[0].name == "jax_scan gram"
    first, second = in_words(found)[:2]
    assert first.startswith("use jax_scan gram: ")
    assert "every step through the data" in second
    assert "use numpy_loop analytic: " in second
    rest = [row for row in measured(loaded.frame) if row["variant"] != "gram"]
    assert advise(rest, Wish(10_000, 2)).through_data is None


def test_the_model_of_steps_through_the_data_is_fitted_to_no_other(loaded: Loaded) -> None:
    assert {model.name for model in cost_models(loaded.frame)} <= {"numpy_loop analytic", "jax_scan columns"}
