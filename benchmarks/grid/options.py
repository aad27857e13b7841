"""What a run is asked to do, checked where it enters; kept in the run file, so that a resumed run asks the same."""

from __future__ import annotations

import contextlib
import difflib
import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeVar

import msgspec

from .. import devices
from .presets import PRESETS
from .settings import settings_of

MEANT_DEVICE = {"gpu": "cuda", "nvidia": "cuda", "amd": "rocm"}
"""What people call a device that has another name here."""
PRECISIONS = ("highest", "default", "high")
"""Of float32 products in JAX, what `jax_default_matmul_precision` takes; `default` leaves it to the device."""
HOT, COLD = CACHES = ("hot", "cold")
"""Caches as the calls before left them, or emptied before each sample."""

T = TypeVar("T")

MOST_CPU_DEVICES = 256
"""Each has threads of its own, so that some thousands would not start."""
MOST = 10**15
"""No number asked for is larger: the run file holds none past 2**63."""
MOST_S = 365 * 86400.0
"""No wait is longer: a year, which every clock and system call can hold."""
MOST_THREADS = 10**6


class UsageError(ValueError):
    """Something asked for that cannot be: one line that says what was wrong and what is allowed; exit status 2."""


def parse_list(option: str, text: str | None, convert: Callable[[str], T]) -> tuple[T, ...] | None:
    """Comma-separated values, each once; None where the option was not given. Raises UsageError."""
    if text is None:
        return None
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise UsageError(f"{option} takes values separated by commas, got {shown(text)}")
    try:
        return tuple(dict.fromkeys(convert(item) for item in items))
    except ValueError:
        kind = {whole: "whole numbers", float: "numbers"}.get(convert, "values")
        raise UsageError(f"{option} takes {kind} separated by commas, got {shown(text)}") from None


def whole(text: str) -> int:
    """A whole number, where 1_000, 1e5 and 100000 are all welcome."""
    number = float(text)
    if not number.is_integer():  # nor are infinity and NaN
        raise ValueError(text)
    return int(number)


class Axis(NamedTuple):
    """An axis of the command line: the field of RunOptions that holds its values, what reads its text, its help, and
    an example of its values."""

    field: str
    convert: Callable[[str], Any]
    help: str
    example: str


AXES = {
    "method": Axis("methods", str, "gd, ols, gd_tol (gradient descent to a tolerance).", "gd"),
    "strategy": Axis(
        *("strategies", str, "Strategies, as `linregbench list` names them, or patterns: 'numba*'."),
        "numpy_loop,jax_scan",
    ),
    "variant": Axis(
        *("variants", str, "Gradients (autodiff, analytic, finite), closed forms (inverse, ...), patterns."),
        "autodiff,analytic",
    ),
    "device": Axis(
        "devices", str, "cpu, cuda, cuda:1, ...; one that is absent is skipped, with the reason.", "cpu,cuda"
    ),
    "dtype": Axis("dtypes", str, "float32, float64.", "float32,float64"),
    "precision": Axis(
        *("precisions", str.lower, "highest, default, high: of float32 products in JAX; all else has but one."),
        "highest,default",
    ),
    "samples": Axis("samples", whole, "Samples n.", "1000,1e5"),
    "features": Axis("features", whole, "Features d, the intercept counted.", "2,16"),
    "batch": Axis("batch", whole, "Problems solved together.", "1,128"),
    "steps": Axis("steps", whole, "Steps of gradient descent.", "100"),
    "condition": Axis("conditions", float, "Condition numbers given to the data.", "10,1000"),
    "threads": Axis("threads", str, "1, a number, or all.", "1,all"),
    "cache": Axis(
        "caches", str, "hot, cold: cold empties the last-level cache before each sample of one call.", "hot,cold"
    ),
}
"""By name, in the order of the command line's help."""
SINGLE = ("settings", "baseline", "cpu_devices", "blocks", "budget_s", "timeout_s", "seed", "shard")


def lists_of(given: Mapping[str, str | None]) -> dict[str, Any]:
    """By field of RunOptions, the values of every axis that was given. Raises UsageError."""
    lists = {axis.field: parse_list(f"--{name}", given.get(name), axis.convert) for name, axis in AXES.items()}
    return {field: values for field, values in lists.items() if values is not None}


