"""A Python loop over one jitted step: compiled once for a shape, whatever the number of steps.

The usual shape of a training loop. Each step costs a dispatch of a few microseconds, which hides behind the work once
a step takes longer. Prefer it to `jax_scan` where the loop must see each step, or to compile once for any number of
steps. Its compile is part of its first call. A closed form has no steps, so there is none here.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from . import gradients
from .registry import solver

Gradient = Callable[[Array, Array, Array], Array]
Measured = Callable[[Array, Array, Array, Array], tuple[Array, Array]]


def _step(gradient: Gradient, X: Array, y: Array, w: Array, step_size: Array) -> Array:
    return w - step_size * gradient(X, y, w)


def _measured_step(gradient: Gradient, X: Array, y: Array, w: Array, step_size: Array) -> tuple[Array, Array]:
    move = step_size * gradient(X, y, w)
    return w - move, jnp.sqrt(jnp.mean(jnp.square(move)))


# made once, at import: a partial made in each call would be a new function to jit, and so a compile a call
_autodiff = jax.jit(partial(_step, gradients.autodiff))
_analytic = jax.jit(partial(_step, gradients.analytic))
_measured_autodiff = jax.jit(partial(_measured_step, gradients.autodiff))
_measured_analytic = jax.jit(partial(_measured_step, gradients.analytic))


@solver(method="gd", strategy="jax_jit_step", variant="autodiff", backend="jax")
def gd_autodiff(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by jax.grad of the loss; X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    for _ in range(steps):
        w = _autodiff(X, y, w, step_size)
    return w


@solver(method="gd", strategy="jax_jit_step", variant="analytic", backend="jax")
def gd_analytic(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by the formula 2/n X'(X w - y); X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    for _ in range(steps):
        w = _analytic(X, y, w, step_size)
    return w


@solver(method="gd_tol", strategy="jax_jit_step", variant="autodiff", backend="jax")
def gd_tol_autodiff(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: float, max_steps: int
) -> tuple[Array, int]:
    """By jax.grad until the root mean square of a step is below the tolerance -> w (d,) before it, its index."""
    return _descend_until(_measured_autodiff, X, y, w, step_size, tolerance, max_steps)


@solver(method="gd_tol", strategy="jax_jit_step", variant="analytic", backend="jax")
def gd_tol_analytic(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: float, max_steps: int
) -> tuple[Array, int]:
    """By the formula until the root mean square of a step is below the tolerance -> w (d,) before it, its index."""
    return _descend_until(_measured_analytic, X, y, w, step_size, tolerance, max_steps)


def _descend_until(
    step_from: Measured, X: Array, y: Array, w: Array, step_size: Array, tolerance: float, max_steps: int
) -> tuple[Array, int]:
    for step in range(max_steps):
        after, rms = step_from(X, y, w, step_size)
        # waits for the device: the price of deciding in Python
        if rms < tolerance:
            return w, step
        w = after
    return w, int(max_steps)
