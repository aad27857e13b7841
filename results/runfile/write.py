"""Records into a run file, one synced line each, and a run file made ready to be gone on with."""

import dataclasses
import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..words.text import counted
from .read import Run, RunFileError, Shared, parse_record, read_lines
from .records import AnyRecord, Block, BlockKey, End, Header, Measurement, Stop
from .schema import plain_json


class RunWriter:
    """Appends records to a run file; each is on disk before `append` returns, or with the one that closes its block."""

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False) -> None:
        """Opens a new file, or with `append` one that `trim_for_resume` has left ready; RunFileError otherwise."""
        self.path = Path(path)
        self._shared = Shared()
        try:
            self._file = self.path.open("rb+" if append else "xb")
        except FileExistsError:
            raise RunFileError(f"{path}: exists already; resume it, or name another output") from None
        except OSError as error:
            raise RunFileError(f"{path}: cannot be written: {error.strerror}") from None
        if append and not self._ends_a_line():
            self._file.close()
            raise RunFileError(f"{path}: is empty or ends in half a line; it must be trimmed before it is appended to")

    def append(self, record: Mapping[str, Any], *, synced: bool = True) -> AnyRecord:
        """Writes one record, NaN and infinities as null, and returns it as a reader will see it.

        `synced`: not before it is on disk; left to the next one for those of a block that is not closed yet.

        Raises ValueError, and writes nothing, for a record that could not be read back.
        """
        plain = plain_json(record)
        parsed = parse_record(plain, self._shared)
        if self._file.tell() == 0 and not isinstance(parsed, Header):
            raise ValueError(f"the first record of a run file is 'run', got {record.get('record')!r}")
        line = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # one write call, so that a killed process leaves at most one torn line; "replace" for undecodable file names
        self._file.write(line.encode("utf-8", "replace") + b"\n")
        if synced:
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


def left_to_resume(run: Run) -> Run:
    """What a resumed run starts from; no file is touched, so that a run that is refused leaves its own as it was.

    Left out are blocks of which not every group was closed, stops for the reason "interrupted", and the end record;
    a torn tail and measurements of unclosed blocks are not in the run as it was read.
    """
    parts = _parts_of_blocks(run.blocks)
    left_out = f"{run.name}: {counted(len(parts), 'group')} of a block interrupted before its last group will be redone"
    return dataclasses.replace(
        run,
        measurements=tuple(m for m in run.measurements if not _again(m, parts)),
        blocks=tuple(block for block in run.blocks if not _again(block, parts)),
        stops=tuple(stop for stop in run.stops if not _again(stop, parts)),
        end=None,
        notices=run.notices + ((left_out,) if parts else ()),
    )


def trim_for_resume(path: str | os.PathLike[str]) -> Run:
    """Drops from the file what `left_to_resume` leaves out, in one atomic replacement, and returns what remains.

    Raises RunFileError where it cannot be read, or replaced.
    """
    run, lines = read_lines(path)
    parts = _parts_of_blocks(run.blocks)
    kept = {n for n, record in lines if not _again(record, parts)}
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
    return left_to_resume(run)


def _again(record: AnyRecord, parts: set[BlockKey]) -> bool:
    """Whether a resumed run does again, or says again, what this record tells."""
    if isinstance(record, Stop):
        return record.reason == "interrupted"
    if isinstance(record, Measurement):
        return record.block_key in parts
    return isinstance(record, End) or (isinstance(record, Block) and record.key in parts)


def _parts_of_blocks(blocks: Sequence[Block]) -> set[BlockKey]:
    """The closed groups of blocks that have others, not closed."""
    closed = Counter(block.key[:3] for block in blocks)
    return {block.key for block in blocks if closed[block.key[:3]] < (block.groups or 1)}
