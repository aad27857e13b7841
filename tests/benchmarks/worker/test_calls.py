"""From what a solver returned to the answer that is judged, and from the whole work to a small part of it."""

from typing import Any

import numpy as np
import pytest
from fakes import make_solver

from linregbench.benchmarks.worker import calls
from linregbench.solvers.problem import make_problem
from linregbench.solvers.workload import make_workload

W = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("result", "batch"),
    [(W, 1), (W[np.newaxis], 1), ([W], 1), ([W, W, W], 3), (np.tile(W, (3, 1)), 3), (W.astype(np.float32), 1)],
)
def test_an_answer_is_one_row_a_problem(result: Any, batch: int) -> None:
    weights, steps = calls.answer(result, make_workload("gd", 10, 2, batch=batch))
    np.testing.assert_array_equal(weights, np.tile(W, (batch, 1)))
    assert steps is None


@pytest.mark.parametrize(
    ("result", "batch"), [((W, 7), 1), ([(W, 7)] * 3, 3), ((np.tile(W, (3, 1)), np.full(3, 7)), 3)]
)
def test_an_answer_to_a_tolerance_has_its_steps(result: Any, batch: int) -> None:
    weights, steps = calls.answer(result, make_workload("gd_tol", 10, 2, batch=batch))
    np.testing.assert_array_equal(weights, np.tile(W, (batch, 1)))
    np.testing.assert_array_equal(steps, np.full(batch, 7))


@pytest.mark.parametrize("result", [np.ones(3), np.ones((2, 2)), 1.0, np.ones((2, 1)), np.array([])], ids=np.shape)
def test_another_shape_is_said(result: Any) -> None:
    with pytest.raises(ValueError, match=r"expected an answer of shape \(1, 2\), got \("):
        calls.answer(result, make_workload("gd", 10, 2))


@pytest.mark.parametrize("result", [W, None, 3, [W, W], (W, W, W)], ids=str)
def test_an_answer_without_its_steps_is_said(result: Any) -> None:
    with pytest.raises(ValueError, match=r"gd_tol must return|expected an answer"):
        calls.answer(result, make_workload("gd_tol", 10, 2))


@pytest.mark.parametrize("method", ["gd", "ols", "gd_tol"])
@pytest.mark.parametrize("batched", [True, False])
def test_a_batch_is_one_call_or_one_a_problem(method: str, batched: bool) -> None:
    workload = make_workload(method, 10, 2, batch=3)
    solver = make_solver("numpy_stacked" if batched else "numpy_loop", method=method, batched=batched)
    inputs = calls.calls_for(solver, workload, make_problem(workload))
    assert len(inputs) == (1 if batched else 3)
    assert inputs[0][0].shape == ((3, 10, 2) if batched else (10, 2))
    assert inputs[0][1].shape == ((3, 10) if batched else (10,))


@pytest.mark.parametrize(
    ("strategy", "fields", "part", "scale"),
    [
        ("numpy_loop", {}, (1, 1), 300.0),
        ("numpy_stacked", {"batched": True}, (3, 1), 100.0),
        ("jax_scan", {}, (1, 100), 3.0),
        ("jax_vmap", {"batched": True}, (3, 100), 1.0),
    ],
)
def test_a_small_part_of_the_work(strategy: str, fields: Any, part: tuple[int, int], scale: float) -> None:
    workload = make_workload("gd", 10, 2, batch=3)
    short, problem, longer = calls.shortened(make_solver(strategy, **fields), workload, make_problem(workload))
    assert (short.batch, short.steps) == part
    assert len(problem.X) == part[0]
    assert longer == scale
