"""The whole run with fake processes and a real run file: turns, stops, skips, interrupts, and going on afterwards."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from fakes import HEADER, FakeClock, FakeProcesses, FakeWorker, Manner, make_contest, make_limits
from resuming import trimmed

from linregbench.benchmarks.grid.cases import Contest
from linregbench.benchmarks.sampling import bench, schedule
from linregbench.benchmarks.sampling.plan import Limits
from linregbench.benchmarks.sampling.schedule import Outcome, session_here
from linregbench.benchmarks.sampling.state import State, restored
from linregbench.results.runfile.read import Run, read_run
from linregbench.results.runfile.write import RunWriter
from linregbench.results.stats.quiet import MARGIN, sentinel_levels

MIB = 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def measure(
    path: Path,
    processes: FakeProcesses,
    *contests: Contest,
    limits: Limits | None = None,
    before: Run | None = None,
    absent: dict[str, str] | None = None,
) -> Outcome:
    """Run the contests into the file, or go on with what it holds."""
    with RunWriter(path, append=before is not None) as writer:
        if before is None:
            writer.append(HEADER)
        states = [_state(contest, before) for contest in contests]
        session = session_here(limits or make_limits(), processes, writer, processes, absent=absent or {})
        return schedule.run_contests(session, states)


def _state(contest: Contest, before: Run | None) -> State:
    return restored(contest, before.measurements, before.blocks) if before else restored(contest, (), ())


def turns(run: Run) -> list[tuple[int, int]]:
    """The samples and the number of each block, in the order of the file."""
    return [(int(str(block.problem["samples"])), block.block) for block in run.blocks]


def orders(processes: FakeProcesses) -> dict[str, list[str]]:
    """Who was sampled in each round of each block, by what the watcher was told of it."""
    sampled_by_round: defaultdict[str, list[str]] = defaultdict(list)
    where = ""
    for name, what in processes.log:
        if name == "tell":
            where = what
        elif what == "sample":
            sampled_by_round[where].append(name)
    return dict(sampled_by_round)


def statuses(run: Run, block: int) -> dict[str, tuple[str, str | None]]:
    return {m.strategy: (m.status, m.reason) for m in run.measurements if m.block == block}


def test_contests_take_turns(fake_clock: FakeClock, path: Path) -> None:
    contests = [make_contest("a", samples=n) for n in (10, 20, 30)]
    outcome = measure(path, FakeProcesses(fake_clock), *contests)
    run = read_run(path)
    assert turns(run) == [(10, 0), (20, 0), (30, 0), (10, 1), (20, 1), (30, 1)]
    assert [stop.reason for stop in run.stops] == ["2 blocks, as asked"] * 3
    assert outcome.reason == run.end.reason == "complete"  # type: ignore[union-attr]
    assert run.notices == ()


def test_the_baseline_runs_twice_in_every_block(fake_clock: FakeClock, path: Path) -> None:
    measure(path, FakeProcesses(fake_clock), make_contest("a", "b"))
    roles = [(m.block, m.strategy, m.role) for m in read_run(path).measurements]
    block = [("numpy_loop", "baseline"), ("numpy_loop", "twin"), ("a", "case"), ("b", "case")]
    assert roles == [(number, *entry) for number in (0, 1) for entry in block]


def test_each_block_has_an_order_of_its_own(fake_clock: FakeClock, path: Path) -> None:
    processes = FakeProcesses(fake_clock)
    measure(path, processes, make_contest("a", "b", "c"), limits=make_limits(rounds=20))
    first, second = (
        [names for text, names in orders(processes).items() if text.startswith(f"block {number},")] for number in (1, 2)
    )
    assert len(first) == len(second) == 20
    assert first != second


def test_steady_cases_stop_at_the_fewest_blocks(fake_clock: FakeClock, path: Path) -> None:
    measure(path, FakeProcesses(fake_clock), make_contest("a"), limits=make_limits((3, 9)))
    (stop,) = read_run(path).stops
    assert stop.reason.endswith("after 3 blocks")


def test_unsteady_cases_go_on_to_the_most_blocks(fake_clock: FakeClock, path: Path) -> None:
    measure(path, FakeProcesses(fake_clock, noise=0.5), make_contest("a"), limits=make_limits((3, 6)))
    run = read_run(path)
    assert len(run.blocks) == 6
    assert run.stops[0].reason.startswith("6 blocks, the most; half-width ")


def test_one_contest_may_stop_before_another(fake_clock: FakeClock, path: Path) -> None:
    shaky = make_contest("shaky", samples=20)
    processes = FakeProcesses(fake_clock)
    start = processes.start

    def noisy_start(case: Any, details: Any) -> Any:
        processes.noise = 0.5 if case.solver.strategy == "shaky" else 0.0
        return start(case, details)

    processes.start = noisy_start  # type: ignore[method-assign]
    measure(path, processes, make_contest("a", samples=10), shaky, limits=make_limits((2, 5)))
    assert turns(read_run(path)) == [(10, 0), (20, 0), (10, 1), (20, 1), (20, 2), (20, 3), (20, 4)]


def test_the_budget_ends_a_run_in_order(fake_clock: FakeClock, path: Path) -> None:
    manner = Manner(takes_s={"prepare": 10.0})
    processes = FakeProcesses(fake_clock, a=manner)
    contests = [make_contest("a", samples=n) for n in (10, 20)]
    outcome = measure(path, processes, *contests, limits=make_limits((10, 10), budget_s=35.0))
    run = read_run(path)
    assert turns(run) == [(10, 0), (20, 0), (10, 1)]
    assert outcome.reason == "budget"
    assert outcome.wall_s <= 35.0
    assert [stop.reason for stop in run.stops] == ["budget", "budget"]


@pytest.mark.parametrize(("budget_s", "expected"), [(27.0, [60, 4]), (1e6, [60, 60])])
def test_rounds_are_not_bought_with_blocks(
    fake_clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch, budget_s: float, expected: list[int]
) -> None:
    """What a block takes is known after the first: three of 10 s do not fit into 27 s."""
    monkeypatch.setattr(schedule.stopping, "rounds", lambda *_: 60)
    processes = FakeProcesses(fake_clock, a=Manner(takes_s={"prepare": 10.0}))
    measure(path, processes, make_contest("a"), limits=make_limits((3, 5), budget_s=budget_s))
    assert [block.rounds for block in read_run(path).blocks][:2] == expected


def test_rounds_are_chosen_by_what_the_run_knows_of_quiet(
    fake_clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(schedule.stopping, "rounds", lambda *given: told.append(given[2]) or 20)
    measure(path, FakeProcesses(fake_clock), make_contest("a"), limits=make_limits((3, 5)))
    level_s = sentinel_levels(read_run(path).blocks)["1"]
    assert told[0] == {}
    assert told[-1] == {"1": pytest.approx(level_s * (1 + MARGIN))}


@pytest.mark.parametrize("status", ["failed", "timeout", "crashed", "out_of_memory", "wrong", "not_converged"])
def test_a_bad_block_retires_its_case_alone(fake_clock: FakeClock, path: Path, status: str) -> None:
    processes = FakeProcesses(fake_clock, bad=Manner(ends={"sample": (status, "because")}))
    outcome = measure(path, processes, make_contest("bad", "good"))
    run = read_run(path)
    assert statuses(run, 0)["bad"] == (status, "because")
    assert statuses(run, 1) == {"numpy_loop": ("ok", None), "good": ("ok", None)}
    assert outcome.reason == "complete"


def test_a_bad_baseline_leaves_the_others(fake_clock: FakeClock, path: Path) -> None:
    processes = FakeProcesses(fake_clock, numpy_loop=Manner(ends={"prepare": ("failed", "because")}))
    measure(path, processes, make_contest("good"))
    assert statuses(read_run(path), 1) == {"good": ("ok", None)}


def test_a_contest_with_nobody_left_stops(fake_clock: FakeClock, path: Path) -> None:
    bad = Manner(ends={"prepare": ("failed", "because")})
    processes = FakeProcesses(fake_clock, numpy_loop=bad, a=bad)
    measure(path, processes, make_contest("a", samples=10), make_contest("b", samples=20), limits=make_limits((3, 3)))
    run = read_run(path)
    assert turns(run) == [(10, 0), (20, 0), (20, 1), (20, 2)]
    assert [stop.reason for stop in run.stops] == ["no case left", "3 blocks, as asked"]


def test_what_cannot_run_is_a_skip_with_its_reason(
    fake_clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.machine, "available_bytes", lambda: 4096 * MIB)
    of = {"method": "ols", "samples": 2, "features": 5}
    processes = FakeProcesses(fake_clock)
    measure(
        path,
        processes,
        make_contest("a", **of),
        make_contest("jax_a", device="cuda"),
        make_contest("jax_b", samples=10**9),
        absent={"cuda": "no cuda device here"},
    )
    reasons = {m.strategy: m.reason for m in read_run(path).measurements if m.status == "skipped"}
    assert reasons["a"] == "2 samples are fewer than 5 features: OLS has no single answer"
    assert reasons["jax_a"] == "no cuda device here"
    assert reasons["jax_b"] == "needs about 44.9 GiB, and 4.0 GiB are free"
    assert not any(what == "start" for _, what in processes.log)


def test_a_skip_is_recorded_once_and_the_others_run(fake_clock: FakeClock, path: Path) -> None:
    here = make_contest("a")
    contest = Contest(here.problem, "1", (*here.cases, *make_contest("jax_b", device="cuda").cases), here.baselines)
    measure(path, FakeProcesses(fake_clock), contest, absent={"cuda": "no cuda device here"})
    run = read_run(path)
    assert statuses(run, 0)["jax_b"] == ("skipped", "no cuda device here")
    assert statuses(run, 1) == {"numpy_loop": ("ok", None), "a": ("ok", None)}


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        (Manner(call_s=7200.0), r"predicted 7,200\.0 s a call, and the limit is 2 s"),
        (Manner(takes_s={"probe": 1000.0}), r"predicted to take too long: .* was not done in 60 s"),
    ],
    ids=["predicted", "the prediction itself takes too long"],
)
def test_a_call_of_hours_is_a_skip(fake_clock: FakeClock, path: Path, manner: Manner, reason: str) -> None:
    processes = FakeProcesses(fake_clock, a=manner)
    # 1,000 steps driven by Python are worth a probe; the baseline, which has as many, is quick enough
    measure(path, processes, make_contest("a", steps=1000), limits=make_limits(call_limit_s=2.0))
    run = read_run(path)
    (skip,) = (m for m in run.measurements if m.status == "skipped")
    assert skip.strategy == "a"
    assert re.match(reason, skip.reason or "")
    assert ("a", "prepare") not in processes.log
    assert all(worker.ended for worker in processes.workers)


@pytest.mark.parametrize("ends", ["start", "probe"])
def test_a_prediction_that_fails_is_left_to_the_block(fake_clock: FakeClock, path: Path, ends: str) -> None:
    processes = FakeProcesses(fake_clock, a=Manner(ends={ends: ("crashed", "because")}))
    measure(path, processes, make_contest("a", steps=1000))
    assert statuses(read_run(path), 0)["a"][0] == ("crashed" if ends == "start" else "ok")


def test_memory_groups_share_the_baseline(fake_clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.machine, "available_bytes", lambda: 230 * MIB)  # room for one worker of 160 MiB
    processes = FakeProcesses(fake_clock)
    measure(path, processes, make_contest("jax_a", "jax_b", "jax_c"))
    run = read_run(path)
    assert [(b.block, b.group) for b in run.blocks] == [(n, g) for n in (0, 1) for g in (0, 1, 2)]
    by_group = [[m.strategy for m in run.measurements if (m.block, m.group) == (1, group)] for group in range(3)]
    assert by_group == [["numpy_loop", "numpy_loop", name] for name in ("jax_a", "jax_b", "jax_c")]
    alive = most = 0
    for name, what in processes.log:
        if name.startswith("jax"):
            alive += {"start": 1, "end": -1}.get(what, 0)
            most = max(most, alive)
    assert most == 1


def test_an_interrupt_keeps_what_was_measured(fake_clock: FakeClock, path: Path) -> None:
    processes = FakeProcesses(fake_clock)
    processes.interrupt_at = 4 * 3 + 3  # in the first round of the second block
    outcome = measure(path, processes, make_contest("a", samples=10), make_contest("b", samples=20))
    run = read_run(path)
    assert turns(run) == [(10, 0)]
    assert outcome.reason == run.end.reason == "interrupted"  # type: ignore[union-attr]
    assert [stop.reason for stop in run.stops] == ["interrupted", "interrupted"]
    assert all(worker.ended for worker in processes.workers)


def test_any_other_error_is_let_through_and_the_file_says_so(
    fake_clock: FakeClock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes = FakeProcesses(fake_clock)
    monkeypatch.setattr(processes, "progress", lambda done_s, left_s: 1 / 0)  # noqa: ARG005  after the first block
    with pytest.raises(ZeroDivisionError):
        measure(path, processes, make_contest("a"))
    run = read_run(path)
    assert turns(run) == [(100, 0)]
    assert run.end is not None
    assert run.end.reason == "failed"


GRID = tuple(make_contest("a", "b", "c", samples=n) for n in (10, 20))
SAMPLES_A_BLOCK = 4 * 5  # 4 rounds of 5 workers


@pytest.mark.parametrize(
    ("blocks", "closed"),
    [((3, 3), closed) for closed in range(6)] + [((2, 4), closed) for closed in range(4)],
    ids=lambda value: f"after {value}" if isinstance(value, int) else f"{value[0]} to {value[1]} blocks",
)
def test_a_resumed_run_is_the_run_that_was_interrupted(
    fake_clock: FakeClock, path: Path, blocks: tuple[int, int], closed: int
) -> None:
    limits = make_limits(blocks)
    whole, first, second = (FakeProcesses(fake_clock) for _ in range(3))
    measure(path, whole, *GRID, limits=limits)
    uninterrupted = read_run(path)
    path.unlink()
    first.interrupt_at = closed * SAMPLES_A_BLOCK + 9
    assert measure(path, first, *GRID, limits=limits).reason == "interrupted"
    before = trimmed(path)
    assert len(before.blocks) == closed
    outcome = measure(path, second, *GRID, limits=limits, before=before)

    resumed = read_run(path)
    assert outcome.reason == "complete"
    assert turns(resumed) == turns(uninterrupted)
    assert {stop.problem["samples"]: stop.reason for stop in resumed.stops} == {
        stop.problem["samples"]: stop.reason for stop in uninterrupted.stops
    }
    done = {text: names for text, names in orders(first).items() if _block_number(text) in _numbers(before, text)}
    assert done | orders(second) == orders(whole)


def _block_number(line: str) -> int:
    return int(line.removeprefix("block ").partition(",")[0]) - 1


def _numbers(run: Run, line: str) -> set[int]:
    """Blocks that are closed of the contest that a watcher's line is about."""
    return {block.block for block in run.blocks if f" n={block.problem['samples']} " in line}


