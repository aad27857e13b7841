"""Ratios for the dashboards of others: what they read, smaller for better, and names that stay the same."""

import json
from pathlib import Path

import pytest
import synthetic
from made import run_of, sides_records
from synthetic import Truth

from linregbench.benchmarks.cli.main import main
from linregbench.results.formats.load import of_runs
from linregbench.results.runfile.read import RunFileError
from linregbench.results.tables.dashboards import bencher, github_action_benchmark, points_of_run

SCAN = Truth("jax_scan", "analytic", 2e-4)


def exported(capsys: pytest.CaptureFixture[str], path: Path, form: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["export", str(path), "--format", form])
    assert ended.value.code == 0
    written = Path(capsys.readouterr().out.strip())
    assert written.name == f"run.{form}.json"
    return json.loads(written.read_text())


@pytest.fixture
def sides(tmp_path: Path) -> Path:
    return synthetic.write(tmp_path / "run.jsonl", sides_records((SCAN, 0.5), blocks=10))


def test_a_run_is_time_over_the_baseline_s() -> None:
    run = run_of("run", SCAN)
    (row,) = (row for row in of_runs(run).frame.to_dict("records") if row["strategy"] == "jax_scan")
    document = json.loads(bencher(points_of_run(run)))
    ((name, measures),) = document.items()
    assert (
        name
        == "gd dtype=float32 samples=100 features=2 batch=1 steps=100 seed=0: jax_scan analytic cpu highest threads=1"
    )
    (metric,) = measures.values()
    assert list(measures) == ["time-over-baseline"]
    assert metric["value"] == pytest.approx(0.2, rel=0.02), "smaller is better"
    assert metric["lower_value"] == pytest.approx(1 / row["ratio_high"])
    assert metric["upper_value"] == pytest.approx(1 / row["ratio_low"])


def test_of_two_sides_it_is_new_over_base(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = exported(capsys, sides, "github-action-benchmark")
    assert isinstance(document, list)
    (entry,) = (each for each in document if "jax_scan" in each["name"])
    assert set(entry) == {"name", "unit", "value", "range", "extra"}
    assert entry["value"] == pytest.approx(2.0, rel=0.02), "twice as slow"
    low, high = map(float, entry["range"].split(" to "))
    assert low < entry["value"] < high
    assert entry["unit"] == "times the base's time"
    assert entry["extra"].startswith("slower: ref ")
    assert "ref" not in entry["name"], "the same name for whatever base"
    assert set(exported(capsys, sides, "bencher")) == {each["name"] for each in document}


def test_too_few_blocks_have_no_interval_and_no_sure_verdict() -> None:
    (entry,) = json.loads(github_action_benchmark(points_of_run(run_of("run", SCAN, blocks=2))))
    assert "range" not in entry
    assert entry["extra"].startswith("likely faster: ~")


def test_a_run_without_ratios_is_refused() -> None:
    with pytest.raises(RunFileError, match="no case has a ratio"):
        points_of_run(run_of("run"))
