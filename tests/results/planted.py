"""Runs whose truth is known in full, and what an interval must do with it."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import synthetic
from made import as_run
from synthetic import QUIET, Noise, Truth

from linregbench.results.frame import from_runs
from linregbench.results.models.rays import Answer

SIZES = (100, 1_000, 10_000, 100_000)
BLOCKS = 10


def sweep(
    truths: dict[str, Callable[..., float]],
    places: list[dict[str, int]],
    *,
    noise: Noise = QUIET,
    compile_s: float = 0.06,
    seed: int = 0,
    **of: Any,
) -> pd.DataFrame:
    """A run of these cases at these places; each truth is seconds a call of the workload; the first is the baseline."""
    records = [synthetic.header(), synthetic.environment()]
    for place in places:
        workload = synthetic.workload(**of) | place
        cases = [
            Truth(name, "analytic", time_s(workload), compile_s=compile_s if name.startswith("jax") else None)
            for name, time_s in truths.items()
        ]
        records += synthetic.blocks_of(cases, of=workload, blocks=BLOCKS, noise=noise, seed=seed)
    return from_runs(as_run(records))


def numpy_s(w: dict[str, Any]) -> float:
    return 3e-6 + float(w["steps"]) * (2e-6 + 0.5e-9 * w["samples"] * w["features"])


def scan_s(w: dict[str, Any]) -> float:
    return 20e-6 + float(w["steps"]) * (0.2e-6 + 0.9e-9 * w["samples"] * w["features"])


def holds(answer: Answer, truth: float) -> bool:
    assert answer.low is not None, answer.why
    assert answer.high is not None
    return answer.low <= truth <= answer.high
