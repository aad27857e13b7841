"""Many devices: the problems of a batch shared out among them, or the samples of one problem (`sharding.place`).

Prefer it where there are several devices and work for all of them. A batch needs no word between devices: each runs
`jax_vmap` on its own problems. One problem needs one all-reduce a step, d numbers long, so it takes many samples to be
worth it. Closed forms reduce each device's samples to a Gram matrix, which is all-reduced, or to a triangle, which is
gathered; every device then solves the same small system. On one device it is `jax_vmap`, or `jax_scan` for one problem.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from . import gradients, jax_scan, jax_vmap, least_squares, products
from .registry import solver
from .sharding import AXIS, place, spread

Solve = Callable[[Array, Array], Array]

_sharded = partial(solver, strategy="jax_sharded", backend="jax", compiled=True, batched=True, place=place)


def mean_autodiff(X: Array, y: Array, w: Array) -> Array:
    """The gradient of the mean of all devices' losses; X (n, d), y (n,) a device's own samples, w (d,) the same on all.

    Not the mean of their gradients: w is the same everywhere, so the gradient of a local loss is summed already, and
    would come out as many times too large as there are devices.
    """
    gradient: Array = jax.grad(lambda w: lax.pmean(gradients.mse(X, y, w), AXIS))(w)
    return gradient


def mean_analytic(X: Array, y: Array, w: Array) -> Array:
    """The mean of all devices' gradients by the formula; X (n, d), y (n,) a device's own samples, w (d,)."""
    gradient: Array = lax.pmean(gradients.analytic(X, y, w), AXIS)
    return gradient


@_sharded(method="gd", variant="autodiff")
def gd_autodiff(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by jax.grad of the loss; X (b, n, d), y (b, n), w (b, d), step_size (b,) -> w (b, d)."""
    one = partial(jax_scan.descend, mean_autodiff)
    return spread(jax_vmap.gd_autodiff, one, X, y, w, step_size, steps=steps, checked=True)


@_sharded(method="gd", variant="analytic")
def gd_analytic(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by the formula 2/n X'(X w - y); X (b, n, d), y (b, n), w (b, d), step_size (b,) -> w (b, d)."""
    one = partial(jax_scan.descend, mean_analytic)
    return spread(jax_vmap.gd_analytic, one, X, y, w, step_size, steps=steps, checked=True)


@_sharded(method="gd_tol", variant="autodiff")
def gd_tol_autodiff(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """By jax.grad until the root mean square of a step is below the tolerance -> w (b, d), steps taken (b,)."""
    one = partial(jax_scan.descend_until, mean_autodiff)
    return spread(jax_vmap.gd_tol_autodiff, one, X, y, w, step_size, tolerance, max_steps, checked=True)


@_sharded(method="gd_tol", variant="analytic")
def gd_tol_analytic(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """By the formula until the root mean square of a step is below the tolerance -> w (b, d), steps taken (b,)."""
    one = partial(jax_scan.descend_until, mean_analytic)
    return spread(jax_vmap.gd_tol_analytic, one, X, y, w, step_size, tolerance, max_steps, checked=True)


def on_gram(descend: Callable[..., Any], X: Array, y: Array, *rest: Array, **static: int) -> Any:
    """Descend on the mean of all devices' X'X and X'y: one all-reduce in all, and not one a step."""
    return descend(gradients.of_normal, *lax.pmean(gradients.normal(X, y), AXIS), *rest, **static)


@_sharded(method="gd", variant="gram", operations="gram")
def gd_gram(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """The formula on X'X and X'y, which are made once; X (b, n, d), y (b, n), w (b, d), step_size (b,) -> w (b, d)."""
    one: Callable[..., Array] = partial(on_gram, jax_scan.descend)
    return spread(jax_vmap.gd_gram, one, X, y, w, step_size, steps=steps, checked=True)


@_sharded(method="gd_tol", variant="gram", operations="gram")
def gd_tol_gram(
    X: Array, y: Array, w: Array, step_size: Array, tolerance: Array, max_steps: Array
) -> tuple[Array, Array]:
    """On X'X and X'y until the root mean square of a step is below the tolerance -> w (b, d), steps taken (b,)."""
    one: Callable[..., tuple[Array, Array]] = partial(on_gram, jax_scan.descend_until)
    return spread(jax_vmap.gd_tol_gram, one, X, y, w, step_size, tolerance, max_steps, checked=True)


def by_gram(solve: Solve, X: Array, y: Array) -> Array:
    """Solve the normal equations of all samples, X'X and X'y all-reduced; X (n, d), y (n,) a device's own samples."""
    return solve(*lax.psum(products.by_columns(X, y), AXIS))


def by_triangles(formula: Solve, X: Array, y: Array) -> Array:
    """Least squares of every device's R and Q'y, stacked; X (n, d), y (n,) a device's own samples.

    Exactly as well conditioned as X (Demmel et al., *Communication-optimal parallel and sequential QR*, 2012).
    """
    Q, R = jnp.linalg.qr(X)
    return formula(lax.all_gather(R, AXIS, tiled=True), lax.all_gather(Q.T @ y, AXIS, tiled=True))


_SAMPLES: dict[str, Solve] = {
    **{name: partial(by_gram, normal) for name, normal in least_squares.NORMAL.items()},
    "qr": partial(by_triangles, least_squares.qr),
    "lstsq": partial(by_triangles, least_squares.lstsq),
}
"""Each closed form, from a device's own samples to the answer of all."""


def _closed(formula: Solve, one: Solve) -> Solve:
    def ols(X: Array, y: Array) -> Array:
        return spread(jax.vmap(formula), one, X, y)

    ols.__doc__ = formula.__doc__
    return ols


for _variant, _formula in least_squares.COMPILED.items():
    _sharded(method="ols", variant=_variant)(_closed(_formula, _SAMPLES[_variant]))
