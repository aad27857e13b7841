"""Least squares five ways, in JAX, for one problem: X (n, d), y (n,) -> w (d,).

The strategies differ only in how they run these: op by op, jitted, or mapped over a batch. `numpy_loop` has the same
five in NumPy.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular

from . import products

Formula = Callable[[Array, Array], Array]


def _inverse(G: Array, c: Array) -> Array:
    """By the inverse of X'X, as the notebook writes it; the least accurate of the five (numpy.linalg.inv)."""
    w: Array = jnp.linalg.inv(G) @ c
    return w


def _solve(G: Array, c: Array) -> Array:
    """By LU of the normal equations (numpy.linalg.solve).

    Squares the condition number: prefer `qr` once cond(X) passes about 1e3 in float32.
    """
    w: Array = jnp.linalg.solve(G, c)
    return w


def _cholesky(G: Array, c: Array) -> Array:
    """By Cholesky of the normal equations, half the work of LU (scipy.linalg.cho_solve).

    Squares the condition number; NaN, not an error, where rounding leaves X'X not positive definite.
    """
    return cho_solve(cho_factor(G), c)


NORMAL: dict[str, Formula] = {"inverse": _inverse, "solve": _solve, "cholesky": _cholesky}
"""The answer from X'X (d, d) and X'y (d,)."""


def qr(X: Array, y: Array) -> Array:
    """By Householder QR, twice the work and no squared condition number (scipy.linalg.qr, solve_triangular)."""
    Q, R = jnp.linalg.qr(X)
    return solve_triangular(R, Q.T @ y)


def lstsq(X: Array, y: Array) -> Array:
    """By the singular values, the most work, and the shortest answer where X lacks rank (numpy.linalg.lstsq).

    Singular values under eps max(n, d) of the largest count as zero: in float32 and at n = 1,000 that drops directions
    once cond(X) passes 8e3, where `qr` still answers.
    """
    return jnp.linalg.lstsq(X, y)[0]


def _of_data(normal: Formula, made: Callable[[Array, Array], tuple[Array, Array]]) -> Formula:
    """The formula from the data on, with X'X and X'y so made."""

    def formula(X: Array, y: Array) -> Array:
        return normal(*made(X, y))

    formula.__doc__ = normal.__doc__
    return formula


_ORTHOGONAL: dict[str, Formula] = {"qr": qr, "lstsq": lstsq}
FORMULAS = {name: _of_data(normal, products.by_rows) for name, normal in NORMAL.items()} | _ORTHOGONAL
COMPILED = {name: _of_data(normal, products.by_columns) for name, normal in NORMAL.items()} | _ORTHOGONAL
"""The same for those that are compiled: op by op, sums over columns would be a dispatch each."""
