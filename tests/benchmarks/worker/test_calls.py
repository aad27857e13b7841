"""From what a solver returned to the answer that is judged, and from the whole work to a small part of it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import make_solver

from linregbench.benchmarks.worker import calls
from linregbench.solvers.problem import make_problem
from linregbench.solvers.registry import load_builtin
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
    ("strategy", "fields", "batch", "scale", "steps"),
    [
        ("numpy_loop", {}, 1, 3.0, 100),
        ("numpy_loop", {"operations": "gram"}, 1, 3.0, 100),
        ("numpy_loop", {"operations": "powers"}, 1, 3.0, 1),
        ("numpy_stacked", {"batched": True}, 3, 1.0, 100),
        ("jax_scan", {}, 1, 3.0, 1),
        ("jax_vmap", {"batched": True}, 3, 1.0, 1),
    ],
)
def test_a_part_of_the_work(strategy: str, fields: Any, batch: int, scale: float, steps: int) -> None:
    workload = make_workload("gd", 10, 2, batch=3)
    solver = make_solver(strategy, **fields)
    part, problem, longer = calls.part_of(solver, workload, make_problem(workload))
    assert (part.batch, len(problem.X), longer) == (batch, batch, scale)
    assert calls.driven_steps(solver, part, problem) == steps


@pytest.mark.parametrize(
    ("fields", "batch", "shape", "scale"),
    [
        ({}, 1, (1, 100, 2), 10.0),
        ({"batched": True}, 10, (1, 100, 2), 100.0),
        ({"batched": True}, 100, (1, 100, 2), 1_000.0),
    ],
)
def test_of_much_data_it_is_a_share(
    monkeypatch: pytest.MonkeyPatch, fields: Any, batch: int, shape: tuple[int, ...], scale: float
) -> None:
    monkeypatch.setattr(calls, "PART_BYTES", 800)
    workload = make_workload("gd", 1_000, 2, batch=batch)
    part, problem, longer = calls.part_of(make_solver("numpy_loop", **fields), workload, make_problem(workload))
    assert (problem.X.shape, longer) == (shape, scale)
    assert problem.check_y.shape == problem.y.shape == shape[:2]
    assert (part.batch, part.samples) == shape[:2]


def test_a_share_has_samples_enough_for_a_closed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PART_BYTES", 800)
    workload = make_workload("ols", 100, 10)
    part, _, _ = calls.part_of(make_solver("numpy_loop"), workload, make_problem(workload))
    assert part.samples == 8 * 10


@pytest.mark.parametrize("steps", [1, 2, 5, 100, 100_000])
@pytest.mark.parametrize(("once_s", "step_s"), [(0.0, 1e-5), (1.3, 0.8), (0.15, 2e-6), (0.0, 0.3), (1e-4, 1e-7)])
@pytest.mark.parametrize("late", [1.0, 1.2, 0.8])
def test_what_is_done_once_is_not_multiplied(steps: int, once_s: float, step_s: float, late: float) -> None:
    """Within 2x, also where all but the first call take a fifth longer than they should, or less."""
    asked: list[int] = []

    def seconds_of(count: int) -> float:
        asked.append(count)
        return (once_s + count * step_s) * (late if len(asked) > 1 else 1.0)

    predicted_s, true_s = calls.extrapolated_s(seconds_of, steps), once_s + steps * step_s
    assert true_s / 2 <= predicted_s <= 2 * true_s
    assert max(asked) <= steps
    assert sum(once_s + count * step_s for count in asked) < max(0.1, 20 * (once_s + step_s))


def test_steps_are_those_of_the_method() -> None:
    assert calls.with_steps(make_workload("gd", 10, 2), 7).steps == 7
    assert calls.with_steps(make_workload("gd_tol", 10, 2), 7).max_steps == 7
    ols = make_workload("ols", 10, 2)
    assert calls.with_steps(ols, 7) is ols


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("strategy", ["numpy_loop", "jax_scan"])
def test_what_is_placed_is_a_copy(offset: int, strategy: str) -> None:
    """However the arrays lie: XLA takes what begins at a multiple of 64 bytes for its own."""
    workload = make_workload("gd", 100, 2)
    problem = make_problem(workload)
    memory = np.zeros(400, np.float32)
    first = -memory.ctypes.data % 64 // 4 + offset
    X = memory[first : first + 200].reshape(1, 100, 2)
    X[:] = problem.X
    solver = load_builtin()["gd", strategy, "analytic"]
    prepared = calls.prepare(solver, workload, replace(problem, X=X), "cpu")
    X[:] = 0
    np.testing.assert_array_equal(prepared.inputs[0][0], problem.X[0])
