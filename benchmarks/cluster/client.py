"""The machines of a dask cluster as hands of the schedule: who is there, what each is at, who is lost.

Of dask it needs a scheduler that somebody else started: its list of workers, a task sent to a worker by its address,
and the future of that task. A block is never queued there, since what is queued may be moved; a worker that leaves is
noticed by looking, since its task would wait for it for ever (dask/distributed#7346).
"""

from __future__ import annotations

import contextlib
import json
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linregbench.results.runfile.records import Block
from linregbench.results.words.text import counted

from .. import clock
from ..grid.cases import Contest
from ..grid.options import UsageError
from ..sampling.bench import Measured, Order
from ..sampling.block import FINISH_S
from ..sampling.hands import Delivery, MachinesLostError
from ..sampling.plan import Limits
from . import node

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK_EVERY_S, TICK_S = 0.5, 0.5
"""Between two looks at who is there; and how long a wait for answers lasts at most."""
CONNECT_S, SILENT_S, STOP_S = 10.0, 15.0, 20.0
"""How long the scheduler may take to answer at first, how long it may be gone, how long machines may take to end."""
OTHERS_S = 60.0
"""How long the first machine waits for others that have been asked what they are."""
AGAIN_S = 5.0
"""After which a machine that another run has is asked again."""
GREETING_S = 600.0
"""Within which a machine must have said what it is: it imports JAX, and measures its peaks."""
CASE_S, BLOCK_S = 60.0, 120.0
"""What a case and a block may take beyond what the time limits of cases allow, before a machine is called overdue."""
RESOURCE = "machine"
SMALL_BYTES = 1 << 20
INSTALL = "a cluster needs dask.distributed: pip install 'linregbench[cluster]'"


