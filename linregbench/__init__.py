"""Which way of running a linear regression is fastest, by how much, and how sure is that?

    linregbench.run(samples=[1000], method=["gd"])      measure: one row a case, as a pandas DataFrame
    linregbench.load("results/runs/FILE")               read run files, and those of asv, pytest-benchmark and pyperf
    linregbench.solver                                  the decorator that makes a function of yours a row

Importing this imports nothing of numpy, jax or pandas: each is loaded when it is first needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .benchmarks.door import run
    from .results.formats.load import load
    from .solvers.registry import solver

__all__ = ["__version__", "load", "run", "solver"]
__version__ = "0.1.0"

_PLACES = {"run": ".benchmarks.door", "load": ".results.formats.load", "solver": ".solvers.registry"}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
