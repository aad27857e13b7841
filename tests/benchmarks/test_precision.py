"""Less precision asked for is judged by what it can give, and no step left out passes for it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import make_solver

from linregbench.benchmarks.worker import answers, calls, session
from linregbench.solvers.accuracy import error_limit, relative_error
from linregbench.solvers.problem import make_problem
from linregbench.solvers.registry import load_builtin
from linregbench.solvers.workload import make_workload


def judged(off: float, *, coarse: bool) -> answers.Judgement:
    """An answer this far off, on the timed inputs and on the others."""
    workload = make_workload("gd", 100, 2)
    problem = make_problem(workload)

    def solve(*given: Any) -> Any:
        right = problem.reference if np.array_equal(given[3], problem.step_size[0]) else problem.check_reference
        return right[0] * (1 + off)

    solver = replace(make_solver("numpy_loop"), function=solve)
    prepared = calls.prepare(solver, workload, problem, "cpu")
    return answers.judge(solver, workload, problem, prepared, prepared.call(), coarse=coarse)


@pytest.mark.parametrize(
    ("off", "coarse", "status"),
    [(1e-6, False, "ok"), (1e-3, False, "wrong"), (1e-3, True, "ok"), (1e-2, True, "wrong")],
)
def test_a_coarser_product_is_allowed_its_rounding(off: float, coarse: bool, status: str) -> None:
    judgement = judged(off, coarse=coarse)
    assert judgement.status == status
    assert judgement.error == pytest.approx(off, rel=1e-3)


@pytest.mark.parametrize(
    ("precision", "dtype", "device", "coarse"),
    [
        ("default", "float32", "cuda", True),
        ("default", "float32", "cpu", False),
        ("default", "float64", "cuda", False),
        ("highest", "float32", "cuda:1", False),
        ("high", "float32", "tpu", False),
    ],
)
def test_only_an_accelerator_cuts_products_short(precision: str, dtype: str, device: str, coarse: bool) -> None:
    case = {"precision": precision, "device": device, "workload": {"dtype": dtype}}
    assert session._coarse(case) is coarse


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_thousands_of_steps_on_hard_data_are_right(dtype: str) -> None:
    """What rounding adds up to along the longest ladder of the presets is within what is allowed."""
    workload = make_workload("gd", 200, 16, steps=8_000, dtype=dtype, condition=1_000.0)
    problem = make_problem(workload)
    solve = load_builtin()["gd", "numpy_loop", "analytic"].function
    w = solve(problem.X[0], problem.y[0], problem.w[0], problem.step_size[0], workload.steps)
    assert relative_error(w[np.newaxis], problem.reference) < error_limit(workload, problem)
