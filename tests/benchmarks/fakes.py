"""Stand-ins for what takes time or a process: a clock, workers, and where workers come from."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from linregbench.benchmarks.grid.cases import Case, Contest, problem_of
from linregbench.benchmarks.processes.handle import WorkerEnded
from linregbench.benchmarks.sampling import block, plan
from linregbench.results.runfile.records import Measurement
from linregbench.solvers.registry import Solver
from linregbench.solvers.workload import make_workload

HEADER = {
    "record": "run",
    "format": "linregbench-run",
    "version": 2,
    "run": "20261123-160000-ab12",
    "started": "2026-11-23T16:00:00+00:00",
    "preset": "quick",
    "seed": 0,
    "options": {},
    "machine": {"cpu": "a fake"},
    "commit": None,
    "dirty": None,
    "linregbench": "0.1.0",
    "grid": "0123456789abcdef",
}
SENTINEL_S = 0.001


class FakeClock:
    """In place of the module `time`: it moves only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def advance(self, seconds: float) -> None:
        self.now_s += seconds

    def perf_counter(self) -> float:
        return self.now_s

    def process_time(self) -> float:
        return self.now_s / 2

    thread_time = process_time

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


def make_solver(strategy: str = "numpy_loop", **fields: Any) -> Solver:
    """A row of the registry; numpy and plain unless its name or the fields say otherwise."""
    backend = "jax" if strategy.startswith("jax") else "numpy"
    plain = {"method": "gd", "backend": backend, "compiled": backend == "jax", "batched": False}
    plain["variant"] = "autodiff" if backend == "jax" and strategy != "jax_eager" else "analytic"
    return Solver(**plain | fields, strategy=strategy, function=print)


def make_case(strategy: str = "numpy_loop", *, device: str = "cpu", threads: str = "1", **workload: Any) -> Case:
    """A case of gd on 100 samples of 2 features, or what the keywords say."""
    sizes = {"method": "gd", "samples": 100, "features": 2} | workload
    return Case(make_workload(**sizes), make_solver(strategy, method=sizes["method"]), device, threads)


def make_contest(*strategies: str, baseline: str = "numpy_loop", **of: Any) -> Contest:
    """The strategies against the baseline on one problem."""
    first = make_case(baseline, **of)
    cases = tuple(make_case(name, **of) for name in strategies)
    return Contest(problem_of(first.workload), first.threads, cases, (first,))


def make_limits(blocks: tuple[int, int] = (2, 2), *, rounds: int = 4, **fields: Any) -> plan.Limits:
    """Limits that never bite unless a test says so."""
    rules = replace(block.Rules(timeout_s=60.0, rounds=rounds), **fields.pop("rules", {}))
    return plan.Limits(blocks, **{"budget_s": 1e6, "call_limit_s": 1e6} | fields, rules=rules)


def make_measurement(strategy: str, *samples_s: float, block: int = 0, role: str = "case", **of: object) -> Measurement:
    """What one process of a strategy learned."""
    fields = {
        "workload": {"method": "gd", "samples": 100, "dtype": "float32"},
        "variant": "analytic",
        "backend": "numpy",
        "compiled": False,
        "batched": False,
        "device": "cpu",
        "threads": "1",
        "precision": "highest",
        "environment": "here",
        "status": "ok",
        "findings": (),
        "rounds": tuple(range(len(samples_s))),
    }
    return Measurement(block=block, group=0, role=role, strategy=strategy, samples_s=samples_s, **(fields | of))


MEASURED = (
    make_measurement("numpy_loop", 4e-4, 4e-4, 9e-4, role="baseline"),
    make_measurement("numpy_loop", 7e-4, role="twin"),
    make_measurement("slow", 8e-4, 8e-4),
    make_measurement("fast", 1e-4, 1e-4, 5e-4),
    make_measurement("none", status="wrong"),
    make_measurement("numpy_loop", 4e-4, role="baseline", block=1),
    make_measurement("slow", 8e-4, block=1),
    make_measurement("fast", 1e-4, block=1),
)
"""Two blocks of a problem: a baseline, its twin, one faster, one slower, and one that is wrong."""


