"""One block: every competing case in a fresh live process, then rounds of one sample each, in random order.

Only one process works at a time. Right before and right after its sample a worker runs the sentinel, which alone
decides whether the moment was quiet. Rounds go on until every case has enough quiet samples, within limits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from linregbench.results.stats.quiet import lost_the_core
from linregbench.solvers.problem import data_bytes

from .. import clock
from ..clock import TARGET_S
from ..grid.cases import Case
from ..processes.handle import LiveWorker, WorkerEnded

ROUNDS = 20
MOST_ROUNDS = 3
"""Times the usual rounds: so many at most, where cases still lack quiet samples."""
LEAST_QUIET = 5
"""Quiet samples that a case should have in a block, as far as it is sampled so often."""
OWN_PHASES = ("place", "sentinel")
"""What a worker does before its last answer that is none of the solver's doing."""
FINISH_S, FINISH_CALLS = 30.0, 12
"""What the check and the guards may take: so long, and so many of the case's slowest call; the most that they make, of
calls too long to be repeated, is 10."""
MOVED_S = 20e-9
"""Seconds a byte of data, beside: four times what was seen where memory was touched for the first time."""
IDLE_SHARE, IDLE_LEAST_S = 0.05, 0.005
"""Of the time for which it is asked nothing, and seconds in all: what a case may work then. Threads that wait for their
next question take nothing."""
SAMPLING_S = 2.0
"""A worker samples for so long a block at most, as a rule; a slower case sits out rounds, evenly spread."""


@dataclass(frozen=True)
class Rules:
    """What a block must know of the run's options."""

    timeout_s: float = 60.0
    long_call_s: float = 2.0
    long_samples: int = 1
    rounds: int = ROUNDS
    target_s: float = TARGET_S
    sampling_s: float = SAMPLING_S
    until_s: float = math.inf
    """On the clock: no round beyond the usual ones begins later."""

    @property
    def lone_call_s(self) -> float:
        """A call that takes longer is sampled once a block."""
        return max(self.long_call_s, self.sampling_s)


@dataclass(frozen=True)
class Entry:
    """A case and the part that it plays: "case", "baseline", or "twin", the baseline's A/A copy."""

    case: Case
    role: str = "case"


@dataclass(frozen=True)
class _Taken:
    """One sample: its round, seconds a call, seconds a call that it waited for its core, the sentinel around it."""

    round: int
    call_s: float
    wait_s: float | None
    switches: int
    around_s: tuple[float, float] | None
    beside: bool = False
    """Whether another case of the block was at work meanwhile, though it was asked nothing."""


