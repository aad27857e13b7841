"""Workloads are checked where they are made; problems are as told, and their references right by other means."""

import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linregbench.solvers import reference
from linregbench.solvers.problem import Workload, arguments, data_bytes, make_problem, make_workload


def literal_descent(X, y, step_size, steps, tolerance=0.0):
    """Gradient descent on one problem, in float64, step by step -> w, steps taken."""
    X, y, w = X.astype(np.float64), y.astype(np.float64), np.zeros(X.shape[1])
    for step in range(steps):
        move = float(step_size) * 2 / len(y) * (X.T @ (X @ w - y))
        if np.sqrt(np.mean(move**2)) < tolerance:
            return w, step
        w = w - move
    return w, steps


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"method": "sgd"}, "method must be one of gd, ols, gd_tol, got 'sgd'"),
        ({"dtype": "float16"}, "dtype must be one of"),
        ({"samples": 0}, "samples must be a whole number of at least 1, got 0"),
        ({"features": 2.0}, "features must be a whole number"),
        ({"batch": True}, "batch must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"steps": 0}, "steps must be a whole number of at least 1"),
        ({"steps": None}, "method gd needs steps"),
        ({"tolerance": 1e-3}, "method gd takes no tolerance"),
        ({"method": "ols"}, "method ols takes no steps, got 10; leave it out"),
        ({"method": "ols", "steps": None, "step_size": 0.1}, "method ols takes no step_size"),
        ({"method": "gd_tol", "steps": None}, "method gd_tol needs"),
        ({"method": "gd_tol", "steps": None, "tolerance": 0.0, "max_steps": 5}, "tolerance must be a finite number"),
        ({"method": "gd_tol", "steps": None, "tolerance": 0.1, "max_steps": 0}, "max_steps must be a whole number"),
        ({"step_size": float("nan")}, "step_size must be a finite number"),
        ({"condition": 0.5}, "condition must be at least 1"),
        ({"condition": float("inf")}, "condition must be a finite number"),
        ({"condition": 10.0, "data": "mine"}, "condition is for generated data"),
        ({"condition": 10.0, "features": 1}, "condition needs at least 2 features"),
    ],
)
def test_a_workload_says_what_is_wrong_with_it(fields, message):
    with pytest.raises(ValueError, match=message):
        Workload(**({"method": "gd", "samples": 20, "features": 3, "steps": 10} | fields))


def test_a_workload_comes_back_from_json():
    for method in ("gd", "ols", "gd_tol"):
        workload = make_workload(method, 20, 3, batch=2, dtype="float64", condition=10.0)
        assert Workload(**json.loads(json.dumps(workload.as_dict()))) == workload


def test_make_workload_fills_in_what_is_left_out():
    assert make_workload("gd", 20, 3).steps == 100
    assert make_workload("gd_tol", 20, 3, max_steps=7).tolerance == 1e-3
    assert make_workload("ols", 20, 3, steps=None) == Workload("ols", 20, 3)
    with pytest.raises(ValueError, match="method must be one of"):
        make_workload("sgd", 20, 3)


def test_arrays_are_as_told():
    workload = make_workload("gd", 50, 3, batch=4)
    problem = make_problem(workload)
    for name, shape in {"X": (4, 50, 3), "y": (4, 50), "check_y": (4, 50), "w": (4, 3), "step_size": (4,)}.items():
        array = getattr(problem, name)
        assert (array.shape, array.dtype, array.flags.c_contiguous) == (shape, np.float32, True), name
    assert (problem.X[..., -1] == 1).all()
    assert np.abs(problem.X).max() <= 1
    assert (problem.w == 0).all()
    assert len(np.unique(problem.X[..., 0])) > 150
    assert not np.isclose(problem.y, problem.check_y).any()
    assert data_bytes(workload) == problem.X.nbytes + problem.y.nbytes
    assert [np.shape(a) for a in arguments(workload, problem)] == [(4, 50, 3), (4, 50), (4, 3), (4,), ()]


def test_the_seed_decides_and_the_dtype_only_rounds():
    single, again, double, other = (
        make_problem(make_workload("ols", 40, 3, dtype=dtype, seed=seed))
        for dtype, seed in (("float32", 0), ("float32", 0), ("float64", 0), ("float32", 1))
    )
    np.testing.assert_array_equal(single.X, again.X)
    np.testing.assert_array_equal(single.y, again.y)
    np.testing.assert_array_equal(single.X, double.X.astype(np.float32))
    np.testing.assert_allclose(single.y, double.y, rtol=1e-5)
    assert not np.isclose(single.X[..., :-1], other.X[..., :-1]).all()


