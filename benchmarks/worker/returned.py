"""What a solver returned: arrays of real numbers, or something that must be made into them, on the clock.

An object of a foreign type may do its work when it is asked for its numbers, as a lazy array or a future does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Convert = Callable[[Any], Any]


def is_waited_for(result: Any, backend: str) -> bool:
    """Whether a call that returned this was done then: JAX's arrays are waited for where JAX is the backend."""
    return all(_is_numbers(leaf) or (backend == "jax" and _is_jax(leaf)) for leaf in _leaves(result))


def as_arrays(result: Any, convert: Convert = np.asarray) -> Any:
    """The same with everything that is no numbers yet converted."""
    if _is_sequence(result):
        parts = [as_arrays(part, convert) for part in result]
        return parts if isinstance(result, list) else tuple(parts)
    return result if _is_numbers(result) else convert(result)


def check_numbers(result: Any) -> None:
    """Raise ValueError, by name, where reading it as float64 would drop a part of it, or it is no numbers at all."""
    for leaf in _leaves(result):
        if not (_is_numbers(leaf) or _is_jax(leaf)):
            raise ValueError(f"the answer is no array but {_name(leaf)}")
        if isinstance(leaf, np.ma.MaskedArray):
            raise ValueError("the answer is a masked array, whose mask would be dropped")
        dtype = np.asarray(leaf).dtype
        if dtype.kind == "c":
            raise ValueError(f"the answer is {dtype}, whose imaginary part would be dropped")
        if dtype.kind not in "fiu" and not dtype.name.startswith(("bfloat", "float")):  # those of ml_dtypes are void
            raise ValueError(f"the answer holds {dtype}, not real numbers")


def _leaves(result: Any) -> Iterator[Any]:
    if _is_sequence(result):
        for part in result:
            yield from _leaves(part)
    else:
        yield result


def _is_sequence(result: Any) -> bool:
    """A list or tuple, or a named one; not one that makes its parts when they are asked for."""
    return isinstance(result, list | tuple) and type(result).__iter__ in (list.__iter__, tuple.__iter__)


def _is_numbers(leaf: Any) -> bool:
    return isinstance(leaf, int | float | complex | np.ndarray | np.generic)


def _is_jax(leaf: Any) -> bool:
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(leaf, jax.Array)


def _name(thing: object) -> str:
    kind = type(thing)
    return f"{kind.__module__}.{kind.__qualname__}"[:80].removeprefix("builtins.")
