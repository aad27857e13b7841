"""The command line: the group of its commands, and what becomes of a mistake.

What is heavy (tables, pandas, jax, the engine itself) is imported by the command that needs it, when it is asked for.
"""

from __future__ import annotations

import sys

import click

from linregbench.results.runfile.read import RunFileError

from ..grid.options import UsageError
from ..processes.handle import NurseryError
from . import check, exchange, inspect, measure, read
from .statuses import INTERRUPTED, MISTAKE, NO_ANSWER


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="linregbench", prog_name="linregbench")
def cli() -> None:
    """Time linear regression in NumPy and JAX, every way side by side: which is fastest, by how much, how sure."""


for _command in (
    *(measure.run, measure.versus, read.table, read.compare, read.report, read.advise, read.demo),
    *(exchange.export, exchange.history, inspect.inspect, check.check, check.list_, exchange.columns),
):
    cli.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """The entry point: a user's mistake is one line on standard error and exit status 2."""
    try:
        sys.exit(cli.main(arguments, prog_name="linregbench", standalone_mode=False))
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        _refuse(error.format_message(), MISTAKE)
    except (UsageError, RunFileError) as error:
        _refuse(str(error), MISTAKE)
    except NurseryError as error:
        _refuse(str(error), NO_ANSWER)


def _refuse(message: str, status: int) -> None:
    print(f"linregbench: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
