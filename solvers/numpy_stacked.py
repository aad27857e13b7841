"""NumPy on the whole batch at once: every operation a stack of small ones, looped over in C.

Prefer it to `numpy_loop` for many small problems, where calls are the cost: a step is five calls for the whole batch.
Once the batch outgrows the cache each step streams all of X from memory, where a loop over problems would not.
numpy.linalg computes float32 in float64 and rounds back, here and in `numpy_loop`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .registry import solver

Floats = NDArray[np.floating[Any]]


@solver(method="gd", strategy="numpy_stacked", variant="analytic", backend="numpy", batched=True)
def gd_analytic(X: Floats, y: Floats, w: Floats, step_size: Floats, steps: int) -> Floats:
    """Gradient descent by the formula 2/n X'(X w - y); X (b, n, d), y (b, n), w (b, d), step_size (b,) -> w (b, d)."""
    w, y = w.copy()[..., None], y[..., None]
    residual, move, columns = np.empty_like(y), np.empty_like(w), X.mT
    scale = (step_size * (2 / y.shape[1]))[:, None, None]
    for _ in range(steps):
        np.matmul(X, w, out=residual)
        residual -= y
        # never slower than np.matvec and np.vecmat, usually within 15% of them, and 1.6 to 12 times as fast as einsum
        np.matmul(columns, residual, out=move)
        move *= scale
        w -= move
    return w[..., 0]


@solver(method="gd", strategy="numpy_stacked", variant="gram", backend="numpy", batched=True, operations="gram")
def gd_gram(X: Floats, y: Floats, w: Floats, step_size: Floats, steps: int) -> Floats:
    """The formula on each problem's X'X and X'y, which are made once; the same shapes."""
    w, y = w.copy()[..., None], y[..., None]
    moved = np.empty_like(w)
    scale = (step_size * (2 / y.shape[1]))[:, None, None]
    step = np.eye(X.shape[2], dtype=X.dtype) - scale * (X.mT @ X)
    shift = scale * (X.mT @ y)
    for _ in range(steps):
        np.matmul(step, w, out=moved)
        np.add(moved, shift, out=w)
    return w[..., 0]


@solver(method="ols", strategy="numpy_stacked", variant="inverse", backend="numpy", batched=True)
def ols_inverse(X: Floats, y: Floats) -> Floats:
    """Least squares by the inverse of X'X; X (b, n, d), y (b, n) -> w (b, d). The least accurate of the five."""
    return (np.linalg.inv(X.mT @ X) @ (X.mT @ y[..., None]))[..., 0]


@solver(method="ols", strategy="numpy_stacked", variant="solve", backend="numpy", batched=True)
def ols_solve(X: Floats, y: Floats) -> Floats:
    """Least squares by LU of the normal equations; X (b, n, d), y (b, n) -> w (b, d). Squares the condition number."""
    return np.linalg.solve(X.mT @ X, X.mT @ y[..., None])[..., 0]


@solver(method="ols", strategy="numpy_stacked", variant="cholesky", backend="numpy", batched=True)
def ols_cholesky(X: Floats, y: Floats) -> Floats:
    """Least squares by Cholesky of the normal equations; X (b, n, d), y (b, n) -> w (b, d).

    Both triangles get general solves, as NumPy has no others. One problem that is not positive definite to rounding
    raises LinAlgError for the whole batch.
    """
    L = np.linalg.cholesky(X.mT @ X)
    return np.linalg.solve(L.mT, np.linalg.solve(L, X.mT @ y[..., None]))[..., 0]


@solver(method="ols", strategy="numpy_stacked", variant="qr", backend="numpy", batched=True)
def ols_qr(X: Floats, y: Floats) -> Floats:
    """Least squares by Householder QR; X (b, n, d), y (b, n) -> w (b, d). Does not square the condition number."""
    Q, R = np.linalg.qr(X)
    return np.linalg.solve(R, Q.mT @ y[..., None])[..., 0]


@solver(method="ols", strategy="numpy_stacked", variant="lstsq", backend="numpy", batched=True)
def ols_lstsq(X: Floats, y: Floats) -> Floats:
    """Least squares by the singular values; X (b, n, d), y (b, n) -> w (b, d).

    numpy.linalg.lstsq takes one problem only; this is its stacked equal but for the cut-off, so X must have full rank.
    """
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    w: Floats = Vt.mT @ (U.mT @ y[..., None] / s[..., None])
    return w[..., 0]
