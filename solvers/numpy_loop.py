"""NumPy and a Python loop: one problem at a time, in-place BLAS calls, nothing allocated inside the loop.

The baseline of every comparison: what a careful person writes without JAX. A step is two passes over X in five calls;
below about a thousand samples the calls are the cost, above it memory is. There is no autodiff, since NumPy has none.
The closed forms: numpy.linalg computes float32 in float64 and rounds back; only the products with X stay float32.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .registry import solver

Floats = NDArray[np.floating[Any]]


@solver(method="gd", strategy="numpy_loop", variant="analytic", backend="numpy")
def gd_analytic(X: Floats, y: Floats, w: Floats, step_size: Floats, steps: int) -> Floats:
    """Gradient descent by the formula 2/n X'(X w - y); X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    return _descend(X, X.T, y, w, step_size, steps)


@solver(method="gd", strategy="numpy_loop", variant="columns", backend="numpy")
def gd_columns(X: Floats, y: Floats, w: Floats, step_size: Floats, steps: int) -> Floats:
    """The formula on X transposed once, so that each feature is one run of memory; the same shapes.

    Tuned: up to 1.7 times as fast at n >= 10,000 with few features; slower at d = 128, or for a handful of steps.
    """
    columns = np.ascontiguousarray(X.T)
    return _descend(columns.T, columns, y, w, step_size, steps)


@solver(method="gd", strategy="numpy_loop", variant="gram", backend="numpy", operations="gram")
def gd_gram(X: Floats, y: Floats, w: Floats, step_size: Floats, steps: int) -> Floats:
    """The formula on X'X and X'y, which are made once; the same shapes, and the same iterates but for rounding.

    A step is two calls on d x d numbers. Costs accuracy where the condition number is large: that of X'X is its square.
    """
    step, shift = _affine(X, y, step_size)
    w, moved = w.copy(), np.empty_like(w)
    for _ in range(steps):
        step.dot(w, out=moved)
        np.add(moved, shift, out=w)
    return w


@solver(method="gd", strategy="numpy_loop", variant="powers", backend="numpy", operations="powers")
def gd_powers(X: Floats, y: Floats, w: Floats, step_size: Floats, steps: int) -> Floats:
    """The iterate after all steps at one go, a step being an affine map, whose power is made by squaring."""
    whole = np.eye(len(w) + 1, dtype=w.dtype)
    whole[:-1, :-1], whole[:-1, -1] = _affine(X, y, step_size)
    power: Floats = np.linalg.matrix_power(whole, steps)
    return power[:-1, :-1] @ w + power[:-1, -1]


@solver(method="gd", strategy="numpy_loop", variant="finite", backend="numpy")
def gd_finite(X: Floats, y: Floats, w: Floats, step_size: Floats, steps: int) -> Floats:
    """Gradient descent by central differences, h = 1, of the loss; X (n, d), y (n,), w (d,), step_size () -> w (d,).

    All 2 d losses of a step come out of one matrix product: 2 d times the work of the formula, and 2 d n numbers held.
    """
    w, columns, features = w.copy(), X.T, len(w)
    offsets = np.concatenate([np.eye(features, dtype=w.dtype), -np.eye(features, dtype=w.dtype)])
    points, residuals = np.empty_like(offsets), np.empty((2 * features, len(y)), y.dtype)
    losses, move = np.empty(2 * features, w.dtype), np.empty_like(w)
    scale = np.asarray(step_size * (1 / (2 * len(y))))
    for _ in range(steps):
        np.add(w, offsets, out=points)
        points.dot(columns, out=residuals)
        residuals -= y
        np.vecdot(residuals, residuals, out=losses)
        np.subtract(losses[:features], losses[features:], out=move)
        move *= scale
        w -= move
    return w


@solver(method="gd_tol", strategy="numpy_loop", variant="analytic", backend="numpy")
def gd_tol_analytic(
    X: Floats, y: Floats, w: Floats, step_size: Floats, tolerance: float, max_steps: int
) -> tuple[Floats, int]:
    """Gradient descent until the root mean square of a step is below the tolerance -> w (d,) before it, its index."""
    w, columns = w.copy(), X.T
    residual, move = np.empty_like(y), np.empty_like(w)
    scale = np.asarray(step_size * (2 / len(y)))
    for step in range(max_steps):
        X.dot(w, out=residual)
        residual -= y
        columns.dot(residual, out=move)
        move *= scale
        if math.sqrt(move.dot(move) / move.size) < tolerance:
            return w, step
        w -= move
    return w, int(max_steps)


