"""This side of nurseries and workers: start them, ask them, notice how they end, leave none behind.

A nursery is the program worker/start.py, run in a setting of its own; a worker is a process that it forks, or becomes.
No answer is waited for without a limit.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import linregbench

from .. import clock, devices, variables
from ..worker import family, wire
from . import answers

START_TIMEOUT_S, PROBLEM_TIMEOUT_S, GOODBYE_TIMEOUT_S = 120.0, 600.0, 5.0
BURIAL_TIMEOUT_S = 20.0
"""A nursery waits for what it kills as well."""

_PACKAGE = Path(linregbench.__file__).resolve().parent
ROOM = Path(__file__).resolve().parents[1]

_OF_FLAGS = re.compile(r"^[EF]\d{4} .*(?:command_line_flags|parse_flags_from_env)\.cc:\d+\] (.*)$", re.MULTILINE)
"""What XLA says of a flag that it does not take, before it prints every flag that it has and ends the process."""


_OVER: wire.Message = {}
"""The last of what a program says: that it says no more."""


class NurseryError(RuntimeError):
    """A nursery did not start, or died; the message holds what it said last."""


class WorkerEnded(Exception):  # noqa: N818  an ending is not always an error: the status says
    """A worker ended before it answered: the status of its case, and the reason."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Setting:
    """What must stand before numpy and jax load, and so needs a nursery of its own."""

    environment: str = "here"
    device: str = "cpu"
    threads: str = "1"
    x64: bool = False
    python: str = sys.executable
    solvers: Path = ROOM.parent / "solvers"
    plugins: tuple[Path, ...] = ()
    path: tuple[Path, ...] = ()
    """Folders that lead the import path of workers: of a person's own code, one commit of it."""
    foreign: tuple[Path, ...] = ()
    """Folders of the other side, from which nothing may be imported."""
    cores: tuple[int, ...] = ()
    """What workers are pinned to, before their backend starts and counts its cores; empty: not pinned."""
    allowed: tuple[int, ...] = ()
    """Every core that this run may use."""
    cpu_devices: int = 1
    """How many devices JAX makes of the CPU; they share its cores."""
    hash_seed: int = 0
    """PYTHONHASHSEED: it moves what Python keeps in dictionaries, and the speed of a NumPy loop by 1 to 3%."""
    setting: str = ""
    """Variables of the environment that a person sets (variables.setting_of)."""

    @property
    def environ(self) -> dict[str, str]:
        """The whole environment: what is passed on, what the harness sets, and last what a person sets or takes out."""
        asked = variables.of_setting(self.setting)
        whole = variables.inherited() | self.variables | asked
        return {name: value for name, value in whole.items() if value or name not in asked}

    @property
    def variables(self) -> dict[str, str]:
        """What the harness sets."""
        threads = {} if self.threads == "all" else dict.fromkeys(variables.THREADS, self.threads)
        settings = {"JAX_ENABLE_X64": "1" if self.x64 else "0", "PYTHONHASHSEED": str(self.hash_seed)}
        # said in every case: one of the user's own would change what is measured, and no record would tell
        settings["JAX_NUM_CPU_DEVICES"] = str(self.cpu_devices)
        return devices.environment(self.device) | threads | settings


class LiveWorker(Protocol):
    """A worker as the block sees it (Worker, or a fake)."""

    left: int

    def ask(self, question: str, timeout_s: float, **details: Any) -> dict[str, Any]: ...

    def cpu_s(self) -> float: ...

    def rest(self) -> None: ...

    def end(self) -> None: ...


