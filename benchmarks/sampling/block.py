"""One block: every competing case in a fresh live process, then rounds of one sample each, in random order.

Only one process works at a time. The sentinel is sampled around every case, and alone decides which rounds were quiet.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import clock
from ..clock import TARGET_S
from ..grid.cases import Case
from ..processes.handle import LiveWorker, WorkerEnded

ROUNDS = 20
SAMPLING_S = 2.0
"""A worker samples for so long a block at most, as a rule; a slower case sits out rounds, evenly spread."""

SENTINEL_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Rules:
    """What a block must know of the run's options."""

    timeout_s: float = 60.0
    long_call_s: float = 2.0
    long_samples: int = 1
    rounds: int = ROUNDS
    target_s: float = TARGET_S
    sampling_s: float = SAMPLING_S
    flush_cache: bool = False


@dataclass(frozen=True)
class Entry:
    """A case and the part that it plays: "case", "baseline", or "twin", the baseline's A/A copy."""

    case: Case
    role: str = "case"


@dataclass
class _Seat:
    entry: Entry
    left_s: float
    worker: LiveWorker | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    status: str = "ok"
    reason: str | None = None
    rounds: frozenset[int] = frozenset()
    sampled: list[tuple[int, float]] = field(default_factory=list)

    def ask(self, question: str) -> dict[str, Any] | None:
        """The worker's answer, within what is left of the case's time; None once the case has ended otherwise."""
        if self.worker is None or self.status != "ok":
            return None
        start = clock.now()
        try:
            answer = self.worker.ask(question, max(self.left_s, 0.001))
        except WorkerEnded as ended:
            self.status, self.reason = ended.status, ended.reason
            return None
        finally:
            self.left_s -= clock.now() - start
        for phase, seconds in answer.pop("spent", {}).items():
            self.spent[phase] = self.spent.get(phase, 0.0) + seconds
        return answer


Start = Callable[[Case], LiveWorker]
Sentinel = Callable[[], float]
DeviceSentinel = Callable[[str], float | None]
Tell = Callable[[str], None]


