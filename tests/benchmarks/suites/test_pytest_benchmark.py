"""pytest-benchmark's door: its own compare works on what the door writes, and a regression fails."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import linregbench

ROOT = Path(__file__).resolve().parents[3]
CASE = "ols-100-1-numpy_loop-cpu"


def speed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", f"tests/test_speed.py::test_steady_state[{CASE}]", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("speed") / "0001_cpu.json"
    done = speed("--benchmark-only", f"--benchmark-json={path}")
    assert done.returncode == 0, done.stdout
    return path


def test_the_file_has_the_case_and_its_phases(written: Path) -> None:
    (benchmark,) = json.loads(written.read_text())["benchmarks"]
    assert benchmark["group"] == "ols n=100 b=1"
    assert benchmark["params"]["samples"] == 100
    assert benchmark["extra_info"]["device"] == "cpu"
    assert benchmark["extra_info"]["first_call_s"] > 0
    assert benchmark["stats"]["rounds"] == 20
    assert benchmark["options"]["disable_gc"]
    assert benchmark["stats"]["iterations"] > 1
    (row,) = linregbench.load(written).to_dict("records")
    assert (row["source"], row["status"], row["strategy"]) == ("pytest-benchmark", "ok", "numpy_loop")


def test_compare_fails_on_what_is_slower(written: Path, tmp_path: Path) -> None:
    document = json.loads(written.read_text())
    stats = document["benchmarks"][0]["stats"]
    for name in ("min", "median", "mean", "max"):
        stats[name] /= 100
    (tmp_path / "0001_fast.json").write_text(json.dumps(document))
    arguments = ("--benchmark-only", "--benchmark-compare-fail=median:50%")
    slower = speed(*arguments, f"--benchmark-compare={tmp_path / '0001_fast.json'}")
    assert slower.returncode == 1
    assert "Performance has regressed" in slower.stdout + slower.stderr


def test_the_ordinary_run_times_nothing() -> None:
    assert "1 skipped" in speed().stdout
