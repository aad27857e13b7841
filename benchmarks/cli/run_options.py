"""The options that say what is run, which `run` and `versus` share, and what becomes of what is typed behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from ..grid.options import (
    AXES,
    HOT,
    MOST_CPU_DEVICES,
    RunOptions,
    UsageError,
    lists_of,
    parse_duration,
    parse_list,
    whole,
)
from ..grid.presets import PRESETS
from .help import HOW, HOW_LONG, WHAT, WHERE, completion, option
from .read import FILE

_PRESET_WORDS = "The sweep to make. " + "; ".join(f"{p.name}: {p.about}" for p in PRESETS.values()) + "."
_GROUPS = {"device": WHERE, "threads": WHERE, "precision": HOW, "cache": HOW}
"""Of the axes, those that are not what is run but how, or where."""
_AT_FIRST = {"device": "cpu", "cache": HOT}
"""Of an axis, what holds where it is not given and it is not the preset that says so."""


def _axis_option(name: str) -> Any:
    axis = AXES[name]
    return option(
        f"--{name}",
        group=_GROUPS.get(name, WHAT),
        example=f"--{name} {axis.example}",
        otherwise=_AT_FIRST.get(name, "the preset's"),
        help=axis.help,
        metavar="LIST",
        **completion(name),
    )


_RUN_OPTIONS: tuple[Any, ...] = (
    option(
        "--preset", default="quick", group=WHAT, example="--preset smoke", help=_PRESET_WORDS, **completion("preset")
    ),
    *map(_axis_option, AXES),
    option(
        "--data",
        type=FILE,
        group=WHAT,
        example="--data mine.npz",
        otherwise="made from --seed",
        help="Your own X and y: .npz (arrays X, y) or .csv (last column y).",
    ),
    option(
        "--plugin",
        type=FILE,
        multiple=True,
        group=WHAT,
        example="--plugin mine.py",
        otherwise="none",
        help="A file of your own @solver functions; may be repeated.",
    ),
    option(
        "--baseline",
        default="numpy_loop",
        group=HOW,
        example="--baseline jax_scan",
        help="What ratios are taken against; it always runs.",
        **completion("strategy"),
    ),
    option(
        "--set",
        multiple=True,
        group=HOW,
        example="--set MALLOC_ARENA_MAX=,1",
        otherwise="none",
        metavar="NAME=VALUE[,VALUE...]",
        help="A variable of the environment, unset where empty; values compete, the first is the baseline's. May be "
        "repeated.",
    ),
    option(
        "--seed",
        group=HOW,
        example="--seed 7",
        otherwise="0",
        metavar="NUMBER",
        help="Of the data and of the order of samples.",
    ),
    option(
        "--cpu-devices",
        default=1,
        type=click.IntRange(1, MOST_CPU_DEVICES),
        metavar="NUMBER",
        group=WHERE,
        example="--cpu-devices 4 --threads all",
        help="Devices that JAX makes of the CPU, for jax_sharded; they share its cores.",
    ),
    option(
        "--blocks",
        group=HOW_LONG,
        example="--blocks 10",
        otherwise="the preset's",
        metavar="NUMBER",
        help="Exactly so many blocks: below 3 there are guesses and no intervals, from 10 on narrow ones.",
    ),
    option(
        "--budget",
        group=HOW_LONG,
        example="--budget 5m",
        otherwise="the preset's",
        metavar="TIME",
        help="For the whole run: 90s, 5m, 1.5h.",
    ),
    option(
        "--timeout",
        group=HOW_LONG,
        example="--timeout 60s",
        otherwise="the preset's",
        metavar="TIME",
        help="For the calls of one case in one block; it also sets how long a call may be.",
    ),
)


CLUSTER = option(
    "--cluster",
    group=WHERE,
    example="--cluster tcp://head:8786",
    otherwise="this machine alone",
    metavar="ADDRESS|FILE",
    help="The machines of a dask cluster that runs already: the address of its scheduler, or its scheduler file.",
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is run; lists are comma-separated and make a grid."""
    for add in reversed(_RUN_OPTIONS):
        command = add(command)
    return command


def options_of(given: Mapping[str, Any]) -> RunOptions:
    """What was typed, by the names of the options, checked. Raises UsageError."""

    def number(name: str) -> int | None:
        values = parse_list(f"--{name}", given[name], whole)
        if values is not None and len(values) != 1:
            raise UsageError(f"--{name} takes one number, got {given[name]!r}")
        return values[0] if values else None

    return RunOptions(
        preset=given["preset"],
        settings=tuple(given["set"]),
        cpu_devices=given["cpu_devices"],
        baseline=given["baseline"],
        blocks=number("blocks"),
        budget_s=parse_duration("--budget", given["budget"]),
        timeout_s=parse_duration("--timeout", given["timeout"]),
        seed=number("seed") or 0,
        more_than=given.get("more_than"),
        shard=given.get("shard"),
        **lists_of(given),
    )
