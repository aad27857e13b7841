"""The mean squared error and its gradient three ways, in JAX, for one problem: X (n, d), y (n,), w (d,) -> (d,).

The strategies differ only in how they run these. `numpy_loop` has the formula and the differences in NumPy.
"""

import jax
import jax.numpy as jnp
from jax import Array

from . import products


def mse(X: Array, y: Array, w: Array) -> Array:
    """The mean squared error, the loss of every strategy: ()."""
    return jnp.mean(jnp.square(X @ w - y))


def autodiff(X: Array, y: Array, w: Array) -> Array:
    """Reverse-mode differentiation of the loss, as one writes it for a loss that has no formula."""
    gradient: Array = jax.grad(mse, argnums=2)(X, y, w)
    return gradient


def analytic(X: Array, y: Array, w: Array) -> Array:
    """The formula 2/n X'(X w - y)."""
    # r @ X, not X.T @ r: XLA on CPU then takes a seventh of the time at d = 128, and 1.5 times as long at d = 2
    return (2 / len(y)) * ((X @ w - y) @ X)


def by_columns(columns: Array, y: Array, w: Array) -> Array:
    """The formula on X transposed, columns (d, n): each feature one run of memory, so few features stay fast."""
    return (2 / len(y)) * (columns @ (w @ columns - y))


def normal(X: Array, y: Array) -> tuple[Array, Array]:
    """2/n X'X (d, d) and 2/n X'y (d,): all that the gradient needs to know of the data."""
    G, c = products.by_columns(X, y)
    return 2 / len(y) * G, 2 / len(y) * c


def of_normal(G: Array, c: Array, w: Array) -> Array:
    """The same gradient from what `normal` made: d^2 operations for 2 n d."""
    return G @ w - c


def finite(X: Array, y: Array, w: Array) -> Array:
    """Central differences with h = 1: 2 d losses, exact on a quadratic up to rounding.

    What is left is cancellation between losses, about eps * loss; so float32 stalls earlier than the other two.
    """
    units = jnp.eye(len(w), dtype=w.dtype)
    return jax.vmap(lambda unit: (mse(X, y, w + unit) - mse(X, y, w - unit)) / 2)(units)