@dataclass(frozen=True)
class RunOptions:
    """One run. An axis that is None is the preset's."""

    preset: str = "quick"
    methods: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None
    variants: tuple[str, ...] | None = None
    devices: tuple[str, ...] = ("cpu",)
    dtypes: tuple[str, ...] | None = None
    precisions: tuple[str, ...] | None = None
    samples: tuple[int, ...] | None = None
    features: tuple[int, ...] | None = None
    batch: tuple[int, ...] | None = None
    steps: tuple[int, ...] | None = None
    conditions: tuple[float, ...] | None = None
    threads: tuple[str, ...] | None = None
    caches: tuple[str, ...] = (HOT,)
    environments: tuple[str, ...] = ("here",)
    settings: tuple[str, ...] = ()  # variables of the environment and their values, as typed
    cpu_devices: int = 1
    baseline: str = "numpy_loop"
    blocks: int | None = None
    budget_s: float | None = None
    timeout_s: float | None = None
    seed: int = 0
    data_label: str | None = None
    plugins_alone: bool = False  # of `versus`: no solver but theirs competes, with the baseline
    shard: str | None = None  # I/N: every N-th problem of the sweep from the I-th on
    more_than: float | None = None  # of `versus`: the difference that it stops at the answer to, as a fraction

    def __post_init__(self) -> None:
        from linregbench.solvers.workload import DTYPES, METHODS  # brings NumPy, which `--help` does without

        one_of("preset", (self.preset,), PRESETS)
        one_of("method", self.methods, METHODS)
        one_of("dtype", self.dtypes, DTYPES)
        one_of("precision", self.precisions, PRECISIONS)
        one_of("cache", self.caches, CACHES)
        for device in self.devices:
            try:
                devices.parse(device)
            except ValueError as error:
                meant = nearest(device, devices.PLATFORMS, MEANT_DEVICE)
                raise UsageError(f"{error}{meant}") from None
        for name in ("samples", "features", "batch", "steps"):
            _within(f"--{name}", getattr(self, name), 1)
        _within("--condition", self.conditions, 1)
        _within("--cpu-devices", (self.cpu_devices,), 1, MOST_CPU_DEVICES)
        _within("--blocks", (self.blocks,) if self.blocks is not None else None, 2)
        _within("--seed", (self.seed,), 0)
        parse_shard(self.shard)
        for name in ("budget", "timeout"):
            seconds = getattr(self, f"{name}_s")
            if seconds is not None and not 0 < seconds <= MOST_S:
                raise UsageError(f"--{name} must be above 0 and at most {MOST_S / 3600:g}h, got {seconds:g} s")
        if self.more_than is not None and self.blocks is not None:
            raise UsageError("--more-than stops as soon as the question is answered: leave out --blocks")
        try:
            settings_of(self.settings)
        except ValueError as error:
            raise UsageError(str(error)) from None
        for value in self.threads or ():
            digits = value.isascii() and value.isdigit() and len(value) <= len(str(MOST_THREADS))
            if value != "all" and not (digits and 1 <= int(value) <= MOST_THREADS):
                raise UsageError(f"--threads must be a number of threads or 'all', got {shown(value)}")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for the run file."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def of(cls, preset: str, axes: Mapping[str, Any]) -> RunOptions:
        """From values or lists by the command line's names: `samples=1000`, `strategy=["jax_scan", "numpy_loop"]`.

        What NumPy and pandas have for numbers and lists is taken as well, and text as it would be typed. Raises
        UsageError.
        """
        known: dict[str, Any] = {"preset": _typed("preset", preset, str)}
        for name, value in axes.items():
            if name not in AXES and name not in SINGLE:
                one_of("option", (name,), sorted({*AXES, *SINGLE}))
            if value is None:
                continue  # the preset's
            if name in AXES:
                axis = AXES[name]
                known[axis.field] = _values(name, value, axis.convert)
            elif name == "settings":
                known[name] = tuple(_typed(name, text, str) for text in _items(value))
            else:
                read: Callable[[str, Any], Any] = _SINGLE.get(name, _whole)
                known[name] = read(name, value)
        return cls(**known)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RunOptions:
        """What `as_dict` wrote, before `caches` were an axis too. Raises UsageError where it is anything else."""
        known = dict(values)
        if known.pop("flush_cache", False):
            known["caches"] = (COLD,)
        one_of("option", known, [field.name for field in fields(cls)])
        try:
            return msgspec.convert(known, cls)
        except (msgspec.ValidationError, UnicodeError) as error:
            raise UsageError(str(error)) from None


def _items(value: Any) -> list[Any]:
    """A value or whatever holds several, NumPy's and pandas' too, as a list of plain ones."""
    if hasattr(value, "tolist"):  # arrays, Series, NumPy's scalars
        value = value.tolist()
    several = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    return [item.item() if hasattr(item, "item") else item for item in (value if several else [value])]


def _values(name: str, value: Any, convert: Callable[[str], Any]) -> tuple[Any, ...]:
    """The values of an axis, each once. Raises UsageError."""
    if not (items := _items(value)):
        raise UsageError(f"{name} has no values, got {shown(value)}: leave it out for the preset's")
    of_axis: list[Any] = []
    for item in items:
        if isinstance(item, str):
            of_axis += parse_list(name, item, convert) or ()
        elif convert is float:
            of_axis.append(_typed(name, item, float))
        elif convert is whole or (name == "threads" and item is not None):
            number = _whole(name, item)
            of_axis.append(str(number) if name == "threads" else number)
        else:
            _typed(name, item, str)
    return tuple(dict.fromkeys(of_axis))


