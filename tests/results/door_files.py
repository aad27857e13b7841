"""Files of every format, written by hand or by the export, with no timing."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

from made import run_of
from synthetic import Truth

from linregbench.results.formats import asv
from linregbench.results.formats.export import as_pyperf, as_pytest_benchmark

SCAN = Truth("jax_scan", "autodiff", 2e-4)
RUN = run_of("run.jsonl", SCAN, blocks=5)
AXES = {
    "method": ["gd", "ols"],
    "strategy": ["numpy_loop", "jax_scan"],
    "samples": [100, 1000],
    "device": ["cpu", "cuda"],
}
TIME = "suites.asv_steady.OverSamples.time_call"
MEMORY = "suites.asv_steady.Memory.peakmem_call"
RATIO = "suites.asv_ratio.Ratio.track_ratio"
UNITS = {TIME: "seconds", MEMORY: "bytes", RATIO: "times the NumPy loop's time"}
COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a"]


def pyperf_document() -> dict[str, Any]:
    return dict(json.loads(as_pyperf(RUN)))


def pytest_benchmark_document() -> dict[str, Any]:
    return dict(json.loads(as_pytest_benchmark(RUN)))


def asv_index(axes: dict[str, list[Any]] = AXES) -> dict[str, Any]:
    params = [[repr(value) for value in values] for values in axes.values()]
    of_each = {"param_names": list(axes), "params": params, "version": asv.SUITE}
    return {name: of_each | {"name": name, "unit": unit} for name, unit in UNITS.items()} | {"version": 2}


def asv_results(axes: dict[str, list[Any]] = AXES, commit: str = "1234567890") -> dict[str, Any]:
    """Times on the CPU, one of them failed; nothing on cuda; memory failed altogether; ratios not selected."""
    params = [[repr(value) for value in values] for values in axes.values()]
    times: list[float | None] = [1e-4 if case[3] == "cpu" else math.nan for case in itertools.product(*axes.values())]
    times[0] = None
    results = {TIME: [times, params, asv.SUITE, 1, 2.0], MEMORY: [None, params, asv.SUITE]}
    whole = {"commit_hash": commit, "env_name": "virtualenv-py3.11-jax0.10.2", "date": 1, "result_columns": COLUMNS}
    return whole | {"results": results, "version": 2}


def asv_folder(where: Path, index: Any = None, *results: Any) -> Path:
    folder = where / "asv"
    (folder / "machine").mkdir(parents=True)
    (folder / "benchmarks.json").write_text(json.dumps(index or asv_index()))
    (folder / "machine" / "machine.json").write_text("{}")
    for number, result in enumerate(results or [asv_results()]):
        (folder / "machine" / f"{number}.json").write_text(json.dumps(result))
    return folder


def written(path: Path, document: Any) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


DOCUMENTS = {"pyperf": pyperf_document(), "pytest-benchmark": pytest_benchmark_document()}
