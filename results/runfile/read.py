"""Lines of a run file into records: every way in which a line can be bad has a named error here."""

import dataclasses
import json
import os
import shutil
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self

import msgspec

from .collecting import uncollected
from .records import (
    ROLES,
    STATUSES,
    Block,
    BlockKey,
    Case,
    End,
    Environment,
    Header,
    Measurement,
    ProblemKey,
    Record,
    Stop,
    problem_key,
)
from .schema import from_json, plain_json
from .version1 import with_order

FORMAT = "linregbench-run"
VERSION = 2
"""Since version 2 a block tells in which order each round was sampled, and a sample what it had to wait for its core.
Of a file of version 1 the order is derived from the seed as it was drawn then (version1.py)."""
READABLE = (1, 2)

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
    if header.get("version") not in READABLE or isinstance(header["version"], bool):
        found = str(header.get("version"))[:20]
        raise ValueError(f"its format is version {found}, this program reads versions {', '.join(map(str, READABLE))}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed; a missing number is null")


__all__ = [
    "FORMAT",
    "ROLES",
    "STATUSES",
    "VERSION",
    "Block",
    "BlockKey",
    "Case",
    "End",
    "Environment",
    "Header",
    "Measurement",
    "ProblemKey",
    "Record",
    "Run",
    "RunFileError",
    "RunWriter",
    "Stop",
    "parse_record",
    "problem_key",
    "read_run",
    "trim_for_resume",
]


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