class Keep:
    """A file in memory for a problem that a run makes once, and what is where in it; gone with this process.

    Raises OSError where the system has no such files.
    """

    def __init__(self) -> None:
        if not hasattr(os, "memfd_create"):
            raise OSError("files in memory are for Linux")
        self._descriptor = os.memfd_create("linregbench-problem")
        self.file = f"/proc/{os.getpid()}/fd/{self._descriptor}"
        self.index: Mapping[str, Any] | None = None

    def close(self) -> None:
        """Give the memory back once nobody maps it."""
        os.close(self._descriptor)


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
        imported = Path(self.hello["solvers_file"]).parent
        if imported.resolve() != self.setting.solvers.resolve():
            self.close()
            raise NurseryError(f"asked for the solvers in {self.setting.solvers}, and {imported} were imported")

    def problem(self, key: str, workload: Mapping[str, Any], data: str | None, keep: Keep | None = None) -> str | None:
        """Have the data and reference answers made, once for all workers; the reason where they cannot be.

        With `keep` they are taken from there, or kept there for another nursery.
        """
        message: dict[str, Any] = {"do": "problem", "key": key, "workload": dict(workload), "data": data}
        if keep is not None:
            message |= {"file": keep.file, "kept": keep.index}
        self._problems = {key: message}
        reply = self._make(self._running(), message)
        if keep is not None:
            keep.index = reply.get("kept") or keep.index
        return reply.get("reason")

    def worker(self, case: Mapping[str, Any]) -> Worker:
        """A fresh process for this case."""
        number = next(self._numbers)
        setting = self.setting
        case = {"plugin": None} | dict(case) | {"pin": setting.cores, "allowed": setting.allowed}
        case |= {"path": [str(path) for path in setting.path]}
        if self.hello["fork"]:
            process, order = self._running(), "fork"
        else:
            process, order = Program(setting), "become"
            process.hello()
            if case.get("problem") in self._problems:
                self._make(process, self._problems[case["problem"]])
        process.send({"do": order, "worker": number, "case": case})
        born = process.receive(START_TIMEOUT_S, number)
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

    def _make(self, process: Program, message: Mapping[str, Any]) -> wire.Message:
        process.send(message)
        reply = process.receive(PROBLEM_TIMEOUT_S)
        if reply is None:
            raise NurseryError(f"the data of {message['key']} were not made in {PROBLEM_TIMEOUT_S:.0f} s")
        return reply


@dataclass
class Worker:
    """One live process that holds one case. `ask` it; `end` it when its block is over.

    Nothing that it says is believed: an answer has the fields and ranges that its question calls for, or its case has
    failed. `left`: how many processes it left behind, known once it has ended.
    """

    process: Program
    number: int
    pid: int
    alone: bool
    ended: bool = field(default=False)
    left: int = field(default=0)
    _loops: int = field(default=1)
    _kin: list[int] = field(default_factory=list)

    def ask(self, question: str, timeout_s: float, **details: Any) -> wire.Message:
        """Ask and wait for the answer. Raises WorkerEnded with the status where there is none, or a bad one."""
        began = clock.now()
        self.process.send({"do": "tell", "worker": self.number, "ask": question} | details)
        reply = self.process.receive(timeout_s, self.number)
        if reply is None:
            self.end()
            raise WorkerEnded("timeout", f"no answer to {question!r} in {timeout_s:.3g} s")
        if "exit" in reply:
            self._buried(reply)
            raise WorkerEnded(*_cause_of_death(reply["exit"], reply["said"], reply["why"]))
        try:
            answer = answers.checked(question, reply["answer"])
            if question == "sample" and not answers.is_ending(answer):
                answers.check_time(answer["call_s"] * self._loops, clock.now() - began)
        except ValueError as error:
            self.end()
            raise WorkerEnded("failed", f"its process sent what is no answer to {question!r}: {error}") from None
        if answers.is_ending(answer):
            raise WorkerEnded(answer["status"], answer["reason"])
        self._loops = answer.get("loops", self._loops)
        if question in ("prepare", "sample"):
            self._kin = family.descendants(self.pid)
        return answer

    def cpu_s(self) -> float:
        """CPU seconds that it has used so far, with what it has started; only differences mean anything."""
        total_s = 0.0
        for pid in (self.pid, *self._kin):
            with contextlib.suppress(OSError):
                total_s += clock.process_cpu_s(pid)
        return total_s

    def rest(self) -> None:
        """Have it stopped, with what it has started, whenever it is not asked anything."""
        if not self.ended and not self.alone:
            self.process.send({"do": "rest", "worker": self.number})

    def end(self) -> None:
        """Kill the process, whatever it is doing, and all that it has started, and wait until they are gone."""
        if self.ended:
            return
        self.ended = True
        if self.alone:
            self.process.kill()
            return
        with contextlib.suppress(NurseryError):  # it has died, and its workers with it: whoever asks next is told
            self.process.send({"do": "kill", "worker": self.number})
            while (reply := self.process.receive(BURIAL_TIMEOUT_S, self.number)) is not None:
                if "exit" in reply:
                    self._buried(reply)
                    return

    def _buried(self, reply: wire.Message) -> None:
        self.ended, self.left = True, reply["left"]


