"""Measure: `run`, with --resume and --dry-run, and `versus`; each command returns the exit status."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linregbench.results.words.text import plain

from .. import variables
from ..grid.options import HOT, RunOptions, UsageError, parse_duration, parse_percentage
from ..grid.settings import settings_of
from .help import HOW_LONG, OUTPUT, WHAT, WHERE, Command, option, program
from .judged import FAIL_ON, FORMATS, SUMMARY, failures_of, outputs_of, print_judged
from .read import FILE, advise, tell_notices, tell_written
from .run_options import CLUSTER, options_of, run_options
from .statuses import DONE, INTERRUPTED, NO_ANSWER

if TYPE_CHECKING:
    from linregbench.results.formats.load import Loaded

    from ..run import Finished, PreparedRun, Request

VERSUS_BLOCKS = (10, 30)
"""Whatever the preset: a verdict on a change needs the intervals of a standard run."""
ANSWER_BLOCKS = (3, 30)
"""With --more-than: from the fewest that have an interval of all looks."""


@click.command(
    cls=Command,
    examples=(
        "run --preset smoke",
        "run --method gd --samples 1000,1e4 --strategy jax_scan --blocks 3",
    ),
)
@run_options
@option(
    "--shard",
    metavar="I/N",
    group=WHERE,
    example="--shard 2/8 --output part-2.jsonl",
    otherwise="the whole sweep",
    help="Only every N-th problem from the I-th on: each of N machines takes a shard, and `table` reads their files, "
    "in one folder, as one sweep.",
)
@CLUSTER
@option(
    "--spread",
    is_flag=True,
    group=WHERE,
    example="--cluster head.json --spread",
    help="With --cluster: the blocks of a problem go from one machine to another, and intervals are of machines.",
)
@option(
    "--wait",
    group=WHERE,
    example="--wait 30m",
    otherwise="10m",
    metavar="TIME",
    help="With --cluster: how long to wait while no machine is there.",
)
@option(
    "--output",
    type=FILE,
    group=OUTPUT,
    example="--output mine.jsonl",
    otherwise="results/runs/DATE-TIME.jsonl",
    help="The run file to write; with --cluster the folder, for a file for each kind of machine.",
)
@option(
    "--resume",
    type=FILE,
    group=OUTPUT,
    example="--resume mine.jsonl",
    otherwise="a new run",
    help="Go on with an interrupted run; every option is taken from the file. With --cluster it is a folder, and any "
    "machines will do.",
)
@option(
    "--dry-run",
    is_flag=True,
    group=OUTPUT,
    example="--preset standard --dry-run",
    help="Say what would be run and about how long it would take.",
)
@option(
    "--no-report",
    is_flag=True,
    group=OUTPUT,
    example="--no-report",
    help="Tables alone: no report and no page beside the run file.",
)
def run(
    output: Path | None,
    resume: Path | None,
    dry_run: bool,
    no_report: bool,
    cluster: str | None,
    spread: bool,
    wait: str | None,
    **given: Any,
) -> int:
    """Measure, then print the tables. An option that names an axis replaces that axis of the preset."""
    from ..resume import check_same, resumed
    from ..run import prepared

    if cluster is not None:
        if dry_run:
            raise UsageError("--dry-run is of this machine: leave out --cluster")
        if resume is not None:
            _refuse_options_beside("resume", "no_report", "cluster", "spread", "wait")
        wait_s = parse_duration("--wait", wait)
        return _measure_on(cluster, given, output, resume, spread=spread, wait_s=wait_s, report=not no_report)
    if spread or wait is not None:
        raise UsageError(f"--{'spread' if spread else 'wait'} is of several machines: give --cluster as well")
    before = None
    if resume is None:
        request = _request(given, output)
    else:
        _refuse_options_beside("resume", "no_report")
        request, before = resumed(resume)
        tell_notices(before.notices)
    _tell_variables(request.options)
    with prepared(request, before) as ready:
        if dry_run:
            return _print_plan(ready)
        check_same(ready)
        return _measure(ready, report=not no_report)


@click.command(
    cls=Command,
    examples=("versus HEAD~1 --method gd --samples 1000 --more-than 5%", "versus main --preset smoke --fail-on slower"),
)
@click.argument("ref", required=False)
@option(
    "--python",
    multiple=True,
    group=WHAT,
    example="--python other/bin/python",
    otherwise="this one",
    help="Another interpreter, and so another JAX, for the other side; twice: one a side.",
)
@option(
    "--path",
    group=WHAT,
    example="--plugin bench.py --path src",
    otherwise="its root",
    help="With a plugin: the folder of its repository that leads each side's import path.",
)
@option(
    "--build",
    group=WHAT,
    metavar="COMMAND",
    example="--build 'python setup.py build_ext --inplace'",
    otherwise="nothing is built",
    help="With a plugin: run this in each side's checkout first, $PYTHON its interpreter; what it made of REF is kept.",
)
@option("--rebuild", is_flag=True, group=WHAT, example="--rebuild", help="Run --build for REF though it is kept.")
@option(
    "--base",
    otherwise="none",
    type=FILE,
    group=WHAT,
    example="--base old.py --new new.py",
    help="A file of solvers, without git.",
)
@option(
    "--new",
    otherwise="none",
    type=FILE,
    group=WHAT,
    example="--base old.py --new new.py",
    help="The file that is judged.",
)
@run_options
@option(
    "--more-than",
    group=HOW_LONG,
    example="--more-than 5%",
    otherwise="any difference",
    metavar="PERCENT",
    help="Ask about this difference alone: stop as soon as it surely is, or is not.",
)
@option(
    "--output",
    type=FILE,
    group=OUTPUT,
    example="--output versus.jsonl",
    otherwise="not kept",
    help="Keep the run file.",
)
@FAIL_ON
@FORMATS
@SUMMARY
def versus(
    ref: str | None,
    python: tuple[str, ...],
    path: str | None,
    build: str | None,
    rebuild: bool,
    base: Path | None,
    new: Path | None,
    more_than: str | None,
    output: Path | None,
    fail_on: str | None,
    forms: tuple[str, ...],
    summary: bool,
    **given: Any,
) -> int:
    """Judge the working tree against REF, both sampled in lockstep.

    REF is a commit, a branch or an interpreter. With --plugin it is a commit of the plugin's repository, and both
    sides import that repository as it was, or is: your code against your code.
    """
    from ..run import measure, prepared
    from ..sampling.progress import watcher
    from ..versus import Question, changed_here, sides

    failures_of(fail_on)
    outputs = outputs_of(forms, output)
    request = _request(given | {"more_than": parse_percentage("--more-than", more_than)}, output)
    _tell_variables(request.options)
    question = Question(ref, python, request.plugins, path, build, rebuild, base, new)
    if ref is not None and changed_here(request.plugins):
        _tell("the working tree has changes that no commit holds: they are part of `here`")
    with sides(question, _tell) as settings, tempfile.TemporaryDirectory() as folder:
        before, after = settings
        own = bool(request.plugins or base) and request.options.strategies is None
        options = replace(request.options, environments=(before, after), plugins_alone=own)
        output = output or Path(folder) / "versus.jsonl"
        request = replace(request, options=options, output=output, sides=settings)
        blocks = VERSUS_BLOCKS if options.more_than is None else ANSWER_BLOCKS
        with prepared(request, blocks=None if options.blocks else blocks) as ready:
            finished = measure(ready, watcher)
        if finished.outcome.reason == "interrupted":
            print("linregbench: interrupted: no verdict", file=sys.stderr)
            return INTERRUPTED
        from linregbench.results.compare.runs import compare_sides
        from linregbench.results.runfile.read import read_run

        return print_judged([compare_sides(read_run(finished.path), before, after)], fail_on, outputs, summary=summary)


def _request(given: Mapping[str, Any], output: Path | None) -> Request:
    """The request, refused here where its output stands in the way: before anything is started."""
    from ..run import Request

    options = options_of(given)
    if output is not None and output.exists():
        raise UsageError(f"--output {output} exists already: go on with it by --resume, or name another file")
    for report in [output.with_suffix(suffix) for suffix in (".md", ".csv", ".html")] if output is not None else []:
        if report == output or report.exists():
            raise UsageError(f"--output {output}: its report {report} would be in the way; give it another name")
    return Request(options, tuple(dict.fromkeys(given["plugin"])), given["data"], output)


def _tell(text: str) -> None:
    print(f"linregbench: {plain(text)}", file=sys.stderr)


def _tell_variables(options: RunOptions) -> None:
    """A line on standard error where a variable of the environment changes times, dropped or kept."""
    if (text := variables.notice(replaced=variables.of_setting(settings_of(options.settings)[0]))) is not None:
        _tell(text)


def _refuse_options_beside(*allowed: str) -> None:
    """Raise UsageError where --resume stands beside an option that the file already holds."""
    typed = click.get_current_context()
    for name in typed.params:
        if name not in allowed and typed.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            raise UsageError(f"--resume takes every option from the file: leave out --{name.replace('_', '-')}")


def _print_plan(ready: PreparedRun) -> int:
    """Say what would be run."""
    from linregbench.results.words.settings import under
    from linregbench.results.words.text import counted

    from ..grid.cases import kind_of
    from ..run import wanted_s
    from ..sampling.progress import span

    cases = sum(len(contest.cases) + len(contest.baselines) for contest in ready.contests)
    fewest, most = ready.limits.blocks
    for contest in ready.contests:
        entrants = (*contest.baselines, *contest.cases)
        names = dict.fromkeys(f"{case.solver.strategy} {case.solver.variant}" for case in entrants)
        kinds = dict.fromkeys(kind_of(case) for case in entrants)
        several = ", ".join(kinds) if len(kinds) > 1 else ""
        settings = dict.fromkeys(text for case in entrants if (text := under(case.setting).strip()))
        caches = (
            "" if ready.request.options.caches == (HOT,) else f"caches {' and '.join(ready.request.options.caches)}"
        )
        print("; ".join(filter(None, (f"{contest.title}: {', '.join(names)}", several, ", ".join(settings), caches))))
    blocks = f"{fewest} blocks" if fewest == most else f"{fewest} to {most} blocks"
    many = f"{counted(cases, 'case')} of {counted(len(ready.contests), 'problem')}"
    wanted, budget = wanted_s(ready.contests, ready.limits), ready.limits.budget_s
    short = f", more than the budget of {span(budget)}, at which the run stops" if wanted > budget else ""
    print(f"{many}, {blocks}: about {span(wanted)}{short}")
    return DONE


def _measure(ready: PreparedRun, *, report: bool) -> int:
    """Run, print the tables and where the time went; write the report beside the run file."""
    from ..run import measure
    from ..sampling.progress import watcher

    return _show(measure(ready, watcher), ready.request.options.preset, report=report)


def _measure_on(
    where: str,
    given: Mapping[str, Any],
    output: Path | None,
    resume: Path | None,
    *,
    spread: bool,
    wait_s: float | None,
    report: bool,
) -> int:
    """The same on the machines of a cluster."""
    from ..cluster.client import connected
    from ..cluster.sweep import WAIT_S, measure_on, resumed_folder
    from ..run import Request
    from ..sampling.progress import watcher

    before = None
    if resume is None:
        request = Request(options_of(given), tuple(dict.fromkeys(given["plugin"])), given["data"], output)
    else:
        request, before = resumed_folder(resume)
        tell_notices(notice for run in before.values() for notice in run.notices)
    with connected(where) as client:
        finished = measure_on(
            client, request, resume or output, watcher, spread=spread, wait_s=wait_s or WAIT_S, before=before
        )
    return _show(finished, request.options.preset, report=report, beside=f" --cluster {where}{' --spread' * spread}")


def _show(finished: Finished, preset: str, *, report: bool, beside: str = "") -> int:
    """What was measured, and where; `beside`: options that a resumed run needs too."""
    path, outcome = finished.path, finished.outcome
    if outcome.reason == "interrupted":
        print(f"linregbench: {outcome.lost or 'interrupted'}; what was measured is in {path}", file=sys.stderr)
        print(f"linregbench: go on with: {program()} run --resume {path}{beside}", file=sys.stderr)
        return INTERRUPTED if outcome.lost is None else NO_ANSWER
    from linregbench.results.formats.load import read
    from linregbench.results.frame import records_of
    from linregbench.results.report.facts import account_of_time
    from linregbench.results.tables.cases import case_document
    from linregbench.results.tables.matrix import matrix_document
    from linregbench.results.tables.terminal import print_document

    loaded = read(path)
    records = records_of(loaded.frame)
    print_document(case_document(loaded))
    for measured in loaded.runs:
        print(account_of_time(measured), end="\n\n")
    print_document(matrix_document(records))
    print(f"\n{'run files' if path.is_dir() else 'run file'}: {path}")
    if report:
        _write_report(path / f"{path.name}.jsonl" if path.is_dir() else path, loaded)
    print(f"next: {_next_command(preset, path, records)}")
    return DONE if (loaded.frame["status"] == "ok").any() else NO_ANSWER


def _next_command(preset: str, path: Path, records: Sequence[Mapping[str, Any]]) -> str:
    """What to type now: a longer run after a first look, the answer at one size after a sweep, the reasons else."""
    measured = [record for record in records if record["time_s"] is not None and record["method"] != "gd_tol"]
    if not measured:
        return f"{program()} check    # is this machine fit to measure on?"
    if preset == "smoke":
        return f"{program()} run    # the quick sweep: intervals and verdicts in place of guesses"
    usual = {option.name: option.default for option in advise.params}
    asked = ("samples", "features", "batch", "steps", "method", "dtype", "threads")
    size = {name: measured[0][name] for name in asked if measured[0][name] not in (None, usual[name])}
    words = " ".join(f"--{name} {value}" for name, value in size.items())
    return f"{program()} advise {path} {words}    # which way at that size, or at any between"


def _write_report(path: Path, loaded: Loaded) -> None:
    from linregbench.results.report.build import report_of
    from linregbench.results.report.files import write_document, write_page

    report = report_of(loaded)
    tell_written(write_document(report, path.with_suffix(".md")) | write_page(report, path.with_suffix(".html")))