def test_a_killed_run_goes_on_like_an_interrupted_one(fake_clock: FakeClock, path: Path) -> None:
    measure(path, FakeProcesses(fake_clock), *GRID, limits=make_limits((3, 3)))
    lines = path.read_bytes().splitlines(keepends=True)
    measurements = [n for n, line in enumerate(lines) if json.loads(line)["record"] == "measurement"]
    path.write_bytes(b"".join(lines[: measurements[12]]) + lines[measurements[12]][:50])  # in the third block
    before = trimmed(path)
    assert turns(before) == [(10, 0), (20, 0)]
    measure(path, FakeProcesses(fake_clock), *GRID, limits=make_limits((3, 3)), before=before)
    assert turns(read_run(path)) == [(10, 0), (20, 0), (10, 1), (20, 1), (10, 2), (20, 2)]


def test_a_run_that_ran_out_of_budget_can_go_on(fake_clock: FakeClock, path: Path) -> None:
    slow = {"a": Manner(takes_s={"prepare": 10.0})}
    contest = make_contest("a")
    measure(path, FakeProcesses(fake_clock, **slow), contest, limits=make_limits((3, 3), budget_s=15.0))
    assert turns(read_run(path)) == [(100, 0)]
    before = trimmed(path)
    measure(path, FakeProcesses(fake_clock, **slow), contest, limits=make_limits((3, 3)), before=before)
    run = read_run(path)
    assert turns(run) == [(100, 0), (100, 1), (100, 2)]
    assert run.stops[-1].reason == "3 blocks, as asked"


