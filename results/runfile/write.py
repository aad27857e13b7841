"""Records into a run file, one synced line each with its checksum, by one writer at a time; or one gone on with."""

import contextlib
import dataclasses
import fcntl
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..words.text import counted
from .checksums import with_checksum
from .read import Run, RunFileError, Shared, parse_record, read_lines
from .records import AnyRecord, Block, BlockKey, End, Header, Measurement, Stop
from .schema import plain_json

_PIECE_BYTES = 1 << 20


class WriteError(RunFileError):
    """A run file that could be written until now; the message says why it cannot any more, and what is kept where."""


class RunWriter:
    """Appends records to a run file; each is synced before `append` returns, or with the one that closes its block.

    It holds a lock (flock) until it is closed, so that no other process writes to the same file; readers never ask for
    it. Where a file system has no locks it goes on without.
    """

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False) -> None:
        """Opens a new file, or with `append` an old one, of which is dropped what `left_to_resume` leaves out.

        Raises RunFileError where that cannot be, and where another process writes to it.
        """
        self.path = Path(path)
        self._shared = Shared()
        self._file = -1
        self.before: Run | None = None
        """What an old file holds, as a resumed run starts from it."""
        self._open(os.O_RDWR if append else os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            if append:
                self._trim()
            else:
                _sync_folder(self.path)
            self._size = os.fstat(self._file).st_size
        except BaseException:
            self.close()
            raise

    def append(self, record: Mapping[str, Any], *, synced: bool = True) -> AnyRecord:
        """Writes one record, NaN and infinities as null, and returns it as a reader will see it.

        `synced`: not before it is on disk; left to the next one for those of a block that is not closed yet.

        Raises ValueError, and writes nothing, for a record that could not be read back; WriteError where the file is
        full, or no longer the one that was written to.
        """
        plain = plain_json(record)
        parsed = parse_record(plain, self._shared)
        if self._size == 0 and not isinstance(parsed, Header):
            raise ValueError(f"the first record of a run file is 'run', got {record.get('record')!r}")
        self._check_place()
        line = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # "replace" for undecodable file names
        self._write(with_checksum(line.encode("utf-8", "replace")) + b"\n", synced=synced)
        return parsed

    def close(self) -> None:
        """Closes the file; every record is on disk already."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _open(self, how: int) -> None:
        try:
            self._file = os.open(self.path, how | os.O_APPEND, 0o666)
        except FileExistsError:
            raise RunFileError(f"{self.path}: exists already; resume it, or name another output") from None
        except OSError as error:
            raise RunFileError(f"{self.path}: cannot be written: {error.strerror}") from None
        if not _locked(self._file):
            who = _holder(self._file)
            self.close()
            raise RunFileError(
                f"{self.path}: another run is writing to it{who}; wait until that has ended, or name another output"
            )
        if not self._has_name():  # replaced or deleted between opening and locking
            self.close()
            self._open(how)

    def _has_name(self) -> bool:
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(self._file), self.path.stat())
        return False

    def _trim(self) -> None:
        """Drop what a resumed run does again: by cutting off the end, or where that is not all, by a replacement."""
        run, lines = read_lines(self.path)
        parts = _parts_of_blocks(run.blocks)
        kept = {n for n, record in lines if not _again(record, parts)}
        try:
            with self.path.open("rb") as source:
                rows = list(source)
            end = max(kept, default=0)
            if kept == set(range(1, end + 1)):
                os.ftruncate(self._file, sum(map(len, rows[:end])))
                if rows[:end] and not rows[end - 1].endswith(b"\n"):
                    os.write(self._file, b"\n")
                os.fsync(self._file)
            else:
                self._replace(rows[n - 1] for n in sorted(kept))
        except OSError as error:
            raise RunFileError(f"{self.path}: cannot be trimmed: {error.strerror}") from None
        self.before = left_to_resume(run)

    def _replace(self, rows: Iterable[bytes]) -> None:
        """By a file that is locked before it has the name, so that at no moment another process may have it."""
        target = self.path.resolve()
        part = target.with_name(f"{target.name}.part")
        file = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        try:
            _locked(file)
            for row in rows:
                os.write(file, row)
            os.fsync(file)
            shutil.copymode(target, part)
            os.replace(part, target)
        except OSError:
            os.close(file)
            part.unlink(missing_ok=True)
            raise
        _sync_folder(target)
        self.close()
        self._file = file

    def _check_place(self) -> None:
        """Raise WriteError where the file under this name is not the one that was written to, or was changed."""
        own = os.fstat(self._file)
        try:
            there = self.path.stat()
        except OSError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino):
            how = "was deleted or moved away" if there is None else "was replaced by another file"
            raise WriteError(f"{self.path}: {how} while the run wrote to it; {self._rescued()}")
        if own.st_size != self._size:
            how = f"is of {own.st_size:,} bytes, and {self._size:,} were written: something else changed it"
            raise WriteError(f"{self.path}: {how}; no more is written to it")

    def _rescued(self) -> str:
        """Copy what was written into a new file beside where it was; in words, where that is."""
        for number in range(1, 100):
            beside = self.path.with_name(f"{self.path.stem}-rescued-{number}{self.path.suffix}")
            try:
                with beside.open("xb") as file:
                    at = 0
                    while piece := os.pread(self._file, _PIECE_BYTES, at):
                        at += file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
                _sync_folder(beside)
            except FileExistsError:
                continue
            except OSError as error:
                return f"and what it held cannot be written to {beside}: {error.strerror}"
            return f"all that it held is in {beside}: linregbench run --resume {beside} goes on from there"
        return "and there are rescued ones beside it already"

    def _write(self, line: bytes, *, synced: bool) -> None:
        """The whole line on disk, or none of it; a Ctrl-C may come at any moment."""
        left = memoryview(line)
        whole = self._size + len(line)
        try:
            while left:
                left = left[os.write(self._file, left) :]
            if synced:
                os.fsync(self._file)
        except OSError as error:
            self._take_back()
            raise WriteError(f"{self.path}: cannot be written any more: {error.strerror}; {self._kept()}") from None
        finally:
            if self._file >= 0 and os.fstat(self._file).st_size == whole:
                self._size = whole
            else:
                self._take_back()

    def _take_back(self) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, self._size)

    def _kept(self) -> str:
        if self._size == 0:
            self.path.unlink(missing_ok=True)
            return "nothing was measured"
        return (
            f"what was measured until now is in it, and linregbench run --resume {self.path} goes on from there, where "
            "there is room"
        )


def _locked(file: int) -> bool:
    """Lock an open file; False where another process has it. One on a file system without locks counts as locked."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _holder(file: int) -> str:
    """Which process holds the lock of an open file, in words; empty where the system does not tell."""
    status = os.fstat(file)
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    with contextlib.suppress(OSError):
        found = re.search(
            rf"FLOCK\s+ADVISORY\s+WRITE\s+(\d+) {place} ", Path("/proc/locks").read_text(encoding="ascii")
        )
        return f" (process {found[1]})" if found else ""
    return ""


def _sync_folder(path: Path) -> None:
    """So that the name is on disk as well, where a folder can be synced."""
    with contextlib.suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


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
