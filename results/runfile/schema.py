"""JSON objects into structs, checked against the struct's own annotations, with a name for whatever is wrong.

A record's fields are written down once, as a struct; this file turns a decoded JSON object into one, or says what is
wrong with it. Keys that the struct does not have are ignored, so that an older reader takes a newer writer's extras.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec

from ..words.text import plain

Whole = Annotated[int, msgspec.Meta(gt=-(2**63), lt=2**63 - 1)]
"""A whole number that pandas can hold."""
Scalar = str | Whole | float | bool | None
Scalars = Mapping[str, Scalar]

DEEPEST = 16

EMPTY = "{!r} is empty, but it is required"

_T = TypeVar("_T")
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def from_json(kind: type[_Struct], value: Mapping[str, Any]) -> _Struct:
    """The object as a `kind`; a field that may be None, or has a default, may be missing.

    Raises ValueError naming the key: it is missing, of another type, or a number that is not finite.
    """
    fields: dict[str, Any] = {}
    hashable: Any = kind
    for name, (hint, nullable) in _hints(hashable).items():
        given = value.get(name)
        if name not in value and name in _defaults(hashable):
            continue
        if given is None and not nullable:
            raise ValueError(f"{name!r} is {'null' if name in value else 'missing'}, but it is required")
        fields[name] = None if given is None else converted(name, given, hint)
    return kind(**fields)


def plain_json(value: Any) -> Any:
    """The same value with null for every number that JSON cannot hold (NaN and the infinities)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    return value


def converted(name: str, given: Any, hint: Any) -> Any:
    """`given` as a `hint` has it; ValueError says what the value of this name must be."""
    try:
        return _BY_TYPE[hint](given)
    except ValueError as error:
        raise ValueError(f"{name!r} {error}") from None


def shown(value: Any) -> str:
    """Short, for an error."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


@functools.cache
def _hints(kind: Any) -> dict[str, tuple[Any, bool]]:
    """By field, of what type its value is, and whether it may be None."""
    return {name: _hint(hint) for name, hint in get_type_hints(kind).items() if name in kind.__struct_fields__}


@functools.cache
def _defaults(kind: Any) -> frozenset[str]:
    """The fields that have a default."""
    return frozenset(field.name for field in msgspec.structs.fields(kind) if not field.required)


def _hint(hint: Any) -> tuple[Any, bool]:
    parts = [part for part in get_args(hint) if part is not type(None)]
    return (parts[0], True) if type(None) in get_args(hint) else (hint, False)


def cleaned(name: str, value: Any, depth: int = 0) -> Any:
    """A JSON value with no text that a terminal would obey, and no lone surrogate, which no output could hold.

    Raises ValueError for what is nested deeper than any fact of ours, and inside for a number that no float can hold.
    """
    if isinstance(value, str):
        return plain(value)
    if depth > DEEPEST:
        raise ValueError(f"{name!r} must be nested {DEEPEST} deep at most")
    if isinstance(value, dict):
        return {plain(str(key)): cleaned(name, item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [cleaned(name, item, depth + 1) for item in value]
    if depth and isinstance(value, int | float) and not abs(value) < 2.0**1023:
        raise ValueError(f"{name!r} must hold finite numbers")
    return value


def _taken(value: Any, kind: Any, words: str) -> Any:
    """The value where it is of this kind; true and false are no numbers."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"must be {words}, got {shown(value)}")
    return value


def _text(value: Any) -> str:
    text: str = _taken(value, str, "text")
    return plain(text)


def _number(value: Any) -> float:
    try:
        number = float(_taken(value, int | float, "a number"))
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    return number


def _whole(value: Any) -> int:
    number: int = _taken(value, int, "a whole number")
    if abs(number) >= 2**63:
        raise ValueError("must be a whole number below 2**63")
    return number


def _list(value: Any) -> list[Any] | tuple[Any, ...]:
    values: list[Any] | tuple[Any, ...] = _taken(value, list | tuple, "a list")
    return values


def _tuple_of(convert: Callable[[Any], _T]) -> Callable[[Any], tuple[_T, ...]]:
    return lambda value: tuple(map(convert, _list(value)))


def _mapping(value: Any) -> dict[str, Any]:
    return dict(_taken(value, Mapping, "an object"))


def _scalar(key: str, value: Any) -> Scalar:
    if value is None or isinstance(value, bool):
        return value
    convert: Callable[[Any], Scalar] = {str: _text, int: _whole}.get(type(value), _number)
    try:
        return convert(value)
    except ValueError as error:
        raise ValueError(f"has a bad {key!r}: it {error}") from None


_BY_TYPE: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    float: _number,
    bool: lambda value: _taken(value, bool, "true or false"),
    list: _list,
    tuple[str, ...]: _tuple_of(_text),
    tuple[int, ...]: _tuple_of(_whole),
    tuple[float, ...]: _tuple_of(_number),
    tuple[tuple[float, ...], ...]: _tuple_of(_tuple_of(_number)),
    tuple[tuple[int, ...], ...]: _tuple_of(_tuple_of(_whole)),
    Mapping[str, Any]: _mapping,
    Mapping[str, float]: lambda value: {_text(key): _number(item) for key, item in _mapping(value).items()},
    Mapping[str, str | int | float | bool | None]: lambda value: {
        _text(name): _scalar(name, item) for name, item in _mapping(value).items()
    },
}
