"""What this machine can do at most, by measurement: matrix products, memory traffic, calls, threads in effect."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ... import clock

GEMM_SIZE = 1024
STREAM_BYTES = 128 * 2**20
"""Each array of the bandwidth measurement: far beyond any last-level cache that a core has to itself."""
READ_BYTES = {"l1": 2**14, "l2": 2**17, "cache": 2**21, "memory": STREAM_BYTES}
"""What is read once and again, by where it then lies: half of a small cache of that level, or none of it."""
LOOPS_S = 0.01
TRIES = 5
MULTIPLY_SIZE = 512


def measured_peaks(*, threads: bool) -> dict[str, float]:
    """Arithmetic and memory by name with the unit, and on demand the threads in effect of each backend."""
    peaks = {f"gemm_{dtype}_flops_per_s": gemm_flops_per_s(dtype) for dtype in ("float32", "float64")}
    peaks["bandwidth_bytes_per_s"] = bandwidth_bytes_per_s()
    peaks |= {f"read_{place}_bytes_per_s": read_bytes_per_s(size) for place, size in READ_BYTES.items()}
    peaks |= {f"{backend}_calls_per_s": calls_per_s(backend) for backend in ("numpy", "jax")}
    if threads:
        peaks |= {f"threads_{backend}": threads_in_effect(backend) for backend in ("numpy", "jax")}
    return peaks


def gemm_flops_per_s(dtype: str) -> float:
    """Floating-point operations a second of the best of several square matrix products in NumPy."""
    generator = np.random.default_rng(0)
    left = generator.standard_normal((GEMM_SIZE, GEMM_SIZE)).astype(dtype)
    right, out = left.T.copy(), np.empty_like(left)
    seconds = _best(lambda: np.matmul(left, right, out=out))
    return 2.0 * GEMM_SIZE**3 / seconds


def bandwidth_bytes_per_s() -> float:
    """Bytes a second, the best of several scaled copies between arrays far larger than the cache: one read, one write.

    The line that a write fetches before it is not counted (McCalpin, STREAM, 1995): the bus moves up to half more.
    """
    source = np.ones(STREAM_BYTES // 8)
    target = np.empty_like(source)
    seconds = _best(lambda: np.multiply(source, 1.5, out=target))
    return 2.0 * source.nbytes / seconds


def read_bytes_per_s(size: int) -> float:
    """Bytes a second of reading so many bytes once: the inner product of a vector with itself, less that of a half.

    The difference, so that the call itself does not count.
    """
    whole = np.ones(size // 4, np.float32)
    half = whole[: whole.size // 2]
    whole_s, half_s = (1 / _calls_per_s(partial(np.dot, part, part)) for part in (whole, half))
    return (whole.nbytes - half.nbytes) / max(whole_s - half_s, 1e-3 * whole_s)


def calls_per_s(backend: str) -> float:
    """How often a second the shortest call that does something comes back with its answer: what no call is below."""
    one = np.ones(2, np.float32)
    if backend == "jax":
        import jax

        add, placed = jax.jit(lambda a: a + a), jax.device_put(one)
        return _calls_per_s(lambda: add(placed).block_until_ready())
    return _calls_per_s(lambda: np.multiply(one, one, out=one))


def _calls_per_s(call: Callable[[], Any]) -> float:
    loops = clock.calibrate(call, LOOPS_S)[0]
    return 1 / min(clock.sample(call, loops).call_s for _ in range(TRIES))


def threads_in_effect(backend: str) -> float:
    """CPU time over wall time of a matrix product that would use every thread it may have."""
    left = np.random.default_rng(0).standard_normal((MULTIPLY_SIZE, MULTIPLY_SIZE)).astype(np.float32)
    call: Callable[[], Any]
    if backend == "jax":
        import jax

        product, placed = jax.jit(lambda a: a @ a), jax.device_put(left)
        call = lambda: product(placed).block_until_ready()  # noqa: E731  one of two ways to make the same call
    else:
        call = lambda: left @ left  # noqa: E731
    for _ in range(3):
        call()
    sample = clock.sample(call, clock.calibrate(call, 0.2)[0])
    return sample.cpu_s / sample.wall_s


def _best(call: Callable[[], Any]) -> float:
    call()
    return min(clock.once(call)[1] for _ in range(TRIES))
