"""What a nursery does: make problems, fork workers, carry messages, kill on demand, tell how a worker ended.

Where fork is missing or unsafe, one such process `become`s a single worker itself: slower, otherwise the same.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import gc
import os
import selectors
import signal
import sys
import tempfile
import traceback
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from linregbench.solvers.problem import Problem, Workload, make_problem

from . import kept, session, wire
from .hardware import memory

KEPT_BYTES = 256 * 2**20
"""Problems are kept for the next block up to this size together; making one anew costs milliseconds to seconds."""

SAID_BYTES = 2000
"""Of what a worker said, from the beginning and from the end: XLA says first what it ends for, Python last."""

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class _Child:
    pid: int
    requests: int
    replies: wire.Reader
    log: IO[bytes]
    rests: bool = False
    """Stopped while it is not asked anything: a pool of threads would spin for 0.1 s after each call, on the cores of
    whoever is sampled next."""


def rests(case: wire.Message) -> bool:
    """Whether a worker may have a pool of threads that outlasts its calls: any CPU case of more than one thread."""
    return case.get("threads", "1") != "1" and case.get("device") == "cpu"


def can_fork() -> bool:
    """Whether a child forked here is sound: not on Windows, and not on macOS, whose frameworks abort in it."""
    return hasattr(os, "fork") and sys.platform != "darwin"


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies, however that dies (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _problem(message: wire.Message) -> tuple[Problem, kept.Index | None]:
    """The problem, mapped where it was kept or else made, and the index of it where it is kept.

    Raises what making it does, and OSError for a person's data that cannot be read.
    """
    file, index = message.get("file"), message.get("kept")
    if file and index:
        return kept.mapped(index, file), index
    data = None
    if message.get("data"):
        with np.load(message["data"], allow_pickle=False) as copied:
            data = copied["X"], copied["y"]
    problem = make_problem(Workload(**message["workload"]), data)
    if file:
        with contextlib.suppress(OSError):  # no room for it: it is made anew when it is needed again
            index = kept.keep(problem, file)
    # what it was made in is given back: the workers share what is kept
    return (kept.mapped(index, file), index) if file and index else (problem, None)


class NurseryServer:
    """The problems made, the children alive, and what is done with each message."""

    def __init__(self, requests: int, replies: int) -> None:
        self.requests = wire.Reader(requests)
        self.replies = replies
        self.children: dict[int, _Child] = {}
        self.problems: collections.OrderedDict[str, Any] = collections.OrderedDict()
        self.selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Obey until the schedule closes its end, then leave no child behind."""
        self.selector.register(self.requests.descriptor, selectors.EVENT_READ, None)
        try:
            while not self.requests.closed:
                for key, _ in self.selector.select():
                    if key.data is not None:
                        self._carry(key.data)
                        continue
                    for message in self.requests.available():
                        self._obey(message)
        finally:
            for number in list(self.children):
                self._kill(number)

    def _reply(self, message: wire.Message) -> None:
        # A schedule that has gone closes the requests too, and that ends the loop.
        with contextlib.suppress(BrokenPipeError):
            wire.write(self.replies, message)

    def _obey(self, message: wire.Message) -> None:
        match message.pop("do"):
            case "problem":
                self._make_problem(message)
            case "fork":
                self._fork(message["worker"], message["case"])
            case "become":
                self._become(message["worker"], message["case"])
            case "tell" if message["worker"] in self.children:
                self._signal(message["worker"], signal.SIGCONT)
                with contextlib.suppress(BrokenPipeError):  # its end is told by _carry
                    wire.write(self.children[message["worker"]].requests, message)
            case "kill":
                self._kill(message["worker"])

    def _make_problem(self, message: wire.Message) -> None:
        key = message["key"]
        reply: wire.Message = {"problem": key}
        try:
            if key not in self.problems:
                self.problems[key], reply["kept"] = _problem(message)
            self.problems.move_to_end(key)
        except (ValueError, MemoryError, OSError) as error:
            reply |= {"status": "failed", "reason": f"the data could not be made: {type(error).__name__}: {error}"}
        while len(self.problems) > 1 and sum(problem.X.nbytes for problem in self.problems.values()) > KEPT_BYTES:
            self.problems.popitem(last=False)
        self._reply(reply)

    def _fork(self, number: int, case: wire.Message) -> None:
        requests, to_child = os.pipe()
        from_child, replies = os.pipe()
        log = tempfile.TemporaryFile()  # noqa: SIM115  closed in _bury
        gc.collect()
        gc.freeze()  # a collection in the child would write to, and so copy, every page that it shares
        pid = os.fork()
        if pid == 0:
            status = 70
            try:
                # The other children's pipes must not live on in this one, or their ends would never be seen.
                for child in self.children.values():
                    os.close(child.requests)
                    os.close(child.replies.descriptor)
                for descriptor in (self.requests.descriptor, self.replies, to_child, from_child):
                    os.close(descriptor)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
                die_with_parent()
                self._work(case, wire.Reader(requests), lambda message: wire.write(replies, message))
                status = 0
            # whatever it raises, sys.exit included: nobody above would print it, and the log tells what it died of
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(status)  # never back into the nursery's loop, and no clean-up of what is not this child's
        os.close(requests)
        os.close(replies)
        self.children[number] = _Child(pid, to_child, wire.Reader(from_child), log, rests(case))
        self.selector.register(from_child, selectors.EVENT_READ, number)
        self._reply({"worker": number, "born": pid})

    def _work(self, case: wire.Message, requests: wire.Reader, send: session.Send) -> None:
        if case.get("pin"):
            os.sched_setaffinity(0, case["pin"])  # before the backend starts, which counts its cores then
        sys.path[:0] = case.get("path", [])
        if case.get("memory_bytes"):
            memory.limit_growth(case["memory_bytes"])
        shuffled = memory.shuffle_heap(case.get("layout", 0))
        session.live(case, self.problems.get(case.get("problem", "")), requests.receive, send)
        del shuffled

    def _become(self, number: int, case: wire.Message) -> None:
        self._reply({"worker": number, "born": os.getpid()})
        self._work(case, self.requests, lambda message: self._reply({"worker": number} | message))

    def _carry(self, number: int) -> None:
        replies = self.children[number].replies
        for message in replies.available():
            self._signal(number, signal.SIGSTOP)
            self._reply({"worker": number} | message)
        if replies.closed:
            self._bury(number)

    def _signal(self, number: int, signal_number: int) -> None:
        """Stop or continue a child that rests; only this process does either, so no order can overtake another."""
        if self.children[number].rests:
            os.kill(self.children[number].pid, signal_number)

    def _kill(self, number: int) -> None:
        if number in self.children:
            os.kill(self.children[number].pid, signal.SIGKILL)
            self._bury(number)

    def _bury(self, number: int) -> None:
        child = self.children.pop(number)
        self.selector.unregister(child.replies.descriptor)
        _, status = os.waitpid(child.pid, 0)
        os.close(child.requests)
        os.close(child.replies.descriptor)
        child.log.seek(0)
        first = child.log.read(SAID_BYTES)
        child.log.seek(max(SAID_BYTES, child.log.seek(0, os.SEEK_END) - SAID_BYTES))
        said = (first + child.log.read()).decode(errors="replace")
        child.log.close()
        self._reply({"worker": number, "exit": os.waitstatus_to_exitcode(status), "said": said})
