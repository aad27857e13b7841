"""The command line: linregbench run, table, report, advise, list, demo.

Reports and tables are imported only when they are asked for, and no command but `run` starts a backend.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from linregbench.results.runfile.read import RunFileError

from ..grid.options import MOST_CPU_DEVICES, RunOptions, UsageError, parse_duration, parse_list, whole
from ..grid.presets import PRESETS
from ..processes.handle import NurseryError
from . import cli_doors, cli_inspect, cli_reports
from .columns import columns

NOTHING_MEASURED, INTERRUPTED = 1, 130
FILE = click.Path(path_type=Path)
_FORMAT = click.option(
    "--format", "form", type=click.Choice(["rich", "markdown", "csv", "json"]), default="rich", show_default=True
)
_RUN_OPTIONS: tuple[Any, ...] = (
    click.option(
        "--preset", default="quick", show_default=True, help="; ".join(f"{p.name}: {p.about}" for p in PRESETS.values())
    ),
    click.option("--method", help="gd, ols, gd_tol (gradient descent to a tolerance)."),
    click.option("--strategy", help="Strategies, as `linregbench list` names them."),
    click.option("--variant", help="Gradients (autodiff, analytic, finite) or closed forms (inverse, solve, ...)."),
    click.option("--device", help="cpu, cuda, cuda:1, ...; one that is absent is skipped, with the reason."),
    click.option("--dtype", help="float32, float64."),
    click.option("--precision", help="highest, default, high: of float32 products in JAX; all else has but one."),
    click.option("--samples", help="Samples n."),
    click.option("--features", help="Features d, the intercept counted."),
    click.option("--batch", help="Problems solved together."),
    click.option("--steps", help="Steps of gradient descent."),
    click.option("--condition", help="Condition numbers given to the data."),
    click.option("--threads", help="1, a number, or all."),
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(importlib.metadata.version("linregbench"), prog_name="linregbench")
def cli() -> None:
    """Time linear regression in NumPy and JAX, every way side by side: which is fastest, by how much, how sure."""


@cli.command()
@run_options
@click.option("--output", type=FILE, help="The run file to write [results/runs/DATE-TIME.jsonl].")
@click.option("--resume", type=FILE, help="Go on with an interrupted run; every option is taken from the file.")
@click.option("--dry-run", is_flag=True, help="Say what would be run and about how long it would take.")
@click.option("--no-report", is_flag=True, help="Tables alone: no report and no page beside the run file.")
def run(output: Path | None, resume: Path | None, dry_run: bool, no_report: bool, **given: Any) -> None:
    """Measure, then print the tables. An option that names an axis replaces that axis of the preset."""
    from . import commands

    if resume is not None:
        named = click.get_current_context()
        others = [
            p
            for p in named.params
            if p not in ("resume", "no_report")
            and named.get_parameter_source(p) == click.core.ParameterSource.COMMANDLINE
        ]
        if others:
            raise UsageError(f"--resume takes every option from the file: leave out --{others[0].replace('_', '-')}")
        sys.exit(commands.resume(resume, report=not no_report))
    request = commands.request(_options(given), given["plugin"], given["data"], output)
    sys.exit(commands.dry_run(request) if dry_run else commands.run(request, report=not no_report))


_FAIL_ON = click.option(
    "--fail-on",
    type=click.Choice(["slower"]),
    help="Exit with status 1 when any case is slower, or no longer comes to an answer.",
)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@_FORMAT
@click.option("--columns", help="Only these columns, for csv and json.")
def table(files: tuple[Path, ...], form: str, columns: str | None) -> None:
    """Print what run files hold."""
    from . import commands

    sys.exit(commands.table(files, form, parse_list("--columns", columns, str)))


@cli.command()
@click.argument("files", metavar="BASE NEW...", nargs=-1, required=True, type=FILE)
@click.option("--across", is_flag=True, help="Compare devices or machines, of one run file or more: no verdicts.")
@_FAIL_ON
@_FORMAT
def compare(files: tuple[Path, ...], across: bool, fail_on: str | None, form: str) -> None:
    """Compare two run files: is NEW faster or slower than BASE?"""
    from . import commands

    sys.exit(commands.compare(files, across=across, fail_on=fail_on, form=form))


@cli.command()
@click.argument("ref", required=False)
@click.option("--python", help="Another interpreter, and so another JAX, for the other side.")
@run_options
@click.option("--output", type=FILE, help="Keep the run file.")
@_FAIL_ON
@_FORMAT
def versus(
    ref: str | None, python: str | None, output: Path | None, fail_on: str | None, form: str, **given: Any
) -> None:
    """Judge the working tree against REF (a commit, a branch, an interpreter), both sampled in lockstep."""
    from . import commands

    asked = commands.request(_options(given), given["plugin"], given["data"], output)
    sys.exit(commands.versus(ref, python, asked, fail_on=fail_on, form=form))


@cli.command()
@click.option("--blocks", default=10, show_default=True, type=click.IntRange(2, 200), help="Of the A/A study.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(blocks: int, as_json: bool) -> None:
    """Is this machine fit to measure on? Timer, threads, peaks, noise, and what to do about each fault."""
    from . import commands

    sys.exit(commands.check(blocks, as_json=as_json))


@cli.command("list")
def list_() -> None:
    """Strategies, presets, and the devices there are here."""
    from . import commands

    commands.listing()


@cli.command()
@click.option("--figures", type=FILE, help="Write its pictures into this folder instead: data and fits, the descent.")
def demo(figures: Path | None) -> None:
    """Replay the notebook that this project grew from, number for number."""
    if figures is not None:
        from . import commands_reports

        sys.exit(commands_reports.demo_figures(figures))
    from linregbench.solvers import notebook

    click.echo(notebook.demo())


for command in (*cli_doors.COMMANDS, *cli_inspect.COMMANDS, *cli_reports.COMMANDS, columns):
    cli.add_command(command)


def _options(given: dict[str, Any]) -> RunOptions:
    def listed(name: str, convert: Callable[[str], Any] = str) -> Any:
        return parse_list(f"--{name}", given[name], convert)

    def number(name: str) -> int | None:
        values = listed(name, whole)
        if values is not None and len(values) != 1:
            raise UsageError(f"--{name} takes one number, got {given[name]!r}")
        return values[0] if values else None

    return RunOptions(
        preset=given["preset"],
        methods=listed("method"),
        strategies=listed("strategy"),
        variants=listed("variant"),
        devices=listed("device") or ("cpu",),
        dtypes=listed("dtype"),
        precisions=listed("precision", str.lower),
        samples=listed("samples", whole),
        features=listed("features", whole),
        batch=listed("batch", whole),
        steps=listed("steps", whole),
        conditions=listed("condition", float),
        threads=listed("threads"),
        cpu_devices=given["cpu_devices"],
        baseline=given["baseline"],
        blocks=number("blocks"),
        budget_s=parse_duration("--budget", given["budget"]),
        timeout_s=parse_duration("--timeout", given["timeout"]),
        seed=number("seed") or 0,
        flush_cache=given["flush_cache"],
    )


def main(arguments: list[str] | None = None) -> None:
    """The entry point: a user's mistake is one line on standard error and exit status 2."""
    try:
        cli.main(arguments, prog_name="linregbench", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        sys.exit(_refuse(error.format_message()))
    except (UsageError, RunFileError) as error:
        sys.exit(_refuse(str(error)))
    except NurseryError as error:
        _refuse(str(error))
        sys.exit(NOTHING_MEASURED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _refuse(message: str) -> int:
    print(f"linregbench: {' '.join(message.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
