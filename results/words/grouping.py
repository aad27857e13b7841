"""Rows that belong together, and what their titles must tell apart."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from ..fields import CONTEST_KEYS
from .text import plain
from .titles import TOLD_IF_VARYING, Record, at_precision

Key = tuple[tuple[str, Any], ...]
"""What rows agree in, as pairs of name and value: `dict` makes a record of it."""


def grouped(records: Iterable[Record], names: Sequence[str] = CONTEST_KEYS) -> dict[Key, list[Record]]:
    """The rows that agree in all of these columns, groups and rows in the order given; by default whole contests."""
    values = itemgetter(*names)  # two names or more
    found: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        found.setdefault(values(record), []).append(record)
    return {tuple(zip(names, own, strict=True)): rows for own, rows in found.items()}


def named(records: Sequence[Record]) -> list[Record]:
    """Rows of one group with their `name`: strategy and variant, a precision that is not the highest, and the device
    unless all ran on the CPU."""
    everywhere = {record["device"] for record in records} == {"cpu"}
    return [record | {"name": _name(record, device=not everywhere)} for record in records]


def varying(records: Iterable[Record], names: Iterable[str] = TOLD_IF_VARYING) -> frozenset[str]:
    """Those of the columns that have more than one value, missing ones aside: what a title must name."""
    seen: dict[str, set[Any]] = {name: set() for name in names}
    for record in records:
        for name, values in seen.items():
            values.add(record.get(name))
    return frozenset(name for name, values in seen.items() if len(values - {None}) > 1)


def _name(record: Record, *, device: bool) -> str:
    name = plain(f"{record['strategy']} {record['variant']}") + at_precision(record["precision"])
    return f"{name} on {plain(record['device'])}" if device else name
