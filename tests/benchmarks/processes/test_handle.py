"""Real nurseries and real workers."""

import os
import platform
import shutil
import signal
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest
import real
from fakes import make_case

from linregbench import solvers
from linregbench.benchmarks import devices
from linregbench.benchmarks.processes import handle
from linregbench.benchmarks.processes.handle import Nursery, NurseryError, Setting, WorkerEnded
from linregbench.benchmarks.processes.sources import Plugin
from linregbench.solvers.registry import load_builtin
from linregbench.solvers.workload import make_workload

PACKAGE = Path(solvers.__file__).resolve().parent
WORKLOAD = make_workload("gd", 50, 2)
CORES = devices.allowed_cores()
FAULTY = Plugin(real.PLUGINS / "faulty.py").as_dict()
forks = pytest.mark.skipif(sys.platform != "linux", reason="the nursery forks, and /proc tells, on Linux")


def setting(**fields: Any) -> Setting:
    return Setting(**{"cores": tuple(CORES[-1:]), "allowed": tuple(CORES)} | fields)


def process_of(nursery: Nursery) -> psutil.Process:
    return psutil.Process(nursery._main._popen.pid)  # type: ignore[union-attr]


def case_of(strategy: str, variant: str, workload: Any = WORKLOAD) -> dict[str, Any]:
    return make_case().as_dict() | {
        "workload": workload.as_dict(),
        "strategy": strategy,
        "variant": variant,
        "problem": "the problem",
        "plugin": FAULTY if variant == "plugin" else None,
        "memory_bytes": 0,
        "long_call_s": 2.0,
        "target_s": 0.010,
        "guard": True,
        "gate": True,
    }


def pipes_of(pid: int) -> set[str]:
    """The pipes that a process holds an end of."""
    links = (os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir())
    return {link for link in links if link.startswith("pipe:")}


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(setting()) as running:
        assert running.problem("the problem", WORKLOAD.as_dict(), None) is None
        yield running


def test_it_says_who_it_is(nursery: Nursery) -> None:
    hello = nursery.hello
    assert Path(hello["solvers_file"]).parent == PACKAGE
    assert hello["python"] == platform.python_version()
    assert hello["packages"] == {name: version(name) for name in ("numpy", "jax", "jaxlib")}
    assert hello["solvers"] == [solver.as_dict() for solver in load_builtin().values()]


@pytest.mark.parametrize(
    ("strategy", "variant", "compiled"),
    [("numpy_loop", "analytic", False), ("jax_scan", "autodiff", True), ("honest", "plugin", False)],
)
def test_a_worker_measures_its_case(nursery: Nursery, strategy: str, variant: str, compiled: bool) -> None:
    worker = nursery.worker(case_of(strategy, variant))
    try:
        ready = worker.ask("prepare", 60.0)
        samples = [worker.ask("sample", 60.0)["call_s"] for _ in range(3)]
        last = worker.ask("finish", 60.0)
    finally:
        worker.end()
    assert ready["loops"] >= 1
    assert ("compile_s" in ready["phases"]) is compiled
    assert min(samples) > 0
    assert last["error"] <= last["error_limit"]
    assert last.get("status", "ok") == "ok"
    assert (last["dispatch_s"] is not None) is compiled
    assert not psutil.pid_exists(worker.pid)


@forks
def test_workers_of_two_nurseries_share_a_problem_that_is_made_once(nursery: Nursery) -> None:
    """The second key stands for a second nursery: what it is told of is the file and the index alone."""
    large = make_workload("gd", 300_000, 2, steps=1)
    keep = handle.Keep()
    assert nursery.problem("the problem made", large.as_dict(), None, keep) is None
    assert keep.index is not None
    assert nursery.problem("the problem mapped", large.as_dict(), None, keep) is None
    worker = nursery.worker(case_of("numpy_loop", "analytic", large) | {"problem": "the problem mapped"})
    try:
        worker.ask("prepare", 60.0)
        worker.ask("sample", 60.0)
        last = worker.ask("finish", 60.0)
    finally:
        worker.end()
        keep.close()
        nursery.problem("the problem", WORKLOAD.as_dict(), None)
    assert last["status"] == "ok"
    assert last["error"] <= last["error_limit"]