def test_a_retired_case_stays_retired_after_resuming(fake_clock: FakeClock, path: Path) -> None:
    bad = Manner(ends={"sample": ("crashed", "because")})
    processes = FakeProcesses(fake_clock, bad=bad)
    processes.interrupt_at = 4 + 3 * 3 + 2
    measure(path, processes, make_contest("bad", "good"), limits=make_limits((3, 3)))
    again = FakeProcesses(fake_clock)
    measure(path, again, make_contest("bad", "good"), limits=make_limits((3, 3)), before=trimmed(path))
    assert not any(name == "bad" for name, _ in again.log)
    assert statuses(read_run(path), 2) == {"numpy_loop": ("ok", None), "good": ("ok", None)}


def test_time_spent_is_accounted_for(fake_clock: FakeClock, path: Path) -> None:
    outcome = measure(path, FakeProcesses(fake_clock), make_contest("a"))
    assert outcome.spent_s["sample"] == pytest.approx(2 * 3 * 4 * 0.01)
    assert outcome.spent_s["check"] == pytest.approx(2 * 3 * 0.25)


def lefts(processes: FakeProcesses) -> list[float]:
    return [float(what.split()[1]) for name, what in processes.log if name == "progress"]


def test_what_is_left_is_told_by_the_blocks_that_are_done(fake_clock: FakeClock, path: Path) -> None:
    """Every block takes ten times as long as any prediction; after the first the others are known to, too."""
    processes = FakeProcesses(fake_clock, a=Manner(takes_s={"prepare": 30.0}))
    contests = [make_contest("a", samples=n) for n in (10, 20, 30)]
    outcome = measure(path, processes, *contests, limits=make_limits((2, 2)))
    assert lefts(processes)[0] == pytest.approx(5 / 6 * outcome.wall_s, rel=0.2)