@dataclass(frozen=True)
class Manner:
    """How the workers of a strategy behave: seconds each question takes, and at which they end with which status.

    `prepare`: the account of the first answer, seconds by phase; `finish`: more of the last. `idle_share`: of the time,
    what it works though it is asked nothing, until it is put to rest; `left`: how many processes it leaves behind.
    """

    call_s: float = 0.01
    loops: int = 1
    takes_s: Mapping[str, float] = field(default_factory=dict)
    ends: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    finish: Mapping[str, Any] = field(default_factory=dict)
    idle_share: float = 0.0
    left: int = 0
    prepare: Mapping[str, float] = field(default_factory=lambda: {"compile": 0.5})


class FakeWorker:
    """One live process, without the process."""

    def __init__(self, name: str, manner: Manner, processes: FakeProcesses) -> None:
        self.name, self.manner, self.time, self.log = name, manner, processes.time, processes.log
        self.processes = processes
        self.limits_s: list[float] = []
        self.told: dict[str, Any] = {}
        self.samples = 0
        self.ended = False
        self.left = 0
        self.rested_s: float | None = None

    def cpu_s(self) -> float:
        return self.manner.idle_share * (self.time.now_s if self.rested_s is None else self.rested_s)

    def rest(self) -> None:
        self.log.append((self.name, "rest"))
        self.rested_s = self.time.now_s

    def ask(self, question: str, timeout_s: float, **details: Any) -> dict[str, Any]:
        self.told |= details
        self.samples += question == "sample"
        self.log.append((self.name, question))
        self.limits_s.append(timeout_s)
        if question in self.manner.ends:
            raise WorkerEnded(*self.manner.ends[question])
        usual = self.manner.call_s * self.manner.loops if question == "sample" else 0.0
        takes_s = self.manner.takes_s.get(question, usual)
        self.time.advance(min(takes_s, timeout_s))
        if takes_s > timeout_s:
            raise WorkerEnded("timeout", f"no answer to {question!r}")
        call = {"call_s": self.manner.call_s}
        match question:
            case "prepare":
                told = {"phases": {"first_call_s": 2 * self.manner.call_s}, "sentinel_s": [SENTINEL_S] * 40}
                return call | told | {"loops": self.manner.loops, "spent": dict(self.manner.prepare)}
            case "sample":
                return call | {"wait_s": 0.0, "switches": 0, "around_s": self.processes.look()}
            case "finish":
                return {"error": 1e-7, "error_limit": 1e-4, "spent": {"check": 0.25}} | dict(self.manner.finish)
        return call

    def end(self) -> None:
        self.log.append((self.name, "end"))
        self.ended, self.left = True, self.manner.left


class FakeProcesses:
    """Where fake workers come from, the watcher who is told what happens, and the log of both."""

    def __init__(self, time: FakeClock, *, noise: float = 0.0, **manners: Manner) -> None:
        self.time, self.noise, self.manners = time, noise, manners
        self.log: list[tuple[str, str]] = []
        self.workers: list[FakeWorker] = []
        self.interrupt_at: int | None = None
        self._random = random.Random(0)
        self._samples = 0
        self.looks: Iterator[tuple[float, float]] = iter(())

    def start(self, case: Case, details: Mapping[str, Any]) -> FakeWorker:  # noqa: ARG002  the schedule's signature
        name = case.solver.strategy
        manner = self.manners.get(name, Manner())
        self.log.append((name, "start"))
        if "start" in manner.ends:
            raise WorkerEnded(*manner.ends["start"])
        manner = replace(manner, call_s=manner.call_s * math.exp(self._random.gauss(0.0, self.noise)))
        self.workers.append(FakeWorker(name, manner, self))
        return self.workers[-1]

    def renew(self, hash_seed: int) -> None:
        self.log.append(("renew", str(hash_seed)))

    def look(self) -> tuple[float, float]:
        """The sentinel right before and right after a sample."""
        self._samples += 1
        if self._samples == self.interrupt_at:
            raise KeyboardInterrupt
        return next(self.looks, (SENTINEL_S, SENTINEL_S))

    def tell(self, text: str) -> None:
        self.log.append(("tell", text))

    def progress(self, done_s: float, left_s: float) -> None:
        self.log.append(("progress", f"{done_s:.3f} {left_s:.3f}"))

    def measured(self, title: str, measurements: Sequence[Measurement]) -> None:
        self.log.append(("measured", f"{title}: {len(measurements)}"))


def sampled(log: Sequence[tuple[str, str]]) -> list[str]:
    """Who was sampled, in order."""
    return [name for name, what in log if what == "sample"]
