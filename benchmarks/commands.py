"""What each command of the command line does; returns the exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import devices, progress, running
from benchmarks.nurseries import Nurseries
from benchmarks.options import RunOptions, UsageError
from benchmarks.presets import PRESETS
from benchmarks.processes import Setting, WorkerEnded
from benchmarks.running import Prepared, Request

MEASURED, NOTHING_MEASURED, INTERRUPTED = 0, 1, 130


def request(options: RunOptions, plugins: Sequence[Path], data: Path | None, output: Path | None) -> Request:
    """The request, refused here where its output stands in the way: before anything is started."""
    if output is not None and output.exists():
        raise UsageError(f"--output {output} exists already: go on with it by --resume, or name another file")
    return Request(options, tuple(dict.fromkeys(plugins)), data, output)


def run(asked: Request) -> int:
    """Measure and print."""
    with running.prepared(asked) as ready:
        return _measure(ready)


def resume(path: Path) -> int:
    """Go on with an interrupted run."""
    asked, before = running.resumed(path)
    for notice in before.notices:
        print(f"linregbench: {notice}", file=sys.stderr)
    with running.prepared(asked, before) as ready:
        running.check_same(ready)
        return _measure(ready)


def dry_run(asked: Request) -> int:
    """Say what would be run."""
    with running.prepared(asked) as ready:
        cases = sum(len(contest.cases) + len(contest.baselines) for contest in ready.contests)
        fewest, most = ready.limits.blocks
        for contest in ready.contests:
            names = ", ".join(
                f"{case.solver.strategy} {case.solver.variant}" for case in (*contest.baselines, *contest.cases)
            )
            print(f"{contest.title}: {names}")
        blocks = f"{fewest} blocks" if fewest == most else f"{fewest} to {most} blocks"
        print(f"{cases} cases of {len(ready.contests)} problems, {blocks}: about {progress.span(ready.predicted_s)}")
    return MEASURED


def table(files: Sequence[Path], form: str, columns: Sequence[str] | None) -> None:
    """Print run files."""
    from results import table as tables

    tables.show(files, form, columns)


def listing() -> None:
    """Print strategies, presets and devices."""
    from rich.console import Console
    from rich.table import Table

    from solvers.registry import load_builtin

    console = Console()
    solvers = Table(
        "method", "strategy", "variant", "backend", "compiled", "batched", title="Solvers", title_justify="left"
    )
    for solver in sorted(load_builtin().values(), key=lambda s: (s.method, s.strategy, s.variant)):
        marks = ("yes" if flag else "" for flag in (solver.compiled, solver.batched))
        solvers.add_row(solver.method, solver.strategy, solver.variant, solver.backend, *marks)
    presets = Table("preset", "what it does", "problems", title="Presets", title_justify="left")
    for preset in PRESETS.values():
        presets.add_row(preset.name, preset.about, str(len(preset.sizes) * len(preset.methods)))
    here = Table("device", "here", title="Devices", title_justify="left")
    with Nurseries({"here": Setting()}) as nurseries:
        for name in devices.PLATFORMS:
            try:
                here.add_row(name, nurseries.device_kind("here", name))
            except WorkerEnded as ended:
                here.add_row(name, ended.reason)
    for each in (solvers, presets, here):
        console.print(each)


def _measure(ready: Prepared) -> int:
    try:
        finished = running.measure(ready, progress.watcher)
    except KeyboardInterrupt:
        return INTERRUPTED
    print(finished)
    return MEASURED
