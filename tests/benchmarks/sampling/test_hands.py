"""A sweep over several machines that are none: who is given what, what is lost with a machine, and that nothing counts
twice."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HEADER, FakeClock, FakeProcesses, Manner, make_contest, make_limits

from linregbench.benchmarks.grid.cases import Contest
from linregbench.benchmarks.sampling import schedule
from linregbench.benchmarks.sampling.bench import Bench, Order
from linregbench.benchmarks.sampling.hands import Delivery, MachinesLostError
from linregbench.benchmarks.sampling.plan import Limits
from linregbench.benchmarks.sampling.schedule import Outcome, Session
from linregbench.benchmarks.sampling.state import State, restored
from linregbench.results.runfile.read import Run, read_run
from linregbench.results.runfile.records import Block
from linregbench.results.runfile.write import RunWriter

SIX = [make_contest("a", samples=n) for n in range(10, 70, 10)]


class FakeHands:
    """Machines by name, each with fake workers; `mishaps` happen at the orders of these numbers, counted from 0."""

    several = True

    def __init__(self, time: FakeClock, limits: Limits, nodes: str = "ABC", **mishaps: Iterable[int]) -> None:
        self.benches = {node: Bench(limits, FakeProcesses(time)) for node in nodes}
        self.mishaps = {name: set(numbers) for name, numbers in mishaps.items()}
        self.kinds = dict.fromkeys(nodes, "")
        self.orders: list[tuple[str, Order]] = []
        self.waiting: list[Delivery] = []
        self.late: dict[int, str] = {}
        self.stopped = 0

    def nodes(self) -> Mapping[str, str]:
        if (name := self.late.pop(len(self.orders), None)) is not None:
            self.kinds[name] = ""
        return dict(self.kinds)

    def quiet_s(self, node: str, threads: str) -> float | None:
        return self.benches[node].paces[threads].quiet_s

    def recall(self, blocks: Iterable[Block]) -> None:
        pass

    def begin(self, node: str, order: Order, contest: Contest) -> None:
        number = len(self.orders)
        self.orders.append((node, order))
        if number in self.mishaps.get("lost", ()):
            del self.kinds[node]
            self.waiting.append(Delivery(node, order, None, "it was killed"))
            return
        delivery = Delivery(node, order, self.benches[node].measure(contest, order))
        self.waiting += [delivery] * (2 if number in self.mishaps.get("twice", ()) else 1)
        if number in self.mishaps.get("stale", ()):
            self.waiting.insert(0, replace(delivery, order=replace(order, attempt=order.attempt + 1000)))

    def finished(self) -> Iterator[Delivery]:
        if not self.kinds and not self.waiting:
            raise MachinesLostError("no machine is left")
        if len(self.orders) in self.mishaps.get("interrupted", ()):
            self.mishaps["interrupted"] -= {len(self.orders)}
            raise KeyboardInterrupt
        if self.waiting:
            yield self.waiting.pop(0)

    def stop(self) -> None:
        self.stopped += 1


def measure(
    path: Path, hands: FakeHands, limits: Limits, *contests: Contest, again: bool = False, spread: bool = False
) -> Outcome:
    with RunWriter(path, append=again) as writer:
        before = writer.before
        if before is None:
            writer.append(HEADER)
        states = [
            replace(restored(c, before.measurements, before.blocks, before.stops) if before else State(c), number=n)
            for n, c in enumerate(contests)
        ]
        watcher = next(iter(hands.benches.values())).processes
        session = Session(limits, hands, {"": writer}, watcher, spread)  # type: ignore[arg-type]
        return schedule.run_contests(session, states)


def once_each(run: Run, contests: int, blocks: int) -> None:
    counts = Counter((str(block.problem["samples"]), block.block) for block in run.blocks)
    assert set(counts.values()) == {1}
    assert len(counts) == contests * blocks
    assert {number for _, number in counts} == set(range(blocks))


def nodes_of(run: Run) -> dict[int, set[str | None]]:
    nodes: dict[int, set[str | None]] = {}
    for block in run.blocks:
        nodes.setdefault(int(str(block.problem["samples"])), set()).add(block.node)
    return nodes


def test_a_contest_stays_with_the_machine_that_began_it(fake_clock: FakeClock, tmp_path: Path) -> None:
    limits = make_limits((3, 3))
    outcome = measure(tmp_path / "run.jsonl", FakeHands(fake_clock, limits), limits, *SIX)
    run = read_run(tmp_path / "run.jsonl")
    once_each(run, 6, 3)
    assert all(len(nodes) == 1 for nodes in nodes_of(run).values())
    assert Counter(node for nodes in nodes_of(run).values() for node in nodes) == {"A": 2, "B": 2, "C": 2}
    assert outcome.reason == "complete"


def test_spread_takes_every_contest_to_several_machines(fake_clock: FakeClock, tmp_path: Path) -> None:
    limits = make_limits((3, 3))
    measure(tmp_path / "run.jsonl", FakeHands(fake_clock, limits), limits, *SIX, spread=True)
    run = read_run(tmp_path / "run.jsonl")
    once_each(run, 6, 3)
    assert all(len(nodes) > 1 for nodes in nodes_of(run).values())


@pytest.mark.parametrize("mishaps", [{"lost": [7]}, {"twice": [2, 9]}, {"stale": [4]}, {"lost": [0, 5], "twice": [3]}])
def test_each_block_is_there_once_whatever_becomes_of_machines(
    fake_clock: FakeClock, tmp_path: Path, mishaps: dict[str, list[int]]
) -> None:
    limits = make_limits((3, 3))
    outcome = measure(tmp_path / "run.jsonl", FakeHands(fake_clock, limits, **mishaps), limits, *SIX)
    assert outcome.reason == "complete"
    once_each(read_run(tmp_path / "run.jsonl"), 6, 3)


def test_a_machine_that_comes_late_takes_what_nobody_has(fake_clock: FakeClock, tmp_path: Path) -> None:
    limits = make_limits((2, 2))
    hands = FakeHands(fake_clock, limits, "AB")
    del hands.kinds["B"]
    hands.late = {2: "B"}
    measure(tmp_path / "run.jsonl", hands, limits, *SIX)
    run = read_run(tmp_path / "run.jsonl")
    once_each(run, 6, 2)
    assert Counter(node for nodes in nodes_of(run).values() for node in nodes) == {"A": 4, "B": 2}


def test_without_machines_a_run_ends_and_is_gone_on_with_by_others(fake_clock: FakeClock, tmp_path: Path) -> None:
    limits, path = make_limits((3, 3)), tmp_path / "run.jsonl"
    outcome = measure(path, FakeHands(fake_clock, limits, "AB", lost=[3, 4]), limits, *SIX)
    assert (outcome.reason, outcome.lost) == ("interrupted", "no machine is left")
    done = len(read_run(path).blocks)
    assert done == 3
    again = measure(path, FakeHands(fake_clock, limits, "XY"), limits, *SIX, again=True)
    assert again.reason == "complete"
    once_each(read_run(path), 6, 3)


def test_a_contest_by_which_machines_are_lost_is_left(fake_clock: FakeClock, tmp_path: Path) -> None:
    limits = make_limits((2, 2))
    hands = FakeHands(fake_clock, limits, "ABCD", lost=[0, 1, 2])
    outcome = measure(tmp_path / "run.jsonl", hands, limits, SIX[0])
    assert outcome.reason == "complete"
    (stop,) = read_run(tmp_path / "run.jsonl").stops
    assert stop.reason == "left after 3 machines were lost at it: it was killed"


def test_the_first_interrupt_waits_for_the_blocks_that_are_measured(fake_clock: FakeClock, tmp_path: Path) -> None:
    limits, path = make_limits((3, 3)), tmp_path / "run.jsonl"
    hands = FakeHands(fake_clock, limits, interrupted=[5])
    assert measure(path, hands, limits, *SIX).reason == "interrupted"
    assert len(read_run(path).blocks) == len(hands.orders) == 5
    assert read_run(path).end.reason == "interrupted"  # type: ignore[union-attr]
    measure(path, FakeHands(fake_clock, limits), limits, *SIX, again=True)
    once_each(read_run(path), 6, 3)


def test_the_budget_is_of_the_clock_so_that_more_machines_do_more(fake_clock: FakeClock, tmp_path: Path) -> None:
    limits = make_limits((9, 9), budget_s=40.0)
    hands = FakeHands(fake_clock, limits, "A")
    hands.benches["A"].processes.manners["a"] = Manner(takes_s={"prepare": 10.0})  # type: ignore[attr-defined]
    outcome = measure(tmp_path / "run.jsonl", hands, limits, *SIX[:2])
    assert outcome.reason == "budget"
    assert outcome.wall_s <= 40.0
