"""Families of strategies, as a user would name them: who asks for the fastest has his answer where only one leads.

Those with cold caches compete with none but themselves, so that where a family is named, all around it says so.
"""

from collections.abc import Sequence

from .names import HIGHEST, Record, at_precision, competitor
from .settings import under
from .text import plain

FAMILIES = {
    "NumPy": ("numpy_loop", "numpy_stacked"),
    "jit": ("jax_scan", "jax_vmap", "jax_sharded", "jax_jit_step"),
}
"""By name; every other strategy, eager JAX and each of a plugin, is a family of its own."""

_FAMILY = {strategy: name for name, strategies in FAMILIES.items() for strategy in strategies}
_RANK = {strategy: rank for rank, strategy in enumerate(_FAMILY)}


def family_of(record: Record) -> str:
    """`jit`, `jit on cuda`: the family of a case, with its device where that is not the CPU, and its setting."""
    return _FAMILY.get(record["strategy"], plain(record["strategy"])) + _on(record)


def apart(records: Sequence[Record]) -> list[Record]:
    """The first case of each strategy at one place; strategies in one order, whichever of them was a little faster."""
    first: dict[tuple[str, str], Record] = {}
    for record in records:
        first.setdefault((record["strategy"], _on(record)), record)
    return sorted(first.values(), key=lambda record: _RANK.get(record["strategy"], len(_RANK)))


def members(records: Sequence[Record]) -> str:
    """The strategies among cases: `scan`, `scan or vmap`, `scan or vmap on cuda`, `loop or scan on cuda`."""
    each = apart(records)
    if len(set(map(_on, each))) == 1:
        return _joined(each) + _on(each[0])
    return " or ".join(_short(record) + _on(record) for record in each)


def either(records: Sequence[Record]) -> str:
    """Cases of one family as one answer: `jax_scan qr`, `jax_scan (qr or solve)`, `jit (scan or vmap)`."""
    first, each = records[0], apart(records)
    if len(each) > 1:
        return f"{_FAMILY[first['strategy']]} ({_joined(each)}){_on(first)}{under(None, first.get('cache'))}"
    variants = dict.fromkeys(f"{record['variant']}{at_precision(record['precision'])}" for record in records)
    if len(variants) == 1:
        return competitor(first)
    return competitor(first | {"variant": f"({' or '.join(variants)})", "precision": HIGHEST})


def _joined(each: Sequence[Record]) -> str:
    return " or ".join(map(_short, each))


def _short(record: Record) -> str:
    strategy = str(record["strategy"])
    return strategy.partition("_")[2].replace("_", " ") if strategy in _FAMILY else plain(strategy)


def _on(record: Record) -> str:
    device = "" if record["device"] == "cpu" else f" on {plain(record['device'])}"
    return device + under(record.get("setting"))
