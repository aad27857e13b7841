"""One writer at a time, and nothing lost to a full disk, a lost file or another program."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import synthetic
from made import SMALL

from linregbench.results.runfile import write
from linregbench.results.runfile.read import RunFileError, read_run
from linregbench.results.runfile.write import RunWriter, WriteError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def test_a_second_writer_is_refused_and_a_reader_is_not(path: Path) -> None:
    with RunWriter(path) as writer:
        for record in SMALL[:-1]:
            writer.append(record)
        before = path.read_bytes()
        with pytest.raises(RunFileError, match=rf"another run is writing to it \(process {os.getpid()}\); wait until"):
            RunWriter(path, append=True)
        assert read_run(path).blocks
        assert path.read_bytes() == before
        writer.append(SMALL[-1])
    RunWriter(path, append=True).close()


def test_a_replacement_has_one_writer_too(path: Path) -> None:
    """What is dropped need not be the end: another program may have put the lines in another order."""
    records = [SMALL[0], synthetic.measurement(block=9), *SMALL[1:-1]]
    synthetic.write(path, records)
    with RunWriter(path, append=True), pytest.raises(RunFileError, match="another run is writing to it"):
        RunWriter(path, append=True)
    assert path.read_text().count("\n") == len(records) - 1


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
BROKEN = OSError(errno.EIO, os.strerror(errno.EIO))


def failing(at: int, error: OSError, done: Callable[..., Any], *, half: bool = False) -> Callable[..., Any]:
    """A call of the system that fails at its so manieth time, for writes perhaps after half of it."""
    count = 0

    def call(file: int, *data: bytes) -> Any:
        nonlocal count
        count += 1
        if count < at:
            return done(file, *data)
        if half and count == at:
            return done(file, data[0][: len(data[0]) // 2])
        raise error

    return call


@pytest.mark.parametrize(
    ("name", "error", "half"),
    [("write", FULL, False), ("write", FULL, True), ("fsync", BROKEN, False)],
    ids=["disk full", "disk full after half a line", "fsync fails"],
)
@pytest.mark.parametrize("at", range(1, len(SMALL) + 1))
def test_every_record_before_a_failure_stands(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: OSError, half: bool, at: int
) -> None:
    with RunWriter(path) as writer:
        monkeypatch.setattr(write.os, name, failing(at, error, getattr(os, name), half=half))
        with pytest.raises(WriteError) as caught:
            all(map(writer.append, SMALL))
    monkeypatch.undo()
    message = str(caught.value)
    assert message.startswith(f"{path}: cannot be written any more: {error.strerror}; ")
    if at == 1:
        assert message.endswith("nothing was measured")
        assert not path.exists()
        RunWriter(path).close()
        return
    assert f"--resume {path}" in message
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == at - 1
    assert all(line.endswith(b"\n") for line in lines)
    with RunWriter(path, append=True) as writer:
        assert writer.before is not None


def test_a_file_that_is_deleted_or_replaced_is_rescued(path: Path) -> None:
    for number, lose in enumerate(
        (Path.unlink, lambda lost: synthetic.write(lost.with_name("x"), []).replace(lost)), 1
    ):
        with RunWriter(path) as writer:
            for record in SMALL[:-1]:
                writer.append(record)
            held = path.read_bytes()
            lose(path)
            with pytest.raises(
                WriteError, match=f"while the run wrote to it; all that it held is in .*rescued-{number}"
            ):
                writer.append(SMALL[-1])
        rescued = path.with_name(f"run-rescued-{number}.jsonl")
        assert rescued.read_bytes() == held
        RunWriter(rescued, append=True).close()
        path.unlink(missing_ok=True)


def test_a_file_that_something_else_changes_is_left_alone(path: Path) -> None:
    with RunWriter(path) as writer:
        writer.append(SMALL[0])
        os.truncate(path, 10)
        with pytest.raises(WriteError, match=r"is of 10 bytes, and .* were written: something else changed it"):
            writer.append(SMALL[1])
    assert path.stat().st_size == 10


def test_an_interrupt_leaves_whole_lines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a line is written, and after."""

    def interrupted(*_: Any) -> int:
        raise KeyboardInterrupt

    for name in ("write", "fsync"):
        path.unlink(missing_ok=True)
        with RunWriter(path) as writer:
            writer.append(SMALL[0])
            with monkeypatch.context() as patched:
                patched.setattr(write.os, name, interrupted)
                with pytest.raises(KeyboardInterrupt):
                    writer.append(SMALL[1])
            writer.append(SMALL[-1])
        assert [json.loads(line)["record"] for line in path.open()][-1] == SMALL[-1]["record"]


def test_a_changed_digit_is_told(path: Path) -> None:
    with RunWriter(path) as writer:
        for record in SMALL:
            writer.append(record)
    lines = path.read_text().splitlines()
    assert all("crc" in json.loads(line) for line in lines), "any JSON reader reads it"
    number = next(n for n, line in enumerate(lines) if "samples_s" in line)
    at = lines[number].index('"samples_s":[') + len('"samples_s":[0.00')
    changed = lines[number][:at] + ("2" if lines[number][at] != "2" else "3") + lines[number][at + 1 :]
    path.write_text("\n".join([*lines[:number], changed, *lines[number + 1 :]]) + "\n")
    with pytest.raises(RunFileError, match=rf"run\.jsonl:{number + 1}: was changed after it was written"):
        read_run(path)
    without = json.dumps({key: value for key, value in json.loads(changed).items() if key != "crc"})
    path.write_text("\n".join([*lines[:number], without, *lines[number + 1 :]]) + "\n")
    assert read_run(path).end is not None
