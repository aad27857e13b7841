"""Descents and closed forms whose excess loss and time are known in full, as rows of the frame."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from linregbench.results.fields import COLUMNS
from linregbench.results.stats.intervals import quantile
from linregbench.results.words.names import Record

STEPS = (1, 10, 100, 1_000)
CALL_S, STEP_S = 5e-6, 2e-6
BLOCKS = 5


def row(**known: Any) -> Record:
    """A row of 1,000 samples of 16 features at condition 30, measured exactly unless `low` and `high` are given."""
    plain: Record = dict.fromkeys(COLUMNS)
    plain |= {"run": "made", "method": "gd", "strategy": "jax_scan", "variant": "autodiff", "device": "cpu"}
    plain |= {"dtype": "float64", "precision": "highest", "samples": 1_000, "features": 16, "batch": 1, "seed": 0}
    plain |= {"condition": 30.0, "threads": "1", "environment": "here", "status": "ok", "blocks": BLOCKS}
    plain |= known
    return plain | {name: plain[name] or plain["time_s"] for name in ("time_low_s", "time_high_s")}


def seconds(steps: float) -> float:
    """The true time of a descent of so many steps."""
    return CALL_S + steps * STEP_S


def descent(excess: Callable[[int], float], steps: Sequence[int] = STEPS, **known: Any) -> list[Record]:
    """A descent of which every place is measured exactly."""
    return [row(steps=k, time_s=seconds(k), excess_loss=excess(k), **known) for k in steps]


def noisy(rows: Sequence[Record], rng: np.random.Generator, spread: float = 0.02) -> list[Record]:
    """The same rows as so many blocks would have measured them: log times with this spread between blocks."""
    found = []
    for each in rows:
        logs = np.log(each["time_s"]) + spread * rng.standard_normal(BLOCKS)
        half = quantile(BLOCKS - 1) * logs.std(ddof=1) / BLOCKS**0.5
        ends = {"time_s": logs.mean(), "time_low_s": logs.mean() - half, "time_high_s": logs.mean() + half}
        found.append(each | {name: float(np.exp(value)) for name, value in ends.items()})
    return found
