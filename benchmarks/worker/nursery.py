"""What a nursery does: make problems, fork workers, carry messages, kill on demand, tell how a worker ended.

Where fork is missing or unsafe, one such process `become`s a single worker itself: slower, otherwise the same.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import os
import resource
import selectors
import signal
import sys
import tempfile
import traceback
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

import numpy as np

from linregbench.solvers.problem import Problem, Workload, make_problem

from .. import clock
from . import family, kept, session, wire
from .hardware import memory

KEPT_BYTES = 256 * 2**20
"""Problems are kept for the next block up to this size together; making one anew costs milliseconds to seconds."""

SAID_BYTES = 2000
"""Of what a worker said, from the beginning and from the end: XLA says first what it ends for, Python last."""

MOST_SAID_BYTES = 2**30
"""Of what a worker may print, or write into any one file: one that prints without end must not fill the disk."""
ENDS_S, CLOSES_S, LOOK_S = 5.0, 1.0, 0.001
"""How long a process that was killed is waited for, and one that closed its pipe, looking so often."""
GARBLED = "its process sent what is no answer: {}"
LIVED_ON = "its process closed its line to the harness, as exec does, and lived on"


@dataclass
class _Child:
    pid: int
    requests: int
    replies: wire.Reader
    end: int | None
    """Readable once the process has ended, whoever else holds its pipe; None where the system has no such thing."""
    log: IO[bytes]
    rests: bool = False
    """Stopped while it is not asked anything: a pool of threads would spin for 0.1 s after each call, on the cores of
    whoever is sampled next."""
    restless: bool = False
    """It was seen at work while it was not asked anything: it rests, and so does whatever it started."""
    asked: bool = False
    """Whether it owes an answer; more than one is not believed."""


def rests(case: wire.Message) -> bool:
    """Whether a worker may have a pool of threads that outlasts its calls: any CPU case of more than one thread."""
    return case.get("threads", "1") != "1" and case.get("device") == "cpu"


def can_fork() -> bool:
    """Whether a child forked here is sound: not on Windows, and not on macOS, whose frameworks abort in it."""
    return hasattr(os, "fork") and sys.platform != "darwin"


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
        """Obey until the schedule closes its end or has died, then leave no child behind, nor any of theirs."""
        family.keep()
        self.selector.register(self.requests.descriptor, selectors.EVENT_READ, self._listen)
        schedule = _end_of(os.getppid())  # its end of the pipe may be held by something that it started
        if schedule is not None:
            self.selector.register(schedule, selectors.EVENT_READ, self._stop)
        try:
            while not self.requests.closed:
                for key, _ in self.selector.select():
                    key.data()
        finally:
            for number in list(self.children):
                self._end(number)

    def _stop(self) -> None:
        self.requests.closed = True

    def _listen(self) -> None:
        for message in self.requests.available():
            self._obey(message)

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
            case "tell" if child := self.children.get(message["worker"]):
                child.asked = True
                _signal(child, signal.SIGCONT)
                with contextlib.suppress(BrokenPipeError):  # its end is told by _carry
                    wire.write(child.requests, message)
            case "rest" if child := self.children.get(message["worker"]):
                child.restless = True
                _signal(child, signal.SIGSTOP)
            case "kill" if message["worker"] in self.children:
                self._end(message["worker"])

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
        nursery = os.getpid()
        pid = os.fork()
        if pid == 0:
            status = 70
            try:
                family.die_with(nursery)
                # What it sends to its group is not for us. No session of its own: Linux schedules each as one, which is
                # paid at every hand-over of threads where others want the cores (jax_scan took 135 to 200 us for 44).
                os.setpgid(0, 0)
                family.keep()
                # The other children's pipes must not live on in this one, or their ends would never be seen.
                listened = [key.fd for key in self.selector.get_map().values()]
                theirs = [one for child in self.children.values() for one in (child.requests, child.log.fileno())]
                self.selector.close()
                for descriptor in (*listened, *theirs, self.replies, to_child, from_child):
                    os.close(descriptor)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
                if case.get("device", "cpu") == "cpu":  # a driver keeps files of its own
                    resource.setrlimit(resource.RLIMIT_FSIZE, _least(MOST_SAID_BYTES, resource.RLIMIT_FSIZE))
                own = os.getpid()

                def send(message: wire.Message) -> None:
                    if os.getpid() != own:  # a solver forked, and both of it came back
                        os._exit(70)
                    wire.write(replies, message)

                self._work(case, wire.Reader(requests), send)
                status = 0
            # whatever it raises, sys.exit included: nobody above would print it, and the log tells what it died of
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(status)  # never back into the nursery's loop, and no clean-up of what is not this child's
        os.close(requests)
        os.close(replies)
        os.set_blocking(from_child, False)
        child = _Child(pid, to_child, wire.Reader(from_child), _end_of(pid), log, rests(case))
        self.children[number] = child
        for readable in (from_child, child.end):
            if readable is not None:
                self.selector.register(readable, selectors.EVENT_READ, partial(self._carry, number))
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
        self._work(case, self.requests, lambda answer: self._reply({"worker": number, "answer": answer}))

    def _carry(self, number: int) -> None:
        """Pass on what a child answered, and notice its end; what it says is one answer to each question, or a lie."""
        child = self.children.get(number)
        if child is None:  # both of its descriptors were ready, and the first told of its end
            return
        ended = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        try:
            for answer in child.replies.available():
                if not child.asked:
                    raise wire.GarbledError("an answer to no question")
                child.asked = False
                _signal(child, signal.SIGSTOP)
                self._reply({"worker": number, "answer": answer})
        except wire.GarbledError as garbled:
            self._end(number, GARBLED.format(garbled))
            return
        if ended or child.replies.closed:
            self._end(number)

    def _end(self, number: int, why: str | None = None) -> None:
        """End a child and its whole family, wait for it, and tell how it ended and how many it left behind."""
        child = self.children.pop(number)
        for descriptor in (child.replies.descriptor, child.end):
            if descriptor is not None:
                self.selector.unregister(descriptor)
        # one that closes its pipe by ending has ended in a moment
        status = _waited(child.pid, CLOSES_S) if child.replies.closed else None
        why = LIVED_ON if child.replies.closed and status is None else why
        left = 0
        if status is None:
            family.send([child.pid], signal.SIGSTOP)
            left = family.end(child.pid)
            family.send([child.pid], signal.SIGKILL)
            status = _waited(child.pid, ENDS_S)
        left += self._orphans_ended()
        for descriptor in (child.requests, child.replies.descriptor, child.end):
            if descriptor is not None:
                os.close(descriptor)
        code = None if status is None else os.waitstatus_to_exitcode(status)
        self._reply({"worker": number, "exit": code, "said": _said(child.log), "why": why, "left": left})

    def _orphans_ended(self) -> int:
        """End what children that are gone left to this process, and wait for it; how many of those lived."""
        living = {child.pid for child in self.children.values()}
        count = family.end(os.getpid(), living)
        for pid in set(family.children(os.getpid())) - living:
            _waited(pid, ENDS_S)
        return count


def _end_of(pid: int) -> int | None:
    """A descriptor that is readable once that process has ended; None where the system has none."""
    try:
        return os.pidfd_open(pid) if sys.platform == "linux" else None
    except (AttributeError, OSError):  # built for an older Linux, or running on one
        return None


def _waited(pid: int, seconds: float) -> int | None:
    """The status of a child, waited for; None where it does not end."""
    until_s = clock.now() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended or clock.now() > until_s:
            return status if ended else None
        clock.pause(LOOK_S)


def _signal(child: _Child, signal_number: int) -> None:
    """Stop or continue a child that rests; only this process does either, so no order can overtake another."""
    if child.rests or child.restless:
        # it is stopped before what it started is looked for, and goes on after it
        kin = family.descendants(child.pid) if child.restless else []
        order = (child.pid, *kin) if signal_number == signal.SIGSTOP else (*kin, child.pid)
        family.send(order, signal_number)


def _said(log: IO[bytes]) -> str:
    """The beginning and the end of what a worker printed."""
    with log:
        log.seek(0)
        first = log.read(SAID_BYTES)
        log.seek(max(SAID_BYTES, log.seek(0, os.SEEK_END) - SAID_BYTES))
        return (first + log.read()).decode(errors="replace")


def _least(limit: int, of: int) -> tuple[int, int]:
    """A limit of this process, soft and hard, and no more than it has."""
    _, hard = resource.getrlimit(of)
    most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    return most, most
