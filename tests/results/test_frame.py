"""The frame: the same columns and dtypes whatever came in, and never silently fewer rows."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import sweep
import synthetic
from synthetic import Truth

import linregbench
from linregbench.results.fields import COLUMNS
from linregbench.results.formats.load import load
from linregbench.results.frame import from_runs
from linregbench.results.runfile.read import RunFileError, read_run
from linregbench.results.stats.estimates import estimate_run


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.write(tmp_path_factory.mktemp("runs") / "quick.jsonl", sweep.quick_run())


def _dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


def test_columns_and_dtypes_are_fixed(quick: Path, tmp_path: Path) -> None:
    frame = load(quick)
    skipped = synthetic.blocks_of(
        [Truth("numpy_loop", "solve", 1.0, status="skipped")], of=synthetic.workload(method="ols"), blocks=1, rounds=0
    )
    bare = load(synthetic.write(tmp_path / "bare.jsonl", [synthetic.header(run="b"), *skipped]))
    empty = load(synthetic.write(tmp_path / "empty.jsonl", [synthetic.header(run="c")]))
    for each in (frame, bare, empty, load()):
        assert _dtypes(each) == COLUMNS
        assert list(each) == list(COLUMNS)
    assert (len(bare), len(empty)) == (1, 0)


def test_one_row_a_case(quick: Path) -> None:
    frame = load(quick)
    run = read_run(quick)
    assert len(frame) == len({m.case for m in run.measurements})
    assert set(frame["status"]) == {"ok", "wrong", "skipped", "crashed", "timeout"}
    bad = frame[frame["status"] != "ok"]
    assert bad["reason"].notna().all()
    assert bad[["time_s", "time_low_s", "ratio", "winner_ratio", "first_result_s"]].isna().all(axis=None)
    good = frame[frame["status"] == "ok"]
    assert good["time_s"].between(good["time_low_s"], good["time_high_s"]).all()
    assert (good["time_per_problem_s"] * good["batch"]).to_numpy() == pytest.approx(good["time_s"].to_numpy())
    baseline = good[good["verdict"] == "baseline"]
    assert (baseline["ratio"] == 1).all()
    assert set(good["rounds"]) <= {"quiet", "fastest"}
    assert (frame["findings"].str.len() > 0).sum() == 1
    winners = good[good["winner_verdict"] == "winner"]
    assert len(winners) == 11
    assert (winners["winner"] == winners["strategy"] + " " + winners["variant"]).all()


def test_the_frame_says_what_the_estimates_say(quick: Path) -> None:
    run = read_run(quick)
    pd.testing.assert_frame_equal(load(quick), from_runs(run))
    frame, estimates = from_runs(run), estimate_run(run)
    expected = [row.versus_baseline.ratio if row.versus_baseline else float("nan") for row in estimates]
    assert frame["ratio"].to_list() == pytest.approx(expected, nan_ok=True)


def test_forced_switches_are_those_of_a_middling_block(tmp_path: Path) -> None:
    """Not their sum, which grows with the number of blocks, nor the most, which one disturbed block would decide."""
    switches = (4, 900, 7, None)
    rows = [synthetic.measurement(block=n, involuntary_switches=count) for n, count in enumerate(switches)]
    records = [synthetic.header(), *rows, *(synthetic.block(block=n) for n in range(len(rows)))]
    frame = load(synthetic.write(tmp_path / "run.jsonl", records))
    assert frame["involuntary_switches"].tolist() == [7.0]


def test_several_runs_stand_under_each_other_but_none_twice(quick: Path, tmp_path: Path) -> None:
    other = synthetic.write(tmp_path / "other.jsonl", [synthetic.header(run="other"), *sweep.quick_run(seed=1)[1:]])
    frame = load(quick, other)
    assert frame["run"].value_counts().to_dict() == {"20261123-160000-ab12": 61, "other": 61}
    with pytest.raises(RunFileError, match=r"holds run 20261123-160000-ab12, as quick\.jsonl does"):
        load(quick, other, quick)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    path = synthetic.write(tmp_path / "run.jsonl", [synthetic.header(), synthetic.measurement()])
    with pytest.warns(UserWarning, match="left out 1 measurement of 1 block"):
        assert load(path).empty


def test_pandas_is_imported_only_when_asked_for() -> None:
    assert linregbench.load is load
    code = (
        "import sys, linregbench.results as r\n"
        "from linregbench.results.runfile import read\n"
        "from linregbench.results.stats import estimates, intervals, quiet\n"
        "heavy = {'pandas', 'jax', 'matplotlib', 'rich', 'scipy.stats', 'linregbench.solvers'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="'linregbench' has no attribute 'lead'"):
        _ = linregbench.lead
