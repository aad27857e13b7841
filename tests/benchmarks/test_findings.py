"""Solvers that are right and timed wrongly, in one real run: each is named, and no false time is shown."""

import pandas as pd
import pytest
import real

import linregbench
from linregbench.benchmarks.processes.pool import Nurseries

FALSE_TIMES = ("inputs_changed", "remembered", "closed_over_data", "compile")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("planted") / "planted.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Nurseries, "_peaks", lambda *_, **__: {"flops": 1e9})  # takes seconds
        frame = linregbench.run(
            method="ols",
            samples=1000,
            strategy="numpy_loop",
            blocks=2,
            plugins=[real.PLUGINS / "planted.py"],
            output=path,
            progress=False,
        )
    return frame.set_index("strategy")


@pytest.mark.parametrize("finding", FALSE_TIMES)
def test_a_false_time_is_named_and_not_shown(planted: pd.DataFrame, finding: str) -> None:
    row = planted.loc[finding]
    assert finding in row["findings"].split("; ")
    assert row["status"] == "ok"
    assert pd.isna(row["time_s"])
    assert pd.isna(row["ratio"])
    assert finding in row["reason"]


def test_a_solver_with_two_threads_still_has_the_time_of_one_core(planted: pd.DataFrame) -> None:
    assert planted.loc["more_threads", "time_s"] > 0


def test_threads_that_a_plugin_starts_on_import_live_in_every_worker(planted: pd.DataFrame) -> None:
    """The nursery forks before it loads a plugin: threads do not live through a fork."""
    row = planted.loc["own_pool"]
    assert (row["status"], row["blocks"]) == ("ok", 2)
    assert row["time_s"] > 0


def test_the_honest_baseline_has_no_finding_that_falsifies(planted: pd.DataFrame) -> None:
    assert not set(str(planted.loc["numpy_loop", "findings"]).split("; ")) & set(FALSE_TIMES)
    assert planted.loc["numpy_loop", "time_s"] > 0


def test_a_right_answer_has_an_excess_loss_of_rounding(planted: pd.DataFrame) -> None:
    assert 0 <= planted.loc["numpy_loop", "excess_loss"] < 1e-11
