"""Workloads of known cost, really measured: what comes out is what went in, with limits that hold on a noisy machine.

`tests/studies/proof.py` has the strict limits; here a neighbour may double a time, so the fastest sample is looked at.
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import real

import linregbench
from linregbench.benchmarks import devices
from linregbench.results.runfile.read import read_run
from linregbench.results.stats.diagnostics import diagnose
from linregbench.results.stats.noise import in_one_line


def measure(folder: Path, *arguments: object) -> pd.DataFrame:
    path = folder / "run.jsonl"
    with real.Command("run", "--no-report", *arguments, "--blocks", "2", "--output", path, cwd=folder) as command:
        code, _, err = command.finish()
    assert code == 0, err
    return linregbench.load(path)


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def spins(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    sizes = ("--method", "ols", "--samples", "10", "--features", "1", "--strategy", "numpy_loop", "--timeout", "30s")
    plugin = ("--plugin", real.PLUGINS / "known_cost.py")
    return measure(tmp_path_factory.mktemp("spins"), *sizes, *plugin).set_index("strategy")


@pytest.mark.parametrize(("strategy", "true_s"), [("spin_10us", 10e-6), ("spin_1ms", 1e-3), ("spin_100ms", 100e-3)])
def test_a_known_time_is_measured(spins: pd.DataFrame, strategy: str, true_s: float) -> None:
    row = spins.loc[strategy]
    # what is taken off a long call is by another clock than the one that it spins by
    assert 0.99 * true_s <= row["time_min_s"] < 1.05 * true_s
    assert 0.99 * true_s <= row["time_s"] < 3 * true_s


def test_a_slow_first_call_is_not_in_the_steady_state(spins: pd.DataFrame) -> None:
    row = spins.loc["fake_compiled"]
    assert 0.25 <= row["first_call_s"] < 1.0
    assert row["time_min_s"] < 1.05 * 10e-6
    assert row["first_result_s"] >= row["first_call_s"]


def test_twice_the_steps_take_twice_the_time(tmp_path: Path) -> None:
    workload = ("--method", "gd", "--samples", "3000", "--features", "16", "--steps", "100,200")
    both = ("--strategy", "numpy_loop,jax_scan", "--variant", "analytic")
    rows = measure(tmp_path, *workload, *both).set_index(["strategy", "steps"])
    for strategy in ("numpy_loop", "jax_scan"):
        ratio = rows.loc[(strategy, 200), "time_min_s"] / rows.loc[(strategy, 100), "time_min_s"]
        assert 1.3 < ratio < 3  # the times of two blocks on a busy machine; tests/studies/proof.py has the figures


def test_threads_hold_for_every_strategy(tmp_path: Path) -> None:
    rows = measure(tmp_path, "--samples", "1000", "--features", "16", "--method", "gd", "--steps", "20")
    assert len(rows) == 13
    # above: never two threads' worth; below: what other programs leave of the core
    assert rows["cpu_over_wall"].between(0.20, 1.05).all(), rows["cpu_over_wall"]


def test_a_neighbour_in_half_of_the_blocks_makes_the_run_noisy_and_no_copy_slower(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    core = devices.allowed_cores()[-1]
    spin = f"import os\nos.sched_setaffinity(0, [{core}])\nwhile True: pass"
    workload = (
        "--method",
        "gd",
        "--samples",
        "1000",
        "--strategy",
        "numpy_loop",
        "--plugin",
        real.PLUGINS / "copies.py",
    )
    with real.Command("run", "--no-report", *workload, "--blocks", "6", "--output", path, cwd=tmp_path) as command:
        real.wait_until(lambda: path.exists() and path.read_text().count('"record":"block"') >= 3, 60.0)
        with subprocess.Popen([sys.executable, "-c", spin]) as neighbour:
            code, _, err = command.finish()
            neighbour.kill()
    assert code == 0, err
    rows = linregbench.load(path).set_index("strategy")
    assert rows.loc["copy", "verdict"] in ("same", "inconclusive")
    assert "noisy" in in_one_line(diagnose(read_run(path)))
