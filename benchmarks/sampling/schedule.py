"""The whole run: blocks of every contest in turn, until each is precise or the budget is spent.

Blocks are taken round the contests (the first block of each, then the second of each, ...), so that each one is spread
over the run's whole time, and an interrupted run has covered all of them.
"""

from __future__ import annotations

import random
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from linregbench.results.runfile.records import Block, Measurement
from linregbench.results.runfile.write import RunWriter
from linregbench.results.stats.quiet import thresholds

from .. import clock
from ..grid.cases import Case
from ..processes import machine
from . import plan, stopping
from .block import Entry, run_block
from .feasible import skips
from .pace import Pace
from .plan import Limits
from .state import State

_Kept = TypeVar("_Kept", Measurement, Block)


class Watcher(Protocol):
    """Who is told how far the run is."""

    def tell(self, text: str) -> None:
        """What is being done right now."""

    def progress(self, done_s: float, left_s: float) -> None:
        """After each block: seconds spent, and seconds still expected."""

    def measured(self, title: str, measurements: Sequence[Measurement]) -> None:
        """After each block: all measurements of its problem."""


class Processes(Protocol):
    """Where workers come from (pool.Nurseries, or a fake)."""

    def start(self, case: Case, details: Mapping[str, Any]) -> Any: ...

    def renew(self, hash_seed: int) -> None: ...

    def device_sentinel(self, device: str, environment: str) -> float | None: ...

    def device_state(self, device: str, environment: str) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Session:
    """What one run is made of.

    absent          the devices that are not here, each with its reason
    device_bytes    what a process may hold of the memory of the others that tell
    """

    limits: Limits
    processes: Processes
    writer: RunWriter
    watcher: Watcher
    seed: int = 0
    absent: Mapping[str, str] = field(default_factory=dict)
    device_bytes: Mapping[str, int] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    paces: dict[str, Pace] = field(default_factory=lambda: defaultdict(Pace))
    """By thread setting, since the sentinel is pinned in one and not in the other; and by accelerator."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, how long it took, and where its time went: seconds by category."""

    reason: str
    wall_s: float
    spent_s: Mapping[str, float]


def run_contests(session: Session, states: Sequence[State]) -> Outcome:
    """Measure until every contest has stopped; each record is on disk before the next block starts.

    An interrupt ends the run in order, and what was measured stays; whatever else goes wrong is let through after that.
    """
    began = clock.now()
    reason = "failed"
    try:
        for block in (block for state in states for block in state.blocks):
            session.paces[block.threads].add(seconds for of_round in block.sentinel_s for seconds in of_round)
        for state in states:
            if state.done and state.stopped is None:  # killed after its last block and before its stop
                _judge(session, state, states)
        for state in _turns(session, states, began):
            _one_block(session, state, began, tight=_tight(session, states, clock.now() - began))
            _judge(session, state, states)
            session.watcher.measured(state.contest.title, state.measurements)
            spent_s = clock.now() - began
            session.watcher.progress(spent_s, left_s(session, states, spent_s))
        reason = "budget" if any(state.stopped is None for state in states) else "complete"
    except KeyboardInterrupt:
        reason = "interrupted"
    finally:
        for state in states:
            if state.stopped is None:
                session.writer.append(_stop(state, reason))
        outcome = Outcome(reason, clock.now() - began, session.spent)
        session.writer.append(
            {"record": "end", "reason": reason, "wall_s": outcome.wall_s, "harness_s": outcome.spent_s}
        )
    return outcome


def _judge(session: Session, state: State, states: Sequence[State]) -> None:
    """Stop the contest, or some of its cases, where it has been measured enough, and say so in the file."""
    settled = {}
    with clock.stopwatch(session.spent, "estimate"):
        limits = thresholds([block for contest in states for block in contest.blocks])
        pairs, more_than = state.contest.pairs, session.limits.more_than
        if more_than is not None:
            state.retired |= stopping.answered(state.measurements, state.blocks, state.contest, limits, more_than)
            pairs = tuple(pair for pair in pairs if pair[0] not in state.retired)
        state.stopped = stopping.reason(state.measurements, state.blocks, pairs, limits, session.limits)
        if state.stopped is None and not pairs and more_than is None:
            settled = stopping.settled(state.measurements, state.blocks, limits, session.limits)
    if state.stopped:
        session.writer.append(_stop(state, state.stopped))
    for case in state.left:
        row = stopping.row_of(case)
        if (reason := settled.get(row)) and case not in state.contest.baselines:
            state.retired.add(case)
            session.writer.append(_stop(state, reason) | {"case": row.facts})


def left_s(session: Session, states: Sequence[State], spent_s: float = 0.0) -> float:
    """Seconds that the blocks still to come will take, as far as can be told, and no more than the budget has left."""
    return max(0.0, min(_needed_s(session, states), session.limits.budget_s - spent_s))


def _needed_s(session: Session, states: Sequence[State]) -> float:
    fewest, _ = session.limits.blocks
    running = [state for state in states if state.stopped is None]
    slower = _slower(session, states)
    once_s = sum(plan.predicted_once_s(_entries(state), session.limits) for state in running if not state.done)
    return once_s + sum(max(fewest - s.done, 1) * _block_s(session, s, slower) for s in running)


def _slower(session: Session, states: Sequence[State]) -> float:
    """How many times longer blocks took than predicted, of the contests that have any; 1 before the first."""
    took = [(state.block_s, _predicted_s(session, state)) for state in states if state.block_s is not None]
    predicted_s = sum(predicted_s for _, predicted_s in took)
    return sum(block_s for block_s, _ in took) / predicted_s if predicted_s else 1.0