@dataclass
class _Seat:
    entry: Entry
    left_s: float
    number: int = 0
    worker: LiveWorker | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    status: str = "ok"
    reason: str | None = None
    rounds: frozenset[int] = frozenset()
    sampled: list[_Taken] = field(default_factory=list)
    idle_s: float = 0.0
    worked_s: float = 0.0
    restless: bool = False

    def lacks_quiet(self, quiet_s: float | None, loud: frozenset[int]) -> bool:
        """Whether it should be sampled again: it is sampled often, and was seldom in a quiet moment.

        `loud`: the rounds in which its accelerator was slower than it can be, held down by heat or power, say.
        """
        wanted = min(LEAST_QUIET, len(self.rounds))
        if quiet_s is None or self.status != "ok" or wanted < LEAST_QUIET:
            return False
        samples_s = [taken.call_s for taken in self.sampled]
        waits_s = self.waits_s() or [0.0] * len(samples_s)
        lost = lost_the_core(waits_s, samples_s, self.facts["loops"])
        looked = [
            taken.around_s is not None
            and max(taken.around_s) <= quiet_s
            and taken.round not in loud
            and not taken.beside
            for taken in self.sampled
        ]
        return sum(quiet and not away for quiet, away in zip(looked, lost, strict=True)) < wanted

    def waits_s(self) -> list[float] | None:
        """By sample, seconds a call that it waited for its core; None where the system does not tell."""
        waits_s = [taken.wait_s for taken in self.sampled if taken.wait_s is not None]
        return waits_s if len(waits_s) == len(self.sampled) else None

    def ask(self, question: str, own_s: float = 0.0, **details: Any) -> dict[str, Any] | None:
        """The worker's answer, within what is left of the solver's time; None once the case has ended otherwise.

        `own_s`: seconds that the harness may take beside. What the worker says that it spent of it, the solver keeps.
        """
        start = clock.awake()
        answer = self._answer(question, max(self.left_s, 0.001) + own_s, details)
        self.left_s += self._accounted(answer) - (clock.awake() - start)
        return answer

    def was_idle(self, idle_s: float, worked_s: float) -> None:
        """Take note of what it did while it was asked nothing. One that works then is stopped until it is asked."""
        self.idle_s += idle_s
        self.worked_s += worked_s
        if self.worker is None or self.restless or self.worked_s < max(IDLE_LEAST_S, IDLE_SHARE * self.idle_s):
            return
        self.restless = True
        if self.entry.case.device == "cpu":
            self.worker.rest()

    def finish(self) -> dict[str, Any] | None:
        """The last answer, within the harness's own time: what it asks of the solver then is no fault of that.

        As long as its slowest call allows, so that a solver which hangs in the check is caught all the same.
        """
        slowest_s = max([self.facts.get("first_call_s") or 0.0, *(taken.call_s for taken in self.sampled)])
        answer = self._answer("finish", FINISH_S + FINISH_CALLS * slowest_s + moved_s(self.entry.case), {})
        self._accounted(answer)
        return answer

    def _accounted(self, answer: dict[str, Any] | None) -> float:
        """Keep the worker's account of its seconds by phase; those of the harness's own phases, together."""
        spent = answer.pop("spent", {}) if answer else {}
        for phase, seconds in spent.items():
            self.spent[phase] = self.spent.get(phase, 0.0) + seconds
        return float(sum(spent.get(phase, 0.0) for phase in OWN_PHASES))

    def _answer(self, question: str, timeout_s: float, details: Mapping[str, Any]) -> dict[str, Any] | None:
        if self.worker is None or self.status != "ok":
            return None
        try:
            return self.worker.ask(question, timeout_s, **details)
        except WorkerEnded as ended:
            self.status, self.reason = ended.status, ended.reason
            return None


def moved_s(case: Case) -> float:
    """Seconds in which the harness has placed and compared the data of a case, however slow the machine."""
    return MOVED_S * data_bytes(case.workload)


Start = Callable[[Case], LiveWorker]
DeviceSentinel = Callable[[str], float | None]
Tell = Callable[[str], None]


class Pace(Protocol):
    """How fast the machine is when nothing disturbs it, as the sentinels of the run tell (sampling.pace.Pace)."""

    def add(self, seconds: Iterable[float]) -> None:
        """Looks of the sentinel, in seconds."""

    @property
    def quiet_s(self) -> float | None:
        """How long a look takes at most in a quiet moment; None until enough is known, or where nobody asks."""


class Unwatched:
    """A pace that is never known: no sample waits, and no round is added."""

    quiet_s = None

    def add(self, seconds: Iterable[float]) -> None:
        """Nothing is kept."""