def connected(where: str) -> Client:
    """A client of the scheduler at an address, or of a scheduler file. Raises UsageError."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise UsageError(INSTALL) from None
    by_file = "://" not in where and (Path(where).exists() or where.endswith(".json"))
    if by_file and not Path(where).exists():
        raise UsageError(
            f"--cluster {where}: there is no such scheduler file; `dask scheduler --scheduler-file` makes it"
        )
    try:
        given: dict[str, Any] = {"scheduler_file": where} if by_file else {"address": where}
        return Client(**given, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, KeyError) as error:
        raise UsageError(f"--cluster {where}: no scheduler answers there: {_line(error)}") from None


@dataclass
class _Worker:
    """A worker of dask's: `state` is new, greeted, ready, busy, spare (another worker has its machine), taken (another
    run has it) or out."""

    address: str
    resources: Mapping[str, float]
    state: str = "new"
    node: str = ""
    kind: str = ""
    future: Future | None = None
    order: Order | None = None
    due_s: float = 0.0
    quiet_s: dict[str, float | None] = field(default_factory=dict)


class Cluster:
    """Hands over a dask client. Use it as a context: leaving it ends what it started."""

    several = True

    def __init__(
        self,
        client: Client,
        run: str,
        request: Mapping[str, Any],
        limits: Limits,
        joined: Callable[[Mapping[str, Any]], str],
        *,
        wait_s: float,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`joined` is told what a machine says of itself and answers its kind, or raises UsageError: it is left out.

        wait_s: how long nobody may be there, in seconds
        """
        self.client, self.run, self.limits, self.joined = client, run, limits, joined
        self.wait_s, self.tell = wait_s, tell
        self.refused: dict[str, str] = {}
        self._request = json.dumps(dict(request) | {"run": run}).encode()
        self._workers: dict[str, _Worker] = {}
        self._lost: list[Delivery] = []
        self._numbers = count()
        self._began_s = self._looked_s = self._answered_s = self._at_work_s = clock.now()
        self._looked_s -= LOOK_EVERY_S

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def await_first(self) -> None:
        """Wait until a machine is there, and a while for the others that are about to be.

        Raises UsageError where none comes, with what was refused.
        """
        first_s = math.inf
        while True:
            if self.nodes():
                first_s = min(first_s, clock.now())
            coming = any(worker.state == "greeted" for worker in self._workers.values())
            if first_s < math.inf and not (coming and clock.now() - first_s < OTHERS_S):
                return
            try:
                self._wait(forever=True)
            except MachinesLostError as error:
                raise UsageError(f"--cluster: {error}") from None
            self._take_greetings()
            states = {worker.state for worker in self._workers.values()}
            late = "greeted" not in states and clock.now() - self._began_s > self.wait_s
            if first_s < math.inf:
                continue
            if states == {"out"} or (states and late):
                raise UsageError("--cluster: no machine can be measured on: " + "; ".join(self.reasons()))
            if late:
                raise UsageError(
                    f"--cluster: no worker came within {self.wait_s:g} s; start some, or --wait for longer"
                )

    def reasons(self) -> list[str]:
        """Why machines were left out, each reason once."""
        return [f"{why} ({counted(n, 'worker')})" for why, n in _counted(self.refused.values()).items()]

    def nodes(self) -> Mapping[str, str]:
        self._look()
        return {worker.node: worker.kind for worker in self._workers.values() if worker.state in ("ready", "busy")}

    def quiet_s(self, node: str, threads: str) -> float | None:
        return self._at(node).quiet_s.get(threads)

    def recall(self, blocks: Iterable[Block]) -> None:
        """Nothing: a machine learns its own pace anew."""

    def begin(self, node: str, order: Order, contest: Contest) -> None:
        worker = self._at(node)
        cases = len(order.left) + len(contest.baselines)
        timeout_s = self.limits.rules.timeout_s
        worker.state, worker.order = "busy", order
        worker.due_s = clock.now() + BLOCK_S + cases * (2 * timeout_s + FINISH_S + CASE_S)
        worker.future = self._submit(worker, "measure", self.run, json.dumps(asdict(order)).encode())

    def finished(self) -> Iterable[Delivery]:
        self._wait()
        self._take_greetings()
        done, self._lost = self._lost, []
        for worker in [*self._workers.values()]:
            if worker.state == "busy" and worker.future is not None and worker.order is not None:
                if worker.future.done():
                    done.append(self._delivery(worker, worker.future, worker.order))
                elif clock.now() > worker.due_s:
                    worker.state = "out"
                    self.refused[worker.address] = "it did not answer in time"
                    done.append(Delivery(worker.node, worker.order, None, "it did not answer in time"))
        return done

    def stop(self) -> None:
        """End every agent, whatever it is at."""
        futures = [worker.future for worker in self._workers.values() if worker.future is not None]
        there = [worker.address for worker in self._workers.values() if worker.state != "spare"]
        self._workers.clear()
        if not there:
            return

        def tell() -> None:
            # whoever cannot be told ends by itself, for want of orders
            with contextlib.suppress(Exception):
                self.client.cancel(futures, force=True)
                self.client.run(node.stop, self.run, workers=there, on_error="ignore")

        # a worker that was stopped in its tracks would be waited for for ever
        telling = threading.Thread(target=tell, daemon=True)
        telling.start()
        telling.join(STOP_S)

    def _at(self, name: str) -> _Worker:
        return next(w for w in self._workers.values() if w.node == name and w.state in ("ready", "busy"))

    def _look(self) -> None:
        """Who is there, who is new, who has left."""
        if clock.now() - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = clock.now()
        there = self._there()
        if there is None:
            return
        for address, told in there.items():
            if address not in self._workers:
                self._workers[address] = _Worker(address, told.get("resources") or {})
        gone = [worker for address, worker in self._workers.items() if address not in there]
        for worker in gone:
            del self._workers[worker.address]
            if worker.state == "busy" and worker.order is not None:
                self._lost.append(Delivery(worker.node, worker.order, None, "its worker left the cluster"))
        for worker in self._workers.values():
            freed = gone and worker.state == "spare"
            if worker.state == "new" or freed or (worker.state == "taken" and clock.now() > worker.due_s):
                self._greet(worker)

    def _greet(self, worker: _Worker) -> None:
        worker.state, worker.due_s = "greeted", clock.now() + GREETING_S
        self.refused.pop(worker.address, None)
        request: Any = self._request
        if len(request) > SMALL_BYTES:
            request = self.client.scatter(request, workers=[worker.address], hash=False)
        worker.future = self._submit(worker, "greet", request)

    def _there(self) -> Mapping[str, Any] | None:
        """The scheduler's workers by address; None where it does not answer. Raises MachinesLostError after a while."""
        try:
            if self.client.status != "running":
                raise OSError(f"the client is {self.client.status}")
            there: Mapping[str, Any] = self.client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, TimeoutError, ValueError) as error:
            if clock.now() - self._answered_s > SILENT_S:
                raise MachinesLostError(f"the scheduler is gone: {_line(error)}") from None
            return None
        self._answered_s = clock.now()
        return there

    def _submit(self, worker: _Worker, what: str, *arguments: Any) -> Future:
        """A task for this worker alone."""
        # a resource that no worker shows would be waited for for ever
        resources = {RESOURCE: 1} if RESOURCE in worker.resources else None
        return self.client.submit(
            getattr(node, what),
            *arguments,
            key=f"linregbench-{self.run}-{what}-{next(self._numbers)}",
            workers=[worker.address],
            resources=resources,
            pure=False,
            retries=0,
        )

    def _wait(self, *, forever: bool = False) -> None:
        """Until something is done, or for a moment. Raises MachinesLostError where there is nobody for too long."""
        from distributed import wait

        self._look()
        now_s = clock.now()
        if any(worker.state in ("greeted", "busy") for worker in self._workers.values()):
            self._at_work_s = now_s
        elif now_s - self._at_work_s > self.wait_s and not (self._lost or forever):
            raise MachinesLostError("no machine is left" + "".join(f"; {why}" for why in self.reasons()))
        futures = [worker.future for worker in self._workers.values() if worker.state in ("greeted", "busy")]
        pending = [future for future in futures if future is not None]
        if self._lost or any(future.done() for future in pending):
            return
        if not pending:
            clock.pause(TICK_S)
            return
        try:
            with self.client.as_current():
                wait(pending, timeout=TICK_S, return_when="FIRST_COMPLETED")
        except (TimeoutError, OSError):
            return
        except Exception as error:  # dask's errors of cancelled futures have changed their place more than once
            if self.client.status == "running" and not any(future.done() for future in pending):
                raise MachinesLostError(_line(error)) from error

    def _take_greetings(self) -> None:
        for worker in self._workers.values():
            if worker.state != "greeted" or worker.future is None:
                continue
            if worker.future.done():
                self._greeted(worker, worker.future)
            elif clock.now() > worker.due_s:
                worker.state, self.refused[worker.address] = "out", f"no greeting within {GREETING_S:g} s"

    def _greeted(self, worker: _Worker, future: Future) -> None:
        told = _answer(future)
        worker.future, worker.state = None, "out"
        if told.get("taken") == self.run:
            worker.state = "spare"
        elif "taken" in told:
            worker.state, worker.due_s = "taken", clock.now() + AGAIN_S
            self.refused[worker.address] = f"run {told['taken']} measures on its machine"
        elif "node" not in told:
            self.refused[worker.address] = str(told.get("refused") or told.get("gone"))
        elif told["node"] in {other.node for other in self._workers.values() if other.state in ("ready", "busy")}:
            worker.state = "spare"
        else:
            try:
                worker.kind = self.joined(told)
            except UsageError as error:
                self.refused[worker.address] = f"{told['node']}: {error}"
                return
            worker.node, worker.state = told["node"], "ready"
            self.tell(f"{worker.node} is there: {told['machine'].get('cpu')}")

    def _delivery(self, worker: _Worker, future: Future, order: Order) -> Delivery:
        told = _answer(future)
        worker.future, worker.order = None, None
        if "records" not in told:
            worker.state = "new"  # it may be asked to begin anew
            why = told.get("gone") or told.get("refused") or told.get("taken")
            return Delivery(worker.node, order, None, str(why))
        worker.state, worker.quiet_s = "ready", worker.quiet_s | told["quiet_s"]
        return Delivery(worker.node, order, Measured(**told))


def _answer(future: Future) -> dict[str, Any]:
    """What a task answered; {"gone": why} where it ended otherwise."""
    try:
        answer: dict[str, Any] = json.loads(future.result(timeout=CONNECT_S))
    except Exception as error:  # whatever a worker raises comes out here, by its own class
        return {"gone": _line(error)}
    return answer


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _counted(texts: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return counts