@given(
    batch=st.integers(1, 5),
    samples=st.integers(6, 40),
    features=st.integers(1, 5),
    piece=st.integers(1, 300),
    condition=st.sampled_from([None, 50.0]),
)
@settings(max_examples=40, deadline=None)
def test_the_size_of_a_piece_changes_nothing(batch, samples, features, piece, condition):
    workload = make_workload("gd", samples, features, batch=batch, condition=condition if features > 1 else None)
    whole = make_problem(workload)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "PIECE", piece)
        pieced = make_problem(workload)
    np.testing.assert_allclose(whole.X, pieced.X, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(whole.y, pieced.y, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(whole.reference, pieced.reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("condition", [None, 1.0, 1e4])
@pytest.mark.parametrize(("samples", "features"), [(30, 2), (30, 6), (6, 6)])
def test_condition_is_that_of_the_whole_design_matrix(samples, features, condition):
    problem = make_problem(make_workload("gd", samples, features, batch=2, dtype="float64", condition=condition))
    np.testing.assert_allclose(problem.condition, np.linalg.cond(problem.X), rtol=1e-6)
    if condition is not None:
        np.testing.assert_allclose(problem.condition, condition, rtol=1e-6)


def test_step_size_is_one_over_the_largest_curvature():
    problem = make_problem(make_workload("gd", 30, 4, batch=3, dtype="float64"))
    for X, step_size in zip(problem.X, problem.step_size, strict=True):
        np.testing.assert_allclose(step_size, 1 / np.linalg.eigvalsh(2 / 30 * X.T @ X)[-1], rtol=1e-12)
    np.testing.assert_allclose(problem.check_step_size, problem.step_size / 100, rtol=1e-15)
    given = make_problem(make_workload("gd", 30, 4, batch=3, step_size=0.1))
    np.testing.assert_array_equal(given.step_size, np.full(3, 0.1, np.float32))


@pytest.mark.parametrize("condition", [None, 1e5])
def test_ols_reference_is_least_squares(condition):
    problem = make_problem(make_workload("ols", 50, 4, batch=2, condition=condition))
    for X, y, check_y, w, check_w in zip(
        problem.X, problem.y, problem.check_y, problem.reference, problem.check_reference, strict=True
    ):
        X, y, check_y = (a.astype(np.float64) for a in (X, y, check_y))
        np.testing.assert_allclose(w, np.linalg.lstsq(X, y)[0], rtol=1e-8)
        np.testing.assert_allclose(check_w, np.linalg.lstsq(X, check_y)[0], rtol=1e-8)


@pytest.mark.parametrize("step_size", [None, 0.01, 0.7])
@pytest.mark.parametrize(("samples", "condition"), [(30, None), (30, 100.0), (3, None)])
@pytest.mark.parametrize("steps", [1, 2, 101])
def test_gd_reference_is_descent_step_by_step(steps, samples, condition, step_size):
    workload = make_workload("gd", samples, 4, batch=2, steps=steps, condition=condition, step_size=step_size)
    problem = make_problem(workload)
    for i in range(2):
        for y, size, answer in (
            (problem.y, problem.step_size, problem.reference),
            (problem.check_y, problem.check_step_size, problem.check_reference),
        ):
            literal, _ = literal_descent(problem.X[i], y[i], size[i], steps)
            assert np.linalg.norm(answer[i] - literal) <= 1e-12 * np.linalg.norm(literal)


@pytest.mark.parametrize("condition", [None, 30.0])
def test_gd_tol_reference_stops_where_descent_stops(condition):
    problem = make_problem(make_workload("gd_tol", 40, 3, batch=3, condition=condition))
    assert problem.reference_steps is not None
    for i in range(3):
        literal, steps = literal_descent(problem.X[i], problem.y[i], problem.step_size[i], 10_000, 1e-3)
        assert problem.reference_steps[i] == steps
        np.testing.assert_allclose(problem.reference[i], literal, rtol=1e-10)


def test_fewer_samples_than_features_is_for_descent_alone():
    make_problem(make_workload("gd", 3, 5))
    with pytest.raises(ValueError, match="OLS needs as many samples as features, got 3 samples and 5 features"):
        make_problem(make_workload("ols", 3, 5))


def test_own_data_are_used_as_they_are():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    problem = make_problem(make_workload("ols", 20, 3, data="mine", dtype="float64"), (np.asfortranarray(X), y))
    np.testing.assert_array_equal(problem.X[0], X)
    np.testing.assert_allclose(problem.reference[0], np.linalg.lstsq(X, y)[0], rtol=1e-10)


@pytest.mark.parametrize(
    ("X", "y", "batch", "message"),
    [
        (np.ones((5, 3)), np.ones(5), 1, r"data must be X \(20, 3\)"),
        (np.ones((20, 3)), np.ones((20, 1)), 1, r"got X \(20, 3\) and y \(20, 1\)"),
        (np.ones((20, 3)), np.full(20, np.nan), 1, "data must be finite in float32"),
        (np.full((20, 3), 1e300), np.ones(20), 1, "data must be finite in float32"),
        (np.zeros((20, 3)), np.ones(20), 1, "not all zeros"),
        (np.ones((20, 3)), np.ones(20), 2, "are one problem, got batch 2"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_own_data_that_do_not_fit_are_refused(X, y, batch, message):
    with pytest.raises(ValueError, match=message):
        make_problem(make_workload("gd", 20, 3, batch=batch, data="mine"), (X, y))


def test_no_float64_copy_of_the_data_is_held(monkeypatch):
    monkeypatch.setattr(reference, "PIECE", 2**14)
    workload = make_workload("gd", 200_000, 7, condition=10.0)
    tracemalloc.start()
    problem = make_problem(workload)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < problem.X.nbytes + problem.y.nbytes + problem.check_y.nbytes + 2**21


def test_importing_the_problem_does_not_import_jax():
    command = "import sys; from linregbench.solvers import problem, registry, accuracy; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0
