"""Least squares five ways, in JAX, for one problem: X (n, d), y (n,) -> w (d,).

The strategies differ only in how they run these: op by op, jitted, or mapped over a batch. `numpy_loop` has the same
five in NumPy.
"""

import jax.numpy as jnp
from jax import Array
from jax.scipy.linalg import cho_factor, cho_solve, solve_triangular


def inverse(X: Array, y: Array) -> Array:
    """By the inverse of X'X, as the notebook writes it; the least accurate of the five (numpy.linalg.inv)."""
    return jnp.linalg.inv(X.T @ X) @ (X.T @ y)


def solve(X: Array, y: Array) -> Array:
    """By LU of the normal equations (numpy.linalg.solve).

    Squares the condition number: prefer `qr` once cond(X) passes about 1e3 in float32.
    """
    return jnp.linalg.solve(X.T @ X, X.T @ y)


def cholesky(X: Array, y: Array) -> Array:
    """By Cholesky of the normal equations, half the work of LU (scipy.linalg.cho_solve).

    Squares the condition number; NaN, not an error, where rounding leaves X'X not positive definite.
    """
    return cho_solve(cho_factor(X.T @ X), X.T @ y)


def qr(X: Array, y: Array) -> Array:
    """By Householder QR, twice the work and no squared condition number (scipy.linalg.qr, solve_triangular)."""
    Q, R = jnp.linalg.qr(X)
    return solve_triangular(R, Q.T @ y)


def lstsq(X: Array, y: Array) -> Array:
    """By the singular values, the most robust and the most work (numpy.linalg.lstsq)."""
    return jnp.linalg.lstsq(X, y)[0]


FORMULAS = {"inverse": inverse, "solve": solve, "cholesky": cholesky, "qr": qr, "lstsq": lstsq}
