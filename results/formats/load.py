"""Whatever a person has of times, as one frame: run files, and the files of other programs."""

import inspect
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from ..fields import COLD, COLUMNS, FIELDS
from ..frame import of_contests, of_rows
from ..runfile.collecting import uncollected
from ..runfile.read import Run, RunFileError
from ..runfile.sweep import is_folder_of_runs, read_runs
from ..stats.contests import contests_of
from ..stats.diagnostics import Diagnostics, diagnose
from ..stats.noise import in_one_line
from .foreign import foreign_rows
from .measured import MeasuredFrame

Peaks = Mapping[str, Mapping[str, float]]
"""By thread setting, what a machine can do at most by the names that the run file has, and its last cache's bytes."""


@dataclass(frozen=True)
class Origin:
    """Of what a run was taken and when: by the commit's date where asv tells it, else by its own start; both as ISO."""

    date: str
    commit: str | None = None  # as short as a person would type it


@dataclass(frozen=True)
class Loaded:
    """What was read: the frame of everything, and of the run files the runs, their noise and their machines' peaks."""

    frame: pd.DataFrame
    runs: Sequence[Run]
    diagnostics: Mapping[str, Diagnostics]  # by run
    peaks: Mapping[str, Peaks]  # by run
    origins: Mapping[str, Origin]  # by run, of run files and of asv's results
    notices: Sequence[str] = ()  # of what was left out

    @cached_property
    def noise(self) -> dict[str, str]:
        """By run, how noisy the machine was, in one line."""
        return {run: in_one_line(diagnostics) for run, diagnostics in self.diagnostics.items()}

    @property
    def cold(self) -> set[str]:
        """The runs that have samples with cold caches."""
        return {run.header.run for run in self.runs if any(m.cache == COLD for m in run.measurements)}


def load(*paths: str | os.PathLike[str]) -> MeasuredFrame:
    """Run files, folders of them or of asv's results, files of pytest-benchmark and pyperf, as one frame.

    In the order given; the shards of a sweep (`linregbench run --shard`) are one run.

    Warns of whatever an interrupted run made it leave out. Raises RunFileError for a file that is none of these, is
    damaged, or holds a run that another one holds too.
    """
    loaded = read(*paths)
    for notice in loaded.notices:
        warnings.warn(notice, stacklevel=2)
    return MeasuredFrame(loaded.frame)


_COLUMNS = "\n".join(f"    {field.name:<19} {field.words}" for field in FIELDS if field.name in COLUMNS)
load.__doc__ = f"{inspect.cleandoc(load.__doc__ or '')}\n\nThe columns of the frame:\n\n{_COLUMNS}\n"


def read(*paths: str | os.PathLike[str]) -> Loaded:
    """The same with all that is known of the run files among them; warns of nothing."""
    parts: list[Run | list[dict[str, Any]]] = []
    runs: list[Run] = []
    own: list[str | os.PathLike[str]] = []
    held: dict[str, str] = {}
    notices: list[str] = []
    for path in paths:
        foreign = None if is_folder_of_runs(path) else foreign_rows(path, notices)
        for name in dict.fromkeys(row["run"] for row in foreign or ()):
            if name in held:
                raise RunFileError(f"{path}: holds run {name}, as {held[name]} does; give it once")
            held[name] = str(path)
        if foreign is None:
            own.append(path)
            continue
        runs += (before := read_runs(*own))
        parts += [*before, foreign]
        own = []
    runs += (last := read_runs(*own))
    parts += last
    loaded = of_runs(*runs)
    loaded = replace(loaded, notices=(*notices, *loaded.notices))
    if len(runs) == len(parts):
        return loaded
    whole = loaded.frame
    foreign_parts = [row for part in parts if isinstance(part, list) for row in part]
    origins = {row["run"]: Origin(row["date"], row["commit"]) for row in foreign_parts if "commit" in row}
    frames = [of_rows(part) if isinstance(part, list) else whole[whole["run"] == part.header.run] for part in parts]
    return replace(loaded, frame=pd.concat(frames, ignore_index=True), origins={**loaded.origins, **origins})


@uncollected()
def of_runs(*runs: Run) -> Loaded:
    """Runs that were read already. Raises RunFileError for a run given twice."""
    contested = [(run, contests_of(run)) for run in runs]
    return Loaded(
        frame=of_contests(contested),
        runs=runs,
        notices=tuple(notice for run in runs for notice in run.notices),
        diagnostics={run.header.run: diagnose(run, contests) for run, contests in contested},
        peaks={run.header.run: _peaks(run) for run in runs},
        origins={run.header.run: _origin(run) for run in runs},
    )


def _origin(run: Run) -> Origin:
    """By the commit of the code that is judged: a person's own, where that was measured."""
    judged = [e for e in run.environments if e.environment == judged_side(run)]
    commit, dirty = next(((e.commit, e.dirty) for e in judged if e.commit), (run.header.commit, run.header.dirty))
    return Origin(run.header.started[:19], commit and f"{commit[:8]}{' and changes' if dirty else ''}")


def judged_side(run: Run) -> str | None:
    """Of a run of two sides the environment that was judged, by the other one; of any other its only one."""
    sides = run.header.options.get("environments")
    if isinstance(sides, list) and sides:
        return str(sides[-1])
    return next((e.environment for e in run.environments), None)


def _peaks(run: Run) -> dict[str, dict[str, float]]:
    """The best that any nursery of a thread setting reached."""
    best: dict[str, dict[str, float]] = {}
    for environment in run.environments:
        of_threads = best.setdefault(environment.threads, {})
        of_cpu = (environment.facts or {}).get("cpu")
        caches = of_cpu.get("caches_bytes") if isinstance(of_cpu, Mapping) else None
        sizes = [size for size in caches.values() if isinstance(size, int)] if isinstance(caches, Mapping) else []
        peaks = {**(environment.peaks or {}), **({"cache_bytes": max(sizes)} if sizes else {})}
        for name, value in peaks.items():
            of_threads[name] = max(value, of_threads.get(name, 0.0))
    return best
