"""The commands that only read runs, as the command line knows them: report and advise."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--html", type=FILE, help="The folder to write the page into [that of the first file].")
@click.option("--markdown", type=FILE, help="The Markdown file to write.")
@click.option("--figures", type=FILE, help="The folder to write each picture into, as SVG.")
@click.option("--notebook", is_flag=True, help="With the notebook's own pictures; starts JAX.")
def report(
    files: tuple[Path, ...], html: Path | None, markdown: Path | None, figures: Path | None, notebook: bool
) -> None:
    """Write runs as one self-contained page: summary, pictures, answers, tables.

    FILES are run files, asv's results, files of pytest-benchmark or pyperf; only run files have verdicts.
    """
    from . import commands_reports

    sys.exit(commands_reports.report(files, html, markdown, figures, notebook=notebook))


@click.command()
@click.argument("files", nargs=-1, type=FILE)
@click.option("--samples", required=True, type=click.IntRange(1), help="Samples n.")
@click.option("--features", default=2, show_default=True, type=click.IntRange(1), help="Features d.")
@click.option("--batch", default=1, show_default=True, type=click.IntRange(1), help="Problems solved together.")
@click.option("--calls", type=click.IntRange(1), help="How often it is called; else only the steady state counts.")
@click.option(
    "--accuracy", type=float, help="The largest relative error that will do; also, who is first to that excess loss."
)
@click.option("--method", default="gd", show_default=True, type=click.Choice(["gd", "ols"]))
@click.option("--steps", default=100, show_default=True, type=click.IntRange(1), help="Steps, for gd.")
@click.option("--dtype", default="float32", show_default=True, type=click.Choice(["float32", "float64"]))
@click.option("--threads", default="1", show_default=True)
def advise(files: tuple[Path, ...], **asked: Any) -> None:
    """Which way at this size? From FILES, else results/runs, else results/published; never extrapolated."""
    from . import commands_reports

    sys.exit(commands_reports.advise(files, asked))


COMMANDS = (report, advise)
