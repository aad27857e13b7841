"""How it is timed: cases, devices, the clock, the schedule, and the doors through which people reach them."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["run"]


def run(
    *,
    preset: str = "quick",
    plugins: Sequence[str | PathLike[str]] = (),
    data: str | PathLike[str] | None = None,
    output: str | PathLike[str] | None = None,
    progress: bool = True,
    **axes: Any,
) -> DataFrame:
    """Measure from Python, in a notebook say, and return one row a case (results.load has the columns).

    `axes` are the options of `linregbench run` by their names, each a value or a list: method, strategy, variant,
    device, dtype, samples, features, batch, steps, condition, threads; and baseline, blocks, budget_s, timeout_s, seed.
    Without `output` the run file is not kept. Raises UsageError for whatever the command line would refuse.
    """
    from benchmarks import running

    return running.to_frame(preset, plugins, data, output, axes, progress=progress)
