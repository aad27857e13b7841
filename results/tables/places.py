"""Workloads of a comparison in short: what all of them share is said once, in a heading, and the rest in each row."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..compare.devices.ratios import Across
from ..compare.devices.sides import Spent
from ..models.rays import AXIS_LETTER
from ..stats.rows import label
from ..words.text import counted, number_text, plain
from .answers import METHOD_NAME

_KEYS: tuple[str, ...] = (
    "method",
    "samples",
    "features",
    "batch",
    "steps",
    "dtype",
    "precision",
    "condition",
    "tolerance",
)
_KEYS += ("max_steps", "step_size", "seed", "data")
_UNTOLD = ("max_steps", "seed", "precision")  # told only where they differ


def told_apart(across: Across) -> list[dict[str, Any]]:
    """The workloads, each with all that its rows may have to say."""
    return [dict(meeting.workload) | {"precision": precision_of(meeting)} for meeting in across.meetings]


def precision_of(meeting: Any) -> str:
    """The precision of the arithmetic, which both sides share."""
    return str(next(iter(meeting.best.values())).base.case.precision)


def varying(workloads: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What differs from workload to workload; samples always are told."""
    different = [key for key in _KEYS if len({w.get(key) for w in workloads} - {None}) > 1]
    return tuple(key for key in _KEYS if key in different or key == "samples")


def shared(workloads: Sequence[Mapping[str, Any]]) -> str:
    """What is alike in all, `gradient descent, d = 2, 100 steps, float32`."""
    told = varying(workloads)
    alike = [key for key in _KEYS if key not in told and key not in _UNTOLD]
    values = [(key, next((w[key] for w in workloads if w.get(key) is not None), None)) for key in alike]
    return ", ".join(_long(key, value) for key, value in values if value is not None)


def short(workload: Mapping[str, Any], told: Iterable[str], without: Iterable[str] = ()) -> str:
    """`gd n=1,000 d=2 b=8`."""
    keys = [key for key in told if key not in without and workload.get(key) is not None]
    return " ".join(_short(key, workload[key]) for key in keys)


def named(spent: Spent, *, threads: bool) -> str:
    """A case by its strategy and variant, and its threads where those are to be told."""
    text = plain(label(spent.case))
    return f"{text}, {_threads(spent.case.threads)}" if threads else text


def threads_told(across: Across) -> bool:
    """Whether a case's threads have to be told: where they differ between any two."""
    return len({case.threads for side in (across.base, across.new) for case in side.spent}) > 1


def _threads(threads: str) -> str:
    return "1 thread" if threads == "1" else f"{plain(threads)} threads"


def _long(key: str, value: Any) -> str:
    if key == "method":
        return METHOD_NAME.get(value, plain(str(value)))
    if key == "steps":
        return counted(value, "step")
    if key in AXIS_LETTER:
        return f"{AXIS_LETTER[key]} = {value:,}"
    return plain(value) if key == "dtype" else f"{key.replace('_', ' ')} {_value(value)}"


def _short(key: str, value: Any) -> str:
    if key in ("method", "dtype"):
        return plain(str(value))
    return f"{AXIS_LETTER.get(key, key)}={value:,}" if key in AXIS_LETTER else f"{key}={_value(value)}"


def _value(value: Any) -> str:
    return number_text(value) if isinstance(value, int | float) else plain(str(value))
