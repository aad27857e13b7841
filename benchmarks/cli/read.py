"""Read what was measured: `table`, `compare`, `report`, `advise`; each command returns the exit status."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from linregbench.results.fields import COLUMNS
from linregbench.results.words.text import plain

from ..grid.options import UsageError, one_of, parse_list
from .demo import notebook_svgs
from .help import OUTPUT, WHAT, WHERE, Choice, Command, names_from, option
from .judged import FAIL_ON, FOR_READING, FORMATS, SUMMARY, failures_of, outputs_of, print_judged
from .statuses import DONE, NO_ANSWER

if TYPE_CHECKING:
    pass

RUNS, PUBLISHED = Path("results/runs"), Path("results/published")

FILE = click.Path(path_type=Path)
FORMAT = option(
    *("--format", "form"),
    type=Choice(FOR_READING),
    default="rich",
    group=OUTPUT,
    example="--format csv",
    help="As tables for a terminal, as Markdown, or in full precision for programs.",
)


@click.command(
    cls=Command,
    examples=(
        "table results/published/quick.jsonl",
        "table results/published/quick.jsonl --format csv --columns strategy,time_s",
    ),
)
@click.argument("files", nargs=-1, required=True, type=FILE)
@FORMAT
@option(
    "--columns",
    group=OUTPUT,
    example="--columns strategy,time_s",
    otherwise="all",
    help="Only these columns, for csv and json; `linregbench columns` names them.",
    shell_complete=names_from(lambda: COLUMNS),
)
def table(files: tuple[Path, ...], form: str, columns: str | None) -> int:
    """Print what run files hold.

    FILES may be folders of them; the shards of a sweep, by run --shard, are read as one run.
    """
    from linregbench.results.formats.load import read
    from linregbench.results.tables.cases import case_document
    from linregbench.results.tables.formats import show

    chosen = parse_list("--columns", columns, str)
    loaded = read(*files)
    tell_notices(loaded.notices)
    frame = loaded.frame
    if chosen is not None:
        if form not in ("csv", "json"):
            raise UsageError(f"--columns is for csv and json, got --format {form}")
        one_of("column", chosen, map(str, frame.columns))
        frame = frame[list(chosen)]
    show(form, lambda: [case_document(loaded)], lambda: frame)
    return DONE


@click.command(
    cls=Command,
    examples=(
        "compare results/published/quick.jsonl results/published/standard.jsonl",
        "compare results/published/quick.jsonl results/published/standard.jsonl --format csv",
    ),
)
@click.argument("files", metavar="BASE [NEW]...", nargs=-1, required=True, type=FILE)
@option(
    "--across",
    is_flag=True,
    group=WHAT,
    example="both.jsonl --across",
    help="Compare devices or machines, of one run file or more: no verdicts.",
)
@FAIL_ON
@FORMATS
@SUMMARY
def compare(files: tuple[Path, ...], across: bool, fail_on: str | None, forms: tuple[str, ...], summary: bool) -> int:
    """Is the run NEW faster or slower than BASE?

    Or of one file: the two sides that versus wrote, each setting of run --set against the first,
    or the cold caches of run --cache hot,cold against the hot ones.
    """
    from linregbench.results.compare.runs import compare_caches, compare_runs, compare_settings, compare_sides
    from linregbench.results.formats.foreign import foreign_rows
    from linregbench.results.runfile.read import read_run
    from linregbench.results.runfile.sweep import is_folder_of_runs

    failures_of(fail_on)
    outputs = outputs_of(forms)
    left_out: list[str] = []
    others = [str(path) for path in files if not is_folder_of_runs(path) and foreign_rows(path, left_out) is not None]
    tell_notices(left_out)
    if fail_on is not None and (across or others):
        why = f"{others[0]} is no run file" if others else "there are none across devices or machines"
        raise UsageError(f"--fail-on {fail_on} needs verdicts, and {why}")
    verdicts = [f"--format {output.form}" for output in outputs if output.form not in FOR_READING]
    if across and (verdicts or summary):
        told = " and ".join([*verdicts, *(["--summary"] if summary else [])])
        raise UsageError(f"{told} would tell of verdicts, and there are none across devices or machines")
    if across and not others:
        if len(outputs) > 1 or outputs[0].path:
            raise UsageError(
                "--format FORM=FILE is for verdicts; devices and machines are printed: --format FORM > FILE"
            )
        return _compare_across(files, outputs[0].form)
    if len(files) == 1 and not others:
        run = read_run(files[0])
        tell_notices(run.notices)
        sides = run.header.options.get("environments")
        if isinstance(sides, list) and len(sides) == 2:
            return print_judged([compare_sides(run, *map(str, sides))], fail_on, outputs, summary=summary)
        if within := compare_settings(run) or compare_caches(run):
            return print_judged(within, fail_on, outputs, summary=summary)
    if len(files) != 2:
        raise UsageError(f"compare takes two files, BASE and NEW, got {len(files)}; --across takes any number of runs")
    base, new = files
    if others:
        from linregbench.results.compare.files import compare_anything

        return print_judged([compare_anything(base, new, across=across)], fail_on, outputs, summary=summary)
    return print_judged([compare_runs(read_run(base), read_run(new))], fail_on, outputs, summary=summary)


@click.command(
    cls=Command,
    examples=(
        "report results/published/quick.jsonl --html /tmp/page",
        "report results/published/quick.jsonl --markdown /tmp/page/quick.md",
    ),
)
@click.argument("files", nargs=-1, required=True, type=FILE)
@option(
    *("--html", "html"),
    type=FILE,
    group=OUTPUT,
    example="--html pages",
    otherwise="that of the first file",
    help="The folder to write the page into.",
)
@option(
    "--markdown",
    type=FILE,
    group=OUTPUT,
    example="--markdown run.md",
    otherwise="none",
    help="The Markdown file to write; every case as CSV beside it.",
)
@option(
    "--full",
    is_flag=True,
    group=OUTPUT,
    example="--markdown run.md --full",
    help="Markdown with every table, not the answers alone.",
)
@option(
    "--figures",
    type=FILE,
    group=OUTPUT,
    example="--figures pictures",
    otherwise="none",
    help="The folder to write each picture into, as SVG.",
)
@option(
    "--notebook",
    is_flag=True,
    group=OUTPUT,
    example="--notebook",
    help="With the pictures of the notebook that this project grew from; starts JAX.",
)
def report(
    files: tuple[Path, ...], html: Path | None, markdown: Path | None, full: bool, figures: Path | None, notebook: bool
) -> int:
    """Write runs as one self-contained page: the answer, pictures, tables.

    FILES are run files, folders of them, asv's results, files of pytest-benchmark or pyperf; only run files have
    verdicts.
    """
    from linregbench.results.figures.render import write_figures
    from linregbench.results.formats.load import read
    from linregbench.results.frame import records_of
    from linregbench.results.report.build import report_of
    from linregbench.results.report.files import write_document, write_page
    from linregbench.results.runfile.sweep import is_folder_of_runs

    if full and markdown is None:
        raise UsageError("--full is of a Markdown document; give --markdown FILE as well")
    if markdown is not None and markdown.suffix == ".csv":
        raise UsageError(f"--markdown {markdown} is where every case would stand as CSV; give it another ending")
    if html is None and markdown is None and figures is None:
        html = files[0] if is_folder_of_runs(files[0]) else files[0].parent
    loaded = read(*files)
    tell_notices(loaded.notices)
    if figures is not None:
        for path in write_figures(records_of(loaded.frame), figures):
            print(f"picture: {plain(str(path))}")
    if html is None and markdown is None:
        return DONE
    built = report_of(loaded)
    if markdown is not None:
        tell_written(write_document(built, markdown, full=full))
    if html is not None:
        name = f"{files[0].stem}.html" if len(files) == 1 else "report.html"
        tell_written(write_page(built, html / name, notebook_svgs() if notebook else None))
    return DONE


@click.command(
    cls=Command,
    examples=("advise --samples 5000", "advise results/published/standard.jsonl --samples 1000 --batch 32"),
)
@click.argument("files", nargs=-1, type=FILE)
@option("--samples", required=True, type=click.IntRange(1), group=WHAT, example="--samples 5000", help="Samples n.")
@option("--features", default=2, type=click.IntRange(1), group=WHAT, example="--features 16", help="Features d.")
@option(
    *("--batch",), default=1, type=click.IntRange(1), group=WHAT, example="--batch 32", help="Problems solved together."
)
@option(
    "--calls",
    type=click.IntRange(1),
    group=WHAT,
    example="--calls 10",
    otherwise="only the steady state counts",
    help="How often it is called.",
)
@option(
    "--accuracy",
    type=float,
    group=WHAT,
    example="--accuracy 1e-4",
    otherwise="any right answer",
    help="The largest relative error that will do; also, who is first to that excess loss.",
)
@option("--method", default="gd", type=Choice(["gd", "ols"]), group=WHAT, example="--method ols", help="How.")
@option(*("--steps",), default=100, type=click.IntRange(1), group=WHAT, example="--steps 1000", help="Steps, for gd.")
@option(
    "--dtype",
    default="float32",
    type=Choice(["float32", "float64"]),
    group=WHAT,
    example="--dtype float64",
    help="Type of the numbers.",
)
@option("--threads", default="1", group=WHERE, example="--threads all", help="1, a number, or all.")
def advise(files: Sequence[Path], **asked: Any) -> int:
    """Which way at this size?

    From FILES, or folders of them, else results/runs, else results/published; never extrapolated.
    """
    from linregbench.results.formats.load import read
    from linregbench.results.models.advise import Wish, in_words
    from linregbench.results.models.advise import advise as advised
    from linregbench.results.runfile.sweep import is_folder_of_runs
    from linregbench.results.tables.accuracy import advice_on_accuracy

    kept = (path for path in RUNS.glob("*") if path.suffix == ".jsonl" or is_folder_of_runs(path))
    found = files or sorted(kept) or sorted(PUBLISHED.glob("*.jsonl"))
    if not found:
        raise UsageError(
            f"no runs in {RUNS} or {PUBLISHED}: name a file, or make one by linregbench run --preset smoke"
        )
    frame = read(*(files or readable(found))).frame  # a torn tail is no news here
    wish = Wish(**asked)
    advice = advised(frame, wish)
    races = advice_on_accuracy(frame, wish.size(), wish.threads, wish.accuracy) if wish.accuracy else []
    for line in (*(in_words(advice) if advice.candidates or not races else []), *races):
        print(line)
    return DONE if advice.candidates or races else NO_ANSWER


def readable(files: Sequence[Path]) -> list[Path]:
    """Those of files that nobody named which are runs; the others are told."""
    from linregbench.results.runfile.read import RunFileError, read_run

    readable = []
    for path in files:
        try:
            read_run(path)
        except RunFileError as error:
            tell_notices([f"left out {error}"])
        else:
            readable.append(path)
    if not readable:
        raise UsageError(f"no file in {files[0].parent} is a run that can be read: name another, or measure one")
    return readable


def tell_notices(notices: Iterable[str]) -> None:
    """A line on standard error for whatever a file was read without."""
    for notice in notices:
        print(f"linregbench: {plain(notice)}", file=sys.stderr)


def tell_written(files: Mapping[str, Path]) -> None:
    """A line for each file that was written: what it is, and where."""
    for what, path in files.items():
        print(f"{what}: {plain(str(path))}")


def _compare_across(files: Sequence[Path], form: str) -> int:
    """Print devices or machines beside each other; status NO_ANSWER where they have nothing in common."""
    from linregbench.results.compare.devices.frame import across_frame
    from linregbench.results.compare.devices.ratios import compare_sides_across, without_common
    from linregbench.results.compare.devices.sides import sides_of
    from linregbench.results.runfile.sweep import read_runs
    from linregbench.results.tables.device_words import across_document
    from linregbench.results.tables.formats import show

    runs = read_runs(*files)
    tell_notices(notice for run in runs for notice in run.notices)
    sides = sides_of(runs)
    comparisons = compare_sides_across(sides)
    for line in without_common(sides, comparisons):
        print(f"linregbench: {line}", file=sys.stderr)
    if not comparisons:
        return NO_ANSWER
    show(form, lambda: [across_document(across) for across in comparisons], lambda: across_frame(comparisons))
    return DONE
