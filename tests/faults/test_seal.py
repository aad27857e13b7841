"""What happens to a run while it goes on: it is stopped for a while, killed, and what it is made of changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults import tally, zoo
from faults.test_zoo import COMMAND, PATIENCE_S, marked

pytestmark = pytest.mark.long

BLOCKS = 4
STOPPED_S = 5.0
SLOW = zoo.Kind("slow", "always", "time.sleep(0.1)")
HELPED = """
import pathlib, sys
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import helper
"""


class Going:
    """A run of some plugins that goes on; nothing of it outlives the context."""

    def __init__(self, folder: Path, *arguments: object, blocks: int = BLOCKS) -> None:
        self.path, self.mark = folder / "run.jsonl", uuid.uuid4().hex
        rival = ("--method", "gd", "--strategy", "numpy_loop", "--variant", "analytic")
        often = ("--steps", "20", "--blocks", blocks, "--timeout", "3s", "--no-report", "--output", self.path)
        with (folder / "err").open("w") as err:
            self.popen = subprocess.Popen(
                [str(COMMAND), "run", *map(str, (*rival, *arguments, *often))],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=err,
                env={**os.environ, "ZOO": self.mark},
            )

    def __enter__(self) -> Going:
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.wait()

    def records(self, kind: str) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        whole = [line for line in self.path.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [record for record in map(json.loads, whole) if record["record"] == kind]

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not true() and self.popen.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)

    def endings(self, strategy: str) -> list[str]:
        """By block, how the case ended, once the run has."""
        self.popen.wait(PATIENCE_S)
        rows = [r for r in self.records("measurement") if r["strategy"] == strategy and r["role"] == "case"]
        return [f"{row['status']}: {row['reason'] or ''}" for row in rows]


SIZES = ("--samples", "100", "--features", "2", "--batch", "1")


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> Iterator[None]:
    failed = request.session.testsfailed
    yield
    tally.record("seal", request.node.name, 1, int(request.session.testsfailed == failed))


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP], ids=str)
def test_a_run_that_is_stopped_for_longer_than_the_limit_loses_no_case(tmp_path: Path, number: int) -> None:
    with Going(tmp_path, *SIZES, "--plugin", SLOW.write(tmp_path)) as going:
        going.until(lambda: going.records("block"))
        time.sleep(0.5)  # in the middle of a block
        going.popen.send_signal(number)
        time.sleep(STOPPED_S)
        going.popen.send_signal(signal.SIGCONT)
        assert going.endings("slow") == ["ok: "] * BLOCKS


@pytest.mark.parametrize(
    "name", ["daemonises_and_spins", "closes_all_and_lives", "execs", "hears_no_signal", "forks_thirty", "stops_itself"]
)
def test_a_command_that_is_killed_leaves_nothing(tmp_path: Path, name: str) -> None:
    with Going(
        tmp_path, *SIZES, "--plugin", zoo.KINDS[name].write(tmp_path), "--plugin", SLOW.write(tmp_path)
    ) as going:
        going.until(lambda: going.records("environment"))
        time.sleep(1.0)
        going.popen.kill()
        going.popen.wait()
        deadline = time.monotonic() + 10.0
        while (left := list(marked(going.mark))) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left == []


def test_what_changes_in_mid_run_is_kept_out_or_fails_its_cases(tmp_path: Path) -> None:
    own, helped = SLOW.write(tmp_path), tmp_path / "helped.py"
    helped.write_text(HELPED + SLOW.write(tmp_path).read_text().replace('"slow"', '"helped"'))
    (tmp_path / "helper.py").write_text("before = True\n")
    with Going(tmp_path, *SIZES, "--plugin", own, "--plugin", helped) as going:
        going.until(lambda: going.records("block"))
        own.write_text("raise SystemExit")
        (tmp_path / "helper.py").write_text("before = False\n")
        assert going.endings("slow") == ["ok: "] * BLOCKS
        *fine, last = going.endings("helped")
        assert set(fine) == {"ok: "}
        assert last.startswith("failed: helper.py was changed after the run began")


def test_data_that_change_in_mid_run_change_nothing(tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    X = np.column_stack([dice.normal(size=(100, 2)), np.ones(100)])
    for name, last in (("data", 3.0), ("other", 4.0)):
        np.savez(tmp_path / f"{name}.npz", X=X, y=X @ [1.0, 2.0, last])
    with Going(tmp_path, "--data", tmp_path / "data.npz", "--plugin", SLOW.write(tmp_path)) as going:
        going.until(lambda: going.records("block"))
        (tmp_path / "other.npz").replace(tmp_path / "data.npz")
        assert set(going.endings("slow")) == {"ok: "}
    assert "Traceback" not in (tmp_path / "err").read_text()


def test_a_changed_plugin_is_not_run_by_resuming(tmp_path: Path) -> None:
    own = SLOW.write(tmp_path)
    with Going(tmp_path, *SIZES, "--plugin", own) as going:
        going.until(lambda: going.records("block"))
        going.popen.send_signal(signal.SIGINT)
        going.popen.wait(PATIENCE_S)
    own.write_text(f"open({str(tmp_path / 'was_run')!r}, 'w')\n")
    again = [str(COMMAND), "run", "--no-report", "--resume", str(going.path)]
    done = subprocess.run(again, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "slow.py was " in done.stderr
    assert not (tmp_path / "was_run").exists()
