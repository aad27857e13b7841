"""A run gone on with: it takes every option from its file, and is not gone on with on another machine."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from linregbench.results.runfile.read import Run, RunFileError, read_run
from linregbench.results.runfile.write import left_to_resume

from .grid.options import RunOptions, UsageError
from .processes import machine
from .processes.sources import Plugin
from .run import PreparedRun, Request, environments_of
from .sampling import plan
from .worker.hardware import sentinel


def resumed(path: Path) -> tuple[Request, Run]:
    """The request that a run file was made for, and what is left of it to go on with; nothing is written.

    Raises UsageError.
    """
    try:
        whole = read_run(path)
    except RunFileError as error:
        raise UsageError(f"--resume {error}") from None
    if whole.end is not None and whole.end.reason == "complete":
        raise UsageError(f"--resume {path}: this run is complete; linregbench table shows it")
    run = left_to_resume(whole)
    return request_of(run, path), run


def request_of(run: Run, path: Path) -> Request:
    """What a run was asked for, with the path that is gone on with. Raises UsageError."""
    given = dict(run.header.options)
    try:
        plugins = msgspec.convert(given.pop("plugins", []), tuple[str, ...])
        data = msgspec.convert(given.pop("data", None), str | None)
        options = RunOptions.from_dict(given)
    except (UsageError, msgspec.ValidationError, UnicodeError) as error:
        raise UsageError(f"--resume {path}: its options are none that can be gone on with: {error}") from None
    request = Request(options, tuple(map(Path, plugins)), Path(data) if data else None, path)
    _check_plugins(request, run)
    return request


def _check_plugins(request: Request, run: Run) -> None:
    """Raise UsageError where a plugin is not what it was, before anything of it is imported."""
    for path, environment in product(request.plugins, run.environments):
        then, now = (environment.plugins or {}).get(path.name), Plugin(path).hash
        if now is None:
            raise UsageError(f"--resume: the plugin {path} cannot be read any more")
        if then != now:
            raise UsageError(
                f"--resume: the plugin {path} was {then} (a hash of its content) when the run began, and is {now} now; "
                "start a new run"
            )


def check_same(ready: PreparedRun) -> None:
    """Raise UsageError where a run cannot be resumed here: another grid, machine, package, thread count or plugin."""
    before = ready.before
    if before is None:
        return
    then: dict[str, Any] = {"grid": before.header.grid, "cpu": before.header.machine.get("cpu")}
    now: dict[str, Any] = {"grid": plan.grid_hash(ready.contests), "cpu": machine.cpu_model()}
    then["sentinel's version"], now["sentinel's version"] = before.header.sentinel, sentinel.VERSION
    here = {record["nursery"]: record for record in environments_of(ready)}
    for environment in before.environments:
        for name in ("python", "packages", "plugins", "blas", *(["kept"] if environment.kept is not None else [])):
            then[f"{name} of {environment.nursery}"] = getattr(environment, name)
            now[f"{name} of {environment.nursery}"] = here.get(environment.nursery, {}).get(name)
    for what, value in then.items():
        if now[what] != value:
            raise UsageError(f"--resume: the {what} was {value} and is {now[what]} now; start a new run")
