"""Exchange with other programs: `export` writes their formats, `history` reads asv's; each returns the exit status."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..grid.options import UsageError
from .read import FILE, tell_notices


@click.command()
@click.argument("run", type=FILE)
@click.option("--format", "form", required=True, type=click.Choice(["pyperf", "pytest-benchmark", "csv", "parquet"]))
@click.option("--output", type=FILE, help="[beside the run file]")
def export(run: Path, form: str, output: Path | None) -> int:
    """Write a run file in another program's format."""
    from linregbench.results.formats.export import FORMATS
    from linregbench.results.formats.export import export as write
    from linregbench.results.frame import from_runs
    from linregbench.results.runfile.read import read_run
    from linregbench.results.words.text import counted

    measured = read_run(run)
    tell_notices([measured])
    target = output or run.with_name(run.name.removesuffix(".jsonl") + FORMATS[form][0])
    write(measured, form, target)
    lost = int(from_runs(measured)["time_s"].isna().sum()) if form in ("pyperf", "pytest-benchmark") else 0
    if lost:
        left_out = counted(lost, "case")
        print(f"linregbench: left out {left_out} without a time: {form} has no word for that", file=sys.stderr)
    print(target)
    return 0


@click.command()
@click.argument("folder", type=FILE, default=Path(".asv/results"))
@click.option("--plot", type=FILE, help="Draw it too, as .svg, .png or .pdf.")
def history(folder: Path, plot: Path | None) -> int:
    """Print what asv measured over commits, without asv's pages, which need the net."""
    from linregbench.results.figures.history import plot as draw
    from linregbench.results.formats.load import load
    from linregbench.results.tables.history import history_document
    from linregbench.results.tables.terminal import print_document

    frame = load(folder)
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
    return 0
