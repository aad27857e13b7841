"""What is printed may have no reader, or nowhere to go: the command goes on, and says what it can."""

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from linregbench.benchmarks.cli import streams
from linregbench.benchmarks.cli.main import main

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = [sys.executable, "-m", "linregbench", "columns"]


class Failing(io.StringIO):
    """Takes so many characters, and fails then, as a full disk or a pipe without a reader does."""

    def __init__(self, takes: int, number: int) -> None:
        super().__init__()
        self.takes, self.number = takes, number

    def write(self, text: str) -> int:
        if len(self.getvalue()) + len(text) > self.takes:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(text)


def test_the_first_failure_of_a_stream_is_its_last() -> None:
    stream = Failing(5, errno.ENOSPC)
    lenient = streams.Lenient(stream)
    for text in ("four", "more", "x"):
        assert lenient.write(text) == len(text)
    lenient.flush()
    assert stream.getvalue() == "four"
    assert streams.why_lost(lenient) == "what was to be printed is lost: No space left on device"
    assert lenient.isatty() is False


@pytest.mark.parametrize(("number", "status", "said"), [(errno.EPIPE, 0, ""), (errno.ENOSPC, 1, "No space left")])
def test_who_has_read_enough_is_no_failure_and_a_full_disk_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, status: int, said: str
) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(10, number))
    with pytest.raises(SystemExit) as ended:
        main(["columns"])
    assert ended.value.code == status
    assert said in capsys.readouterr().err


def test_a_lost_progress_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stderr", Failing(0, errno.ENOSPC))
    with pytest.raises(SystemExit) as ended:
        main(["table", "nothing.jsonl"])
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def columns(**how: Any) -> "subprocess.CompletedProcess[str]":
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.run(COLUMNS, env=os.environ | {"PYTHONPATH": paths}, text=True, timeout=60, check=False, **how)


def test_no_traceback_where_a_reader_leaves_or_a_stream_is_closed() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    gone = columns(stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (gone.returncode, gone.stderr) == (0, "")
    with open("/dev/full", "w") as full:
        lost = columns(stdout=full, stderr=subprocess.PIPE)
    assert lost.returncode == 1
    assert lost.stderr == "linregbench: what was to be printed is lost: No space left on device\n"
    closed = columns(preexec_fn=lambda: os.close(1), stderr=subprocess.PIPE)
    assert (closed.returncode, closed.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_end_ends_as_by_ctrl_c(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with streams.lenient(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before
