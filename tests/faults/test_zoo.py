"""Every plugin of the zoo in a real run: the run ends, its rivals are unharmed, its row says why, nothing is left."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults import tally, zoo

from linregbench.results.runfile.read import Run, read_run

COMMAND = Path(sys.executable).with_name("linregbench")
RIVALS = ("numpy_loop", "jax_scan")
SIZES = ("--samples", "100", "--features", "2", "--batch", "1", "--steps", "20", "--blocks", "2", "--timeout", "3s")
A_RUN = 20
"""Kinds that compete in one run: all of them live at once in a block."""
PATIENCE_S = 300.0


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its status, what it printed, and the processes of it that still live."""

    status: int
    out: str
    err: str
    left: tuple[str, ...]


def run(*arguments: object, folder: Path, program: Path | None = None) -> Ended:
    """Run the command, or a program in its place, to its end.

    Whatever it started carries a mark, so that nothing hides in a session of its own.
    """
    mark = uuid.uuid4().hex
    with (folder / "err").open("w+") as err, (folder / "out").open("w+") as out:
        done = subprocess.run(
            [*([sys.executable, str(program)] if program else [str(COMMAND)]), *map(str, arguments)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, "ZOO": mark},
            timeout=PATIENCE_S,
        )
    until = time.monotonic() + 5.0
    while (left := tuple(marked(mark))) and time.monotonic() < until:
        time.sleep(0.05)
    return Ended(done.returncode, (folder / "out").read_text(), (folder / "err").read_text(), left)


def marked(mark: str) -> Iterator[str]:
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if mark.encode() in (process / "environ").read_bytes():
                    yield (process / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue


def faults_of(folder: Path, kinds: Sequence[zoo.Kind]) -> Mapping[str, str]:
    """By name, what is wrong with how the run took each kind; all of them where the run itself is harmed."""
    plugins = [part for kind in kinds for part in ("--plugin", kind.write(folder))]
    path = folder / "run.jsonl"
    asked = ("--method", "gd", "--strategy", ",".join(RIVALS), *plugins, *SIZES, "--output", path)
    ended = run("run", "--no-report", *asked, folder=folder)
    harm = "; ".join(_harm(ended, path))
    if harm:
        return dict.fromkeys((kind.name for kind in kinds), harm)
    measured = read_run(path)
    return {kind.name: wrong for kind in kinds if (wrong := _wrong(kind, measured))}


def _harm(ended: Ended, path: Path) -> Iterator[str]:
    """What the run itself suffered."""
    if ended.status != 0:
        yield f"exit status {ended.status}: {ended.err[-500:]}"
        return
    if "Traceback" in ended.out + ended.err:
        yield f"a traceback: {ended.err[-500:]}"
    if ended.left:
        yield f"processes left: {', '.join(ended.left)}"
    measured = read_run(path)
    if measured.end is None or measured.end.reason != "complete":
        yield "it did not come to its end"
    for strategy in RIVALS:
        of_rival = [m for m in measured.measurements if m.strategy == strategy]
        if not of_rival or {m.status for m in of_rival} != {"ok"} or {m.block for m in of_rival} != {0, 1}:
            yield f"{strategy} was harmed: {[(m.block, m.status, m.reason) for m in of_rival]}"
        if named := {name for m in of_rival for name in m.findings} & {"works_while_idle", "processes_left"}:
            yield f"{strategy} is called {named}"


def _wrong(kind: zoo.Kind, measured: Run) -> str:
    """What its rows say that they should not; empty where all is as it should be."""
    rows = [m for m in measured.measurements if m.strategy == kind.name]
    told = [f"{m.status}: {m.reason or ''} {' '.join(m.findings)}" for m in rows]
    if not rows:
        return "no row"
    last = rows[-1]
    if kind.status and last.status != kind.status:
        return f"{kind.status} was expected: {told}"
    if not any(re.search(kind.reason, text, re.DOTALL) for text in told):
        return f"{kind.reason!r} was expected: {told}"
    if last.status != "ok" and not last.reason:
        return f"no reason: {told}"
    return ""


ALL = list(zoo.KINDS.values())


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, len(ALL), A_RUN))
def test_no_kind_harms_anybody(tmp_path: Path, first: int) -> None:
    kinds = ALL[first : first + A_RUN]
    faults = faults_of(tmp_path, kinds)
    tally.record("plugins", ", ".join(kind.name for kind in kinds), len(kinds), len(kinds) - len(faults))
    assert faults == {}


@pytest.mark.long
@pytest.mark.parametrize("broken", zoo.BROKEN)
def test_a_file_that_is_no_plugin_is_said_in_a_line(tmp_path: Path, broken: str) -> None:
    source = zoo.BROKEN[broken]
    plugin = tmp_path / "broken.py"
    plugin.write_bytes(source if isinstance(source, bytes) else source.encode())
    ended = run("run", "--no-report", "--plugin", plugin, *SIZES, folder=tmp_path)
    survived = ended.status == 2 and not ended.left and "Traceback" not in ended.err and len(ended.err) < 2000
    tally.record("plugins", f"a file with {broken}", 1, int(survived))
    assert survived, (ended.status, ended.left, ended.err[:2000])
    assert "--plugin" in ended.err
