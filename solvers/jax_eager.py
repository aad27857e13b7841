"""JAX without jit, as the notebook runs it: every operation is dispatched by itself, and jax.grad traces every step.

The place where most people start, and a thousand times dearer than the arithmetic at the notebook's size. Prefer any
other strategy; this one shows what jit buys.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from . import gradients, least_squares
from .registry import solver

Gradient = Callable[[Array, Array, Array], Array]


@solver(method="gd", strategy="jax_eager", variant="autodiff", backend="jax")
def gd_autodiff(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by jax.grad of the loss; X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    return _descend(gradients.autodiff, X, y, w, step_size, steps)


@solver(method="gd", strategy="jax_eager", variant="analytic", backend="jax")
def gd_analytic(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by the formula 2/n X'(X w - y); X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    return _descend(gradients.analytic, X, y, w, step_size, steps)


@solver(method="gd_tol", strategy="jax_eager", variant="autodiff", backend="jax")
def gd_tol_autodiff(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: float, max_steps: int
) -> tuple[Array, int]:
    """By jax.grad until the root mean square of a step is below the tolerance -> w (d,) before it, its index."""
    return _descend_until(gradients.autodiff, X, y, w, step_size, tolerance, max_steps)


@solver(method="gd_tol", strategy="jax_eager", variant="analytic", backend="jax")
def gd_tol_analytic(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: float, max_steps: int
) -> tuple[Array, int]:
    """By the formula until the root mean square of a step is below the tolerance -> w (d,) before it, its index."""
    return _descend_until(gradients.analytic, X, y, w, step_size, tolerance, max_steps)


for _variant, _formula in least_squares.FORMULAS.items():
    solver(method="ols", strategy="jax_eager", variant=_variant, backend="jax")(_formula)


def _descend(gradient: Gradient, X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    for _ in range(steps):
        w = w - step_size * gradient(X, y, w)
    return w


def _descend_until(
    gradient: Gradient, X: Array, y: Array, w: Array, step_size: Array, tolerance: float, max_steps: int
) -> tuple[Array, int]:
    for step in range(max_steps):
        move = step_size * gradient(X, y, w)
        if jnp.sqrt(jnp.mean(jnp.square(move))) < tolerance:
            return w, step
        w = w - move
    return w, int(max_steps)
