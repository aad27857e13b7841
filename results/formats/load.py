"""Whatever a person has of times, as one frame: run files, and the files of other programs."""

import inspect
import os
import warnings
from typing import Any

import pandas as pd

from ..fields import COLUMNS, FIELDS
from ..frame import from_runs, of_rows
from ..runfile.read import Run, RunFileError, read_run
from .foreign import foreign_rows


def load(*paths: str | os.PathLike[str]) -> pd.DataFrame:
    """Run files, folders of asv's results, files of pytest-benchmark and pyperf, as one frame in the order given.

    Warns of whatever an interrupted run made it leave out. Raises RunFileError for a file that is none of these, is
    damaged, or holds a run that another one holds too.
    """
    runs, frame = gathered(*paths)
    for run in runs:
        for notice in run.notices:
            warnings.warn(notice, stacklevel=2)
    return frame


_COLUMNS = "\n".join(f"    {field.name:<19} {field.words}" for field in FIELDS if field.name in COLUMNS)
load.__doc__ = f"{inspect.cleandoc(load.__doc__ or '')}\n\nThe columns of the frame:\n\n{_COLUMNS}\n"


def gathered(*paths: str | os.PathLike[str]) -> tuple[list[Run], pd.DataFrame]:
    """The run files among the paths, and the frame of all of them, as `load` makes it; warns of nothing."""
    runs: list[Run] = []
    parts: list[Run | list[dict[str, Any]]] = []
    held: dict[str, str] = {}
    for path in paths:
        foreign = foreign_rows(path)
        for name in dict.fromkeys(row["run"] for row in foreign or ()):
            if name in held:
                raise RunFileError(f"{path}: holds run {name}, as {held[name]} does; give it once")
            held[name] = str(path)
        if foreign is None:
            runs.append(read_run(path))
        parts.append(runs[-1] if foreign is None else foreign)
    whole = from_runs(*runs)
    if len(runs) == len(parts):
        return runs, whole
    frames = [of_rows(part) if isinstance(part, list) else whole[whole["run"] == part.header.run] for part in parts]
    frame = pd.concat(frames, ignore_index=True)
    frame.attrs = whole.attrs
    return runs, frame
