"""The command line's doors to other programs: export, doors, history."""

from __future__ import annotations

import sys
from pathlib import Path

import click

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("run", type=FILE)
@click.option("--format", "form", required=True, type=click.Choice(["pyperf", "pytest-benchmark", "csv", "parquet"]))
@click.option("--output", type=FILE, help="[beside the run file]")
def export(run: Path, form: str, output: Path | None) -> None:
    """Write a run file in another program's format."""
    from . import commands_doors

    sys.exit(commands_doors.export(run, form, output))


@click.command()
@click.option("--method", default="gd", show_default=True, type=click.Choice(["gd", "ols"]))
@click.option("--strategy", default="jax_scan", show_default=True)
@click.option("--samples", default=1000, show_default=True, type=int)
def doors(method: str, strategy: str, samples: int) -> None:
    """Time one case through linregbench, pyperf, asv and pytest-benchmark, side by side."""
    from . import commands_doors

    sys.exit(commands_doors.compare_doors(method, strategy, samples))


@click.command()
@click.argument("folder", type=FILE, default=Path(".asv/results"))
@click.option("--plot", type=FILE, help="Draw it too, as .svg, .png or .pdf.")
def history(folder: Path, plot: Path | None) -> None:
    """Print what asv measured over commits, without asv's pages, which need the net."""
    from . import commands_doors

    sys.exit(commands_doors.history(folder, plot))


COMMANDS = (export, doors, history)
