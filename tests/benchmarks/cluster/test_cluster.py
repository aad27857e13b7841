"""A real dask cluster on this machine, whose workers pose as several machines of two kinds; and what is lost of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from linregbench.benchmarks.processes.machine import PRETENDED
from linregbench.results.runfile.read import Run
from linregbench.results.runfile.sweep import read_runs

pytest.importorskip("distributed")
pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
OF_TEST = "LINREGBENCH_TEST_FOLDER"
NANNY = {"MALLOC_TRIM_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "6640"}
SWEEP = ["--preset", "smoke", "--method", "gd", "--samples", "100,200,300", "--strategy", "jax_scan"]
SWEEP += ["--variant", "autodiff", "--blocks", "3", "--no-report"]


class Machines:
    """A scheduler and workers, each a process."""

    def __init__(self, folder: Path, run: Callable[..., subprocess.Popen[bytes]]) -> None:
        self.file, self._run = folder / "scheduler.json", run
        self.scheduler = run("scheduler", "--scheduler-file", str(self.file), "--port", "0", "--no-dashboard")
        until(self.file.exists)
        self.workers: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, cpu: str = "EPYC 1", *options: str, **environ: str) -> subprocess.Popen[bytes]:
        options = options or ("--no-nanny",)
        command = ("worker", "--scheduler-file", str(self.file), "--nthreads", "1", "--no-dashboard")
        more = ("--memory-limit", "0", "--resources", "machine=1", "--local-directory", str(self.file.parent), *options)
        self.workers[name] = self._run(*command, *more, **{PRETENDED: f"{name}/{cpu}"} | environ)
        return self.workers[name]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with ExitStack() as stack:

        def run(*command: str, **environ: str) -> subprocess.Popen[bytes]:
            path = {**os.environ, "PYTHONPATH": str(ROOT), OF_TEST: str(tmp_path), **environ}
            return stack.enter_context(ending([sys.executable, "-m", "dask", *command], path))

        yield Machines(tmp_path, run)
    assert not agents(tmp_path), "an agent was left behind"


@contextmanager
def ending(command: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def agents(folder: Path) -> list[int]:
    """Agents that are alive, started by workers whose folder this is; waits for those that are about to end."""
    import psutil

    def alive() -> list[int]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            try:
                if "linregbench.benchmarks.cluster.agent" in (process.info["cmdline"] or []):
                    found += [process.pid] if str(folder) in process.environ().get(OF_TEST, "") else []
            except psutil.Error:
                continue
        return found

    for _ in range(100):
        if not alive():
            break
        time.sleep(0.1)
    return alive()


def until(true: Callable[[], Any], most_s: float = 120.0) -> None:
    for _ in range(int(most_s / 0.1)):
        if true():
            return
        time.sleep(0.1)
    raise TimeoutError("it did not come to that")


def client(machines: Machines, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "linregbench", "run", "--cluster", str(machines.file), *options]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def records(folder: Path, kind: str = "block") -> list[dict[str, Any]]:
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines(keepends=True)]
    parsed = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return [record for record in parsed if record["record"] == kind]


def once_each(run: Run, contests: int = 3, blocks: int = 3) -> None:
    counts = Counter(block.key for block in run.blocks)
    assert set(counts.values()) == {1}
    assert len(counts) == contests * blocks
    assert run.end is not None
    assert run.end.reason == "complete"


def ended(process: subprocess.Popen[str], status: int = 0) -> str:
    out, error = process.communicate(timeout=300)
    assert process.returncode == status, error
    return out + error


def test_two_kinds_are_two_files_and_a_nanny_s_variables_reach_nobody(machines: Machines, tmp_path: Path) -> None:
    for name in "ab":
        machines.start(name, "EPYC 1", **NANNY)
    machines.start("c", "Xeon 2", "--nanny")
    out = tmp_path / "out"
    told = ended(client(machines, *SWEEP, "--spread", "--output", str(out)))
    assert {path.name for path in out.glob("*.jsonl")} == {"epyc-1.jsonl", "xeon-2.jsonl"}
    for run in read_runs(out):
        once_each(run)
        assert {block.node for block in run.blocks} <= ({"c"} if "xeon" in run.name else {"a", "b"})
        assert {environment.node for environment in run.environments} >= {block.node for block in run.blocks}
        for environment in run.environments:
            assert {*NANNY} <= {*(environment.dropped or {})}, "told, and not passed on"
    across = subprocess.run(
        [sys.executable, "-m", "linregbench", "compare", "--across", str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "EPYC 1" in across.stdout
    assert "Xeon 2" in across.stdout
    assert "run files:" in told


@pytest.mark.parametrize("nanny", [False, True])
def test_a_worker_killed_in_mid_block(machines: Machines, tmp_path: Path, nanny: bool) -> None:
    for name in "ab":
        machines.start(name, "EPYC 1", "--nanny" if nanny else "--no-nanny")
    out = tmp_path / "out"
    process = client(machines, *SWEEP, "--output", str(out))
    until(lambda: len(records(out)) >= 2)
    machines.workers["a"].kill()
    ended(process)
    (run,) = read_runs(out)
    once_each(run)


def test_a_killed_scheduler_and_a_killed_client_are_gone_on_from(machines: Machines, tmp_path: Path) -> None:
    machines.start("a")
    out = tmp_path / "out"
    process = client(machines, *SWEEP, "--output", str(out))
    until(lambda: records(out))
    machines.scheduler.kill()
    assert "--resume" in ended(process, 1)
    again = Machines(tmp_path, machines._run)
    again.start("b")
    again.start("c")
    process = client(again, "--resume", str(out))
    had = len(records(out))
    until(lambda: len(records(out)) > had)
    process.kill()
    process.communicate()
    # the agents of the client that was killed have the machines until they have not been asked for a while
    ended(client(again, "--resume", str(out), "--wait", "3m"))
    (run,) = read_runs(out)
    once_each(run)


def test_an_interrupt_waits_for_the_blocks_and_a_second_one_does_not(machines: Machines, tmp_path: Path) -> None:
    for name in "ab":
        machines.start(name)
    out = tmp_path / "out"
    process = client(machines, *SWEEP, "--output", str(out))
    until(lambda: len(records(out)) >= 1)
    process.send_signal(signal.SIGINT)
    assert "--resume" in ended(process, 130)
    had = len(records(out))
    process = client(machines, "--resume", str(out))
    until(lambda: len(records(out)) > had)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    ended(process, 130)
    ended(client(machines, "--resume", str(out)))
    (run,) = read_runs(out)
    once_each(run)


def test_two_workers_of_one_machine_are_one_node_and_a_second_run_is_refused(
    machines: Machines, tmp_path: Path
) -> None:
    machines.start("a")
    machines._run(
        *("worker", "--scheduler-file", str(machines.file), "--nthreads", "1", "--no-nanny", "--no-dashboard"),
        **{PRETENDED: "a/EPYC 1"},
    )
    out = tmp_path / "out"
    process = client(machines, *SWEEP, "--output", str(out))
    until(lambda: records(out))
    other = client(machines, *SWEEP, "--output", str(tmp_path / "other"), "--wait", "2s")
    assert "measures on its machine" in ended(other, 2)
    ended(process)
    (run,) = read_runs(out)
    once_each(run)
    assert {block.node for block in run.blocks} == {"a"}


def test_from_python_with_a_client(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    import linregbench

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as own,
    ):
        frame = linregbench.run(
            client=own,
            samples=[100],
            method="gd",
            strategy="jax_scan",
            blocks=2,
            progress=False,
            output=tmp_path / "out",
        )
    assert {*frame["status"]} == {"ok"}
    assert len(records(tmp_path / "out")) == 2
