"""CuPy: the loop and two closed forms on CUDA alone; calls are enqueued, and waited for at the end.

Its `lstsq` goes by the singular values and cuts off small ones; `solve` is LU of the normal equations (cuSOLVER).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from ..registry import solver


def place(arrays: Sequence[Any], device: str) -> tuple[Any, ...]:
    """NumPy arrays on the GPU of this name, which stays the current one."""
    import cupy

    cupy.cuda.Device(int(device.partition(":")[2] or 0)).use()
    placed = tuple(cupy.asarray(array) for array in arrays)
    cupy.cuda.get_current_stream().synchronize()
    return placed


def wait(result: Any) -> Any:
    """The result, once the stream that makes it is done."""
    import cupy

    cupy.cuda.get_current_stream().synchronize()
    return result


_cupy = partial(solver, strategy="cupy", backend="cupy", requires="cupy", platforms=("cuda",), place=place, wait=wait)
_cupy = partial(_cupy, fetch=lambda array: array.get())


@_cupy(method="gd", variant="analytic")
def gd_analytic(X: Any, y: Any, w: Any, step_size: Any, steps: int) -> Any:
    """Gradient descent by the formula 2/n X'(X w - y); X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    columns, w = X.T, w.copy()
    scale = step_size * (2 / len(y))
    for _ in range(steps):
        w -= scale * (columns @ (X @ w - y))
    return w


@_cupy(method="ols", variant="solve")
def ols_solve(X: Any, y: Any) -> Any:
    """By LU of the normal equations; X (n, d), y (n,) -> w (d,). Squares the condition number."""
    import cupy

    return cupy.linalg.solve(X.T @ X, X.T @ y)


@_cupy(method="ols", variant="lstsq")
def ols_lstsq(X: Any, y: Any) -> Any:
    """By the singular values; X (n, d), y (n,) -> w (d,)."""
    import cupy

    return cupy.linalg.lstsq(X, y, rcond=None)[0]
