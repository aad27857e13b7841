"""Whether a thread setting holds: CPU time over wall time of every strategy of every method, NumPy and JAX.

    python tests/studies/threads.py [FILE]        about a minute; leave the machine alone meanwhile

Pinned to one core it cannot be above 1, whatever a library starts, and is below 1 where the core is taken away. So each
one-thread worker is also let off its core, as the harness's own check does it: 1 there shows that there is no second
thread. With all threads there is nothing to hold, and the column shows what there was to be held.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import calls, clock, guards
from benchmarks.cases import PLAIN_VARIANT, Case
from benchmarks.nurseries import Nurseries, out_of_the_way
from benchmarks.processes import Setting
from solvers.registry import Solver, load_builtin
from solvers.workload import make_workload

SAMPLES, TARGET_S, REACHED = 5, 0.2, 0.05
SIZES = {"gd": (20_000, 32), "gd_tol": (20_000, 32), "ols": (20_000, 64)}
"""Samples and features: matrices large enough that every library would like a second thread."""
STEPS = 20


@dataclass(frozen=True)
class Row:
    """CPU over wall of one strategy: median pinned and let off with one thread, and with all."""

    name: str
    pinned: float
    let_off: float
    every: float

    @property
    def holds(self) -> bool:
        """Within 1.0 +- 0.05, pinned and let off."""
        return max(abs(self.pinned - 1), abs(self.let_off - 1)) <= REACHED
