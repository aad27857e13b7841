"""SciPy: LAPACK's least squares in the data's own precision, where numpy.linalg computes float32 in float64.

`check_finite` is off: it would read X once more. LSQR and LSMR are loops in Python over two products with X; they stop
at the precision of the dtype, since their defaults (1e-6) would not pass the check, and hand back float64, cast here.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..registry import solver

Floats = NDArray[np.floating[Any]]


@solver(method="ols", strategy="scipy", variant="gelsd", backend="scipy", requires="scipy.linalg")
def ols_gelsd(X: Floats, y: Floats) -> Floats:
    """By the singular values, divide and conquer, as numpy.linalg.lstsq; X (n, d), y (n,) -> w (d,)."""
    return _lapack(X, y, "gelsd")


@solver(method="ols", strategy="scipy", variant="gelsy", backend="scipy", requires="scipy.linalg")
def ols_gelsy(X: Floats, y: Floats) -> Floats:
    """By QR with column pivoting, which tells the rank as well; X (n, d), y (n,) -> w (d,)."""
    return _lapack(X, y, "gelsy")


@solver(method="ols", strategy="scipy", variant="posv", backend="scipy", requires="scipy.linalg")
def ols_posv(X: Floats, y: Floats) -> Floats:
    """By Cholesky of the normal equations; X (n, d), y (n,) -> w (d,). Squares the condition number."""
    from scipy.linalg import cho_factor, cho_solve

    w: Floats = cho_solve(cho_factor(X.T @ X, check_finite=False), X.T @ y, check_finite=False)
    return w


@solver(method="ols", strategy="scipy", variant="lsqr", backend="scipy", requires="scipy.sparse.linalg")
def ols_lsqr(X: Floats, y: Floats) -> Floats:
    """By Golub-Kahan bidiagonalisation, conjugate gradients without X'X; X (n, d), y (n,) -> w (d,)."""
    from scipy.sparse.linalg import lsqr

    eps = float(np.finfo(X.dtype).eps)
    return np.asarray(lsqr(X, y, atol=eps, btol=eps)[0], X.dtype)


@solver(method="ols", strategy="scipy", variant="lsmr", backend="scipy", requires="scipy.sparse.linalg")
def ols_lsmr(X: Floats, y: Floats) -> Floats:
    """As LSQR, with an X'r that never grows; at most 4 d steps, as d are too few in float32; X (n, d), y (n,)."""
    from scipy.sparse.linalg import lsmr

    eps = float(np.finfo(X.dtype).eps)
    return np.asarray(lsmr(X, y, atol=eps, btol=eps, maxiter=4 * X.shape[1])[0], X.dtype)


def _lapack(X: Floats, y: Floats, driver: Literal["gelsd", "gelsy"]) -> Floats:
    from scipy.linalg import lstsq

    return np.asarray(lstsq(X, y, lapack_driver=driver, check_finite=False)[0])
