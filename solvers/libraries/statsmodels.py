"""statsmodels: OLS(y, X).fit().params, what a person calls who wants the inference that comes with it.

On the clock beyond the solve: it checks its inputs, and makes what a covariance needs, (X'X)^-1 and the rank. Standard
errors and tests are made when asked for, and are not asked for here.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..registry import solver

Floats = NDArray[np.floating[Any]]
NEEDS = "statsmodels.regression.linear_model"


@solver(method="ols", strategy="statsmodels", variant="pinv", backend="statsmodels", requires=NEEDS)
def ols_pinv(X: Floats, y: Floats) -> Floats:
    """By the pseudo-inverse, its default; X (n, d), y (n,) -> w (d,)."""
    from statsmodels.regression.linear_model import OLS

    return np.asarray(OLS(y, X).fit().params, X.dtype)
