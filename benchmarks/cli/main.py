"""The command line: the group of its commands, and what becomes of a mistake.

What is heavy (tables, pandas, jax, the engine itself) is imported by the command that needs it, when it is asked for.
"""

from __future__ import annotations

import os
import sys

import click

from linregbench import __version__
from linregbench.results.runfile.read import RunFileError
from linregbench.results.runfile.write import WriteError
from linregbench.results.words.text import plain

from ..grid.options import UsageError
from ..processes.handle import NurseryError
from . import check, demo, exchange, inspect, measure, read, streams
from .help import WIDEST, Group, program
from .statuses import DONE, INTERRUPTED, MISTAKE, NO_ANSWER

WELCOME = """\
linregbench {version}: linear regression in NumPy and JAX, every way side by side.
Which way is fastest on this machine, by how much, and how sure is that?

Type first:
  {program} run --preset smoke       half a minute: four problems, five ways
  {program} run                      twelve problems, with intervals
  {program} advise --samples 5000    which way at your size

Help: {program} --help, {program} run --help"""
"""What is said to whoever types the name alone."""


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST},
)
@click.version_option(__version__, prog_name="linregbench")
@click.pass_context
def cli(context: click.Context) -> int | None:
    """Time linear regression in NumPy and JAX, every way side by side: which is fastest, by how much, how sure."""
    if context.invoked_subcommand is None:
        click.echo(WELCOME.format(version=__version__, program=program()))
    return DONE


cli.sections = {
    "Measure": ("run", "versus", "check", "inspect"),
    "Read what was measured": ("table", "compare", "report", "advise", "export", "history"),
    "Know what there is": ("list", "columns", "demo"),
}
cli.examples = ("run --preset smoke", "table results/published/quick.jsonl")


for _command in (
    *(measure.run, measure.versus, read.table, read.compare, read.report, read.advise, demo.demo),
    *(exchange.export, exchange.history, inspect.inspect, check.check, check.list_, exchange.columns),
):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: a user's mistake is one line on standard error and exit status 2."""
    with streams.lenient() as printed:
        status = _status(arguments)
        printed.flush()
        if lost := streams.why_lost(printed):
            status = _refused(lost, status or NO_ANSWER)
    sys.exit(status)


def _status(arguments: list[str] | None) -> int:
    """What a command exits with."""
    try:
        return int(cli.main(arguments, prog_name="linregbench", standalone_mode=False) or DONE)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else NO_ANSWER
    except (click.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as error:
        return _refused(error.format_message(), MISTAKE)
    except (NurseryError, WriteError) as error:
        return _refused(str(error), NO_ANSWER)
    except (UsageError, RunFileError) as error:
        return _refused(str(error), MISTAKE)
    except OSError as error:
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        return _refused(f"{where}{error.strerror or error}", NO_ANSWER)


def _refused(message: str, status: int) -> int:
    print(f"linregbench: {plain(' '.join(message.split()))}", file=sys.stderr)
    return status


if __name__ == "__main__":
    main()
