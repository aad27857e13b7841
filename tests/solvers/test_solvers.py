"""Every registered solver: right in both dtypes, strict about types, leaves its inputs alone, traced once."""

import functools
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from linregbench.solvers.accuracy import error_limit, relative_error
from linregbench.solvers.problem import arguments, make_problem, make_workload
from linregbench.solvers.registry import Solver

OPTIONS = {"gd": {"steps": 20}, "ols": {}, "gd_tol": {"max_steps": 200}}
SIZES = {
    "batch": {"samples": 30, "features": 5, "batch": 3, "condition": 8.0},
    "intercept": {"samples": 9, "features": 1, "batch": 2},
}


def make(solver: Solver, dtype: str, size: str = "batch"):
    given = SIZES[size] | OPTIONS[solver.method]
    if solver.method == "gd_tol" and "condition" in given:
        given["condition"] = 3.0  # a step of eager JAX takes milliseconds: a few dozen reach the tolerance
    workload = make_workload(solver.method, dtype=dtype, **given)
    return workload, make_problem(workload)


def test_right_on_the_timed_and_on_the_check_inputs(solver: Solver, dtype: str, run: SimpleNamespace):
    right(solver, dtype, "batch", run)


@pytest.mark.solvers(lambda s: s.strategy not in ("jax_eager", "jax_sharded"))
def test_right_for_an_intercept_alone(solver: Solver, run: SimpleNamespace):
    right(solver, "float32", "intercept", run)


def right(solver: Solver, dtype: str, size: str, run: SimpleNamespace) -> None:
    workload, problem = make(solver, dtype, size)
    limit = error_limit(workload, problem)
    for check, reference in ((False, problem.reference), (True, problem.check_reference)):
        answer = run.solve(solver, workload, problem, check=check)
        assert answer.dtype == dtype
        assert relative_error(answer, reference) <= limit


@pytest.mark.solvers(lambda s: s.method == "gd_tol")
def test_stops_where_float64_stops(solver: Solver, dtype: str, run: SimpleNamespace):
    workload, problem = make(solver, dtype)
    _, steps = run.call(solver, *arguments(workload, problem))
    assert problem.reference_steps is not None
    assert np.abs(steps - problem.reference_steps).max() <= (1 if dtype == "float32" else 0)


@pytest.mark.solvers(lambda s: s.method == "gd_tol")
def test_stops_at_max_steps(solver: Solver, dtype: str, run: SimpleNamespace):
    workload = make_workload("gd_tol", 30, 5, batch=2, dtype=dtype, tolerance=1e-30, max_steps=7)
    problem = make_problem(workload)
    answer, steps = run.call(solver, *arguments(workload, problem))
    assert (steps == 7).all()
    assert relative_error(answer, problem.reference) < 1e-5


@pytest.mark.solvers(lambda s: s.method == "gd_tol" and not s.compiled)
def test_takes_its_limits_as_plain_numbers(solver: Solver, dtype: str):
    workload, problem = make(solver, dtype)
    *arrays, tolerance, max_steps = arguments(workload, problem)
    placed = [jax.device_put(a[0]) if solver.backend == "jax" else a[0] for a in arrays]
    _, steps = solver.function(*placed, tolerance, max_steps)
    assert isinstance(steps, int)


def test_leaves_its_inputs_alone(solver: Solver, dtype: str, run: SimpleNamespace):
    workload, problem = make(solver, dtype)
    given = arguments(workload, problem)
    before = [np.copy(value) for value in given]
    run.call(solver, *given)
    for value, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(value, copy)


@pytest.mark.solvers(lambda s: s.compiled)
def test_is_traced_once(solver: Solver, run: SimpleNamespace):
    workload, problem = make(solver, "float32")
    run.solve(solver, workload, problem)
    with jax.no_tracing():
        run.solve(solver, workload, problem, check=True)


@pytest.mark.solvers(lambda s: s.strategy == "jax_jit_step")
def test_one_jitted_step_serves_every_call_and_any_number_of_steps(solver: Solver, run: SimpleNamespace):
    workload, problem = make(solver, "float32")
    run.solve(solver, workload, problem)
    placed = [
        jax.device_put(v[0]) if isinstance(v, np.ndarray) else v for v in arguments(workload, problem, check=True)
    ]
    placed[-1] += 3
    with jax.no_tracing():
        solver.function(*placed)


@pytest.mark.solvers(lambda s: s.batched)
def test_a_batch_equals_its_problems_one_by_one(solver: Solver, run: SimpleNamespace):
    workload, problem = make(solver, "float32")
    values = arguments(workload, problem)
    together = run.call(solver, *values)[0]
    for i in range(workload.batch):
        alone = run.call(solver, *(v[i : i + 1] if isinstance(v, np.ndarray) else v for v in values))[0]
        np.testing.assert_allclose(alone[0], together[i], rtol=1e-4)


@pytest.mark.solvers(lambda s: s.method == "gd" and s.strategy != "jax_eager")
def test_a_small_step_size_tells_99_steps_from_100(solver: Solver, run: SimpleNamespace):
    workload = make_workload("gd", 100, 2, steps=100)
    problem = make_problem(workload)
    *arrays, steps = arguments(workload, problem, check=True)
    short = run.call(solver, *arrays, steps - 1)[0]
    assert relative_error(short, problem.check_reference) > 10 * error_limit(workload, problem)


@pytest.mark.solvers(lambda s: s.method != "gd_tol" and s.strategy in ("numpy_loop", "jax_scan"))
def test_float32_holds_its_limit_at_many_samples(solver: Solver, run: SimpleNamespace):
    workload, problem = many_samples(solver.method)
    for check, reference in ((False, problem.reference), (True, problem.check_reference)):
        answer = run.solve(solver, workload, problem, check=check)
        assert relative_error(answer, reference) <= error_limit(workload, problem)


@functools.cache
def many_samples(method: str):
    # what many samples cost in digits is there in each step's sums
    workload = make_workload(method, 300_000, 3, **({"steps": 30} if method == "gd" else {}))
    return workload, make_problem(workload)
