"""Lines of a run file into records: every way in which a line can be bad has a named error here."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import msgspec

from .kinds import Block, End, Environment, Header, Measurement, Record, Stop
from .schema import from_json

FORMAT = "linregbench-run"
VERSION = 1

# a foreign file may be one endless line: the first record is read no further than this
_HEADER_LIMIT_BYTES = 1 << 24

_KINDS: dict[str, type[Record]] = {
    "run": Header,
    "environment": Environment,
    "measurement": Measurement,
    "block": Block,
    "stop": Stop,
    "end": End,
}


# the first record's format is checked before all else
_decode = msgspec.json.Decoder(Environment | Measurement | Block | Stop | End).decode


class RunFileError(ValueError):
    """A run file that cannot be read or written; the message names the file, the line where there is one, and why."""


class Line(NamedTuple):
    """A record and the number of the line that it stood on, from 1."""

    number: int
    record: Record


def scan_lines(path: str | os.PathLike[str], notices: list[str]) -> Iterator[Line]:
    """Every whole record with its line number; a torn last line goes to the notices."""
    try:
        with Path(path).open("rb") as file:
            first = file.readline(_HEADER_LIMIT_BYTES)
            if not first:
                raise RunFileError(f"{path}: is empty")
            yield Line(1, _parse_line(path, 1, first))
            for number, raw in enumerate(file, start=2):
                try:
                    yield Line(number, _parse_line(path, number, raw))
                except _NotJsonError:
                    if raw.endswith(b"\n"):
                        raise
                    notices.append(f"{path}: the last line was torn and is left out")
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None


def parse_record(value: Any) -> Record:
    """One decoded line as its record; ValueError says which key is missing, wrongly typed or out of range."""
    if not isinstance(value, dict):
        raise ValueError("a record must be a JSON object")
    kind = value.get("record")
    if kind not in _KINDS if isinstance(kind, str) else True:
        raise ValueError(f"'record' must be one of {', '.join(_KINDS)}, got {str(kind)[:40]!r}")
    if kind == "run":
        _check_format(value)
    return from_json(_KINDS[str(kind)], value)


def fail(path: str | os.PathLike[str], number: int, why: str) -> NoReturn:
    """Raises RunFileError for one line of one file."""
    raise RunFileError(f"{path}:{number}: {why}")


class _NotJsonError(RunFileError):
    """A line that is no JSON at all: excusable only as the torn tail of the file."""


def _parse_line(path: str | os.PathLike[str], number: int, raw: bytes) -> Record:
    try:
        record: Record = _decode(raw)
    except (ValueError, RecursionError):
        # the first record, an older run's, and whatever is wrong
        return _parse_slowly(path, number, raw)
    return record


def _parse_slowly(path: str | os.PathLike[str], number: int, raw: bytes) -> Record:
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    # RecursionError: a line of a million brackets; ValueError also covers bad UTF-8 and numbers of 5,000 digits
    except (ValueError, RecursionError) as error:
        if number == 1:
            raise RunFileError(f"{path}: not a linregbench run file") from None
        raise _NotJsonError(f"{path}:{number}: not JSON: {error}") from None
    try:
        return parse_record(value)
    except ValueError as error:
        fail(path, number, str(error) if number > 1 else f"not a linregbench run file that can be read: {error}")


def _check_format(header: Mapping[str, Any]) -> None:
    if header.get("format") != FORMAT:
        raise ValueError(f"'format' must be {FORMAT!r}, got {str(header.get('format'))[:40]!r}")
    if header.get("version") != VERSION or isinstance(header["version"], bool):
        found = str(header.get("version"))[:20]
        raise ValueError(f"its format is version {found}, this program reads version {VERSION}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed; a missing number is null")