def _tight(session: Session, states: Sequence[State], spent_s: float) -> bool:
    """Whether the fewest blocks hardly fit into what is left of the budget: more rounds would mean fewer blocks."""
    return _needed_s(session, states) > session.limits.budget_s - spent_s


def _turns(session: Session, states: Sequence[State], began: float) -> Iterator[State]:
    """Whose block is next, until all have stopped or the next block would go past the budget."""
    while running := [state for state in states if state.stopped is None]:
        fewest = min(state.done for state in running)
        if fewest:
            with clock.stopwatch(session.spent, "renew"):
                session.processes.renew(_number(session.seed, fewest))
        for state in running:
            if state.done > fewest:
                continue
            if clock.now() - began + _block_s(session, state) > session.limits.budget_s:
                return
            yield state


def _block_s(session: Session, state: State, slower: float = 1.0) -> float:
    return state.block_s if state.block_s is not None else slower * _predicted_s(session, state)


def _predicted_s(session: Session, state: State) -> float:
    return plan.predicted_block_s(_entries(state), session.limits)


def _entries(state: State) -> list[Entry]:
    twins = [Entry(case, "twin") for case in state.left if case in state.contest.baselines]
    return [*map(Entry, state.left), *twins]


def _one_block(session: Session, state: State, run_began: float, *, tight: bool) -> None:
    """Measure one block of a contest, and have it on disk, closed; no more rounds than usual where time is `tight`."""
    contest, number, began = state.contest, state.done, clock.now()
    free = {**session.device_bytes, "cpu": machine.available_bytes()}
    records: list[dict[str, Any]] = []
    once_s = 0.0
    if number == 0:
        with clock.stopwatch(session.spent, "predict"):
            start, tell = (lambda case: session.processes.start(case, {})), session.watcher.tell
            records = list(skips(state, session.limits, session.absent, free, start, tell))
        once_s = clock.now() - began
    groups = plan.groups(contest, state.left, free) or [[]]
    for group, entries in enumerate(groups):
        meter = machine.Meter()
        until_s = began if tight else run_began + session.limits.budget_s
        measured, closing = _measure(session, state, entries, number, group, until_s)
        state.retired |= {
            entry.case for entry, record in zip(entries, measured, strict=True) if record["status"] != "ok"
        }
        place = {"block": number, "group": group}
        for record in (*records, *measured):
            state.measurements.append(_append(session.writer, record | place, Measurement))
            _account(session.spent, record["overhead_s"])
            once_s += record["overhead_s"].get("guard", 0.0)
        _account(session.spent, closing["overhead_s"])
        closing |= meter.read() | {"device_state": _device_state(session, closing.pop("device_sentinels", {}), entries)}
        closing |= {"record": "block", "problem": dict(contest.problem), "threads": contest.threads}
        closing["groups"] = len(groups)
        state.blocks.append(_append(session.writer, closing | place, Block))
        records = []
    state.done += 1
    state.block_s = clock.now() - began - once_s


def _measure(
    session: Session, state: State, entries: Sequence[Entry], number: int, group: int, until_s: float
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    if not entries:
        return [], {"order": [], "sentinel_s": [], "rounds": 0, "wall_s": 0.0, "overhead_s": {}}
    contest, environment = state.contest, entries[0].case.environment
    rules = replace(session.limits.rules, until_s=until_s)
    fewest, most = session.limits.blocks
    if fewest < most:
        quiet_s = session.paces[contest.threads].quiet_s
        limits = {} if quiet_s is None else {contest.threads: quiet_s}
        rounds = stopping.rounds(state.measurements, state.blocks, limits, rules.rounds)
        tight = until_s <= clock.now()
        rules = replace(rules, rounds=min(rounds, rules.rounds) if tight else rounds)
    # What a guard looks for is in the solver, not in the moment: once is enough.
    details = {
        "long_call_s": rules.long_call_s,
        "lone_call_s": rules.lone_call_s,
        "target_s": rules.target_s,
        "guard": number == 0,
        "gate": True,
        "layout": _number(session.seed, contest.key, number),
    }
    return run_block(
        entries,
        rules,
        lambda case: session.processes.start(case, details),
        session.paces[contest.threads],
        random.Random(f"{session.seed} {contest.key} {number} {group}"),
        lambda text: session.watcher.tell(f"block {number + 1}, {contest.title}: {text}"),
        lambda device: session.processes.device_sentinel(device, environment),
        lambda device: session.paces[device],
    )


def _device_state(
    session: Session, sentinels: Mapping[str, Any], entries: Sequence[Entry]
) -> dict[str, dict[str, Any]] | None:
    """By device: its sentinel by round, and its clocks since the last block; None where there was none but the CPU."""
    states = {
        device: dict(session.processes.device_state(device, entries[0].case.environment)) | {"sentinel_s": seconds}
        for device, seconds in sentinels.items()
    }
    return states or None


def _number(*parts: object) -> int:
    """A 32-bit number that depends on the parts alone: the same again in a resumed run."""
    return zlib.crc32(" ".join(map(str, parts)).encode())


def _account(spent: dict[str, float], more: Mapping[str, float]) -> None:
    for category, seconds in more.items():
        spent[category] = spent.get(category, 0.0) + seconds


def _append(writer: RunWriter, record: Mapping[str, Any], kind: type[_Kept]) -> _Kept:
    kept = writer.append(record)
    if not isinstance(kept, kind):
        raise TypeError(f"wrote {type(kept).__name__} where {kind.__name__} was meant")
    return kept


def _stop(state: State, reason: str) -> dict[str, Any]:
    problem = dict(state.contest.problem)
    return {"record": "stop", "problem": problem, "threads": state.contest.threads, "reason": reason}
