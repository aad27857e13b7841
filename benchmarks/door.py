"""The door from Python: `linregbench.run`."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linregbench.results.runfile.sweep import read_runs
from linregbench.results.words.text import counted

from .grid.options import RunOptions, UsageError
from .run import Request, measure, prepared
from .sampling.progress import Watching, watcher

if TYPE_CHECKING:
    from distributed import Client

    from linregbench.results.formats.measured import MeasuredFrame


def run(
    *,
    preset: str = "quick",
    plugins: str | PathLike[str] | Iterable[str | PathLike[str]] = (),
    data: str | PathLike[str] | None = None,
    output: str | PathLike[str] | None = None,
    progress: bool = True,
    client: Client | None = None,
    spread: bool = False,
    **axes: Any,
) -> MeasuredFrame:
    """Measure from Python, in a notebook say, and return one row a case (linregbench.load has the columns).

    What comes back is a pandas DataFrame that shows its answer first. Interrupted (Ctrl-C, or a notebook's stop button)
    it is of whatever was measured by then, with a warning; with nothing measured the interrupt goes on.

    `axes` are the options of `linregbench run` by their names, each a value or a list: method, strategy, variant,
    device, dtype, samples, features, batch, steps, condition, threads, cache; and baseline, blocks, budget_s,
    timeout_s, seed, shard, and settings: what is typed behind each `--set`. Numbers, arrays, Series, ranges and
    Timedeltas of NumPy and pandas are taken, text as it would be typed, and None for the preset's.
    With `client`, of dask.distributed, the machines of its cluster measure (docs/cluster.md), and `output` is a folder;
    `spread` has the blocks of a problem go from one machine to another.
    Without `output` the run file is not kept. Raises UsageError for whatever the command line would refuse.
    """
    from linregbench.results.formats.measured import MeasuredFrame
    from linregbench.results.frame import from_runs

    options = RunOptions.of(preset, axes)
    files = [plugins] if isinstance(plugins, _PATHS) or not isinstance(plugins, Iterable) else plugins
    solver_files = tuple(_path("plugins", file) for file in files if file is not None)
    own, kept = (None if given is None else _path(name, given) for name, given in (("data", data), ("output", output)))
    with tempfile.TemporaryDirectory() as folder:
        path = kept or Path(folder) / ("run.jsonl" if client is None else "run")
        request = Request(options, solver_files, own, path)

        def watch(left_s: float) -> Watching:
            return watcher(left_s, quiet=not progress)

        if client is not None:
            from .cluster.sweep import measure_on

            outcome = measure_on(client, request, path, watch, spread=spread).outcome
        else:
            with prepared(request) as ready:
                outcome = measure(ready, watch).outcome
        measured = read_runs(path)
        if outcome.reason == "interrupted":
            blocks = sum(len(of.blocks) for of in measured)
            if not blocks and outcome.lost is None:
                raise KeyboardInterrupt
            why = outcome.lost or "interrupted"
            warnings.warn(f"{why}: what {counted(blocks, 'block')} measured is here", stacklevel=2)
        return MeasuredFrame(from_runs(*measured))


_PATHS = (str, PathLike)


def _path(name: str, given: Any) -> Path:
    if not isinstance(given, _PATHS) or not str(given):
        raise UsageError(f"{name} takes the path of a file, got {given!r}")
    return Path(given)
