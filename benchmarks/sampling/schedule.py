"""The whole run: blocks of every contest in turn, until each is precise or the budget is spent.

Blocks are taken round the contests (the first block of each, then the second of each, ...), so that each one is spread
over the run's whole time, and an interrupted run has covered all of them. A block is ordered, measured by whoever has a
machine (hands), and accepted; where there are several machines, a contest stays with the one that began it, unless its
blocks are to be spread.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from linregbench.results.runfile.records import Block, Measurement
from linregbench.results.runfile.write import RunWriter
from linregbench.results.stats.quiet import of_node, thresholds
from linregbench.results.words.text import counted

from .. import clock
from . import plan, stopping
from .bench import Bench, Measured, Order, Processes
from .block import Entry
from .hands import HERE, Delivery, Hands, Here, MachinesLostError
from .plan import Limits
from .state import State

FEW = 8
"""Contests that a machine chooses from, where their blocks are spread."""
NOW_AND_THEN_S = 2.0
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
    blocks     by machine, all that it has measured
    spread     whether a contest's blocks go to one machine after another, where there are several
    """

    limits: Limits
    hands: Hands
    writers: Mapping[str, RunWriter]
    watcher: Watcher
    spread: bool = False
    spent: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    blocks: dict[str | None, list[Block]] = field(default_factory=lambda: defaultdict(list))
    predicted: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)


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
        before = [block for state in states for block in state.blocks]
        session.hands.recall(before)
        for block in before:
            session.blocks[block.node].append(block)
        for state in states:
            if state.done and state.stopped is None:  # killed after its last block and before its stop
                _judge(session, state)
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


class _Turns:
    """Whose block is next: those that have fewest come first.

    Where there are several machines, each measures its own contests and begins those that nobody has, the longest
    first, so that none comes late; what a machine had that is lost is nobody's. With `spread` all are nobody's again
    after each block.
    """

    def __init__(self, session: Session, states: Sequence[State]) -> None:
        self.session, self.states = session, states
        self._known = 0
        self._nobodys: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
        self._of_node: dict[str, set[int]] = defaultdict(set)

    def next(self, node: str, kind: str) -> int | None:
        """The place of the contest for this machine, which has it from now on."""
        for place in range(self._known, len(self.states)):
            self.give_back(place)
        self._known = len(self.states)
        own = [place for place in self._of_node[node] if self.states[place].stopped is None]
        self._of_node[node] = {*own}
        best = min((self._rank(place) for place in own), default=None)
        if (free := self._first(node, kind)) is not None:
            if best is None or free < best:
                self._of_node[node].add(free[-1])
                return free[-1]
            heapq.heappush(self._nobodys[kind], free)
        return None if best is None else best[-1]

    def give_back(self, place: int) -> None:
        """Let anybody have it."""
        heapq.heappush(self._nobodys[self.states[place].kind], self._rank(place))

    def measured(self, node: str, place: int) -> None:
        """A block of it has been measured there."""
        if self.session.spread:
            self._of_node[node].discard(place)
            self.give_back(place)

    def lost(self, node: str) -> None:
        """Let anybody have what the machine had."""
        for place in self._of_node.pop(node, set()):
            self.give_back(place)

    def _first(self, node: str, kind: str) -> tuple[int, float, int] | None:
        """Of those that nobody has; with `spread`, of the first few that have as many blocks the one that has fewest
        of this machine."""
        heap = self._nobodys[kind]
        few: list[tuple[int, float, int]] = []
        while heap and len(few) < (FEW if self.session.spread else 1) and (not few or heap[0][0] == few[0][0]):
            first = heapq.heappop(heap)
            if self.states[first[-1]].stopped is None:
                few.append(first)
        if not few:
            return None
        chosen = min(few, key=lambda rank: sum(block.node == node for block in self.states[rank[-1]].blocks))
        for rank in few:
            if rank is not chosen:
                heapq.heappush(heap, rank)
        return chosen

    def _rank(self, place: int) -> tuple[int, float, int]:
        state = self.states[place]
        return state.done, -_predicted_s(self.session, state) if self.session.hands.several else 0.0, place


