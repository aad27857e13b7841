"""Many problems, compiled whole: the functions of `jax_scan`, mapped over the batch by jax.vmap.

Prefer it for many small problems: one dispatch and one loop serve them all. The loop up to a tolerance runs until the
last problem has stopped, and those that stopped before wait. The harness does the jitting.
"""

from functools import partial

import jax
from jax import Array

from . import jax_scan, least_squares
from .registry import solver


@solver(method="gd", strategy="jax_vmap", variant="autodiff", backend="jax", compiled=True, batched=True)
def gd_autodiff(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by jax.grad of the loss; X (b, n, d), y (b, n), w (b, d), step_size (b,) -> w (b, d)."""
    return jax.vmap(partial(jax_scan.gd_autodiff, steps=steps))(X, y, w, step_size)


@solver(method="gd", strategy="jax_vmap", variant="analytic", backend="jax", compiled=True, batched=True)
def gd_analytic(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by the formula 2/n X'(X w - y); X (b, n, d), y (b, n), w (b, d), step_size (b,) -> w (b, d)."""
    return jax.vmap(partial(jax_scan.gd_analytic, steps=steps))(X, y, w, step_size)


@solver(method="gd", strategy="jax_vmap", variant="columns", backend="jax", compiled=True, batched=True)
def gd_columns(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula on each X transposed once; the same shapes. On a CPU 3 times as fast at d = 2, slower from 16 on."""
    return jax.vmap(partial(jax_scan.gd_columns, steps=steps))(X, y, w, step_size)


@solver(method="gd", strategy="jax_vmap", variant="gram", backend="jax", compiled=True, batched=True, operations="gram")
def gd_gram(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula on each problem's X'X and X'y, which are made once; the same shapes."""
    return jax.vmap(partial(jax_scan.gd_gram, steps=steps))(X, y, w, step_size)


@solver(method="gd", strategy="jax_vmap", variant="unrolled", backend="jax", compiled=True, batched=True)
def gd_unrolled(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula, several steps a turn of the loop, for a GPU; the same shapes."""
    return jax.vmap(partial(jax_scan.gd_unrolled, steps=steps))(X, y, w, step_size)


@solver(
    method="gd",
    strategy="jax_vmap",
    variant="gram_unrolled",
    backend="jax",
    compiled=True,
    batched=True,
    operations="gram",
)
def gd_gram_unrolled(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula on each problem's X'X and X'y, several steps a turn of the loop, for a GPU; the same shapes."""
    return jax.vmap(partial(jax_scan.gd_gram_unrolled, steps=steps))(X, y, w, step_size)


@solver(method="gd_tol", strategy="jax_vmap", variant="autodiff", backend="jax", compiled=True, batched=True)
def gd_tol_autodiff(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """By jax.grad until the root mean square of a step is below the tolerance -> w (b, d), steps taken (b,)."""
    return jax.vmap(partial(jax_scan.gd_tol_autodiff, tolerance=tolerance, max_steps=max_steps))(X, y, w, step_size)


@solver(method="gd_tol", strategy="jax_vmap", variant="analytic", backend="jax", compiled=True, batched=True)
def gd_tol_analytic(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """By the formula until the root mean square of a step is below the tolerance -> w (b, d), steps taken (b,)."""
    return jax.vmap(partial(jax_scan.gd_tol_analytic, tolerance=tolerance, max_steps=max_steps))(X, y, w, step_size)


@solver(
    method="gd_tol", strategy="jax_vmap", variant="gram", backend="jax", compiled=True, batched=True, operations="gram"
)
def gd_tol_gram(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """On X'X and X'y until the root mean square of a step is below the tolerance -> w (b, d), steps taken (b,)."""
    return jax.vmap(partial(jax_scan.gd_tol_gram, tolerance=tolerance, max_steps=max_steps))(X, y, w, step_size)


for _variant, _formula in least_squares.COMPILED.items():
    solver(method="ols", strategy="jax_vmap", variant=_variant, backend="jax", compiled=True, batched=True)(
        jax.vmap(_formula)
    )