@forks
def test_a_worker_is_pinned_and_its_nursery_sits_aside(nursery: Nursery) -> None:
    worker = nursery.worker({})
    try:
        worker.ask("facts", 30.0, device="cpu")  # by then it has been pinned
        assert psutil.Process(worker.pid).cpu_affinity() == CORES[-1:]
        assert process_of(nursery).cpu_affinity() == (CORES[:-1] or CORES)
    finally:
        worker.end()


@forks
def test_no_backend_is_in_the_nursery(nursery: Nursery) -> None:
    worker = nursery.worker(case_of("jax_scan", "autodiff"))
    try:
        worker.ask("prepare", 60.0)
        # A backend is threads, and a fork of a process with threads may deadlock.
        assert process_of(nursery).num_threads() == 1
        assert psutil.Process(worker.pid).num_threads() > 1
    finally:
        worker.end()


@forks
def test_workers_do_not_hold_each_others_pipes(nursery: Nursery) -> None:
    workers = [nursery.worker({}) for _ in range(4)]
    try:
        for worker in workers:
            worker.ask("facts", 30.0, device="cpu")  # by then it has closed what is not its own
        pipes = [pipes_of(worker.pid) for worker in workers]
        assert {len(ends) for ends in pipes} == {2}
        assert len(set.union(*pipes)) == 2 * len(workers)
        os.kill(workers[0].pid, signal.SIGKILL)
        with pytest.raises(WorkerEnded, match="crashed: killed by SIGKILL"):
            workers[0].ask("facts", 30.0, device="cpu")
        assert workers[-1].ask("facts", 30.0, device="cpu")["facts"]
    finally:
        for worker in workers:
            worker.end()


def test_a_worker_that_does_not_answer_in_time_is_ended(nursery: Nursery) -> None:
    worker = nursery.worker(case_of("hangs", "plugin"))
    with pytest.raises(WorkerEnded) as ended:
        worker.ask("prepare", 0.5)
    assert ended.value.status == "timeout"
    assert not psutil.pid_exists(worker.pid)
    assert nursery.problem("the problem", WORKLOAD.as_dict(), None) is None  # the others go on


def test_a_question_out_of_order_is_answered_with_a_status(nursery: Nursery) -> None:
    worker = nursery.worker(case_of("numpy_loop", "analytic"))
    try:
        with pytest.raises(WorkerEnded, match="failed: RuntimeError: asked out of order"):
            worker.ask("sample", 30.0)
    finally:
        worker.end()


def test_data_that_cannot_be_made_are_told(nursery: Nursery, tmp_path: Path) -> None:
    reason = nursery.problem("another", WORKLOAD.as_dict(), str(tmp_path / "none.csv"))
    assert reason is not None
    assert "none.csv" in reason
    assert nursery.problem("the problem", WORKLOAD.as_dict(), None) is None


@forks
def test_where_fork_is_unsafe_each_worker_is_a_fresh_interpreter(nursery: Nursery) -> None:
    forking = nursery.hello
    nursery.hello = {**forking, "fork": False}
    try:
        nursery.problem("the problem", WORKLOAD.as_dict(), None)
        worker = nursery.worker(case_of("numpy_loop", "analytic"))
        assert psutil.Process(worker.pid).ppid() == os.getpid()
        worker.ask("prepare", 60.0)
        assert worker.ask("sample", 60.0)["call_s"] > 0
        assert worker.ask("finish", 60.0)["error"] < 1e-4
        worker.end()
        assert not psutil.pid_exists(worker.pid)
    finally:
        nursery.hello = forking


def test_x64_stands_before_jax_loads() -> None:
    workload = make_workload("gd", 50, 2, dtype="float64")
    with Nursery(setting(x64=True)) as nursery:
        nursery.problem("the problem", workload.as_dict(), None)
        worker = nursery.worker(case_of("jax_scan", "autodiff", workload))
        worker.ask("prepare", 60.0)
        assert worker.ask("finish", 60.0)["error"] < 1e-10


