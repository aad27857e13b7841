"""numba: gradient descent as one compiled loop over the batch, on one thread: `parallel` is off, `fastmath` on.

The number of features is fixed at compile: a step is one pass over y and the columns of X, which are copied apart once,
on the clock, each sum in a register. Past FEW features it goes along the rows instead, in one pass all the same.
"""

import functools
from collections.abc import Callable
from typing import Any

from ..registry import solver

FEW = 16


def warm(X: Any, y: Any, w: Any, step_size: Any, steps: int) -> None:  # noqa: ARG001  a hook's signature
    """Compile for these types, and take no step."""
    kernel(X.shape[2])(X, y, w, step_size, 0)


@solver(method="gd", strategy="numba", variant="fused", backend="numba", batched=True, requires="numba", warm=warm)
def gd_fused(X: Any, y: Any, w: Any, step_size: Any, steps: int) -> Any:
    """The formula 2/n X'(X w - y), both products in one pass; X (b, n, d), y (b, n), w (b, d), step_size (b,)."""
    return kernel(X.shape[2])(X, y, w, step_size, steps)


@functools.cache
def kernel(features: int) -> Callable[..., Any]:
    """The loop, as text: written out for each feature, since a loop over them would keep its sums in memory."""
    import numba
    import numpy

    each = range(features)
    if features <= FEW:
        columns = "; ".join(f"x{j} = X[b, :, {j}].copy(); w{j} = out[b, {j}]" for j in each)
        clear = "; ".join(f"g{j} = zero" for j in each)
        predict, add = " + ".join(f"x{j}[i] * w{j}" for j in each), "; ".join(f"g{j} += x{j}[i] * r" for j in each)
        move, keep = "; ".join(f"w{j} -= rate * g{j}" for j in each), "; ".join(f"out[b, {j}] = w{j}" for j in each)
    else:
        columns, clear = "row = X[b]; move = out[b]; g = np.empty_like(move)", "g[:] = zero"
        predict, add = "product(row[i], move)", "add(g, row[i], r)"
        move, keep = "add(move, g, -rate)", "pass"
    found: dict[str, Any] = {"np": numpy}
    exec(_LOOP.format(d=features, columns=columns, clear=clear, predict=predict, add=add, move=move, keep=keep), found)
    found |= {name: numba.njit(found[name], fastmath=True) for name in ("product", "add")}
    compiled: Callable[..., Any] = numba.njit(found["descend"], fastmath=True)
    return compiled


_LOOP = """
def product(row, w):
    total = row[0] * w[0]
    for j in range(1, {d}): total += row[j] * w[j]
    return total
def add(to, row, times):
    for j in range({d}): to[j] += row[j] * times
def descend(X, y, w, step_size, steps):
    out = w.copy()
    for b in range(len(X)):
        rate = step_size[b] * y.dtype.type(2 / y.shape[1]); zero = rate - rate
        {columns}
        for _ in range(steps):
            {clear}
            for i in range(y.shape[1]):
                r = {predict} - y[b, i]
                {add}
            {move}
        {keep}
    return out
"""