def _typed(name: str, value: Any, kind: type) -> Any:
    """Text, or a real number as a float. Raises UsageError; true and false are neither."""
    if kind is str and isinstance(value, str):
        return value
    if kind is float and isinstance(value, Real) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            return float(value)
    raise UsageError(f"{name} takes {'text' if kind is str else 'numbers'}, got {shown(value)}")


def _whole(name: str, value: Any) -> int:
    """A whole number, whoever's it is. Raises UsageError."""
    items = _items(value)
    number = items[0] if len(items) == 1 else None
    if isinstance(number, str):
        with contextlib.suppress(ValueError):
            return whole(number)
    elif isinstance(number, int | float | Integral) and not isinstance(number, bool) and number == number // 1:
        return int(number)
    raise UsageError(f"{name} takes {'whole numbers' if name in AXES else 'a whole number'}, got {shown(value)}")


def _seconds(name: str, value: Any) -> float:
    """Seconds from a number, a time of the standard library, NumPy or pandas, or text such as 5m. Raises UsageError."""
    if isinstance(value, str):
        return parse_duration(name, value) or 0.0
    import numpy as np  # not at the top: `--help` does without

    if isinstance(value, np.timedelta64):
        value = value / np.timedelta64(1, "s")
    items = _items(value)
    seconds: Any = items[0] if len(items) == 1 else None
    if seconds is not None and hasattr(seconds, "total_seconds"):
        seconds = seconds.total_seconds()
    if isinstance(seconds, Real) and not isinstance(seconds, bool):
        with contextlib.suppress(OverflowError):
            return float(seconds)
    raise UsageError(f"{name} takes seconds, a timedelta, or text such as '90s', got {shown(value)}")


_SINGLE: dict[str, Callable[[str, Any], Any]] = {
    "baseline": lambda name, value: _typed(name, value, str),
    "budget_s": _seconds,
    "timeout_s": _seconds,
}


def shown(value: Any) -> str:
    """Short, for an error."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def parse_shard(text: str | None) -> tuple[int, int]:
    """Which shard of how many, from 2/8; 1 of 1 where none was asked for. Raises UsageError."""
    if text is None:
        return 1, 1
    number, _, of = text.partition("/")
    if not all(part.isascii() and part.isdigit() for part in (number, of)) or not 1 <= int(number) <= int(of) <= MOST:
        raise UsageError(f"--shard takes I/N, the I-th of N from 1 to N, got {text!r}")
    return int(number), int(of)


def parse_duration(option: str, text: str | None) -> float | None:
    """Seconds from 90, 90s, 5m or 1.5h; None where the option was not given. Raises UsageError."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", text.strip())
    if match is None or len(match[1]) > 12 or float(match[1]) <= 0:
        raise UsageError(f"{option} takes a time such as 90s, 5m or 1.5h, got {shown(text)}")
    return float(match[1]) * {"s": 1.0, "m": 60.0, "h": 3600.0}[match[2] or "s"]


def parse_percentage(option: str, text: str | None) -> float | None:
    """A fraction from 5% or 0.5%; None where the option was not given. Raises UsageError."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", text.strip())
    if match is None or not 0 < float(match[1]) <= 100:
        raise UsageError(f"{option} takes a percentage such as 5%, above 0 and at most 100%, got {text!r}")
    return float(match[1]) / 100


def one_of(what: str, names: Iterable[str] | None, choices: Iterable[str]) -> None:
    """Raise UsageError, with the names there are and the nearest of them, for one that is not among them."""
    known = tuple(choices)
    for name in names or ():
        if name not in known:
            raise UsageError(f"unknown {what} {name!r}: choose from {', '.join(known)}{nearest(name, known)}")


def nearest(name: str, known: Iterable[str], others: Mapping[str, str] | None = None) -> str:
    """`; did you mean jax_scan?`, or nothing where no name is near; `others` are names by what people say instead."""
    said = name.casefold()
    close = [others[said]] if others and said in others else difflib.get_close_matches(said, known, 1)
    return f"; did you mean {close[0]}?" if close else ""


def some_of(what: str, patterns: Iterable[str] | None, choices: Sequence[str]) -> None:
    """Raise UsageError, with the names there are, for a name or pattern that is true of none of them."""
    for pattern in patterns or ():
        if not fnmatch.filter(choices, pattern):
            raise UsageError(f"unknown {what} {pattern!r}: choose from {', '.join(choices)}{nearest(pattern, choices)}")


def _within(option: str, values: Sequence[float] | None, least: int, most: int = MOST) -> None:
    for value in values or ():
        if not value >= least:
            raise UsageError(f"{option} must be at least {least}, got {value:g}")
        if value > most:
            raise UsageError(f"{option} must be at most {most:g}, got {value:g}")
