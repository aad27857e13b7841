"""What passes to and from other programs: `export`, asv's `history`, and the `columns` that a frame has."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from ..grid.options import UsageError
from .help import OUTPUT, Choice, Command, option
from .read import FILE, FORMAT, readable, tell_notices
from .statuses import DONE


@click.command(
    cls=Command,
    examples=(
        "export results/published/quick.jsonl --format csv --output /tmp/quick.csv",
        "export results/published/quick.jsonl --format pyperf --output /tmp/quick.json",
    ),
)
@click.argument("run", type=FILE)
@option(
    *("--format", "form"),
    required=True,
    type=Choice(["pyperf", "pytest-benchmark", "csv", "parquet", "bencher", "github-action-benchmark"]),
    group=OUTPUT,
    example="--format csv",
    help="Of the file to write; parquet needs pyarrow; bencher and github-action-benchmark take ratios, not times.",
)
@option(
    "--output",
    type=FILE,
    group=OUTPUT,
    example="--output run.csv",
    otherwise="beside the run file",
    help="The file to write.",
)
def export(run: Path, form: str, output: Path | None) -> int:
    """Write a run file in another program's format."""
    from linregbench.results.formats.export import FORMATS, write_new
    from linregbench.results.frame import from_runs
    from linregbench.results.runfile.read import read_run
    from linregbench.results.tables.dashboards import DASHBOARDS, points_of_run
    from linregbench.results.words.text import counted

    measured = read_run(run)
    tell_notices(measured.notices)
    ending = f".{form}.json" if form in DASHBOARDS else FORMATS[form][0]
    content = DASHBOARDS[form](points_of_run(measured)).encode() if form in DASHBOARDS else FORMATS[form][1](measured)
    target = output or run.with_name(run.name.removesuffix(".jsonl") + ending)
    write_new(target, content)
    lost = int(from_runs(measured)["time_s"].isna().sum()) if form not in ("csv", "parquet") else 0
    if lost:
        left_out = counted(lost, "case")
        print(f"linregbench: left out {left_out} without a time: {form} has no word for that", file=sys.stderr)
    print(target)
    return DONE


@click.command(
    cls=Command,
    examples=(
        "history results/published --format csv",
        "history .asv/results --plot /tmp/history.svg",
    ),
)
@click.argument("sources", metavar="[RUN|FOLDER]...", nargs=-1, type=FILE)
@FORMAT
@option(
    "--plot",
    type=FILE,
    group=OUTPUT,
    example="--plot history.svg",
    otherwise="no picture",
    help="Draw it too, as .svg, .png or .pdf.",
)
def history(sources: tuple[Path, ...], form: str, plot: Path | None) -> int:
    """Where did it step, over commits or dates?

    Of run files, folders of them, or asv's results (.asv/results, where none is named); asv, if installed, finds the
    steps.
    """
    from linregbench.results.compare.history import history_of
    from linregbench.results.formats.load import read
    from linregbench.results.tables.formats import show
    from linregbench.results.tables.history import history_document, history_frame

    loaded = read(*(file for source in sources or (Path(".asv/results"),) for file in _files_in(source)))
    tell_notices(loaded.notices)
    others = loaded.frame.loc[~loaded.frame["run"].isin(list(loaded.origins)), "source"]
    if len(others):
        raise UsageError(f"history is of run files and of asv's results over commits, not of {others.iloc[0]}'s files")
    found = history_of(loaded)
    show(form, lambda: [history_document(found)], lambda: history_frame(found))
    if plot is not None:
        from linregbench.results.figures.history import plot as draw

        try:
            draw(found, plot)
        except (OSError, ValueError) as error:
            raise UsageError(f"--plot {plot}: {error}") from None
        print(plot, file=sys.stderr if form in ("csv", "json") else sys.stdout)
    return DONE


def _files_in(source: Path) -> list[Path]:
    """The run files of a folder; a folder without any is asv's, and a file is itself."""
    runs = sorted(source.glob("*.jsonl")) if source.is_dir() else []
    of_asv = any((folder / "benchmarks.json").is_file() for folder in (source, source.absolute().parent))
    if source.is_dir() and not runs and not of_asv:
        raise UsageError(f"{source}: a folder with neither run files (*.jsonl) nor results of asv's (benchmarks.json)")
    return readable(runs) if runs else [source]


@click.command(cls=Command, examples=("columns", "columns --format json"))
@option(
    *("--format", "form"),
    type=Choice(["rich", "markdown", "json"]),
    default="rich",
    group=OUTPUT,
    example="--format json",
    help="As a table for a terminal, as Markdown, or for programs.",
)
def columns(form: str) -> int:
    """What each column of a DataFrame, a CSV or a JSON table holds."""
    from linregbench.results.fields import COLUMNS, FIELDS

    told = [field for field in FIELDS if field.name in COLUMNS]
    rows = [{"column": f.name, "type": f.dtype, "unit": f.unit, "meaning": f.words} for f in told]
    if form == "json":
        click.echo(json.dumps(rows, indent=1))
    elif form == "markdown":
        click.echo(MARKDOWN_HEAD)
        for row in rows:
            click.echo(f"| `{row['column']}` | {row['type']} | {row['unit']} | {row['meaning']} |")
    else:
        _print(rows)
    return DONE


MARKDOWN_HEAD = """\
# Columns

What `linregbench.load` and `linregbench.run` return, one row a case, and what `--format csv` and `json` print; made by
`linregbench columns --format markdown`. Whatever a row does not have is missing, never 0.

| column | type | unit | meaning |
|---|---|---|---|"""


def _print(rows: list[dict[str, str]]) -> None:
    from linregbench.results.tables.table import Document, table_of
    from linregbench.results.tables.terminal import print_document

    print_document(Document([table_of("Columns", tuple(rows[0]), (row.values() for row in rows))]))
