"""torch: the loop as a careful person writes it, the same over a compiled step, and its least squares; CPU and CUDA.

The threads of its pool follow OMP_NUM_THREADS and the cores that the process may use, as the harness sets both. On the
CPU `lstsq` is LAPACK's gelsy in the data's own precision; on CUDA there is gels alone, which wants full rank.
"""

import importlib
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from ..registry import solver


def place(arrays: Sequence[Any], device: str) -> tuple[Any, ...]:
    """NumPy arrays as tensors on the device."""
    import torch

    return tuple(torch.from_numpy(array).to(device) for array in arrays)


def wait(result: Any) -> Any:
    """The result, once the device has nothing left to do."""
    last = result[-1] if isinstance(result, list) else result
    if last.is_cuda:
        importlib.import_module("torch").cuda.synchronize(last.device)
    return result


_hooks: dict[str, Any] = {"place": place, "wait": wait, "fetch": lambda tensor: tensor.cpu().numpy()}
_torch = partial(solver, strategy="torch", backend="torch", requires="torch", platforms=("cpu", "cuda"), **_hooks)


@_torch(method="ols", variant="lstsq")
def ols_lstsq(X: Any, y: Any) -> Any:
    """By torch.linalg.lstsq; X (n, d), y (n,) -> w (d,)."""
    return importlib.import_module("torch").linalg.lstsq(X, y[:, None]).solution[:, 0]


@_torch(method="gd", variant="loop")
def gd_loop(X: Any, y: Any, w: Any, step_size: Any, steps: int, step: Callable[..., Any] | None = None) -> Any:
    """Gradient descent by the formula, a kernel an operation; X (n, d), y (n,), w (d,), step_size () -> w (d,)."""
    scale, step = step_size * (2 / len(y)), step or _step
    for _ in range(steps):
        w = step(X, y, w, scale)
    return w


def warm(X: Any, y: Any, w: Any, step_size: Any, steps: int) -> None:  # noqa: ARG001  a hook's signature
    """Compile the step for these shapes, by taking one."""
    gd_loop(X, y, w, step_size, 1, compiled())


@_torch(method="gd", variant="compiled_step", warm=warm)
def gd_compiled_step(X: Any, y: Any, w: Any, step_size: Any, steps: int) -> Any:
    """The loop over a step by torch.compile, for these shapes alone; X (n, d), y (n,), w (d,), step_size ()."""
    return gd_loop(X, y, w, step_size, steps, compiled())


@cache
def compiled() -> Callable[..., Any]:
    """The step by torch.compile: in this process, and not read from disk, which would be no compile."""
    inductor: Any = importlib.import_module("torch._inductor.config")
    inductor.force_disable_caches, inductor.compile_threads = True, 1
    step: Callable[..., Any] = importlib.import_module("torch").compile(_step, fullgraph=True, dynamic=False)
    return step


def _step(X: Any, y: Any, w: Any, scale: Any) -> Any:
    return w - scale * (X.T @ (X @ w - y))
