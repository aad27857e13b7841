"""A run file read back: every way in which it can be bad has an error here that names the file and the line."""

import codecs
import json
import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from msgspec.structs import force_setattr

from ..fields import COLD
from ..words.text import counted
from .checksums import is_changed
from .collecting import uncollected
from .records import (
    AnyRecord,
    Block,
    BlockKey,
    Case,
    End,
    Environment,
    Header,
    Measurement,
    Stop,
    case_fields,
    check_case,
    check_workload,
)
from .schema import Scalars, cleaned, from_json
from .version1 import tell_order

FORMAT = "linregbench-run"
_HEAD_BYTES = 1024
VERSION = 2
"""Since version 2 a block tells in which order each round was sampled, and a sample what it had to wait for its core.
Of a file of version 1 the order is derived from the seed as it was drawn then (version1.py)."""
READABLE = (1, 2)

# a foreign file may be one endless line: the first record is read no further than this
_HEADER_LIMIT_BYTES = 1 << 24

_KINDS: dict[str, type[AnyRecord]] = {
    "run": Header,
    "environment": Environment,
    "measurement": Measurement,
    "block": Block,
    "stop": Stop,
    "end": End,
}
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd")
NumberedRecord = tuple[int, AnyRecord]
"""With the number of its line, from 1."""

# without the header, whose format is checked before all else
_decode = msgspec.json.Decoder(Environment | Measurement | Block | Stop | End).decode


class RunFileError(ValueError):
    """A run file that cannot be read or written; the message names the file, the line where there is one, and why."""


@dataclass(frozen=True)
class Run:
    """One run file as read: closed blocks only, with a notice for whatever was left out."""

    name: str
    header: Header
    environments: tuple[Environment, ...]
    measurements: tuple[Measurement, ...]
    blocks: tuple[Block, ...]
    stops: tuple[Stop, ...]
    end: End | None
    notices: tuple[str, ...]


class Shared:
    """What thousands of measurements of one file tell alike: one object for all, and a workload checked but once."""

    def __init__(self) -> None:
        self.cold = False  # all of them: so a run said before its cases did
        self._workloads: dict[tuple[Any, ...], tuple[Scalars, dict[tuple[str, ...], Case]]] = {}
        self._rounds: dict[tuple[int, ...], tuple[int, ...]] = {}

    def share(self, measurement: Measurement) -> None:
        """Have its workload, its rounds and its case be those of the ones before it.

        Raises ValueError for a workload or a case that is none.
        """
        given = measurement.workload
        # types too, since 1 == 1.0 == True
        key = (*given, *given.values(), *map(type, given.values()))
        known = self._workloads.get(key)
        if known is None:
            check_workload(given)
            known = self._workloads[key] = given, {}
        workload, cases = known
        force_setattr(measurement, "workload", workload)
        force_setattr(measurement, "rounds", self._rounds.setdefault(measurement.rounds, measurement.rounds))
        if self.cold:
            force_setattr(measurement, "cache", COLD)
        fields = case_fields(measurement)
        if fields in cases:
            measurement.__dict__["case"] = cases[fields]  # where its cached property looks first
        else:
            check_case(measurement.case)
            cases[fields] = measurement.case


def read_run(path: str | os.PathLike[str]) -> Run:
    """Reads a run file; a torn last line and unclosed blocks are left out with a notice.

    Raises RunFileError for a file that is missing, empty, foreign or of another version, and for any other bad line.
    """
    return read_lines(path)[0]


@uncollected()
def read_lines(path: str | os.PathLike[str]) -> tuple[Run, list[NumberedRecord]]:
    """The run, and the numbered lines that count: no torn tail, no measurement of an unclosed block."""
    notices: list[str] = []
    first, *rest = _lines(path, notices)
    if not isinstance(header := first[1], Header):
        _fail(path, 1, "not a linregbench run file: its first record is not 'run'")
    closed = {record.key: record.rounds for _, record in rest if isinstance(record, Block)}
    open_keys = [m.block_key for _, m in rest if isinstance(m, Measurement) and m.block_key not in closed]
    complete = [(n, r) for n, r in rest if not (isinstance(r, Measurement) and r.block_key not in closed)]
    _check_together(path, complete, closed)
    if open_keys:
        notices.append(
            f"{path}: left out {counted(len(open_keys), 'measurement')} "
            f"of {counted(len(set(open_keys)), 'block')} interrupted before the end"
        )
    records = [record for _, record in complete]
    measurements = tuple(record for record in records if isinstance(record, Measurement))
    blocks = tuple(record for record in records if isinstance(record, Block))
    if header.version == 1:
        tell_order(header, measurements, blocks)
    run = Run(
        name=Path(path).name,
        header=header,
        environments=tuple(record for record in records if isinstance(record, Environment)),
        measurements=measurements,
        blocks=blocks,
        stops=tuple(record for record in records if isinstance(record, Stop)),
        # a run that was resumed after its end has not ended
        end=records[-1] if records and isinstance(records[-1], End) else None,
        notices=tuple(notices),
    )
    return run, [first, *complete]


