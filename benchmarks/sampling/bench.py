"""A machine to measure on: a block of a contest, as it was ordered, becomes records.

What is here runs where the machine is, and knows of the sweep only what the order says: the run itself may be led from
elsewhere (schedule).
"""

from __future__ import annotations

import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from linregbench.results.runfile.records import Block

from .. import clock
from ..grid.cases import Case, Contest
from ..processes import machine
from . import plan
from .block import Entry, run_block
from .feasible import skips
from .pace import Pace
from .plan import Limits
from .state import State


class Processes(Protocol):
    """Where workers come from (pool.Nurseries, or a fake)."""

    def start(self, case: Case, details: Mapping[str, Any]) -> Any: ...

    def renew(self, hash_seed: int) -> None: ...

    def device_sentinel(self, device: str, environment: str) -> float | None: ...

    def device_state(self, device: str, environment: str) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Order:
    """One block of one contest: all that whoever measures it must be told. Plain values, for JSON.

    kind      of machine, in whose file it will stand
    contest   its place among the contests of that kind
    left      of its baselines and cases, those that still compete, by their place
    rounds    how many; None: as usual
    tight     no more rounds than usual, since time is short
    left_s    seconds in which rounds beyond the usual may begin
    attempt   another for each time that a block is ordered
    """

    kind: str
    contest: int
    block: int
    left: tuple[int, ...]
    rounds: int | None
    tight: bool
    left_s: float
    attempt: int


@dataclass(frozen=True)
class Measured:
    """What came of an order. Plain values, for JSON.

    records   its measurements and, after those of each group, what closes the block
    block_s   seconds that it took, less what a contest costs but once
    spent     seconds by category that stand in no record
    quiet_s   by thread setting, how long a look of the sentinel takes at most in a quiet moment there
    """

    records: list[dict[str, Any]]
    block_s: float
    spent: dict[str, float]
    quiet_s: dict[str, float | None]


@dataclass
class Bench:
    """One machine, and what is known of it.

    absent          the devices that are not here, each with its reason
    device_bytes    what a process may hold of the memory of the others that tell
    paces           by thread setting, since the sentinel is pinned in one and not in the other; and by accelerator
    """

    limits: Limits
    processes: Processes
    seed: int = 0
    absent: Mapping[str, str] = field(default_factory=dict)
    device_bytes: Mapping[str, int] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda _: None
    paces: dict[str, Pace] = field(default_factory=lambda: defaultdict(Pace))
    _turn: int = 0

    def recall(self, blocks: Iterable[Block]) -> None:
        """Learn from blocks that were measured here before how fast the machine is."""
        for block in blocks:
            self.paces[block.threads].add(seconds for of_round in block.sentinel_s for seconds in of_round)

    def measure(self, contest: Contest, order: Order) -> Measured:
        """Measure one block of a contest."""
        spent: dict[str, float] = {}
        if order.block not in (0, self._turn):
            with clock.stopwatch(spent, "renew"):
                self.processes.renew(_number(self.seed, order.block))
        self._turn = order.block
        began = clock.now()
        until_s = began if order.tight else began + order.left_s
        free = {**self.device_bytes, "cpu": machine.available_bytes()}
        entrants = (*contest.baselines, *contest.cases)
        left = [entrants[place] for place in order.left]
        records: list[dict[str, Any]] = []
        once_s = 0.0
        place = {"block": order.block, "group": 0}
        if order.block == 0:
            state = State(contest, retired={*entrants} - {*left})
            with clock.stopwatch(spent, "predict"):
                start = lambda case: self.processes.start(case, {})  # noqa: E731
                records += [record | place for record in skips(state, self.limits, self.absent, free, start, self.tell)]
            left = state.left
            once_s = clock.now() - began
        groups = plan.groups(contest, left, free) or [[]]
        for group, entries in enumerate(groups):
            meter = machine.Meter()
            measured, closing = self._sample(contest, entries, order, group, until_s)
            once_s += sum(record["overhead_s"].get("guard", 0.0) for record in measured)
            sentinels = closing.pop("device_sentinels", {})
            closing |= meter.read() | {"device_state": self._device_state(sentinels, entries)}
            closing |= {"record": "block", "problem": dict(contest.problem), "threads": contest.threads}
            closing["groups"] = len(groups)
            place = {"block": order.block, "group": group}
            records += [record | place for record in (*measured, closing)]
        block_s = clock.now() - began - once_s
        return Measured(records, block_s, spent, {contest.threads: self.paces[contest.threads].quiet_s})

    def _sample(
        self, contest: Contest, entries: Sequence[Entry], order: Order, group: int, until_s: float
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        if not entries:
            return [], {"order": [], "sentinel_s": [], "rounds": 0, "wall_s": 0.0, "overhead_s": {}}
        environment, number = entries[0].case.environment, order.block
        rules = replace(self.limits.rules, until_s=until_s)
        if order.rounds is not None:
            tight = until_s <= clock.now()
            rules = replace(rules, rounds=min(order.rounds, rules.rounds) if tight else order.rounds)
        # What a guard looks for is in the solver, not in the moment: once is enough.
        details = {
            "long_call_s": rules.long_call_s,
            "lone_call_s": rules.lone_call_s,
            "target_s": rules.target_s,
            "guard": number == 0,
            "gate": True,
            "layout": _number(self.seed, contest.key, number),
        }
        return run_block(
            entries,
            rules,
            lambda case: self.processes.start(case, details),
            self.paces[contest.threads],
            random.Random(f"{self.seed} {contest.key} {number} {group}"),
            lambda text: self.tell(f"block {number + 1}, {contest.title}: {text}"),
            lambda device: self.processes.device_sentinel(device, environment),
            lambda device: self.paces[device],
        )

    def _device_state(self, sentinels: Mapping[str, Any], entries: Sequence[Entry]) -> dict[str, dict[str, Any]] | None:
        """By device: its sentinel by round, and its clocks since the last block; None where there was none but the
        CPU."""
        states = {
            device: dict(self.processes.device_state(device, entries[0].case.environment)) | {"sentinel_s": seconds}
            for device, seconds in sentinels.items()
        }
        return states or None


def _number(*parts: object) -> int:
    """A 32-bit number that depends on the parts alone: the same again in a resumed run."""
    return zlib.crc32(" ".join(map(str, parts)).encode())
