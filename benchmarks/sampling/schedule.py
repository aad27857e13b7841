"""The whole run: blocks of every contest in turn, until each is precise or the budget is spent.

Blocks are taken round the contests (the first block of each, then the second of each, ...), so that each one is spread
over the run's whole time, and an interrupted run has covered all of them. A block is ordered, measured by whoever has a
machine (hands), and accepted; where there are several machines, a contest stays with the one that began it, unless its
blocks are to be spread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from linregbench.results.runfile.records import Block, Measurement
from linregbench.results.runfile.write import RunWriter
from linregbench.results.stats.quiet import thresholds

from .. import clock
from . import plan, stopping
from .bench import Bench, Measured, Order, Processes
from .block import Entry
from .hands import HERE, Delivery, Hands, Here, MachinesLostError
from .plan import Limits
from .state import State

MOST_LOSSES = 3
"""Machines lost while they measured a contest: then it is left, since it may be what they are lost by."""


class Watcher(Protocol):
    """Who is told how far the run is."""

    def tell(self, text: str) -> None:
        """What is being done right now."""

    def progress(self, done_s: float, left_s: float) -> None:
        """After each block: seconds spent, and seconds still expected."""

    def measured(self, title: str, measurements: Sequence[Measurement]) -> None:
        """After each block: all measurements of its problem."""


@dataclass(frozen=True)
class Session:
    """What one run is made of.

    writers    by kind of machine, its file
    spent      by kind, seconds by category
    spread     whether a contest's blocks go to one machine after another, where there are several
    """

    limits: Limits
    hands: Hands
    writers: Mapping[str, RunWriter]
    watcher: Watcher
    spread: bool = False
    spent: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))


def session_here(
    limits: Limits,
    processes: Processes,
    writer: RunWriter,
    watcher: Watcher,
    seed: int = 0,
    absent: Mapping[str, str] | None = None,
    device_bytes: Mapping[str, int] | None = None,
) -> Session:
    """A run on this machine alone, into one file."""
    bench = Bench(limits, processes, seed, absent or {}, device_bytes or {}, watcher.tell)
    return Session(limits, Here(bench), {HERE: writer}, watcher)


@dataclass(frozen=True)
class Outcome:
    """How a run ended, how long it took, and where its time went: seconds by category.

    lost    why it was interrupted, where no machine was left
    """

    reason: str
    wall_s: float
    spent_s: Mapping[str, float]
    lost: str | None = None


def run_contests(session: Session, states: Sequence[State]) -> Outcome:
    """Measure until every contest has stopped; each record is on disk before the next block is ordered.

    An interrupt ends the run in order, and what was measured stays: blocks that other machines are at are waited for,
    until a second one. Whatever else goes wrong is let through after that. `states` may grow: a machine that comes late
    brings those of its kind.
    """
    began = clock.now()
    reason, lost = "failed", None
    try:
        session.hands.recall(block for state in states for block in state.blocks)
        for state in states:
            if state.done and state.stopped is None:  # killed after its last block and before its stop
                _judge(session, state, states)
        _Run(session, states, began).go()
        reason = "budget" if any(state.stopped is None for state in states) else "complete"
    except KeyboardInterrupt:
        reason = "interrupted"
        session.hands.stop()
    except MachinesLostError as error:
        reason, lost = "interrupted", str(error)
    finally:
        for state in states:
            if state.stopped is None:
                session.writers[state.kind].append(_stop(state, reason))
        outcome = Outcome(reason, clock.now() - began, _together(session.spent.values()), lost)
        for kind, writer in session.writers.items():
            end = {"record": "end", "reason": reason, "wall_s": outcome.wall_s, "harness_s": session.spent[kind]}
            writer.append(end)
    return outcome


class _Run:
    """Who is at what."""

    def __init__(self, session: Session, states: Sequence[State], began: float) -> None:
        self.session, self.states, self.began = session, states, began
        self.busy: dict[str, tuple[Order, State]] = {}
        self.owners: dict[int, str] = {}
        self.losses: dict[int, int] = {}
        self.attempts = count()
        self.over = self.interrupted = False

    def go(self) -> None:
        """Order, and accept, until there is nothing more to order and all has been delivered."""
        while True:
            try:
                self._order()
                if not self.busy and (self.over or not any(state.stopped is None for state in self.states)):
                    break
                for delivery in self.session.hands.finished():
                    self._take(delivery)
            except KeyboardInterrupt:
                if self.interrupted or not self.busy:
                    raise
                self.over = self.interrupted = True
                self.session.watcher.tell(f"finishing {len(self.busy)} blocks; Ctrl-C again gives them up")
        if self.interrupted:
            raise KeyboardInterrupt

    def _order(self) -> None:
        """Give each machine that has nothing to do the next block that is for it."""
        nodes = self.session.hands.nodes()
        for node, kind in nodes.items():
            if self.over or node in self.busy or (state := self._next(node, kind, nodes)) is None:
                continue
            spent_s = clock.now() - self.began
            if spent_s + _block_s(self.session, state) > self.session.limits.budget_s:
                self.over = True
                return
            order = self._order_of(state, node, spent_s, nodes)
            self.owners[id(state)] = node
            if node != HERE:
                self.session.watcher.tell(f"{node}: block {state.done + 1}, {state.contest.title}")
            self.session.hands.begin(node, order, state.contest)
            self.busy[node] = order, state

    def _next(self, node: str, kind: str, nodes: Mapping[str, str]) -> State | None:
        """The contest whose block this machine should measure, if any: those that have fewest come first.

        Its own, those that nobody has, and those of machines that are gone; with `spread` anybody's. Of those that
        nobody has begun, the longest first where there are several machines, so that none comes late.
        """
        taken = {id(state) for _, state in self.busy.values()}
        able = [
            (place, state)
            for place, state in enumerate(self.states)
            if state.kind == kind and state.stopped is None and id(state) not in taken
            if self.session.spread or self.owners.get(id(state)) in (None, node) or self.owners[id(state)] not in nodes
        ]

        def rank(placed: tuple[int, State]) -> tuple[float, ...]:
            place, state = placed
            own = sum(block.node == node for block in state.blocks) if self.session.spread else 0
            return state.done, own, -_predicted_s(self.session, state) if len(nodes) > 1 else 0.0, place

        return min(able, key=rank)[1] if able else None

    def _order_of(self, state: State, node: str, spent_s: float, nodes: Mapping[str, str]) -> Order:
        limits, rounds = self.session.limits, None
        if limits.blocks[0] < limits.blocks[1]:
            threads = state.contest.threads
            quiet_s = self.session.hands.quiet_s(node, threads)
            known = {} if quiet_s is None else {threads: quiet_s}
            rounds = stopping.rounds(state.measurements, state.blocks, known, limits.rules.rounds)
        entrants = (*state.contest.baselines, *state.contest.cases)
        return Order(
            state.kind,
            state.number,
            state.done,
            tuple(place for place, case in enumerate(entrants) if case not in state.retired),
            rounds,
            _tight(self.session, self.states, spent_s, nodes),
            limits.budget_s - spent_s,
            next(self.attempts),
        )

    def _take(self, delivery: Delivery) -> None:
        """Accept what was measured, once; note a machine that was lost."""
        order, state = self.busy.get(delivery.node, (None, None))
        if state is None or order is None or order.attempt != delivery.order.attempt:
            return  # another machine has been asked since
        del self.busy[delivery.node]
        session = self.session
        if delivery.measured is None:
            self.owners.pop(id(state), None)
            self.losses[id(state)] = self.losses.get(id(state), 0) + 1
            session.watcher.tell(f"{delivery.node} is lost: {delivery.reason}")
            if self.losses[id(state)] == MOST_LOSSES:
                state.stopped = f"left after {MOST_LOSSES} machines were lost at it: {delivery.reason}"
                session.writers[state.kind].append(_stop(state, state.stopped))
            return
        accept(session, state, delivery.measured, delivery.node)
        _judge(session, state, self.states)
        session.watcher.measured(state.contest.title, state.measurements)
        spent_s = clock.now() - self.began
        session.watcher.progress(spent_s, left_s(session, self.states, spent_s))


def accept(session: Session, state: State, measured: Measured, node: str = HERE) -> None:
    """Have a block on disk, closed, and in what the contest has come to."""
    bad = set()
    for told in measured.records:
        of_node = {"node": node} if node != HERE and told["record"] == "block" else {}
        kept = session.writers[state.kind].append(told | of_node)
        if isinstance(kept, Measurement):
            state.measurements.append(kept)
            bad |= {kept.case} if kept.status != "ok" else set()
        elif isinstance(kept, Block):
            state.blocks.append(kept)
        else:
            raise TypeError(f"measured a {type(kept).__name__}, which is no part of a block")
        _account(session.spent[state.kind], told["overhead_s"])
    state.retired |= {case for case in state.left if stopping.row_of(case) in bad}
    _account(session.spent[state.kind], measured.spent)
    state.done += 1
    state.block_s = measured.block_s


def _judge(session: Session, state: State, states: Sequence[State]) -> None:
    """Stop the contest, or some of its cases, where it has been measured enough, and say so in the file."""
    settled = {}
    with clock.stopwatch(session.spent[state.kind], "estimate"):
        limits = thresholds([block for contest in states for block in contest.blocks])
        pairs, more_than = state.contest.pairs, session.limits.more_than
        if more_than is not None:
            state.retired |= stopping.answered(state.measurements, state.blocks, state.contest, limits, more_than)
            pairs = tuple(pair for pair in pairs if pair[0] not in state.retired)
        state.stopped = stopping.reason(state.measurements, state.blocks, pairs, limits, session.limits)
        if state.stopped is None and not pairs and more_than is None:
            settled = stopping.settled(state.measurements, state.blocks, limits, session.limits)
    if state.stopped:
        session.writers[state.kind].append(_stop(state, state.stopped))
    for case in state.left:
        row = stopping.row_of(case)
        if (reason := settled.get(row)) and case not in state.contest.baselines:
            state.retired.add(case)
            session.writers[state.kind].append(_stop(state, reason) | {"case": row.facts})


def left_s(session: Session, states: Sequence[State], spent_s: float = 0.0) -> float:
    """Seconds that the blocks still to come will take, as far as can be told, and no more than the budget has left."""
    needed_s = _needed_s(session, states, session.hands.nodes())
    return max(0.0, min(needed_s, session.limits.budget_s - spent_s))


def _needed_s(session: Session, states: Sequence[State], nodes: Mapping[str, str]) -> float:
    """Of the kind of machine that takes longest, its machines together."""
    kinds = [*nodes.values()]
    by_kind = {state.kind: [other for other in states if other.kind == state.kind] for state in states}
    return max((_alone_s(session, of) / max(kinds.count(kind), 1) for kind, of in by_kind.items()), default=0.0)


def _alone_s(session: Session, states: Sequence[State]) -> float:
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


def _tight(session: Session, states: Sequence[State], spent_s: float, nodes: Mapping[str, str]) -> bool:
    """Whether the fewest blocks hardly fit into what is left of the budget: more rounds would mean fewer blocks."""
    return _needed_s(session, states, nodes) > session.limits.budget_s - spent_s


def _block_s(session: Session, state: State, slower: float = 1.0) -> float:
    return state.block_s if state.block_s is not None else slower * _predicted_s(session, state)


def _predicted_s(session: Session, state: State) -> float:
    return plan.predicted_block_s(_entries(state), session.limits)


def _entries(state: State) -> list[Entry]:
    twins = [Entry(case, "twin") for case in state.left if case in state.contest.baselines]
    return [*map(Entry, state.left), *twins]


def _account(spent: dict[str, float], more: Mapping[str, float]) -> None:
    for category, seconds in more.items():
        spent[category] = spent.get(category, 0.0) + seconds


def _together(spent: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for of_kind in spent:
        _account(total, of_kind)
    return total


def _stop(state: State, reason: str) -> dict[str, Any]:
    problem = dict(state.contest.problem)
    return {"record": "stop", "problem": problem, "threads": state.contest.threads, "reason": reason}
