"""Lines of a run file as records, decoded and checked in one go by msgspec; only what is as it should be.

A run has a hundred thousand lines, and checking forty fields of each in Python takes most of the time to read it. The
types are those of the dataclasses in `kinds`; what is refused here is for `lines` to read field by field and to name.
"""

import functools
import operator
import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from results.schema import Scalars, record_of, shared_numbers, shared_scalars

_WHOLE = Annotated[int, msgspec.Meta(gt=-(2**63), lt=2**63 - 1)]

# thousands of records tell the same of these: one object for all of them
_SHARED: dict[Any, Callable[[Any], Any]] = {Scalars: shared_scalars, tuple[int, ...]: shared_numbers}


class Decoder:
    """Bytes of one line -> its record, for these kinds by the name in `record`; ValueError for any other line."""

    def __init__(self, kinds: Mapping[str, type]) -> None:
        shapes = {_shape(name, kind): kind for name, kind in kinds.items()}
        self._kinds = {shape: (kind, _shared_fields(kind)) for shape, kind in shapes.items()}
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(functools.reduce(operator.or_, shapes)).decode

    def __call__(self, line: bytes) -> Any:
        told = self._decode(line)
        kind, shared = self._kinds[type(told)]
        values = msgspec.structs.asdict(told)
        for name, one_object in shared:
            values[name] = one_object(values[name])
        return record_of(kind, values)


def _shape(name: str, kind: Any) -> type:
    """A struct with the fields of a dataclass; what may be None may be missing."""
    hints = get_type_hints(kind)
    told: list[Any] = []
    for field in fields(kind):
        hint = _bounded(hints[field.name])
        told.append((field.name, hint, None) if type(None) in get_args(hint) else (field.name, hint))
    return msgspec.defstruct(kind.__name__, told, tag_field="record", tag=name, kw_only=True, gc=False)


def _bounded(hint: Any) -> Any:
    """The same type, its whole numbers below 2**63."""
    if hint is int:
        return _WHOLE
    inner = tuple(map(_bounded, get_args(hint)))
    if not inner:
        return hint
    return functools.reduce(operator.or_, inner) if isinstance(hint, types.UnionType) else get_origin(hint)[inner]


def _shared_fields(kind: Any) -> list[tuple[str, Callable[[Any], Any]]]:
    return [(name, _SHARED[hint]) for name, hint in get_type_hints(kind).items() if hint in _SHARED]
