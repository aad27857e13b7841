"""`linregbench export`: what other programs say of what it writes."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import synthetic
from door_files import RUN
from made import SMALL, SMALL_BYTES

from linregbench.benchmarks.cli.main import main
from linregbench.results.formats.export import FORMATS, export
from linregbench.results.frame import from_runs
from linregbench.results.runfile.read import RunFileError


def program(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    path.write_bytes(SMALL_BYTES)
    return path


@pytest.mark.parametrize("command", ["stats", "hist", "compare_to"])
def test_pyperf_takes_it(command: str, tmp_path: Path) -> None:
    pytest.importorskip("pyperf")
    export(RUN, "pyperf", tmp_path / "a.json")
    files = ["a.json"] * (1 + (command == "compare_to"))
    done = program("pyperf", command, *files, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "jax_scan" in done.stdout


def test_pytest_benchmark_compares_it(tmp_path: Path) -> None:
    export(RUN, "pytest-benchmark", tmp_path / "0001_a.json")
    done = program("pytest_benchmark", "compare", "0001_a.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "jax_scan autodiff" in done.stdout


def test_csv_is_the_frame(tmp_path: Path) -> None:
    export(RUN, "csv", tmp_path / "a.csv")
    assert list(pd.read_csv(tmp_path / "a.csv")["strategy"]) == list(from_runs(RUN)["strategy"])


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is not None, reason="pyarrow is here")
def test_parquet_without_pyarrow_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="needs pyarrow"):
        export(RUN, "parquet", tmp_path / "a.parquet")
    assert not (tmp_path / "a.parquet").exists()


def test_parquet_keeps_the_types(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    export(RUN, "parquet", tmp_path / "a.parquet")
    assert pd.read_parquet(tmp_path / "a.parquet")["samples"].tolist() == from_runs(RUN)["samples"].tolist()


@pytest.mark.parametrize("form", ["pyperf", "pytest-benchmark", "csv"])
def test_the_command_writes_beside_the_run(run_file: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run_file), "--format", form])
    assert ended.value.code == 0
    target = run_file.with_name("run" + FORMATS[form][0])
    assert capsys.readouterr().out == f"{target}\n"
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run_file), "--format", form])
    assert ended.value.code == 2
    assert "exists already" in capsys.readouterr().err


def test_what_has_no_time_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed = [
        r | {"status": "failed", "reason": "odd", "samples_s": [], "rounds": []}
        if r.get("strategy") == "jax_scan"
        else r
        for r in SMALL
    ]
    path = synthetic.write(tmp_path / "run.jsonl", failed)
    with pytest.raises(SystemExit) as ended:
        main(["export", str(path), "--format", "pyperf"])
    assert ended.value.code == 0
    assert "left out 1 case without a time" in capsys.readouterr().err
    names = [b["metadata"]["name"] for b in json.loads((tmp_path / "run.pyperf.json").read_text())["benchmarks"]]
    assert len(names) == 1


def test_nothing_to_export_is_an_error(tmp_path: Path) -> None:
    run = synthetic.write(tmp_path / "run.jsonl", SMALL[:2])
    with pytest.raises(SystemExit) as ended:
        main(["export", str(run), "--format", "pyperf"])
    assert ended.value.code == 2
