"""lineax: linear_solve on X itself, jitted by the harness; `throw=False`, so that nothing is asked of the host.

QR and SVD take X as it is. NormalCG is conjugate gradients on the normal equations: it stops at the precision of the
dtype, and squares the condition number.
"""

from typing import Any

import numpy as np
from jax import Array

from ..registry import solver


@solver(method="ols", strategy="lineax", variant="qr", backend="jax", compiled=True, requires="lineax")
def ols_qr(X: Array, y: Array) -> Array:
    """By Householder QR (lineax.QR); X (n, d), y (n,) -> w (d,)."""
    import lineax

    return _solve(X, y, lineax.QR())


@solver(method="ols", strategy="lineax", variant="svd", backend="jax", compiled=True, requires="lineax")
def ols_svd(X: Array, y: Array) -> Array:
    """By the singular values (lineax.SVD); X (n, d), y (n,) -> w (d,)."""
    import lineax

    return _solve(X, y, lineax.SVD())


@solver(method="ols", strategy="lineax", variant="normal_cg", backend="jax", compiled=True, requires="lineax")
def ols_normal_cg(X: Array, y: Array) -> Array:
    """By conjugate gradients on X'X (lineax.Normal of CG); X (n, d), y (n,) -> w (d,)."""
    import lineax

    eps = float(np.finfo(X.dtype).eps)
    return _solve(X, y, lineax.Normal(lineax.CG(rtol=eps, atol=eps)))


def _solve(X: Array, y: Array, how: Any) -> Array:
    import lineax

    w: Array = lineax.linear_solve(lineax.MatrixLinearOperator(X), y, how, throw=False).value
    return w
