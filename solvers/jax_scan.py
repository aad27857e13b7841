"""One problem, compiled whole: jit around lax.scan for a fixed number of steps, lax.while_loop up to a tolerance.

Prefer it for one problem of any size on any device: Python is left once a call, not once a step. It compiles anew for
each shape, and gradient descent for each number of steps. Closed forms are plain jit. The harness does the jitting,
so that tracing, lowering and compiling are clocked apart.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array, lax

from . import gradients, least_squares
from .registry import solver

Gradient = Callable[[Array, Array, Array], Array]
UNROLLED = 10
"""Steps a turn of an unrolled loop: 100 were no faster on an H100, and took 3 times as long to compile."""


@solver(method="gd", strategy="jax_scan", variant="autodiff", backend="jax", compiled=True)
def gd_autodiff(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by jax.grad of the loss; X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    return descend(gradients.autodiff, X, y, w, step_size, steps)


@solver(method="gd", strategy="jax_scan", variant="analytic", backend="jax", compiled=True)
def gd_analytic(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by the formula 2/n X'(X w - y); X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    return descend(gradients.analytic, X, y, w, step_size, steps)


@solver(method="gd", strategy="jax_scan", variant="columns", backend="jax", compiled=True)
def gd_columns(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula on X transposed once, so that each feature is one run of memory; the same shapes.

    Tuned: on a CPU 1.3 to 4.6 times as fast as `analytic` at d = 2 to 16, and slower at d = 128.
    """
    return descend(gradients.by_columns, X.T, y, w, step_size, steps)


@solver(method="gd", strategy="jax_scan", variant="gram", backend="jax", compiled=True, operations="gram")
def gd_gram(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula on X'X and X'y, which are made once; the same shapes, and the same iterates but for rounding."""
    return descend(gradients.of_normal, *gradients.normal(X, y), w, step_size, steps)


@solver(method="gd", strategy="jax_scan", variant="unrolled", backend="jax", compiled=True)
def gd_unrolled(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula, UNROLLED steps a turn of the loop; X (n, d), y (n,), w (d,), step_size () -> w (d,).

    Tuned: for a GPU, where a turn costs more than a step; 3 to 4.5 times as fast as `analytic` on an H100 at d = 2, n
    up to 100,000, and no faster on a CPU.
    """
    return descend(gradients.analytic, X, y, w, step_size, steps, unroll=UNROLLED)


@solver(method="gd", strategy="jax_scan", variant="gram_unrolled", backend="jax", compiled=True, operations="gram")
def gd_gram_unrolled(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula on X'X and X'y, UNROLLED steps a turn of the loop; the same shapes. Tuned for a GPU, as above."""
    return descend(gradients.of_normal, *gradients.normal(X, y), w, step_size, steps, unroll=UNROLLED)


@solver(method="gd", strategy="jax_scan", variant="powers", backend="jax", compiled=True, operations="powers")
def gd_powers(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The iterate after all steps at one go, a step being an affine map, whose power is made by squaring."""
    G, c = gradients.normal(X, y)
    one = jnp.eye(len(w) + 1, dtype=w.dtype)
    step = one.at[:-1, :-1].add(-step_size * G).at[:-1, -1].set(step_size * c)
    power: Array = jnp.linalg.matrix_power(step, steps)
    return (power @ jnp.append(w, jnp.ones((), w.dtype)))[:-1]


@solver(method="gd", strategy="jax_scan", variant="finite", backend="jax", compiled=True)
def gd_finite(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by central differences, h = 1, of the loss; X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    return descend(gradients.finite, X, y, w, step_size, steps)


@solver(method="gd_tol", strategy="jax_scan", variant="autodiff", backend="jax", compiled=True)
def gd_tol_autodiff(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """By jax.grad until the root mean square of a step is below the tolerance -> w (d,) before it, its index ()."""
    return descend_until(gradients.autodiff, X, y, w, step_size, tolerance, max_steps)


@solver(method="gd_tol", strategy="jax_scan", variant="analytic", backend="jax", compiled=True)
def gd_tol_analytic(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """By the formula until the root mean square of a step is below the tolerance -> w (d,) before it, its index ()."""
    return descend_until(gradients.analytic, X, y, w, step_size, tolerance, max_steps)


@solver(method="gd_tol", strategy="jax_scan", variant="gram", backend="jax", compiled=True, operations="gram")
def gd_tol_gram(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """On X'X and X'y until the root mean square of a step is below the tolerance -> w (d,) before it, its index ()."""
    return descend_until(gradients.of_normal, *gradients.normal(X, y), w, step_size, tolerance, max_steps)


for _variant, _formula in least_squares.COMPILED.items():
    solver(method="ols", strategy="jax_scan", variant=_variant, backend="jax", compiled=True)(_formula)


def descend(gradient: Gradient, X: Array, y: Array, w: Array, step_size: Array, steps: int, unroll: int = 1) -> Array:
    """So many steps with this gradient, in one scan."""

    def body(w: Array, _: None) -> tuple[Array, None]:
        return w - step_size * gradient(X, y, w), None

    return lax.scan(body, w, length=steps, unroll=unroll)[0]


def descend_until(
    gradient: Gradient, X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """Steps with this gradient until one is too small, in one loop -> w before that step, its index."""

    # the loop carries the step not yet taken, so that what it ends with is w before the step that was too small
    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        _, move, step = state
        return (step < max_steps) & (jnp.sqrt(jnp.mean(jnp.square(move))) >= tolerance)

    def body(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        w, move, step = state
        w = w - move
        return w, step_size * gradient(X, y, w), step + 1

    w, _, step = lax.while_loop(unfinished, body, (w, step_size * gradient(X, y, w), jnp.zeros_like(max_steps)))
    return w, step