def test_what_is_done_once_is_not_expected_of_every_block(fake_clock: FakeClock, path: Path) -> None:
    """The probe and the guards of the first block take 125 s, the rest of it nothing."""
    slow = {"probe": 100.0, "finish": 25.0}
    manner = Manner(takes_s=slow, finish={"spent": {"guard": 25.0}})
    processes = FakeProcesses(fake_clock, a=manner)
    ask = FakeWorker.ask

    def once(worker: FakeWorker, question: str, timeout_s: float, **details: Any) -> dict[str, Any]:
        if processes.log.count(("a", "finish")) and question == "finish":
            worker.manner = Manner()
        return ask(worker, question, timeout_s, **details)

    with mock.patch.object(FakeWorker, "ask", once):
        measure(path, processes, make_contest("a", steps=1000), limits=make_limits((3, 3), rules={"timeout_s": 1e3}))
    assert lefts(processes)[0] < 5.0


def test_progress_counts_down_to_nothing(fake_clock: FakeClock, path: Path) -> None:
    processes = FakeProcesses(fake_clock)
    measure(path, processes, *GRID, limits=make_limits((3, 3)))
    seconds = [tuple(map(float, what.split())) for name, what in processes.log if name == "progress"]
    assert len(seconds) == 6
    done, left = zip(*seconds, strict=True)
    assert list(done) == sorted(done)
    assert list(left) == sorted(left, reverse=True)
    assert left[-1] == 0