def run_block(
    entries: Sequence[Entry],
    rules: Rules,
    start: Start,
    sentinel: Sentinel,
    order: random.Random,
    tell: Tell,
    sentinel_pair: Callable[[], Sequence[LiveWorker]] = tuple,
    device_sentinel: DeviceSentinel = lambda _: None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Measure the entries against each other; their measurement records, and what closes the block.

    `sentinel` decides which rounds are quiet, and with it `device_sentinel` where a case is not on the CPU (None: that
    device has none); the closing record has its seconds by device and round in `device_sentinels`. `sentinel_pair`
    decides nothing: two fresh processes of the same work, sampled in every round, whose difference is noise.
    """
    seats = [_Seat(entry, rules.timeout_s) for entry in entries]
    spent: dict[str, float] = {}
    watched: list[list[float]] = []
    on_devices: dict[str, list[list[float]]] = {}
    paired: list[list[float]] = []
    pair: Sequence[LiveWorker] = ()
    began = clock.now()
    try:
        for seat in seats:
            _prepare(seat, rules, start, tell)
        with clock.stopwatch(spent, "fork"):
            pair = sentinel_pair()
        for index in range(rules.rounds):
            tell(f"round {index + 1} of {rules.rounds}")
            watched.append(_round(index, seats, sentinel, order, spent, _Devices(device_sentinel, on_devices, index)))
            with clock.stopwatch(spent, "sentinel"), contextlib.suppress(WorkerEnded):  # a pair that died tells nothing
                paired.append(_pair_sample(pair, order))
        for seat in seats:
            if answer := seat.ask("finish"):
                seat.status, seat.reason = answer.pop("status", "ok"), answer.pop("reason", None)
                answer.pop("worker", None)  # its number among those of its nursery
                seat.facts |= answer
    finally:
        with clock.stopwatch(spent, "end"):
            for seat in seats:
                if seat.worker is not None:
                    seat.worker.end()
            for worker in pair:
                worker.end()
    closing = {
        "sentinel_s": watched,
        "sentinel_pair_s": paired if pair and len(paired) == rules.rounds else [],
        "device_sentinels": on_devices,
        "rounds": rules.rounds,
        "wall_s": clock.now() - began,
        "overhead_s": spent,
    }
    return [_record(seat) for seat in seats], closing


def _prepare(seat: _Seat, rules: Rules, start: Start, tell: Tell) -> None:
    tell(f"{seat.entry.case.name}: compile and warm up")
    try:
        with clock.stopwatch(seat.spent, "fork"):
            seat.worker = start(seat.entry.case)
    except WorkerEnded as ended:
        seat.status, seat.reason = ended.status, ended.reason
        return
    answer = seat.ask("prepare")
    if answer is None:
        return
    seat.facts = answer["phases"] | {"loops": answer["loops"]}
    seat.rounds = frozenset(sampled_rounds(answer["call_s"] * answer["loops"], rules))


def sampled_rounds(sample_s: float, rules: Rules) -> Iterator[int]:
    """The rounds in which a case takes part, evenly spread, so that it samples for sampling_s at most."""
    count = min(rules.rounds, max(1, int(rules.sampling_s / max(sample_s, 1e-9))))
    if sample_s > rules.long_call_s:
        count = min(rules.long_samples, rules.rounds)
    if sample_s > rules.sampling_s:
        count = min(count, 1)
    return (int((i + 0.5) * rules.rounds / count) for i in range(count))


@dataclass(frozen=True)
class _Devices:
    """The sentinels of accelerators in one round; what they took goes into `seconds`, by device and round."""

    sentinel: DeviceSentinel
    seconds: dict[str, list[list[float]]]
    index: int

    def look(self, device: str) -> None:
        took_s = None if device == "cpu" else self.sentinel(device)
        if took_s is not None:
            rounds = self.seconds.setdefault(device, [])
            rounds += [[] for _ in range(self.index + 1 - len(rounds))]
            rounds[self.index].append(took_s)


def _round(
    index: int,
    seats: Sequence[_Seat],
    sentinel: Sentinel,
    order: random.Random,
    spent: dict[str, float],
    accelerators: _Devices,
) -> list[float]:
    """One sample of each case that takes part; the sentinel's seconds before each of them and after the last."""
    taking_part = [seat for seat in seats if index in seat.rounds and seat.status == "ok"]
    order.shuffle(taking_part)
    watched = []
    for seat in taking_part:
        with clock.stopwatch(spent, "sentinel"):
            watched.append(sentinel())
            accelerators.look(seat.entry.case.device)
        with clock.stopwatch(seat.spent, "sample"):
            answer = seat.ask("sample")
        with clock.stopwatch(spent, "sentinel"):
            accelerators.look(seat.entry.case.device)
        if answer is not None:
            seat.sampled.append((index, answer["call_s"]))
    with clock.stopwatch(spent, "sentinel"):
        watched.append(sentinel())
    return watched


def _pair_sample(pair: Sequence[LiveWorker], order: random.Random) -> list[float]:
    """Seconds of each of the pair, asked in random order."""
    seconds = [0.0] * len(pair)
    for index in order.sample(range(len(pair)), len(pair)):
        seconds[index] = float(pair[index].ask("sample", SENTINEL_TIMEOUT_S)["call_s"])
    return seconds


def skipped(entry: Entry, reason: str) -> dict[str, Any]:
    """The record of a case that was not run, and why."""
    return _record(_Seat(entry, 0.0, status="skipped", reason=reason))


def _record(seat: _Seat) -> dict[str, Any]:
    return {
        "record": "measurement",
        "role": seat.entry.role,
        **seat.entry.case.as_dict(),
        "status": seat.status,
        "reason": seat.reason,
        "samples_s": [seconds for _, seconds in seat.sampled],
        "rounds": [index for index, _ in seat.sampled],
        "overhead_s": seat.spent,
        # whatever the worker told is a field of the record
        "findings": [],
        **seat.facts,
    }
