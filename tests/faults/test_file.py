"""A run whose file cannot be written, or that is ended, at every one of its records: what it closed is never lost."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults import tally
from faults.test_seal import SIZES, Going
from faults.test_zoo import PATIENCE_S, run

from linregbench.results.runfile.read import read_run

pytestmark = pytest.mark.long

PLACES = range(1, 12)
"""More records than a run of two blocks writes: of those beyond none is counted, since nothing happened there."""

FULL = """
import errno, os, sys
sys.path.insert(0, {root!r})
from linregbench.results.runfile import write
count, done = 0, getattr(os, {call!r})

def failing(file, *data):
    global count
    count += 1
    if count == {at}:
        raise OSError(errno.{error}, os.strerror(errno.{error}))
    return done(file, *data)

write.os = type("Os", (), {{**vars(os), {call!r}: staticmethod(failing)}})
from linregbench.benchmarks.cli.main import main
main(sys.argv[1:])
"""


def small(folder: Path, *arguments: object, **how: Any) -> Any:
    rival = ("--method", "gd", "--strategy", "numpy_loop", "--variant", "analytic", "--steps", "20", "--blocks", 2)
    return run("run", "--no-report", "--output", folder / "run.jsonl", *SIZES, *rival, *arguments, folder=folder, **how)


def goes_on(folder: Path, least_blocks: int) -> bool:
    """Whether the file is whole, holds that many blocks, and is complete after a run was gone on with."""
    path = folder / "run.jsonl"
    held = len(read_run(path).blocks)
    ended = run("run", "--no-report", "--resume", path, folder=folder)
    whole = read_run(path)
    once = {block.key for block in whole.blocks}
    complete = whole.end is not None and whole.end.reason == "complete"
    return held >= least_blocks and not ended.left and complete and len(once) == len(whole.blocks) == 2


@pytest.mark.parametrize(("call", "error"), [("write", "ENOSPC"), ("write", "EIO"), ("fsync", "EIO")])
def test_no_write_of_a_run_may_fail_and_cost_what_was_there(tmp_path: Path, call: str, error: str) -> None:
    tried, survived, places = 0, 0, []
    for at in PLACES:
        folder = tmp_path / str(at)
        folder.mkdir()
        program = folder / "failing.py"
        program.write_text(FULL.format(root=str(Path(__file__).resolve().parents[2]), call=call, at=at, error=error))
        ended = small(folder, program=program)
        told = os.strerror(getattr(errno, error)) in ended.err
        good = "Traceback" not in ended.err and not ended.left and ended.status == (1 if told else 0)
        if good and told:
            there = (folder / "run.jsonl").exists()
            good = goes_on(folder, 0) if there else "nothing was measured" in ended.err
        tried += told
        survived += good and told
        places += [] if good else [f"{at}: {ended.status} {ended.err[-300:]}"]
    tally.record("file", f"{call} fails with {error}, at each record", tried, survived)
    assert not places
    assert tried > 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name)
def test_a_run_that_is_ended_at_any_record_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    tried, survived, places = 0, 0, []
    for at in PLACES:
        folder = tmp_path / str(at)
        folder.mkdir()
        with Going(folder, *SIZES, blocks=2) as going:
            going.until(lambda going=going, at=at: len(lines_of(going.path)) >= at)  # type: ignore[misc]
            blocks = len(going.records("block"))
            ended = going.popen.poll() is not None
            going.popen.send_signal(number)
            status = going.popen.wait(PATIENCE_S)
        err = (folder / "err").read_text()
        good = "Traceback" not in err and status in (0, -number if number == signal.SIGKILL else 130)
        if good and lines_of(going.path):
            complete = (end := read_run(going.path).end) is not None and end.reason == "complete"
            good = complete or goes_on(folder, blocks)
        tried += not ended
        survived += good and not ended
        places += [] if good else [f"{at}: {status} {err[-300:]}"]
    tally.record("file", f"{number.name} at each record, then resumed", tried, survived)
    assert not places
    assert tried > 5


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_two_runs_never_write_to_one_file(tmp_path: Path) -> None:
    """Whatever the moment at which the second one comes, as new or to go on."""
    survived, said = 0, []
    delays = [0.5, 1.0, 1.5, 2.0, 3.0]
    ways: list[Callable[[Path], tuple[object, ...]]] = [
        lambda path: ("run", "--no-report", "--resume", path),
        lambda path: ("run", "--no-report", "--output", path, *SIZES, "--strategy", "numpy_loop", "--blocks", 2),
    ]
    for number, (delay, way) in enumerate((delay, way) for delay in delays for way in ways):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Going(folder, *SIZES) as going:
            going.until(lambda going=going: going.path.exists())  # type: ignore[misc]
            time.sleep(delay / 4)
            second = run(*way(going.path), folder=folder)
            status = going.popen.wait(PATIENCE_S)
        whole = read_run(going.path)
        good = (status, second.status) == (0, 2) and whole.end is not None and len(whole.blocks) == 4
        survived += good
        said += [] if good else [f"{number}: {status} {second.status} {second.err[-300:]}"]
    tally.record("file", "a second run on the same file", number + 1, survived)
    assert not said
