"""The facts of a device, by the names that the run file has, as lines that a person reads."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..runfile.records import Environment

_BINARY = (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


def facts_of(environment: Environment) -> list[str]:
    """`cuda: driver 580.65, memory 79.6 GiB, ...`, a line a device; nothing where the run file tells nothing."""
    lines = []
    for device, facts in (environment.facts or {}).items():
        if isinstance(facts, Mapping) and facts:
            told = ", ".join(_told(str(name), value) for name, value in facts.items())
            lines.append(f"{device} ({environment.nursery}): {told}")
    return lines


def _told(name: str, value: Any) -> str:
    """A fact; the unit at the end of its name stands after its value."""
    for ending, shown in _UNITS.items():
        if name.endswith(ending):
            return f"{name.removesuffix(ending).replace('_', ' ')} {_each(value, shown)}"
    return f"{name.replace('_', ' ')} {_each(value, str)}"


def _each(value: Any, shown: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_each(item, shown)}" for key, item in value.items() if item is not None)
    if isinstance(value, list | tuple):
        return _joined([_each(item, shown) for item in value]) or "none"
    return str(shown(value)) if isinstance(value, int | float) else str(value)


def _joined(parts: Iterable[str]) -> str:
    return " and ".join(parts) if any(" " in part for part in parts) else " ".join(parts)


def _size(count: float) -> str:
    return next((f"{count / size:,.4g} {unit}" for unit, size in _BINARY if count >= size), f"{count:g} B")


_UNITS = {"_bytes": _size, "_mhz": "{:,g} MHz".format, "_w": "{:g} W".format, "_c": "{:g} C".format}
