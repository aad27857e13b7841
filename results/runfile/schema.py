"""JSON objects into structs, checked against the struct's own annotations, with a name for whatever is wrong.

A record's fields are written down once, as a struct; this file turns a decoded JSON object into one, or says what is
wrong with it. Keys that the struct does not have are ignored, so that an older reader takes a newer writer's extras.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec

Whole = Annotated[int, msgspec.Meta(gt=-(2**63), lt=2**63 - 1)]
"""A whole number that pandas can hold."""
Scalar = str | Whole | float | bool | None
Scalars = Mapping[str, Scalar]

_T = TypeVar("_T")
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def from_json(kind: type[_Struct], value: Mapping[str, Any]) -> _Struct:
    """The object as a `kind`; a field that may be None may be missing.

    Raises ValueError naming the key: it is missing, of another type, or a number that is not finite.
    """
    fields: dict[str, Any] = {}
    hashable: Any = kind
    for name, (hint, nullable) in _hints(hashable).items():
        given = value.get(name)
        if given is None:
            if not nullable:
                raise ValueError(f"{name!r} is {'null' if name in value else 'missing'}, but it is required")
            fields[name] = None
            continue
        fields[name] = converted(name, given, hint)
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


def _hint(hint: Any) -> tuple[Any, bool]:
    parts = [part for part in get_args(hint) if part is not type(None)]
    return (parts[0], True) if type(None) in get_args(hint) else (hint, False)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, got {shown(value)}")
    # a lone surrogate is legal in JSON, and would make every later print fail
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, got {shown(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, got {shown(value)}")
    if abs(value) >= 2**63:
        raise ValueError("must be a whole number below 2**63")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {shown(value)}")
    return value


def _list(value: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"must be a list, got {shown(value)}")
    return value


def _tuple_of(convert: Callable[[Any], _T]) -> Callable[[Any], tuple[_T, ...]]:
    return lambda value: tuple(map(convert, _list(value)))


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"must be an object, got {shown(value)}")
    return dict(value)


def _scalars(value: Any) -> dict[str, Scalar]:
    return {_text(name): _scalar(name, item) for name, item in _mapping(value).items()}


def _scalar(key: str, value: Any) -> Scalar:
    if value is None or isinstance(value, bool):
        return value
    try:
        if isinstance(value, str):
            return _text(value)
        return _whole(value) if isinstance(value, int) else _number(value)
    except ValueError as error:
        raise ValueError(f"has a bad {key!r}: it {error}") from None


def _seconds(value: Any) -> dict[str, float]:
    return {_text(key): _number(item) for key, item in _mapping(value).items()}


_BY_TYPE: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    float: _number,
    bool: _flag,
    list: _list,
    tuple[str, ...]: _tuple_of(_text),
    tuple[int, ...]: _tuple_of(_whole),
    tuple[float, ...]: _tuple_of(_number),
    tuple[tuple[float, ...], ...]: _tuple_of(_tuple_of(_number)),
    tuple[tuple[int, ...], ...]: _tuple_of(_tuple_of(_whole)),
    Mapping[str, Any]: _mapping,
    Mapping[str, float]: _seconds,
    Mapping[str, str | int | float | bool | None]: _scalars,
}