def run_block(
    entries: Sequence[Entry],
    rules: Rules,
    start: Start,
    pace: Pace,
    order: random.Random,
    tell: Tell,
    device_sentinel: DeviceSentinel = lambda _: None,
    device_pace: Callable[[str], Pace] = lambda _: Unwatched(),
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Measure the entries against each other; their measurement records, and what closes the block.

    `pace` decides which moments are quiet, and with it `device_sentinel` where a case is not on the CPU (None: that
    device has none), by the pace of that device; the closing record has its seconds by device and round in
    `device_sentinels`. In it `order` has by round the entries in the order in which they were sampled, `sentinel_s` the
    sentinel right before and right after each of them.
    """
    seats = [_Seat(entry, rules.timeout_s, number) for number, entry in enumerate(entries)]
    spent: dict[str, float] = {}
    watched = _Devices(device_sentinel, device_pace)
    sampled: list[list[int]] = []
    began = clock.now()
    try:
        # where a device puts its data depends on who came first: nobody is always the first
        for seat in order.sample(seats, len(seats)):
            with _Others(seats, seat):
                _prepare(seat, rules, start, pace, tell)
        for index in range(MOST_ROUNDS * rules.rounds):
            taking_part = _of_round(index, seats, rules, pace, watched)
            if not taking_part and index >= rules.rounds:
                break
            tell(f"round {index + 1}" + (f" of {rules.rounds}" if index < rules.rounds else ", for quiet samples"))
            order.shuffle(taking_part)
            sampled.append(_round(index, taking_part, seats, pace, spent, watched))
        for seat in seats:
            if answer := seat.finish():
                seat.status, seat.reason = answer.pop("status", "ok"), answer.pop("reason", None)
                seat.facts |= answer
    finally:
        with clock.stopwatch(spent, "end"):
            for seat in seats:
                if seat.worker is not None:
                    seat.worker.end()
    closing = {
        "order": sampled,
        "sentinel_s": _around(sampled, seats),
        "sentinel_pair_s": _pair(len(sampled), seats),
        "device_sentinels": watched.seconds,
        "rounds": len(sampled),
        "wall_s": clock.now() - began,
        "overhead_s": spent,
    }
    return [_record(seat) for seat in seats], closing


def _of_round(index: int, seats: Sequence[_Seat], rules: Rules, pace: Pace, accelerators: _Devices) -> list[_Seat]:
    """Who takes part in a round; nobody where there have been enough of them.

    Beyond the usual rounds it is the cases that lack quiet samples: what is compared is what nothing disturbed, in
    whichever round that was.
    """
    if index < rules.rounds:
        return [seat for seat in seats if index in seat.rounds and seat.status == "ok"]
    if clock.now() >= rules.until_s:
        return []
    return [seat for seat in seats if seat.lacks_quiet(pace.quiet_s, accelerators.loud(seat.entry.case.device))]


def _around(sampled: Sequence[Sequence[int]], seats: Sequence[_Seat]) -> list[list[float]]:
    """By round, the sentinel right before and right after each sample in its order; nothing where nobody looked."""
    looks_s = [{taken.round: taken.around_s or () for taken in seat.sampled} for seat in seats]
    return [[s for seat in order for s in looks_s[seat][index]] for index, order in enumerate(sampled)]


def _pair(rounds: int, seats: Sequence[_Seat]) -> list[list[float]]:
    """By round, the sentinel before the baseline and before its twin: the same work in two processes, whose difference
    is noise. Nothing where a round has not both."""
    before = [
        {taken.round: taken.around_s[0] for taken in seat.sampled if taken.around_s}
        for role in ("baseline", "twin")
        for seat in seats
        if seat.entry.role == role
    ]
    if len(before) < 2:
        return []
    return [
        [of_seat[index] for of_seat in before] if all(index in of_seat for of_seat in before) else []
        for index in range(rounds)
    ]


def _prepare(seat: _Seat, rules: Rules, start: Start, pace: Pace, tell: Tell) -> None:
    tell(f"{seat.entry.case.name}: compile and warm up")
    try:
        with clock.stopwatch(seat.spent, "fork"):
            seat.worker = start(seat.entry.case)
    except WorkerEnded as ended:
        seat.status, seat.reason = ended.status, ended.reason
        return
    answer = seat.ask("prepare", moved_s(seat.entry.case))
    if answer is None:
        return
    pace.add(answer.get("sentinel_s", ()))
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
    """The sentinels of accelerators; what they took is kept in `seconds`, by device and round."""

    sentinel: DeviceSentinel
    pace: Callable[[str], Pace]
    seconds: dict[str, list[list[float]]] = field(default_factory=dict)

    def look(self, device: str, index: int) -> None:
        took_s = None if device == "cpu" else self.sentinel(device)
        if took_s is not None:
            rounds = self.seconds.setdefault(device, [])
            rounds += [[] for _ in range(index + 1 - len(rounds))]
            rounds[index].append(took_s)
            self.pace(device).add([took_s])

    def loud(self, device: str) -> frozenset[int]:
        """The rounds in which it was not quiet; none where nobody can tell."""
        quiet_s = self.pace(device).quiet_s if device in self.seconds else None
        if quiet_s is None:
            return frozenset()
        return frozenset(n for n, looks_s in enumerate(self.seconds[device]) if max(looks_s, default=0.0) > quiet_s)


class _Others:
    """What the cases beside one do while that one is asked something."""

    def __init__(self, seats: Sequence[_Seat], asked: _Seat) -> None:
        self._idle = [seat for seat in seats if seat is not asked and seat.worker is not None and seat.status == "ok"]
        self.worked = False
        """Whether one of them was at work for a part of the time that counts."""

    def __enter__(self) -> _Others:
        self._began = clock.awake()
        self._before_s = [seat.worker.cpu_s() for seat in self._idle if seat.worker]
        return self

    def __exit__(self, *_: object) -> None:
        passed_s = clock.awake() - self._began
        for seat, before_s in zip(self._idle, self._before_s, strict=True):
            worked_s = max(0.0, seat.worker.cpu_s() - before_s) if seat.worker else 0.0
            self.worked |= worked_s > IDLE_SHARE * passed_s
            seat.was_idle(passed_s, worked_s)


def _round(
    index: int,
    taking_part: Sequence[_Seat],
    seats: Sequence[_Seat],
    pace: Pace,
    spent: dict[str, float],
    accelerators: _Devices,
) -> list[int]:
    """One sample of each case that takes part, in this order; the numbers of those that gave one."""
    order = []
    for seat in taking_part:
        with clock.stopwatch(spent, "sentinel"):
            accelerators.look(seat.entry.case.device, index)
        with clock.stopwatch(seat.spent, "sample"), _Others(seats, seat) as others:
            answer = seat.ask("sample", quiet_s=pace.quiet_s)
        with clock.stopwatch(spent, "sentinel"):
            accelerators.look(seat.entry.case.device, index)
        if answer is not None:
            around_s = answer["around_s"]
            pace.add(around_s or ())
            pair = None if around_s is None else (around_s[0], around_s[1])
            taken = answer["call_s"], answer["wait_s"], answer["switches"], pair
            seat.sampled.append(_Taken(index, *taken, others.worked))
            order.append(seat.number)
    return order


def skipped(entry: Entry, reason: str) -> dict[str, Any]:
    """The record of a case that was not run, and why."""
    return _record(_Seat(entry, 0.0, status="skipped", reason=reason))


def _record(seat: _Seat) -> dict[str, Any]:
    left = seat.worker.left if seat.worker is not None else 0
    reason = seat.reason
    if left and reason:
        reason += f"; it left {left} process{'es' * (left > 1)} behind"
    told = {"findings": [], **seat.facts}
    found = {*told["findings"], *["works_while_idle"] * seat.restless, *["processes_left"] * bool(left)}
    return {
        "record": "measurement",
        "role": seat.entry.role,
        **seat.entry.case.as_dict(),
        "status": seat.status,
        "reason": reason,
        "samples_s": [taken.call_s for taken in seat.sampled],
        "rounds": [taken.round for taken in seat.sampled],
        "seat": seat.number,
        "waits_s": seat.waits_s(),
        "switches": [taken.switches for taken in seat.sampled],
        "beside": [taken.round for taken in seat.sampled if taken.beside] or None,
        "processes_left": left or None,
        "overhead_s": seat.spent,
        # whatever the worker told is a field of the record
        **told,
        "findings": sorted(found),
    }
