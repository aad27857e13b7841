"""Properties that hold whatever the data: of the gradient three ways, and of every solver."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linregbench.solvers import gradients
from linregbench.solvers.registry import Solver

SAMPLES, FEATURES, STEPS = 30, 5, 20
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ways = {name: jax.jit(getattr(gradients, name)) for name in ("autodiff", "analytic", "finite")}


def draw(seed: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (1, SAMPLES, FEATURES)).astype(np.float32)
    X[..., -1] = 1
    return X, rng.normal(1, 2, (1, SAMPLES)).astype(np.float32), rng


def values(solver: Solver, X: np.ndarray, y: np.ndarray, scale: float = 1.0) -> tuple:
    if solver.method == "ols":
        return X, y
    start = (X, y, np.zeros((1, FEATURES), np.float32), np.array([0.2], np.float32))
    return (*start, STEPS) if solver.method == "gd" else (*start, 0.02 * scale, 50)


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_the_gradient_three_ways_agrees_with_the_formula(seed):
    X, y, rng = draw(seed)
    X, y, w = X[0], y[0], rng.normal(0, 3, FEATURES).astype(np.float32)
    exact = 2 / SAMPLES * X.T.astype(np.float64) @ (X.astype(np.float64) @ w - y)
    loss = np.mean((X.astype(np.float64) @ w - y) ** 2)
    for name, way in ways.items():
        np.testing.assert_allclose(way(X, y, w), exact, atol=2e-5 * (1 + loss), err_msg=name)
    np.testing.assert_allclose(gradients.by_columns(X.T, y, w), exact, atol=2e-5 * (1 + loss))
    np.testing.assert_allclose(gradients.mse(X, y, w), loss, rtol=1e-5)


def test_finite_differences_are_exact_in_float64():
    with jax.enable_x64(True):
        X, y, w = np.random.default_rng(0).normal(size=(9, 4)), np.arange(9.0), np.arange(4.0)
        np.testing.assert_allclose(gradients.finite(X, y, w), gradients.analytic(X, y, w), rtol=1e-12)


@given(seed=seeds)
@few
@pytest.mark.solvers(lambda s: s.strategy != "jax_eager")
def test_the_order_of_the_samples_does_not_matter(solver: Solver, run: SimpleNamespace, seed: int):
    X, y, rng = draw(seed)
    order = rng.permutation(SAMPLES)
    one, other = (run.call(solver, *values(solver, X_, y_))[0] for X_, y_ in ((X, y), (X[:, order], y[:, order])))
    # in float32 a reordered sum may end one step of a descent earlier
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=0.05 if solver.method == "gd_tol" else 1e-4)


@given(seed=seeds, power=st.integers(-6, 6))
@few
@pytest.mark.solvers(lambda s: s.strategy != "jax_eager")
def test_the_answer_scales_with_y(solver: Solver, run: SimpleNamespace, seed: int, power: int):
    X, y, _ = draw(seed)
    scale = 2.0**power
    one, steps = run.call(solver, *values(solver, X, y))
    other, other_steps = run.call(solver, *values(solver, X, np.float32(scale) * y, scale))
    np.testing.assert_allclose(other, scale * one, rtol=1e-4, atol=1e-5 * scale)
    assert steps is None or (steps == other_steps).all()