def test_the_solvers_come_from_the_directory_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_out = shutil.ignore_patterns("jax_*", "libraries", "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "other" / "solvers", ignore=left_out)
    monkeypatch.chdir(PACKAGE.parent)  # where another `solvers` lies at hand
    with Nursery(setting(solvers=tmp_path / "other" / "solvers")) as nursery:
        assert Path(nursery.hello["solvers_file"]).parent == tmp_path / "other" / "solvers"
        assert {row["backend"] for row in nursery.hello["solvers"]} == {"numpy"}


class Impostor:
    """A nursery's program that imported other solvers than it was told to."""

    closed = False

    def __init__(self, _: Setting) -> None: ...

    def hello(self) -> dict[str, Any]:
        return {"solvers_file": "/elsewhere/solvers/__init__.py"}

    def close(self) -> None:
        Impostor.closed = True


def test_other_solvers_than_those_asked_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handle, "Program", Impostor)
    with pytest.raises(NurseryError, match=r"asked for the solvers in .*, and /elsewhere/solvers were imported"):
        Nursery(setting()).start()
    assert Impostor.closed


@pytest.mark.parametrize(
    "fields",
    [{"python": "/bin/false"}, {"solvers": Path("/nowhere/solvers")}],
    ids=["an interpreter that fails", "no solvers there"],
)
def test_a_nursery_that_does_not_start_says_why(fields: dict[str, Any]) -> None:
    with pytest.raises(NurseryError), Nursery(setting(**fields)):
        pass


@forks
def test_workers_with_several_threads_rest_between_two_questions() -> None:
    """A pool that spins after a call would be on the cores of whoever is sampled next."""
    case = case_of("numpy_loop", "analytic") | {"threads": "all"}
    with Nursery(setting(threads="all", cores=tuple(CORES))) as nursery:
        nursery.problem("the problem", WORKLOAD.as_dict(), None)
        worker = nursery.worker(case)
        process = psutil.Process(worker.pid)
        for question in ("prepare", "sample", "sample"):
            assert worker.ask(question, 60.0)["call_s"] > 0
            real.wait_until(lambda: process.status() == psutil.STATUS_STOPPED, 5.0)
            assert process.status() == psutil.STATUS_STOPPED
        assert worker.ask("finish", 60.0)["error"] < 1e-4
        left = nursery.worker(case)
        left.ask("prepare", 60.0)
    assert not psutil.pid_exists(worker.pid)  # a stopped one is ended too
    assert not psutil.pid_exists(left.pid)


def test_the_sentinel_of_a_device_and_its_facts(nursery: Nursery) -> None:
    """On the one device that every machine has; a device that is not here is said, and ends nothing."""
    watched = nursery.worker({"gauge": "cpu"})
    asking = nursery.worker({})
    absent = nursery.worker({"gauge": real.ABSENT})
    try:
        assert watched.ask("look", 60.0)["call_s"] > 0
        assert watched.ask("state", 60.0) == {"state": {}}
        facts = asking.ask("facts", 60.0, device="cpu")["facts"]
        assert facts["affinity"] == CORES[-1:]
        assert [pool["threads"] for pool in facts["pools"]] == [1] * len(facts["pools"])
        with pytest.raises(WorkerEnded, match=f"failed: no {real.ABSENT} device here"):
            absent.ask("look", 60.0)
    finally:
        for worker in (watched, asking, absent):
            worker.end()


@forks
def test_closing_leaves_no_process_behind() -> None:
    with Nursery(setting()) as nursery:
        workers = [nursery.worker({}) for _ in range(3)]
        program = process_of(nursery)
    assert not program.is_running()
    assert not any(psutil.pid_exists(worker.pid) for worker in workers)


@forks
def test_a_nursery_that_dies_takes_its_workers_along_and_is_noticed() -> None:
    with Nursery(setting()) as nursery:
        worker = nursery.worker({})
        child = psutil.Process(worker.pid)
        process_of(nursery).kill()
        with pytest.raises(NurseryError):
            worker.ask("facts", 30.0, device="cpu")
        real.wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 15.0)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
        with pytest.raises(NurseryError):
            nursery.worker({})