class Program:
    """The program worker/start.py on pipes; a thread reads its replies, so that every wait has a limit everywhere."""

    def __init__(self, setting: Setting) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        self._popen = subprocess.Popen(
            [setting.python, "-P", str(ROOM / "worker" / "start.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=setting.environ,
            start_new_session=True,  # Ctrl-C is for the schedule, which ends them in order
        )
        self._replies: queue.SimpleQueue[wire.Message] = queue.SimpleQueue()
        self._over = ""
        self._kept: defaultdict[int | None, deque[wire.Message]] = defaultdict(deque)
        threading.Thread(target=self._read, daemon=True).start()
        # A pinned worker has its core to itself; its nursery sits with the schedule, where there is another core.
        aside = [core for core in setting.allowed if core not in setting.cores] or setting.cores
        places = {"package": str(_PACKAGE), "benchmarks": str(ROOM), "solvers": str(setting.solvers)}
        self.send(places | {"cores": aside, "allowed": setting.allowed})

    def hello(self) -> wire.Message:
        reply = self.receive(START_TIMEOUT_S)
        if reply is None:
            self.kill()
            raise NurseryError(f"the measuring process did not start in {START_TIMEOUT_S:.0f} s: {self.last_words()}")
        return reply

    def send(self, message: Mapping[str, Any]) -> None:
        if self._popen.stdin is None:
            raise NurseryError("the measuring process is closed")
        try:
            self._popen.stdin.write(json.dumps(message).encode() + b"\n")
            self._popen.stdin.flush()
        except BrokenPipeError:
            code = self._popen.poll()
            raise NurseryError(f"the measuring process is gone (exit {code}): {self.last_words()}") from None

    def receive(self, timeout_s: float, worker: int | None = None) -> wire.Message | None:
        """The next message of this worker, or of the nursery itself; None past the time limit.

        Raises NurseryError where the process has died. What other workers say meanwhile (that they ended) is kept.
        """
        until_s = clock.awake() + timeout_s
        while not self._kept[worker]:
            message = clock.wait_for(self._next, until_s - clock.awake())
            if message is None:
                return None
            if message is _OVER:
                self._replies.put(message)
                self.kill()
                raise NurseryError(f"the measuring process died ({self._over}): {self.last_words()}")
            self._kept[message.get("worker")].append(message)
        return self._kept[worker].popleft()

    def _next(self, seconds: float) -> wire.Message | None:
        try:
            return self._replies.get(timeout=seconds)
        except queue.Empty:
            return None

    def last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def kill(self) -> None:
        """End it, and what it has started where it became a worker; its own end ends those that it forked."""
        family.end(self._popen.pid)
        self._popen.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # nothing more can be done than to go on
            self._popen.wait(GOODBYE_TIMEOUT_S)

    def close(self) -> None:
        if self._popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._popen.stdin.close()
        try:
            self._popen.wait(GOODBYE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def _read(self) -> None:
        stream = self._popen.stdout
        try:
            for line in stream or ():
                self._replies.put(wire.parsed(line))
            self._over = "it closed its pipe"
        except wire.GarbledError as garbled:
            self._over = f"it sent {garbled}"
        self._replies.put(_OVER)


def _cause_of_death(exit_code: int | None, said: str, why: str | None = None) -> tuple[str, str]:
    """The status and the reason; `why` it was ended, where it was not its own doing."""
    if why is not None:
        return "failed", why
    if exit_code is None:
        return "failed", "its process did not end when it was killed"
    refused = _OF_FLAGS.search(said)
    last = refused[1] if refused else said.strip().splitlines()[-1] if said.strip() else ""
    last = last[:200]
    if "bad_alloc" in said or "MemoryError" in said or "RESOURCE_EXHAUSTED" in said:
        return "out_of_memory", last
    if exit_code < 0:
        with contextlib.suppress(ValueError):
            reason = f"killed by {signal.Signals(-exit_code).name}"
            return "crashed", f"{reason}: {last}" if last else reason
    return "crashed", f"exit status {exit_code}" + (f": {last}" if last else "")
