"""What each command of the command line does; returns the exit status."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import devices
from .. import run as running
from ..grid.cases import kind_of
from ..grid.options import RunOptions, UsageError
from ..grid.presets import PRESETS
from ..processes.handle import Setting, WorkerEnded
from ..processes.pool import Nurseries
from ..run import Prepared, Request
from ..sampling import progress
from ..versus import sides

if TYPE_CHECKING:
    from linregbench.results.compare.runs import Comparison
    from linregbench.results.formats.load import Loaded

CHECK_S = 12.0
"""About how long a check takes beside its blocks; for the progress line."""

MEASURED, NOTHING_MEASURED, SLOWER, INTERRUPTED = 0, 1, 1, 130

VERSUS_BLOCKS = (10, 30)
"""Whatever the preset: a verdict on a change needs the intervals of a standard run."""


def request(options: RunOptions, plugins: Sequence[Path], data: Path | None, output: Path | None) -> Request:
    """The request, refused here where its output stands in the way: before anything is started."""
    if output is not None and output.exists():
        raise UsageError(f"--output {output} exists already: go on with it by --resume, or name another file")
    for report in [output.with_suffix(suffix) for suffix in (".md", ".html")] if output is not None else []:
        if report == output or report.exists():
            raise UsageError(f"--output {output}: its report {report} would be in the way; give it another name")
    return Request(options, tuple(dict.fromkeys(plugins)), data, output)


def run(asked: Request, *, report: bool = True) -> int:
    """Measure and print; with `report`, write one beside the run file."""
    with running.prepared(asked) as ready:
        return _measure(ready, report=report)


def resume(path: Path, *, report: bool = True) -> int:
    """Go on with an interrupted run."""
    asked, before = running.resumed(path)
    for notice in before.notices:
        print(f"linregbench: {notice}", file=sys.stderr)
    with running.prepared(asked, before) as ready:
        running.check_same(ready)
        return _measure(ready, report=report)


def dry_run(asked: Request) -> int:
    """Say what would be run."""
    with running.prepared(asked) as ready:
        cases = sum(len(contest.cases) + len(contest.baselines) for contest in ready.contests)
        fewest, most = ready.limits.blocks
        for contest in ready.contests:
            entrants = (*contest.baselines, *contest.cases)
            names = dict.fromkeys(f"{case.solver.strategy} {case.solver.variant}" for case in entrants)
            kinds = dict.fromkeys(kind_of(case) for case in entrants)
            print(f"{contest.title}: {', '.join(names)}" + (f"; {', '.join(kinds)}" if len(kinds) > 1 else ""))
        blocks = f"{fewest} blocks" if fewest == most else f"{fewest} to {most} blocks"
        print(f"{cases} cases of {len(ready.contests)} problems, {blocks}: about {progress.span(ready.predicted_s)}")
    return MEASURED


def versus(ref: str | None, python: str | None, asked: Request, *, fail_on: str | None, form: str) -> int:
    """Measure two sides in lockstep and print the verdicts."""
    with sides(ref, python, asked.plugins) as settings, tempfile.TemporaryDirectory() as folder:
        base, new = settings
        options = replace(asked.options, environments=(base, new))
        output = asked.output or Path(folder) / "versus.jsonl"
        asked = replace(asked, options=options, output=output, sides=settings)
        with running.prepared(asked, blocks=None if asked.options.blocks else VERSUS_BLOCKS) as ready:
            finished = running.measure(ready, progress.watcher)
        if finished.outcome.reason == "interrupted":
            print("linregbench: interrupted: no verdict", file=sys.stderr)
            return INTERRUPTED
        from linregbench.results.compare.runs import compare_sides
        from linregbench.results.runfile.read import read_run

        return _judge(compare_sides(read_run(finished.path), base, new), fail_on, form)


def compare(files: Sequence[Path], *, across: bool, fail_on: str | None, form: str) -> int:
    """Compare run files and print the verdicts; across devices and machines the ratios alone."""
    from linregbench.results.compare.runs import compare_runs
    from linregbench.results.formats.foreign import is_foreign
    from linregbench.results.runfile.read import read_run

    others = [str(path) for path in files if is_foreign(path)]
    if fail_on is not None and (across or others):
        why = f"{others[0]} is no run file" if others else "there are none across devices or machines"
        raise UsageError(f"--fail-on {fail_on} needs verdicts, and {why}")
    if across and not others:
        from . import commands_reports

        return commands_reports.compare_across(files, form)
    if len(files) != 2:
        raise UsageError(f"compare takes two files, BASE and NEW, got {len(files)}; --across takes any number of runs")
    base, new = files
    if others:
        from linregbench.results.compare.files import compare_anything

        return _judge(compare_anything(base, new, across=across), fail_on, form)
    return _judge(compare_runs(read_run(base), read_run(new)), fail_on, form)


def _judge(comparison: Comparison, fail_on: str | None, form: str) -> int:
    from linregbench.results.tables.comparison import comparison_document, comparison_frame
    from linregbench.results.tables.formats import show

    show(form, lambda: [comparison_document(comparison)], lambda: comparison_frame(comparison))
    return SLOWER if fail_on == "slower" and comparison.got_worse else MEASURED


def table(files: Sequence[Path], form: str, columns: Sequence[str] | None) -> int:
    """Print run files."""
    from linregbench.results.formats.load import read
    from linregbench.results.tables.cases import case_document
    from linregbench.results.tables.formats import show

    from .commands_reports import tell_notices

    loaded = read(*files)
    tell_notices(loaded.runs)
    frame = loaded.frame
    if columns is not None:
        if form not in ("csv", "json"):
            raise UsageError(f"--columns is for csv and json, got --format {form}")
        unknown = [name for name in columns if name not in frame]
        if unknown:
            raise UsageError(f"unknown column {unknown[0]!r}: choose from {', '.join(map(str, frame.columns))}")
        frame = frame[list(columns)]
    show(form, lambda: [case_document(loaded)], lambda: frame)
    return MEASURED


def check(blocks: int, *, as_json: bool) -> int:
    """Examine the machine and print what was found."""
    from linregbench.results.tables.table import Cell, Column, Document, Table
    from linregbench.results.tables.terminal import print_document

    from .checkup import examine

    with progress.watcher(CHECK_S + blocks) as watch:
        found = examine(blocks, watch)
    if as_json:
        print(json.dumps(found.as_dict(), indent=2))
        return MEASURED
    columns = (Column("fact", least=38), Column("found"), Column(""), Column("what to do"))
    rows = [
        (
            Cell(fact.name),
            Cell(fact.value),
            Cell("" if fact.verdict == "told" else fact.verdict, meaning=fact.verdict),
            Cell(fact.advice),
        )
        for fact in found.facts
    ]
    print_document(Document([Table("This machine", columns, tuple(rows))], last=found.conclusion))
    return MEASURED


def listing() -> None:
    """Print strategies, presets and devices."""
    from linregbench.results.tables.table import Document, table_of, text_rows
    from linregbench.results.tables.terminal import print_document
    from linregbench.solvers.registry import load_builtin

    solvers = [
        (
            *(solver.method, solver.strategy, solver.variant, solver.backend),
            *("yes" if flag else "" for flag in (solver.compiled, solver.batched)),
        )
        for solver in sorted(load_builtin().values(), key=lambda s: (s.method, s.strategy, s.variant))
    ]
    presets = []
    for preset in PRESETS.values():
        sizes = {(method, size) for sweep in preset.sweeps for method in sweep.methods for size in sweep.sizes}
        presets.append((preset.name, preset.about, str(len(sizes))))
    here = []
    with Nurseries({"here": Setting()}) as nurseries:
        for name in devices.PLATFORMS:
            try:
                here.append((name, nurseries.device_kind("here", name)))
            except WorkerEnded as ended:
                here.append((name, ended.reason))
    tables = [
        table_of("Solvers", ("method", "strategy", "variant", "backend", "compiled", "batched"), text_rows(solvers)),
        table_of("Presets", ("preset", "what it does", "problems"), text_rows(presets)),
        table_of("Devices", ("device", "here"), text_rows(here)),
    ]
    print_document(Document(tables))


def _measure(ready: Prepared, *, report: bool) -> int:
    """Run, print the tables and where the time went; write the report beside the run file."""
    finished = running.measure(ready, progress.watcher)
    path, outcome = finished.path, finished.outcome
    if outcome.reason == "interrupted":
        print(f"linregbench: interrupted; what was measured is in {path}", file=sys.stderr)
        print(f"linregbench: go on with: linregbench run --resume {path}", file=sys.stderr)
        return INTERRUPTED
    from linregbench.results.formats.load import read
    from linregbench.results.report.facts import account_of_time
    from linregbench.results.tables.cases import case_document
    from linregbench.results.tables.terminal import print_document

    loaded = read(path)
    print_document(case_document(loaded))
    print(account_of_time(loaded.runs[0]))
    print(f"run file: {path}")
    if report:
        _write_report(path, loaded)
    return MEASURED if (loaded.frame["status"] == "ok").any() else NOTHING_MEASURED


def _write_report(path: Path, loaded: Loaded) -> None:
    from linregbench.results.report.build import report_of
    from linregbench.results.report.markdown import markdown
    from linregbench.results.report.page import html

    text, page = path.with_suffix(".md"), path.with_suffix(".html")
    report = report_of(loaded)
    text.write_text(markdown(report), encoding="utf-8")
    page.write_text(html(report), encoding="utf-8")
    print(f"report: {text}\npage: {page}")