class RunWriter:
    """Appends records to a run file; each is flushed and synced before `append` returns."""

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False) -> None:
        """Opens a new file, or with `append` one that `trim_for_resume` has left ready; RunFileError otherwise."""
        self.path = Path(path)
        try:
            self._file = self.path.open("rb+" if append else "xb")
        except FileExistsError:
            raise RunFileError(f"{path}: exists already; resume it, or name another output") from None
        except OSError as error:
            raise RunFileError(f"{path}: cannot be written: {error.strerror}") from None
        if append and not self._ends_a_line():
            self._file.close()
            raise RunFileError(f"{path}: is empty or ends in half a line; it must be trimmed before it is appended to")

    def append(self, record: Mapping[str, Any]) -> Record:
        """Writes one record, NaN and infinities as null, and returns it as a reader will see it.

        Raises ValueError, and writes nothing, for a record that could not be read back.
        """
        plain = plain_json(record)
        parsed = parse_record(plain)
        if self._file.tell() == 0 and not isinstance(parsed, Header):
            raise ValueError(f"the first record of a run file is 'run', got {record.get('record')!r}")
        line = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # one write call, so that a killed process leaves at most one torn line; "replace" for undecodable file names
        self._file.write(line.encode("utf-8", "replace") + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        return parsed

    def close(self) -> None:
        """Closes the file; every record is on disk already."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _ends_a_line(self) -> bool:
        if self._file.seek(0, os.SEEK_END) == 0:
            return False
        self._file.seek(-1, os.SEEK_END)
        return self._file.read(1) == b"\n"


def read_run(path: str | os.PathLike[str]) -> Run:
    """Reads a run file; a torn last line and unclosed blocks are left out with a notice.

    Raises RunFileError for a file that is missing, empty, foreign or of another version, and for any other bad line.
    """
    return _read(path)[0]


def trim_for_resume(path: str | os.PathLike[str]) -> Run:
    """Drops from the file what a resumed run does again, in one atomic replacement, and returns what remains.

    Dropped are a torn tail, measurements of unclosed blocks, blocks of which not every group was closed, stops for the
    reason "interrupted", and the end record.
    """
    run, lines = _read(path)
    again = {n for n, record in lines if isinstance(record, End)}
    parts = _parts_of_blocks(run.blocks)
    again |= {n for n, record in lines if isinstance(record, Block) and record.key in parts}
    again |= {n for n, record in lines if isinstance(record, Measurement) and record.block_key in parts}
    again |= {n for n, record in lines if isinstance(record, Stop) and record.reason == "interrupted"}
    kept = {n for n, _ in lines} - again
    target = Path(path).resolve()
    part = target.with_name(f"{target.name}.part")
    try:
        with target.open("rb") as source, part.open("wb") as file:
            for number, raw in enumerate(source, start=1):
                if number in kept:
                    file.write(raw if raw.endswith(b"\n") else raw + b"\n")
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, part)
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RunFileError(f"{path}: cannot be trimmed: {error.strerror}") from None
    left_out = f"{path}: {_count(len(parts), 'group')} of a block interrupted before its last group will be redone"
    return dataclasses.replace(read_run(path), notices=run.notices + ((left_out,) if parts else ()))


def _parts_of_blocks(blocks: Sequence[Block]) -> set[BlockKey]:
    """The closed groups of blocks that have others, not closed."""
    closed: dict[BlockKey, set[BlockKey]] = {}
    for block in blocks:
        problem, threads, number, _ = block.key
        closed.setdefault((problem, threads, number, 0), set()).add(block.key)
    needed = {(*block.key[:3], 0): block.groups or 1 for block in blocks}
    return set().union(*(keys for whole, keys in closed.items() if len(keys) < needed[whole]))


@uncollected()
def _read(path: str | os.PathLike[str]) -> tuple[Run, list[Line]]:
    """The run, and the numbered lines that count: no torn tail, no measurement of an unclosed block."""
    notices: list[str] = []
    header, *rest = scan_lines(path, notices)
    if not isinstance(header.record, Header):
        fail(path, 1, "not a linregbench run file: its first record is not 'run'")
    closed = {line.record.key: line.record.rounds for line in rest if isinstance(line.record, Block)}
    counted = [
        line for line in rest if not (isinstance(line.record, Measurement) and line.record.block_key not in closed)
    ]
    _check_together(path, counted, closed)
    if len(counted) < len(rest):
        lost = {line.record.block_key for line in rest if isinstance(line.record, Measurement)} - closed.keys()
        notices.append(
            f"{path}: left out {_count(len(rest) - len(counted), 'measurement')} "
            f"of {_count(len(lost), 'block')} interrupted before the end"
        )
    records = [line.record for line in counted]
    measurements = tuple(record for record in records if isinstance(record, Measurement))
    blocks = tuple(record for record in records if isinstance(record, Block))
    if any(block.order is None and block.sentinel_s for block in blocks):
        measurements, blocks = with_order(header.record, measurements, blocks)
    run = Run(
        name=Path(path).name,
        header=header.record,
        environments=tuple(record for record in records if isinstance(record, Environment)),
        measurements=measurements,
        blocks=blocks,
        stops=tuple(record for record in records if isinstance(record, Stop)),
        # a run that was resumed after its end has not ended
        end=records[-1] if records and isinstance(records[-1], End) else None,
        notices=tuple(notices),
    )
    return run, [header, *counted]


def _check_together(path: str | os.PathLike[str], lines: list[Line], closed: Mapping[BlockKey, int]) -> None:
    """What no record shows by itself: a second header, anything told twice, rounds that its block never had."""
    seen: set[Hashable] = set()
    told = 0
    for number, record in lines:
        identity: Hashable = None
        if isinstance(record, Header):
            fail(path, number, "a second 'run' record; a run file holds one run")
        if isinstance(record, Measurement):
            if max(record.rounds, default=-1) >= closed[record.block_key]:
                fail(path, number, f"'rounds' goes past the {closed[record.block_key]} rounds of its block")
            identity = (record.case, record.role == "twin", record.block, record.group)
        if isinstance(record, Block):
            identity = record.key
        if identity is not None:
            told += 1
            seen.add(identity)
            if len(seen) < told:
                fail(path, number, "the same block, or the same case of one block, is there twice")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
