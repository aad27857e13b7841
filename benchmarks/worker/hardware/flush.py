"""Cold caches: a buffer larger than the last-level cache, written through before a sample, so that the data are gone.

It evicts code along with data. What no buffer reaches stays warm: the branch predictor, page tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import devices
from ...clock import Call
from . import cpu

LEAST_BYTES = 64 * 2**20
CACHES = 2
"""How many times the last-level cache is written, since a cache need not throw out what is oldest."""
ACCELERATOR_BYTES = 256 * 2**20
"""Twice the largest second-level cache of a GPU today (126 MB), which no interface of JAX tells."""


@dataclass(frozen=True)
class Flush:
    """`call` writes the whole buffer, waits for it, and is to be kept off the clock; `host_bytes` count as memory."""

    call: Call
    host_bytes: int


def flush_for(device: str) -> Flush:
    """The flush for a device; a CPU's is NumPy's own, so that it is the same for every backend."""
    if devices.parse(device)[0] != "cpu":
        return Flush(_on(device), 0)
    size = max(LEAST_BYTES, CACHES * max(cpu.caches_bytes().values(), default=0))
    buffer = np.ones(size, np.uint8)
    return Flush(lambda: np.add(buffer, 1, out=buffer), size)


def _on(device: str) -> Call:
    import jax

    # not donated: a second buffer is written, and the first one read, which is as good as writing both
    held = jax.device_put(np.ones(ACCELERATOR_BYTES // 4, np.float32), devices.find(device))
    # compiled once and for all: what jit keeps is bound to settings such as the precision, which a case makes later
    write = jax.jit(lambda buffer: buffer + 1).lower(held).compile()
    write(held).block_until_ready()
    return lambda: write(held).block_until_ready()
