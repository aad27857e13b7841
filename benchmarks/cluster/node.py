"""In a worker of dask's: what is submitted to it. It starts the machine's agent, and waits for its answers.

Nothing is measured in the worker's process, and its threads keep off the core where single-threaded cases are timed.
What goes in and out is JSON, so that a worker unpickles the name of a function and bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import psutil

from ..processes import machine
from ..worker import wire

GOODBYE_S = 10.0


@dataclass
class _Agent:
    """The agent of one run: started when it is needed, again where it has ended for want of orders."""

    request: bytes
    process: subprocess.Popen[bytes] | None = None
    reader: wire.Reader | None = None
    hello: dict[str, Any] = field(default_factory=dict)

    def start(self) -> dict[str, Any]:
        """Its first answer; empty where it ended without one."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.agent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl-C is the client's to answer
        )
        assert self.process.stdout is not None
        self.reader = wire.Reader(self.process.stdout.fileno())
        request = json.loads(self.request) | {"allowed": _allowed()}
        self.hello = self._ask(request)
        return self.hello

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Its answer to an order, or why there is none."""
        if (self.process is None or self.process.poll() is not None) and "node" not in self.start():
            return self.hello or {"gone": self._ending()}
        return self._ask(order) or {"gone": self._ending()}

    def end(self) -> None:
        """End it at once, and its nurseries with it."""
        if self.process is not None:
            self.process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GOODBYE_S)

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.reader is not None
        with contextlib.suppress(BrokenPipeError):
            wire.write(self.process.stdin.fileno(), message)
        return self.reader.receive()

    def _ending(self) -> str:
        assert self.process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(GOODBYE_S)
        return f"its agent ended with status {self.process.returncode}"


_agents: dict[str, _Agent] = {}
_guard = threading.Lock()
_cores: list[list[int]] = []
"""The cores that this worker may use, once they were looked up: afterwards its threads have fewer."""


def greet(request: bytes) -> bytes:
    """Start the agent of a run; what it says of this machine, {"taken": run} where another agent has the machine,
    {"refused": why} or {"gone": why} else."""
    run = json.loads(request)["run"]
    with machine.alone(machine.pretended()[0], run) as other:
        if other is not None:  # before anything is started, which would disturb it
            return json.dumps({"taken": other}).encode()
    with _guard:
        agent = _agents.setdefault(run, _Agent(request))
    _set_aside(_allowed()[:-1])
    return json.dumps(agent.start() or {"gone": agent._ending()}).encode()


def measure(run: str, order: bytes) -> bytes:
    """The agent's answer to an order; {"gone": why} where it cannot give one."""
    agent = _agents.get(run)
    return json.dumps(agent.ask(json.loads(order)) if agent else {"gone": "the run was ended here"}).encode()


def stop(run: str) -> None:
    """End the agent of a run, whatever it is at."""
    with _guard:
        agent = _agents.pop(run, None)
    if agent is not None:
        agent.end()
    if not _agents:
        _set_aside(_allowed())


def _allowed() -> list[int]:
    if not hasattr(os, "sched_getaffinity"):
        return []
    if not _cores:
        _cores.append(sorted(os.sched_getaffinity(os.getpid())))
    return _cores[0]


def _set_aside(cores: Iterable[int]) -> None:
    """Have every thread of this worker, and of its nanny where it has one, on these cores alone, if there are any."""
    chosen = list(cores)
    if not chosen:
        return
    parent = psutil.Process().parent()
    with contextlib.suppress(OSError, psutil.Error):
        nanny = [parent] if parent is not None and any("dask" in part for part in parent.cmdline()) else []
        for process in (psutil.Process(), *nanny):
            for thread in process.threads():
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(thread.id, chosen)
