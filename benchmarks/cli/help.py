"""How a command explains itself: options in groups, each with its default and an example, and commands that work.

click has neither groups nor examples. Names are completed by its own `shell_complete`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from .. import devices
from ..grid.options import CACHES, PRECISIONS, nearest
from ..grid.presets import PRESETS

WHAT, HOW, WHERE, HOW_LONG, OUTPUT, OTHER = "What", "How", "Where", "How long", "Output", "Options"
GROUPS = (WHAT, HOW, WHERE, HOW_LONG, OUTPUT, OTHER)
"""Of options, in the order of the help."""

WIDEST = 120
"""Columns; a wider terminal is not filled, since long lines are hard to read."""

NAME = "linregbench"


class Option(click.Option):
    """An option with its group, an example, and what holds `otherwise` where there is no default to show."""

    def __init__(self, *names: Any, group: str = OTHER, example: str = "", otherwise: str = "", **rest: Any) -> None:
        super().__init__(*names, **rest)
        self.group, self.example, self.otherwise = group, example, otherwise

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Its names, and its words with the default and the example."""
        record = super().get_help_record(ctx)
        if record is None:
            return None
        # where an option has none, click has a mark of its own there
        default = str(self.default) if isinstance(self.default, str | int | float) else ""
        shown = self.otherwise or ("off" if self.is_flag else default)
        parts = [f"default: {shown}"] if shown else []
        parts += [f"e.g. {self.example}"] if self.example else []
        return record[0], f"{self.help}  [{'; '.join(parts)}]" if parts else str(self.help)


class Choice(click.Choice[str]):
    """One of several words; the nearest is named for one that is none of them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word. Raises click.BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            message = f"{error.message.removesuffix('.')}{nearest(str(value), self.choices)}"
            raise click.BadParameter(message, ctx, param) from None


class Command(click.Command):
    """A command whose options stand in groups, and whose help ends in examples: commands that work."""

    def __init__(self, *given: Any, examples: Sequence[str] = (), **rest: Any) -> None:
        super().__init__(*given, **rest)
        self.examples = tuple(examples)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A section for each group that has options."""
        of_groups: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                of_groups[getattr(parameter, "group", OTHER)].append(record)
        for group, records in of_groups.items():
            if records:
                with formatter.section(group):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's
        """The examples."""
        write_examples(formatter, self.examples)


class Group(click.Group):
    """The commands in sections, then examples. A command that is in none would not be shown, and a test looks."""

    sections: dict[str, tuple[str, ...]]
    examples: tuple[str, ...]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A section for each kind of command."""
        for title, names in self.sections.items():
            with formatter.section(title):
                shown = [(name, self.get_command(ctx, name)) for name in names]
                width = formatter.width
                formatter.write_dl([(name, command.get_short_help_str(width)) for name, command in shown if command])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's
        """The examples."""
        write_examples(formatter, self.examples)


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """One command a line."""
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{NAME} {example}\n")


def option(*names: str, **rest: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`click.option` for an `Option`."""
    return click.option(*names, cls=Option, **rest)


Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def names_from(known: Callable[[], Iterable[str]]) -> Complete:
    """Completes the last of names separated by commas; those that stand there already are not offered again."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
        done, comma, begun = incomplete.rpartition(",")
        taken = done.split(",")
        return [f"{done}{comma}{name}" for name in known() if name.startswith(begun) and name not in taken]

    return complete


def completion(option_name: str) -> dict[str, Complete]:
    """The keyword of `option` that completes the names of an axis; nothing for one that has no names."""
    known = _NAMES.get(option_name)
    return {} if known is None else {"shell_complete": names_from(known)}


def _registered(field: str) -> Callable[[], Iterable[str]]:
    def names() -> Iterable[str]:
        from linregbench.solvers.registry import load_builtin  # imports JAX: 0.7 s

        return sorted({getattr(solver, field) for solver in load_builtin().values()})

    return names


def _words(name: str) -> Callable[[], Iterable[str]]:
    def names() -> Iterable[str]:
        from linregbench.solvers import workload  # brings NumPy

        return tuple(getattr(workload, name))

    return names


_NAMES: dict[str, Callable[[], Iterable[str]]] = {
    "preset": lambda: PRESETS,
    "strategy": _registered("strategy"),
    "variant": _registered("variant"),
    "device": lambda: devices.PLATFORMS,
    "method": _words("METHODS"),
    "dtype": _words("DTYPES"),
    "cache": lambda: CACHES,
    "precision": lambda: PRECISIONS,
    "threads": lambda: ("1", "all"),
}


def program() -> str:
    """How a person types this command here: by its name, or where the shell would not find that, as it was typed."""
    typed = Path(sys.argv[0])
    return str(typed) if typed.name == NAME and shutil.which(NAME) is None else NAME
