"""What counts as right: a correct answer passes everywhere, one a percent off or a step short nowhere."""

import numpy as np
import pytest

from linregbench.solvers import reference
from linregbench.solvers.accuracy import error_limit, relative_error
from linregbench.solvers.problem import make_problem, make_workload


def test_error_is_that_of_the_worst_problem():
    right = np.array([[3.0, 4.0], [1.0, 0.0]])
    assert relative_error(right, right) == 0
    assert relative_error(np.array([[3.0, 4.0], [1.0, 0.5]]), right) == pytest.approx(0.5)
    assert relative_error(np.array([[3.0, 4.0], [np.nan, 0.0]]), right) == np.inf
    assert relative_error(np.array([[3.0, np.inf], [1.0, 0.0]]), right) == np.inf


def test_error_against_zero_is_the_distance():
    assert relative_error(np.array([[0.3, 0.4]]), np.zeros((1, 2))) == pytest.approx(0.5)


@pytest.mark.parametrize("shape", [(2,), (1, 2, 1), (2, 2), (1, 3)])
def test_another_shape_is_an_error(shape):
    with pytest.raises(ValueError, match=r"shape \(1, 2\) \(problems, features\), got"):
        relative_error(np.ones(shape), np.ones((1, 2)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("method", ["gd", "ols", "gd_tol"])
@pytest.mark.parametrize("size", [(100, 2, 1), (300, 64, 1), (100, 2, 500), (100_000, 2, 1)])
@pytest.mark.parametrize("condition", [None, 1e3])
def test_one_percent_off_is_wrong(method, dtype, size, condition):
    samples, features, batch = size
    workload = make_workload(method, samples, features, batch=batch, dtype=dtype, condition=condition)
    problem = make_problem(workload)
    limit = error_limit(workload, problem)
    assert 0 < limit < 0.01
    off = problem.reference.copy()
    off[-1] *= 1.01
    assert relative_error(off, problem.reference) > limit


@pytest.mark.parametrize("steps", [2, 10, 100, 1000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_short_is_wrong_on_the_check_inputs(steps, dtype):
    workload = make_workload("gd", 1000, 16, steps=steps, dtype=dtype)
    problem = make_problem(workload)
    spectrum = reference.decompose(problem.X, problem.check_y)
    for taken in (steps - 1, steps + 1):
        short = reference.descent(spectrum, problem.check_step_size, np.asarray(taken))
        assert relative_error(short, problem.check_reference) > error_limit(workload, problem)


def test_the_exact_minimum_is_no_answer_to_descent_on_the_check_inputs():
    for method in ("gd", "gd_tol"):
        workload = make_workload(method, 1000, 16)
        problem = make_problem(workload)
        minimum = reference.least_squares(reference.decompose(problem.X, problem.check_y))
        assert relative_error(minimum, problem.check_reference) > error_limit(workload, problem)


def test_a_remembered_answer_is_wrong():
    for method in ("gd", "ols", "gd_tol"):
        workload = make_workload(method, 1000, 16)
        problem = make_problem(workload)
        assert relative_error(problem.reference, problem.check_reference) > error_limit(workload, problem)


def test_the_limit_of_ols_follows_the_condition_number():
    workload = make_workload("ols", 400, 3, dtype="float64", condition=100.0)
    limit = error_limit(workload, make_problem(workload))
    assert limit == pytest.approx(10 * np.finfo(np.float64).eps * 20 * 1e4, rel=1e-6)
    workload = make_workload("ols", 400, 3, condition=1000.0)
    assert error_limit(workload, make_problem(workload)) == 5e-3
