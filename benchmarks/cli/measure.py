"""Measure: `run`, with --resume and --dry-run, and `versus`; each command returns the exit status."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linregbench.results.words.text import plain

from .. import variables
from ..grid.options import (
    AXES,
    MOST_CPU_DEVICES,
    RunOptions,
    UsageError,
    lists_of,
    parse_duration,
    parse_list,
    parse_percentage,
    whole,
)
from ..grid.presets import PRESETS
from .read import FAIL_ON, FILE, FORMAT, failures_of, print_judged, tell_notices
from .statuses import DONE, INTERRUPTED, NO_ANSWER

if TYPE_CHECKING:
    from linregbench.results.formats.load import Loaded

    from ..run import PreparedRun, Request

VERSUS_BLOCKS = (10, 30)
"""Whatever the preset: a verdict on a change needs the intervals of a standard run."""
ANSWER_BLOCKS = (3, 30)
"""With --more-than: from the fewest that have an interval of all looks."""

_RUN_OPTIONS: tuple[Any, ...] = (
    click.option(
        "--preset", default="quick", show_default=True, help="; ".join(f"{p.name}: {p.about}" for p in PRESETS.values())
    ),
    *(click.option(f"--{name}", help=axis.help) for name, axis in AXES.items()),
    click.option(
        "--cpu-devices",
        default=1,
        show_default=True,
        type=click.IntRange(1, MOST_CPU_DEVICES),
        help="Devices that JAX makes of the CPU, for jax_sharded; they share its cores, so take --threads all.",
    ),
    click.option(
        "--baseline", default="numpy_loop", show_default=True, help="What ratios are taken against; it always runs."
    ),
    click.option("--blocks", help="Exactly so many blocks."),
    click.option("--budget", help="For the whole run: 90s, 5m, 1.5h."),
    click.option("--timeout", help="For one case in one block."),
    click.option("--plugin", type=FILE, multiple=True, help="A file of your own @solver functions; may be repeated."),
    click.option("--data", type=FILE, help="Your own X and y: .npz (arrays X, y) or .csv (last column y)."),
    click.option("--seed", help="Of the data and of the order of samples."),
    click.option("--flush-cache", is_flag=True, help="Empty the last-level cache before each sample of one call."),
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is run; lists are comma-separated and make a grid."""
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


@click.command()
@run_options
@click.option("--output", type=FILE, help="The run file to write [results/runs/DATE-TIME.jsonl].")
@click.option("--resume", type=FILE, help="Go on with an interrupted run; every option is taken from the file.")
@click.option("--dry-run", is_flag=True, help="Say what would be run and about how long it would take.")
@click.option("--no-report", is_flag=True, help="Tables alone: no report and no page beside the run file.")
def run(output: Path | None, resume: Path | None, dry_run: bool, no_report: bool, **given: Any) -> int:
    """Measure, then print the tables. An option that names an axis replaces that axis of the preset."""
    from ..run import check_same, prepared, resumed

    before = None
    if resume is None:
        request = _request(given, output)
    else:
        _refuse_options_beside("resume", "no_report")
        request, before = resumed(resume)
        tell_notices([before])
    _tell_variables()
    with prepared(request, before) as ready:
        if dry_run:
            return _print_plan(ready)
        check_same(ready)
        return _measure(ready, report=not no_report)


@click.command()
@click.argument("ref", required=False)
@click.option("--python", help="Another interpreter, and so another JAX, for the other side.")
@run_options
@click.option("--more-than", help="Ask about this difference alone, 5% say: stop as soon as it surely is, or is not.")
@click.option("--output", type=FILE, help="Keep the run file.")
@FAIL_ON
@FORMAT
def versus(
    ref: str | None,
    python: str | None,
    more_than: str | None,
    output: Path | None,
    fail_on: str | None,
    form: str,
    **given: Any,
) -> int:
    """Judge the working tree against REF (a commit, a branch, an interpreter), both sampled in lockstep."""
    from ..run import measure, prepared
    from ..sampling.progress import watcher
    from ..versus import sides

    failures_of(fail_on)
    _tell_variables()
    request = _request(given | {"more_than": parse_percentage("--more-than", more_than)}, output)
    with sides(ref, python, request.plugins) as settings, tempfile.TemporaryDirectory() as folder:
        base, new = settings
        options = replace(request.options, environments=(base, new))
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

        return print_judged(compare_sides(read_run(finished.path), base, new), fail_on, form)


