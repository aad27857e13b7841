"""scikit-learn: LinearRegression as a person calls it; our X holds the intercept column, so no other is fitted.

On the clock beyond the solve: it validates X and y, copies X, and keeps singular values, rank and a score's needs.
Without an intercept to fit it does not centre. The solve is SciPy's lstsq (gelsd).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..registry import solver

Floats = NDArray[np.floating[Any]]


@solver(method="ols", strategy="sklearn", variant="fit", backend="sklearn", requires="sklearn.linear_model")
def ols_fit(X: Floats, y: Floats) -> Floats:
    """LinearRegression(fit_intercept=False).fit; X (n, d), y (n,) -> w (d,)."""
    from sklearn.linear_model import LinearRegression

    return np.asarray(LinearRegression(fit_intercept=False).fit(X, y).coef_)
