"""The command that compiles for a GPU without having one, as the command line knows it: inspect."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..grid.options import RunOptions, UsageError, parse_list, whole

FILE = click.Path(path_type=Path)


@click.command()
@click.option("--target", help="The GPU; a wrong name lists those that are known.", required=True)
@click.option("--method", help="gd, ols, gd_tol (gradient descent to a tolerance).")
@click.option("--strategy", help="Compiled strategies, as `linregbench list` names them.")
@click.option("--variant", help="Gradients (autodiff, analytic, finite) or closed forms (inverse, solve, ...).")
@click.option("--dtype", default="float32", show_default=True, help="float32, float64.")
@click.option("--precision", default="highest,default", show_default=True, help="Of float32 products.")
@click.option("--samples", default="1000", show_default=True, help="Samples n.")
@click.option("--features", default="16", show_default=True, help="Features d, the intercept counted.")
@click.option("--batch", default="1,128", show_default=True, help="Problems solved together.")
@click.option("--steps", default="100", show_default=True, help="Steps of gradient descent.")
@click.option("--launch-us", default=1.0, show_default=True, type=float, help="Assumed cost of a launch, microseconds.")
@click.option("--aot", type=FILE, help="The folder with JAX's CUDA compiler [.aot].")
@click.option("--plugin", type=FILE, multiple=True, help="A file of your own @solver functions; may be repeated.")
@click.option("--format", "form", type=click.Choice(["rich", "csv", "json"]), default="rich", show_default=True)
def inspect(
    target: str,
    precision: str,
    launch_us: float,
    aot: Path | None,
    plugin: tuple[Path, ...],
    form: str,
    **axes: str | None,
) -> None:
    """What a GPU would run, without one: launches a step, memory, TF32, and the time that launches take at least."""
    from ..aot.floors import Asked
    from . import commands_inspect

    if not 0 < launch_us < 1e6:
        raise UsageError(f"--launch-us must be a time in microseconds above 0, got {launch_us:g}")

    def names(axis: str) -> tuple[str, ...] | None:
        return parse_list(f"--{axis}", axes[axis], str)

    def numbers(axis: str) -> tuple[int, ...] | None:
        return parse_list(f"--{axis}", axes[axis], whole)

    options = RunOptions(
        methods=names("method"),
        strategies=names("strategy"),
        variants=names("variant"),
        dtypes=names("dtype"),
        samples=numbers("samples"),
        features=numbers("features"),
        batch=numbers("batch"),
        steps=numbers("steps"),
    )
    asked = Asked(options, parse_list("--precision", precision, str) or (), tuple(dict.fromkeys(plugin)))
    sys.exit(commands_inspect.inspect(target, asked, aot, launch_us, form))


COMMANDS = (inspect,)
