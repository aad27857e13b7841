"""What passes to and from other programs: `export`, asv's `history`, and the `columns` that a frame has."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from ..grid.options import UsageError
from .help import OUTPUT, Choice, Command, option
from .read import FILE, tell_notices
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
    type=Choice(["pyperf", "pytest-benchmark", "csv", "parquet"]),
    group=OUTPUT,
    example="--format csv",
    help="Of the file to write; parquet needs pyarrow.",
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
    from linregbench.results.formats.export import FORMATS
    from linregbench.results.formats.export import export as write
    from linregbench.results.frame import from_runs
    from linregbench.results.runfile.read import read_run
    from linregbench.results.words.text import counted

    measured = read_run(run)
    tell_notices(measured.notices)
    target = output or run.with_name(run.name.removesuffix(".jsonl") + FORMATS[form][0])
    write(measured, form, target)
    lost = int(from_runs(measured)["time_s"].isna().sum()) if form in ("pyperf", "pytest-benchmark") else 0
    if lost:
        left_out = counted(lost, "case")
        print(f"linregbench: left out {left_out} without a time: {form} has no word for that", file=sys.stderr)
    print(target)
    return DONE


@click.command(cls=Command, examples=("history", "history .asv/results --plot /tmp/history.svg"))
@click.argument("folder", type=FILE, default=Path(".asv/results"))
@option(
    "--plot",
    type=FILE,
    group=OUTPUT,
    example="--plot history.svg",
    otherwise="no picture",
    help="Draw it too, as .svg, .png or .pdf.",
)
def history(folder: Path, plot: Path | None) -> int:
    """Print what asv measured over commits.

    Without asv's pages, which need the net.
    """
    from linregbench.results.figures.history import plot as draw
    from linregbench.results.formats.load import read
    from linregbench.results.tables.history import history_document
    from linregbench.results.tables.terminal import print_document

    loaded = read(folder)
    tell_notices(loaded.notices)
    frame = loaded.frame
    others = frame.loc[frame["source"] != "asv", "source"]
    if len(others):
        raise UsageError(f"history is of asv's results over commits, and {folder} is a file of {others.iloc[0]}")
    print_document(history_document(frame))
    if plot is not None:
        try:
            draw(frame, plot)
        except (OSError, ValueError) as error:
            raise UsageError(f"--plot {plot}: {error}") from None
        print(plot)
    return DONE


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