@solver(method="gd_tol", strategy="numpy_loop", variant="gram", backend="numpy", operations="gram")
def gd_tol_gram(
    X: Floats, y: Floats, w: Floats, step_size: Floats, tolerance: float, max_steps: int
) -> tuple[Floats, int]:
    """On X'X and X'y until the root mean square of a step is below the tolerance -> w (d,) before it, its index."""
    scale = np.asarray(step_size * (2 / len(y)))
    G, c = scale * (X.T @ X), scale * (X.T @ y)
    w, move = w.copy(), np.empty_like(w)
    for step in range(max_steps):
        G.dot(w, out=move)
        move -= c
        if math.sqrt(move.dot(move) / move.size) < tolerance:
            return w, step
        w -= move
    return w, int(max_steps)


@solver(method="ols", strategy="numpy_loop", variant="inverse", backend="numpy")
def ols_inverse(X: Floats, y: Floats) -> Floats:
    """Least squares by the inverse of X'X, as the notebook writes it; X (n, d), y (n,) -> w (d,).

    Squares the condition number and then inverts: the least accurate of the five. Never to be preferred to `solve`.
    """
    return np.linalg.inv(X.T @ X) @ (X.T @ y)


@solver(method="ols", strategy="numpy_loop", variant="solve", backend="numpy")
def ols_solve(X: Floats, y: Floats) -> Floats:
    """Least squares by LU of the normal equations; X (n, d), y (n,) -> w (d,).

    Squares the condition number: prefer `qr` once cond(X) passes about 1e3 in float32.
    """
    return np.linalg.solve(X.T @ X, X.T @ y)


@solver(method="ols", strategy="numpy_loop", variant="cholesky", backend="numpy")
def ols_cholesky(X: Floats, y: Floats) -> Floats:
    """Least squares by Cholesky of the normal equations; X (n, d), y (n,) -> w (d,).

    NumPy has no triangular solve, so both halves are general ones: SciPy's cho_solve does less work. Raises
    LinAlgError where rounding leaves X'X not positive definite.
    """
    L = np.linalg.cholesky(X.T @ X)
    return np.linalg.solve(L.T, np.linalg.solve(L, X.T @ y))


@solver(method="ols", strategy="numpy_loop", variant="qr", backend="numpy")
def ols_qr(X: Floats, y: Floats) -> Floats:
    """Least squares by Householder QR; X (n, d), y (n,) -> w (d,).

    Does not square the condition number. NumPy has only a general solve for the triangle; SciPy's solve_triangular
    does less work.
    """
    Q, R = np.linalg.qr(X)
    return np.linalg.solve(R, Q.T @ y)


@solver(method="ols", strategy="numpy_loop", variant="lstsq", backend="numpy")
def ols_lstsq(X: Floats, y: Floats) -> Floats:
    """Least squares by the singular values, numpy.linalg.lstsq (LAPACK gelsd); X (n, d), y (n,) -> w (d,).

    The most robust: where X lacks rank it gives the shortest answer. The most work, too.
    """
    return np.linalg.lstsq(X, y)[0]


def _descend(X: Floats, columns: Floats, y: Floats, w: Floats, step_size: Floats, steps: int) -> Floats:
    w = w.copy()
    residual, move = np.empty_like(y), np.empty_like(w)
    # array.dot(out=) and a 0-d scale: 2.9 us a step at n = 100, d = 2, where np.dot and a scalar take 3.8,
    # np.matmul 5.0 and the plain expression 6.1; from n = 10,000 on the four are alike
    scale = np.asarray(step_size * (2 / len(y)))
    for _ in range(steps):
        X.dot(w, out=residual)
        residual -= y
        columns.dot(residual, out=move)
        move *= scale
        w -= move
    return w


def _affine(X: Floats, y: Floats, step_size: Floats) -> tuple[Floats, Floats]:
    """A step of gradient descent as w -> A w + b: A (d, d), b (d,)."""
    scale = np.asarray(step_size * (2 / len(y)))
    return np.eye(X.shape[1], dtype=X.dtype) - scale * (X.T @ X), scale * (X.T @ y)