def parse_record(value: Any, shared: Shared | None = None) -> AnyRecord:
    """One decoded line as its record; ValueError says which key is missing, wrongly typed or out of range."""
    if not isinstance(value, dict):
        raise ValueError("a record must be a JSON object")
    kind = value.get("record")
    if kind not in _KINDS if isinstance(kind, str) else True:
        raise ValueError(f"'record' must be one of {', '.join(_KINDS)}, got {str(kind)[:40]!r}")
    if kind == "run":
        _check_format(value)
    # what was asked for is kept as it was typed: a path may hold what is not shown
    value = {name: item if name == "options" else cleaned(name, item) for name, item in value.items()}
    record = from_json(_KINDS[str(kind)], value)
    if isinstance(record, Measurement):
        (shared or Shared()).share(record)
    return record


def packed(head: bytes) -> str | None:
    """What a file is that begins so and is no text, and what to do; None for text."""
    if head.startswith(_PACKED):
        return "is compressed: unpack it first"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "is in UTF-16: save it as UTF-8"
    return None


def is_run_file(path: Path) -> bool:
    """Whether a file begins as a run file does, whatever its name is and the rest of it holds."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open("rb") as file:
            return f'"{FORMAT}"'.encode() in file.readline(_HEAD_BYTES)
    except OSError:
        return False


class _NotJsonError(RunFileError):
    """A line that is no JSON at all: excusable only as the torn tail of the file."""


def _lines(path: str | os.PathLike[str], notices: list[str]) -> Iterator[NumberedRecord]:
    """Every whole record with its line number; a torn last line goes to the notices."""
    shared = Shared()
    try:
        with Path(path).open("rb") as file:
            first = file.readline(_HEADER_LIMIT_BYTES)
            if not first:
                raise RunFileError(f"{path}: is empty")
            header = _parse_line(path, 1, first, shared)
            shared.cold = isinstance(header, Header) and bool(header.options.get("flush_cache"))
            yield 1, header
            for number, raw in enumerate(file, start=2):
                try:
                    yield number, _parse_line(path, number, raw, shared)
                except _NotJsonError:
                    if raw.endswith(b"\n"):
                        raise
                    notices.append(f"{path}: the last line was torn and is left out")
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}") from None


def _parse_line(path: str | os.PathLike[str], number: int, raw: bytes, shared: Shared) -> AnyRecord:
    if is_changed(raw):
        _fail(path, number, "was changed after it was written: its checksum is another; a line without 'crc' is taken")
    if b"\\" in raw or not raw.isascii():  # where alone a text can hold what must not be shown
        return _parse_slowly(path, number, raw, shared)
    try:
        record: AnyRecord = _decode(raw)
        if isinstance(record, Environment) or getattr(record, "device_state", None):  # what they hold has any form
            return _parse_slowly(path, number, raw, shared)
        if isinstance(record, Measurement):
            shared.share(record)
    except (ValueError, RecursionError):
        # the first record, an older run's, and whatever is wrong
        return _parse_slowly(path, number, raw, shared)
    return record


def _parse_slowly(path: str | os.PathLike[str], number: int, raw: bytes, shared: Shared) -> AnyRecord:
    """The same by the standard library, field by field: it finds the words for what is wrong."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    # RecursionError: a line of a million brackets; ValueError also covers bad UTF-8 and numbers of 5,000 digits
    except (ValueError, RecursionError) as error:
        if number == 1:
            marked = raw.startswith(codecs.BOM_UTF8)
            why = "begins with a byte order mark: save it without one" if marked else packed(raw)
            raise RunFileError(f"{path}: {why or 'not a linregbench run file'}") from None
        raise _NotJsonError(f"{path}:{number}: not JSON: {error}") from None
    try:
        return parse_record(value, shared)
    except ValueError as error:
        _fail(path, number, str(error) if number > 1 else f"not a linregbench run file that can be read: {error}")


def _fail(path: str | os.PathLike[str], number: int, why: str) -> NoReturn:
    raise RunFileError(f"{path}:{number}: {why}")


def _check_format(header: Mapping[str, Any]) -> None:
    if header.get("format") != FORMAT:
        raise ValueError(f"'format' must be {FORMAT!r}, got {str(header.get('format'))[:40]!r}")
    if header.get("version") not in READABLE or isinstance(header["version"], bool):
        version = str(header.get("version"))[:20]
        raise ValueError(
            f"its format is version {version}, this program reads versions {', '.join(map(str, READABLE))}"
        )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed; a missing number is null")


def _check_together(path: str | os.PathLike[str], lines: list[NumberedRecord], closed: Mapping[BlockKey, int]) -> None:
    """What no record shows by itself: a second header, anything there twice, rounds that its block never had."""
    seen: set[Hashable] = set()
    for number, record in lines:
        if isinstance(record, Header):
            _fail(path, number, "a second 'run' record; a run file holds one run")
        if isinstance(record, Measurement):
            if max(record.rounds, default=-1) >= closed[record.block_key]:
                _fail(path, number, f"'rounds' goes past the {closed[record.block_key]} rounds of its block")
            identity: Hashable = (record.case, record.role == "twin", record.block, record.group)
        elif isinstance(record, Block):
            identity = record.key
        else:
            continue
        if identity in seen:
            _fail(path, number, "the same block, or the same case of one block, is there twice")
        seen.add(identity)
