"""JSON objects into frozen dataclasses, checked against the dataclass's own annotations.

A record's fields are written down once, as a dataclass; this file turns a decoded JSON object into one, or says what is
wrong with it. Keys that the dataclass does not have are ignored, so that an older reader takes a newer writer's extras.
"""

import dataclasses
import functools
import math
import types
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args, get_type_hints

Scalar = str | int | float | bool | None
Scalars = Mapping[str, Scalar]

_T = TypeVar("_T")
_LARGE = 2**63
_SEEN: dict[tuple[Any, ...], dict[str, Scalar]] = {}
_MOST_SEEN = 10_000


def from_json(kind: type[_T], value: Mapping[str, Any]) -> _T:
    """The object as a `kind`; a field that may be None may be missing.

    Raises ValueError naming the key: it is missing, of another type, or a number that is not finite.
    """
    hashable: Any = kind
    fields = _usual(hashable, value)
    if fields is None:
        fields = {name: _converted(value, name, *how) for name, how in _converters(hashable).items()}
    # as kind(**fields) would, less a call for each field of a frozen dataclass: a fifth of the time to read a run
    record = object.__new__(kind)
    record.__dict__.update(fields)
    check = getattr(record, "__post_init__", None)
    if check is not None:
        check()
    return record


def plain_json(value: Any) -> Any:
    """The same value with null for every number that JSON cannot hold (NaN and the infinities)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    return value


def _converted(value: Mapping[str, Any], name: str, hint: Any, nullable: bool) -> Any:
    given = value.get(name)
    if given is None:
        if not nullable:
            raise ValueError(f"{name!r} is {'null' if name in value else 'missing'}, but it is required")
        return None
    try:
        return _BY_TYPE[hint](given)
    except ValueError as error:
        raise ValueError(f"{name!r} {error}") from None


def _usual(kind: Any, value: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fields of an object with nothing unusual in it, else None: what `_converted` gives, all fields at once.

    A run has a hundred thousand objects of forty fields and hardly any two sets of types.
    """
    names = _converters(kind)
    fields: dict[str, Any] = dict(zip(names, map(value.get, names), strict=True))
    try:
        texts, numbers, others = _alike(kind, tuple(map(type, fields.values())))
        if not "".join(map(fields.__getitem__, texts)).isascii():
            return None
        told = [fields[name] for name in numbers]
        if told and not (-_LARGE < min(told) <= max(told) < _LARGE and not math.isnan(sum(told))):
            return None
        for name, convert in others:
            fields[name] = convert(fields[name])
    except (KeyError, ValueError):
        return None
    return fields


@functools.lru_cache(maxsize=1024)
def _alike(kind: Any, types_of: tuple[type, ...]) -> tuple[list[str], list[str], list[tuple[str, Any]]]:
    """Of values of these types, which are texts, which are numbers as they stand, and which are converted and how.

    Raises KeyError where one of them must not be missing.
    """
    texts, numbers, others = [], [], []
    for (name, (hint, nullable)), own in zip(_converters(kind).items(), types_of, strict=True):
        if own is types.NoneType:
            if not nullable:
                raise KeyError(name)
        elif own is str and hint is str:
            texts.append(name)
        elif own is hint and own in (int, float):
            numbers.append(name)
        elif not own is hint is bool:
            others.append((name, _BY_TYPE[hint]))
    return texts, numbers, others


@functools.cache
def _converters(kind: Any) -> dict[str, tuple[Any, bool]]:
    """By field, its type and whether it may be None."""
    hints = get_type_hints(kind)
    return {field.name: _hint(hints[field.name]) for field in dataclasses.fields(kind)}


def _hint(hint: Any) -> tuple[Any, bool]:
    if not isinstance(hint, types.UnionType):
        return hint, False
    (known,) = (part for part in get_args(hint) if part is not types.NoneType)
    return known, True


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, got {_shown(value)}")
    # a lone surrogate is legal in JSON, and would make every later print fail
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _number(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, got {_shown(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, got {_shown(value)}")
    if abs(value) >= _LARGE:
        raise ValueError("must be a whole number below 2**63")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {_shown(value)}")
    return value


def _tuple_of(convert: Callable[[Any], _T]) -> Callable[[Any], tuple[_T, ...]]:
    def convert_all(value: Any) -> tuple[_T, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(f"must be a list, got {_shown(value)}")
        return tuple(map(convert, value))

    return convert_all


def _numbers(value: Any) -> tuple[float, ...]:
    # a run is mostly these lists: all floats with a finite sum are all finite, found out without a call for each
    if isinstance(value, list) and set(map(type, value)) == {float} and math.isfinite(sum(value)):
        return tuple(value)
    return _tuple_of(_number)(value)


def _wholes(value: Any) -> tuple[int, ...]:
    if isinstance(value, list) and set(map(type, value)) == {int} and -(2**63) < min(value) <= max(value) < 2**63:
        return _one_object(tuple(value))
    return _tuple_of(_whole)(value)


@functools.lru_cache(maxsize=1024)
def _one_object(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """The rounds of a block are the same in thousands of measurements."""
    return numbers


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"must be an object, got {_shown(value)}")
    return dict(value)


def _scalars(value: Any) -> dict[str, Scalar]:
    given = _mapping(value)
    # a run has few workloads and tells each of them thousands of times; types too, since 1 == 1.0 == True
    key = (*given, *given.values(), *map(type, given.values()))
    try:
        found = _SEEN.get(key)
    except TypeError:  # a list, which is refused below
        found = None
    if found is None:
        found = {_text(name): _scalar(name, item) for name, item in given.items()}
        if len(_SEEN) < _MOST_SEEN:
            _SEEN[key] = found
    return found


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


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


_BY_TYPE: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    float: _number,
    bool: _flag,
    tuple[str, ...]: _tuple_of(_text),
    tuple[int, ...]: _wholes,
    tuple[float, ...]: _numbers,
    tuple[tuple[float, ...], ...]: _tuple_of(_numbers),
    Mapping[str, Any]: _mapping,
    Mapping[str, float]: _seconds,
    Scalars: _scalars,
}
