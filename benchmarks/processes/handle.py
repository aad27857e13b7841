"""The schedule's side of nurseries and workers: start them, ask them, notice how they end, leave none behind."""

from __future__ import annotations

import contextlib
import itertools
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from .. import clock
from ..worker import wire
from .program import GOODBYE_TIMEOUT_S, START_TIMEOUT_S, NurseryError, Program, Setting

__all__ = ["Nursery", "NurseryError", "Setting", "Worker", "WorkerEnded"]

PROBLEM_TIMEOUT_S = 600.0


class WorkerEnded(Exception):  # noqa: N818  an ending is not always an error: the status says
    """A worker ended before it answered: the status of its case, and the reason."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class LiveWorker(Protocol):
    """A worker as the block sees it (Worker, or a fake)."""

    def ask(self, question: str, timeout_s: float, **details: Any) -> dict[str, Any]: ...

    def end(self) -> None: ...


class Nursery:
    """One running nursery. Close it, or use it as a context."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.hello: Mapping[str, Any] = {}
        self._numbers = itertools.count()
        self._main: Program | None = None
        self._problems: dict[str, Mapping[str, Any]] = {}

    def start(self) -> None:
        """Start the program and wait until it has imported everything. Raises NurseryError."""
        self.begin()
        self.await_start()

    def begin(self, hash_seed: int | None = None) -> None:
        """Start the program, in place of one that runs already, and do not wait; then `await_start`."""
        if self._main is not None:
            self._main.kill()
        if hash_seed is not None:
            self.setting = replace(self.setting, hash_seed=hash_seed)
        self._main = Program(self.setting)

    def await_start(self) -> None:
        """Wait until the program has imported everything. Raises NurseryError."""
        self.hello = self._running().hello()
        found = Path(self.hello["solvers_file"]).parent
        if found.resolve() != self.setting.solvers.resolve():
            self.close()
            raise NurseryError(f"asked for the solvers in {self.setting.solvers}, and {found} were imported")

    def problem(self, key: str, workload: Mapping[str, Any], data: str | None) -> str | None:
        """Have the data and reference answers made, once for all workers; the reason where they cannot be."""
        message = {"do": "problem", "key": key, "workload": dict(workload), "data": data}
        self._problems = {key: message}
        return self._make(self._running(), message)

    def worker(self, case: Mapping[str, Any]) -> Worker:
        """A fresh process for this case."""
        number = next(self._numbers)
        setting = self.setting
        plugins = [str(path) for path in setting.plugins]
        case = dict(case) | {"pin": setting.cores, "allowed": setting.allowed, "plugins": plugins}
        if self.hello["fork"]:
            process, order = self._running(), "fork"
        else:
            process, order = Program(setting), "become"
            process.hello()
            if case.get("problem") in self._problems:
                self._make(process, self._problems[case["problem"]])
        process.send({"do": order, "worker": number, "case": case})
        born = process.receive(clock.now() + START_TIMEOUT_S, number)
        if born is None or "born" not in born:
            raise NurseryError(f"a worker could not be started: {process.last_words()}")
        return Worker(process, number, born["born"], alone=order == "become")

    def close(self) -> None:
        """End the program and every worker it has."""
        if self._main is not None:
            self._main.close()
            self._main = None

    def __enter__(self) -> Nursery:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running(self) -> Program:
        if self._main is None:
            raise NurseryError("the nursery is not running")
        return self._main

    def _make(self, process: Program, message: Mapping[str, Any]) -> str | None:
        process.send(message)
        reply = process.receive(clock.now() + PROBLEM_TIMEOUT_S)
        if reply is None:
            raise NurseryError(f"the data of {message['key']} were not made in {PROBLEM_TIMEOUT_S:.0f} s")
        return reply.get("reason")


@dataclass
class Worker:
    """One live process that holds one case. `ask` it; `end` it when its block is over."""

    process: Program
    number: int
    pid: int
    alone: bool
    ended: bool = field(default=False)

    def ask(self, question: str, timeout_s: float, **details: Any) -> wire.Message:
        """Ask and wait for the answer. Raises WorkerEnded with the status where there is none, or a bad one."""
        self.process.send({"do": "tell", "worker": self.number, "ask": question} | details)
        reply = self.process.receive(clock.now() + timeout_s, self.number)
        if reply is None:
            self.end()
            raise WorkerEnded("timeout", f"no answer to {question!r} in {timeout_s:.3g} s")
        if "exit" in reply:
            self.ended = True
            raise WorkerEnded(*_cause_of_death(reply["exit"], reply["said"]))
        if "status" in reply and "error_limit" not in reply:
            raise WorkerEnded(reply["status"], reply["reason"])
        return reply

    def end(self) -> None:
        """Kill the process, whatever it is doing, and wait until it is gone."""
        if self.ended:
            return
        self.ended = True
        if self.alone:
            self.process.kill()
            return
        self.process.send({"do": "kill", "worker": self.number})
        deadline = clock.now() + GOODBYE_TIMEOUT_S
        while (reply := self.process.receive(deadline, self.number)) is not None and "exit" not in reply:
            continue


def _cause_of_death(exit_code: int, said: str) -> tuple[str, str]:
    last = said.strip().splitlines()[-1][:200] if said.strip() else ""
    if "bad_alloc" in said or "MemoryError" in said or "RESOURCE_EXHAUSTED" in said:
        return "out_of_memory", last
    if exit_code < 0:
        with contextlib.suppress(ValueError):
            reason = f"killed by {signal.Signals(-exit_code).name}"
            return "crashed", f"{reason}: {last}" if last else reason
    return "crashed", f"exit status {exit_code}" + (f": {last}" if last else "")
