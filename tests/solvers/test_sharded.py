"""Sharded over four devices made of one CPU, and over two processes: the answers of one device."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "sharded_answers.py"
PATIENCE_S = 90.0
Case = tuple[str, str, int, int, str]

ONE = (("gd", "autodiff"), ("gd", "analytic"), ("gd_tol", "autodiff"))
CLOSED = tuple(("ols", variant) for variant in ("solve", "qr", "lstsq"))
CASES = (
    *((*solver, 1003, 1, "float32") for solver in (*ONE, *CLOSED)),
    *((*solver, 30, 5, "float32") for solver in (("gd", "autodiff"), ("gd_tol", "autodiff"), ("ols", "solve"))),
    ("gd", "analytic", 30, 3, "float32"),
    ("gd", "analytic", 3, 1, "float32"),
    ("gd", "gram", 1003, 1, "float32"),
    ("gd_tol", "gram", 30, 5, "float32"),
    ("gd", "autodiff", 1003, 1, "float64"),
    ("ols", "qr", 1003, 1, "float64"),
)
"""Method, variant, samples, batch, dtype: neither samples nor batch are a multiple of four."""
LIMITS = {"float32": 1e-6, "float64": 1e-13}


def started(cases: Any, *joined: str, devices: int) -> subprocess.Popen[str]:
    variables = {"JAX_NUM_CPU_DEVICES": str(devices), "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(HERE.parents[1])}
    # the answers are the same, and compiling them is most of the time
    variables["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), json.dumps(cases), *joined],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def rows() -> dict[Case, dict[str, Any]]:
    out, err = started(CASES, devices=4).communicate(timeout=PATIENCE_S)
    found = {tuple(row["case"]): row for row in map(json.loads, out.splitlines())}
    assert set(found) == set(CASES), err
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_answer_is_right_and_that_of_one_device(rows: dict[Case, dict[str, Any]], case: Case) -> None:
    row, limit = rows[case], LIMITS[case[-1]]
    assert row["error"] <= limit
    assert row.get("apart", 0.0) <= limit
    assert not any(row.get("steps_apart", ()))


def test_some_were_held_against_one_device(rows: dict[Case, dict[str, Any]]) -> None:
    held = {(case[0], case[3]) for case, row in rows.items() if "apart" in row}
    assert held == {(method, batch) for method in ("gd", "gd_tol", "ols") for batch in (1, 5)}
    assert all(len(row.get("steps_apart", "_")) == 1 for case, row in rows.items() if case[0] == "gd_tol")


def test_each_device_has_its_share(rows: dict[Case, dict[str, Any]]) -> None:
    assert all(row["devices"] == row["answer_devices"] == 4 for row in rows.values())
    shares = {(case[2], case[3]): tuple(row["shard"]) for case, row in rows.items()}
    assert shares == {(1003, 1): (1, 251, 3), (3, 1): (1, 1, 3), (30, 5): (2, 30, 3), (30, 3): (1, 30, 3)}


def test_two_processes_are_one_mesh() -> None:
    case = ["gd", "autodiff", 1003, 1, "float32"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    both = [started([case], coordinator, str(number), devices=2) for number in range(2)]
    try:
        said = [process.communicate(timeout=PATIENCE_S) for process in both]
    finally:
        for process in both:
            process.kill()
    if any("gloo" in err and "Unknown" in err for _, err in said):
        pytest.skip("this jaxlib has no gloo collectives for the CPU")
    for out, err in said:
        found = [json.loads(line) for line in out.splitlines() if line.startswith("{")]  # gloo speaks there as well
        assert len(found) == 1, err
        assert found[0]["devices"] == found[0]["answer_devices"] == 4
        assert found[0]["error"] <= 1e-6