class _Run:
    """Who is at what."""

    def __init__(self, session: Session, states: Sequence[State], began: float) -> None:
        self.session, self.states, self.began = session, states, began
        self.turns = _Turns(session, states)
        self.busy: dict[str, tuple[Order, int]] = {}
        self.losses: dict[int, int] = {}
        self.attempts = count()
        self.over = self.interrupted = False
        self._needed_s, self._told_s = 0.0, -math.inf

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
                self.session.watcher.tell(f"finishing {counted(len(self.busy), 'block')}; Ctrl-C again gives up")
        if self.interrupted:
            raise KeyboardInterrupt

    def _order(self) -> None:
        """Give each machine that has nothing to do the next block that is for it."""
        nodes = {} if self.over else self.session.hands.nodes()
        for node, kind in nodes.items():
            if node in self.busy or (place := self.turns.next(node, kind)) is None:
                continue
            state = self.states[place]
            spent_s = clock.now() - self.began
            if spent_s + _block_s(self.session, state) > self.session.limits.budget_s:
                self.over = True
                return
            order = self._order_of(state, node, spent_s)
            if self.session.hands.several:
                self.session.watcher.tell(f"{node}: block {state.done + 1}, {state.contest.title}")
            self.session.hands.begin(node, order, state.contest)
            self.busy[node] = order, place

    def _order_of(self, state: State, node: str, spent_s: float) -> Order:
        limits, rounds = self.session.limits, None
        if limits.blocks[0] < limits.blocks[1]:
            threads = state.contest.threads
            quiet_s = self.session.hands.quiet_s(node, threads)
            known = {} if quiet_s is None else {of_node(node or None, threads): quiet_s}
            rounds = stopping.rounds(state.measurements, state.blocks, known, limits.rules.rounds)
        entrants = (*state.contest.baselines, *state.contest.cases)
        return Order(
            kind=state.kind,
            contest=state.number,
            block=state.done,
            left=tuple(place for place, case in enumerate(entrants) if case not in state.retired),
            rounds=rounds,
            # the fewest blocks hardly fit into what is left of the budget: more rounds would mean fewer blocks
            tight=self._needed() > limits.budget_s - spent_s,
            left_s=limits.budget_s - spent_s,
            attempt=next(self.attempts),
        )

    def _take(self, delivery: Delivery) -> None:
        """Accept what was measured, once; note a machine that was lost."""
        order, place = self.busy.get(delivery.node, (None, 0))
        if order is None or order.attempt != delivery.order.attempt:
            return  # it was delivered before, or another machine has been asked since
        del self.busy[delivery.node]
        session, state = self.session, self.states[place]
        if delivery.measured is None:
            self.turns.lost(delivery.node)
            self.losses[place] = self.losses.get(place, 0) + 1
            session.watcher.tell(f"{delivery.node} is lost: {delivery.reason}")
            if self.losses[place] == MOST_LOSSES:
                state.stopped = f"left after {MOST_LOSSES} machines were lost at it: {delivery.reason}"
                session.writers[state.kind].append(_stop(state, state.stopped))
            return
        accept(session, state, delivery.measured, delivery.node)
        _judge(session, state)
        self.turns.measured(delivery.node, place)
        session.watcher.measured(state.contest.title, state.measurements)
        spent_s = clock.now() - self.began
        session.watcher.progress(spent_s, max(0.0, min(self._needed(), session.limits.budget_s - spent_s)))

    def _needed(self) -> float:
        """Seconds that the blocks still to come will take, as far as can be told; of many machines it is looked at now
        and then, since there may be many contests."""
        if not self.session.hands.several or clock.now() - self._told_s > NOW_AND_THEN_S:
            self._needed_s, self._told_s = _needed_s(self.session, self.states), clock.now()
        return self._needed_s


def accept(session: Session, state: State, measured: Measured, node: str = HERE) -> None:
    """Have a block on disk, closed, and in what the contest has come to."""
    bad = set()
    for told in measured.records:
        of_node = {"node": node} if node != HERE and told["record"] == "block" else {}
        kept = session.writers[state.kind].append(told | of_node, synced=told is measured.records[-1])
        if isinstance(kept, Measurement):
            state.measurements.append(kept)
            bad |= {kept.case} if kept.status != "ok" else set()
        elif isinstance(kept, Block):
            state.blocks.append(kept)
            session.blocks[kept.node].append(kept)
        else:
            raise TypeError(f"measured a {type(kept).__name__}, which is no part of a block")
        _account(session.spent[state.kind], told["overhead_s"])
    state.retired |= {case for case in state.left if stopping.row_of(case) in bad}
    _account(session.spent[state.kind], measured.spent)
    state.done += 1
    state.block_s = measured.block_s


def _judge(session: Session, state: State) -> None:
    """Stop the contest, or some of its cases, where it has been measured enough, and say so in the file."""
    settled = {}
    with clock.stopwatch(session.spent[state.kind], "estimate"):
        # by every block of the machines that measured it: one problem may never have seen a quiet moment
        nodes = {block.node for block in state.blocks}
        limits = thresholds(block for node in nodes for block in session.blocks[node])
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


def _needed_s(session: Session, states: Sequence[State]) -> float:
    """Of the kind of machine that takes longest, its machines together."""
    kinds = [*session.hands.nodes().values()]
    by_kind: dict[str, list[State]] = defaultdict(list)
    for state in states:
        by_kind[state.kind].append(state)
    return max((_alone_s(session, of) / max(kinds.count(kind), 1) for kind, of in by_kind.items()), default=0.0)


def _alone_s(session: Session, states: Sequence[State]) -> float:
    fewest, _ = session.limits.blocks
    running = [state for state in states if state.stopped is None]
    slower = _slower(session, states)
    once_s = sum(_predictions(session, state)[1] for state in running if not state.done)
    return once_s + sum(max(fewest - s.done, 1) * _block_s(session, s, slower) for s in running)


def _slower(session: Session, states: Sequence[State]) -> float:
    """How many times longer blocks took than predicted, of the contests that have any; 1 before the first."""
    took = [(state.block_s, _predicted_s(session, state)) for state in states if state.block_s is not None]
    predicted_s = sum(predicted_s for _, predicted_s in took)
    return sum(block_s for block_s, _ in took) / predicted_s if predicted_s else 1.0


def _block_s(session: Session, state: State, slower: float = 1.0) -> float:
    return state.block_s if state.block_s is not None else slower * _predicted_s(session, state)


def _predicted_s(session: Session, state: State) -> float:
    return _predictions(session, state)[0]


def _predictions(session: Session, state: State) -> tuple[float, float]:
    """Of a block of it, and of what is done but once; worked out once for those that are left."""
    key = id(state), len(state.retired)
    if key not in session.predicted:
        entries = _entries(state)
        session.predicted[key] = (
            plan.predicted_block_s(entries, session.limits),
            plan.predicted_once_s(entries, session.limits),
        )
    return session.predicted[key]


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
