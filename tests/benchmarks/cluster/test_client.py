"""The client over a dask that is none: who becomes a machine, who stands by, who is lost, who is overdue."""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import FakeClock, make_contest, make_limits

from linregbench.benchmarks.cluster.client import BLOCK_S, LOOK_EVERY_S, SILENT_S, Cluster
from linregbench.benchmarks.grid.options import UsageError
from linregbench.benchmarks.sampling.bench import Order
from linregbench.benchmarks.sampling.hands import MachinesLostError

ORDER = Order(kind="k", contest=0, block=0, left=(0, 1), rounds=None, tight=False, left_s=1e3, attempt=7)
CONTEST = make_contest("a")
MEASURED = {"records": [], "block_s": 1.0, "spent": {}, "quiet_s": {"1": 1e-3}}


class Future:
    """A task: its answer, or None while it has none."""

    def __init__(self, answer: Mapping[str, Any] | None) -> None:
        self.answer = answer

    def done(self) -> bool:
        return self.answer is not None

    def result(self, timeout: float) -> bytes:  # noqa: ARG002  dask's signature
        return json.dumps(self.answer).encode()


class Dask:
    """A scheduler, and workers by address that greet with these answers."""

    def __init__(self, time: FakeClock, **greetings: Mapping[str, Any]) -> None:
        self.time, self.status = time, "running"
        self.greetings: dict[str, Mapping[str, Any]] = dict(greetings)
        self.tasks: list[tuple[str, str, Future]] = []
        self.told: list[str] = []

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        assert n_workers == -1, "all of them"
        return {"workers": {address: {"resources": {}} for address in self.greetings}}

    def submit(self, function: Callable[..., bytes], *_: Any, workers: list[str], resources: Any, **how: Any) -> Future:
        assert (how["pure"], how["retries"], resources) == (False, 0, None)
        future = Future(self.greetings[workers[0]] if function.__name__ == "greet" else None)
        self.tasks.append((function.__name__, workers[0], future))
        return future

    def wait(self, pending: list[Future], timeout: float, return_when: str) -> None:  # noqa: ARG002
        self.time.advance(timeout)

    def as_current(self) -> Any:
        return nullcontext()

    def cancel(self, futures: Any, *, force: bool) -> None: ...

    def run(self, function: Callable[..., None], _: str, workers: list[str], on_error: str) -> None:  # noqa: ARG002
        self.told += [f"{function.__name__} {address}" for address in workers]

    def asked(self, what: str) -> list[str]:
        return [address for name, address, _ in self.tasks if name == what]


def machine(node: str) -> dict[str, Any]:
    return {"node": node, "machine": {"cpu": "EPYC 1"}}


@pytest.fixture
def over(fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Callable[[Dask], Cluster]:
    def made(dask: Dask) -> Cluster:
        monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(wait=dask.wait))
        cluster = Cluster(dask, "run", {}, make_limits(), lambda _: "k", wait_s=60.0)  # type: ignore[arg-type]
        fake_clock.advance(LOOK_EVERY_S)
        return cluster

    return made


Over = Callable[[Dask], Cluster]


def test_one_worker_of_a_machine_measures_and_one_of_another_run_is_asked_again(
    fake_clock: FakeClock, over: Over
) -> None:
    dask = Dask(fake_clock, w1=machine("a"), w2={"taken": "run"}, w3={"taken": "other"}, w4={"refused": "no jax"})
    cluster = over(dask)
    cluster.await_first()
    assert dict(cluster.nodes()) == {"a": "k"}
    assert cluster.reasons() == ["run other measures on its machine (1 worker)", "no jax (1 worker)"]
    dask.greetings["w3"] = machine("c")
    for _ in range(20):
        assert list(cluster.finished()) == []
        fake_clock.advance(LOOK_EVERY_S)
    assert dict(cluster.nodes()) == {"a": "k", "c": "k"}
    assert dask.asked("greet").count("w2") == dask.asked("greet").count("w4") == 1
    cluster.stop()
    assert {"stop w1", "stop w3"} <= {*dask.told}


def test_a_worker_that_leaves_is_noticed_and_another_of_its_machine_takes_over(
    fake_clock: FakeClock, over: Over
) -> None:
    dask = Dask(fake_clock, w1=machine("a"), w2={"taken": "run"})
    cluster = over(dask)
    cluster.await_first()
    cluster.begin("a", ORDER, CONTEST)
    del dask.greetings["w1"]
    dask.greetings["w2"] = machine("a")
    fake_clock.advance(LOOK_EVERY_S)
    (lost,) = cluster.finished()
    assert (lost.node, lost.order, lost.measured, lost.reason) == ("a", ORDER, None, "its worker left the cluster")
    cluster.finished()
    assert dict(cluster.nodes()) == {"a": "k"}


def test_what_is_measured_is_delivered_once_and_an_agent_that_ended_is_started_again(
    fake_clock: FakeClock, over: Over
) -> None:
    dask = Dask(fake_clock, w1=machine("a"))
    cluster = over(dask)
    cluster.await_first()
    cluster.begin("a", ORDER, CONTEST)
    dask.tasks[-1][2].answer = MEASURED
    (done,) = cluster.finished()
    assert done.measured is not None
    assert cluster.quiet_s("a", "1") == 1e-3
    assert list(cluster.finished()) == []
    cluster.begin("a", ORDER, CONTEST)
    dask.tasks[-1][2].answer = {"gone": "its agent ended with status -9"}
    (lost,) = cluster.finished()
    assert (lost.measured, lost.reason) == (None, "its agent ended with status -9")
    fake_clock.advance(LOOK_EVERY_S)
    cluster.finished()
    assert dask.asked("greet") == ["w1", "w1"]


def test_a_machine_that_does_not_answer_in_time_is_left_out(fake_clock: FakeClock, over: Over) -> None:
    cluster = over(Dask(fake_clock, w1=machine("a")))
    cluster.await_first()
    cluster.begin("a", ORDER, CONTEST)
    fake_clock.advance(BLOCK_S)
    assert list(cluster.finished()) == []
    fake_clock.advance(3 * (2 * 60.0 + 90.0))
    (lost,) = cluster.finished()
    assert lost.reason == "it did not answer in time"
    assert dict(cluster.nodes()) == {}


def test_without_a_scheduler_or_a_machine_it_ends(fake_clock: FakeClock, over: Over) -> None:
    dask = Dask(fake_clock, w1=machine("a"))
    cluster = over(dask)
    cluster.await_first()
    dask.status = "closed"
    fake_clock.advance(SILENT_S + 1)
    with pytest.raises(MachinesLostError, match="the scheduler is gone"):
        cluster.finished()
    with pytest.raises(UsageError, match="no worker came within 60 s; start some, or --wait for longer"):
        over(Dask(fake_clock)).await_first()
    with pytest.raises(UsageError, match=r"no machine can be measured on: no jax \(1 worker\)"):
        over(Dask(fake_clock, w1={"refused": "no jax"})).await_first()
