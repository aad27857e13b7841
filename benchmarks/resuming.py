"""Going on with an interrupted run: every option from its file, and nothing measured on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import machine, plan
from benchmarks.options import RunOptions, UsageError
from benchmarks.running import Prepared, Request
from results.records import Run, RunFileError, read_run, trim_for_resume


def resumed(path: Path) -> tuple[Request, Run]:
    """The request that a run file was made for, and what it holds, its torn end dropped. Raises UsageError."""
    try:
        end = read_run(path).end
        if end is not None and end.reason == "complete":
            raise UsageError(f"--resume {path}: this run is complete; linregbench table shows it")
        run = trim_for_resume(path)
    except RunFileError as error:
        raise UsageError(f"--resume {error}") from None
    given = dict(run.header.options)
    plugins = tuple(Path(name) for name in given.pop("plugins", []))
    data = given.pop("data", None)
    return Request(RunOptions.from_dict(given), plugins, Path(data) if data else None, path), run


def check_same(ready: Prepared) -> None:
    """Raise UsageError where a run cannot be resumed here: another grid, machine, package, thread count or plugin."""
    before = ready.before
    if before is None:
        return
    for contest in ready.contests:
        for case in (*contest.baselines, *contest.cases):
            if case.device not in ready.absent:
                ready.nurseries.of(case)
    now: dict[str, Any] = {"grid": plan.grid_hash(ready.contests), "cpu": machine.cpu_model()}
    then: dict[str, Any] = {"grid": before.header.grid, "cpu": before.header.machine.get("cpu")}
    here = {record["nursery"]: record for record in ready.nurseries.records(ready.kinds)}
    for environment in before.environments:
        for name in ("python", "packages", "plugins", "blas"):
            then[f"{name} of {environment.nursery}"] = getattr(environment, name)
            now[f"{name} of {environment.nursery}"] = here.get(environment.nursery, {}).get(name)
    for what, value in then.items():
        if now[what] != value:
            raise UsageError(f"--resume: the {what} was {value} and is {now[what]} now; start a new run")