def _request(given: Mapping[str, Any], output: Path | None) -> Request:
    """The request, refused here where its output stands in the way: before anything is started."""
    from ..run import Request

    options = _options(given)
    if output is not None and output.exists():
        raise UsageError(f"--output {output} exists already: go on with it by --resume, or name another file")
    for report in [output.with_suffix(suffix) for suffix in (".md", ".html")] if output is not None else []:
        if report == output or report.exists():
            raise UsageError(f"--output {output}: its report {report} would be in the way; give it another name")
    return Request(options, tuple(dict.fromkeys(given["plugin"])), given["data"], output)


def _tell_variables() -> None:
    """A line on standard error where a variable of the environment changes times, dropped or kept."""
    if (text := variables.notice()) is not None:
        print(f"linregbench: {plain(text)}", file=sys.stderr)


def _options(given: Mapping[str, Any]) -> RunOptions:
    def number(name: str) -> int | None:
        values = parse_list(f"--{name}", given[name], whole)
        if values is not None and len(values) != 1:
            raise UsageError(f"--{name} takes one number, got {given[name]!r}")
        return values[0] if values else None

    return RunOptions(
        preset=given["preset"],
        cpu_devices=given["cpu_devices"],
        baseline=given["baseline"],
        blocks=number("blocks"),
        budget_s=parse_duration("--budget", given["budget"]),
        timeout_s=parse_duration("--timeout", given["timeout"]),
        seed=number("seed") or 0,
        flush_cache=given["flush_cache"],
        more_than=given.get("more_than"),
        **lists_of(given),
    )


def _refuse_options_beside(*allowed: str) -> None:
    """Raise UsageError where --resume stands beside an option that the file already holds."""
    typed = click.get_current_context()
    for name in typed.params:
        if name not in allowed and typed.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE:
            raise UsageError(f"--resume takes every option from the file: leave out --{name.replace('_', '-')}")


def _print_plan(ready: PreparedRun) -> int:
    """Say what would be run."""
    from linregbench.results.words.text import counted

    from ..grid.cases import kind_of
    from ..sampling.progress import span

    cases = sum(len(contest.cases) + len(contest.baselines) for contest in ready.contests)
    fewest, most = ready.limits.blocks
    for contest in ready.contests:
        entrants = (*contest.baselines, *contest.cases)
        names = dict.fromkeys(f"{case.solver.strategy} {case.solver.variant}" for case in entrants)
        kinds = dict.fromkeys(kind_of(case) for case in entrants)
        print(f"{contest.title}: {', '.join(names)}" + (f"; {', '.join(kinds)}" if len(kinds) > 1 else ""))
    blocks = f"{fewest} blocks" if fewest == most else f"{fewest} to {most} blocks"
    many = f"{counted(cases, 'case')} of {counted(len(ready.contests), 'problem')}"
    print(f"{many}, {blocks}: about {span(ready.predicted_s)}")
    return DONE


def _measure(ready: PreparedRun, *, report: bool) -> int:
    """Run, print the tables and where the time went; write the report beside the run file."""
    from ..run import measure
    from ..sampling.progress import watcher

    finished = measure(ready, watcher)
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
    return DONE if (loaded.frame["status"] == "ok").any() else NO_ANSWER


def _write_report(path: Path, loaded: Loaded) -> None:
    from linregbench.results.report.build import report_of
    from linregbench.results.report.markdown import markdown
    from linregbench.results.report.page import html

    text, page = path.with_suffix(".md"), path.with_suffix(".html")
    report = report_of(loaded)
    text.write_text(markdown(report), encoding="utf-8")
    page.write_text(html(report), encoding="utf-8")
    print(f"report: {text}\npage: {page}")
