"""When a contest has been measured enough."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from fakes import (
    HEADER,
    SENTINEL_S,
    FakeClock,
    FakeProcesses,
    FakeWorker,
    Manner,
    make_contest,
    make_limits,
)
from resuming import trimmed

from linregbench.benchmarks.grid.cases import Case, Contest
from linregbench.benchmarks.sampling import schedule, stopping
from linregbench.benchmarks.sampling.schedule import State, session_here
from linregbench.benchmarks.sampling.state import restored
from linregbench.results.compare.runs import compare_sides
from linregbench.results.runfile.read import Run, read_run
from linregbench.results.runfile.write import RunWriter
from linregbench.results.stats.estimates import estimate_run
from linregbench.results.stats.quiet import thresholds


def measured(tmp_path: Path, processes: FakeProcesses, blocks: int, rounds: int = 4) -> State:
    """A contest of so many blocks."""
    state = State(make_contest("a", "b"))
    with RunWriter(tmp_path / "run.jsonl") as writer:
        writer.append(HEADER)
        limits = make_limits((blocks, blocks), rounds=rounds, exact=True)
        schedule.run_contests(session_here(limits, processes, writer, processes), [state])
    return state


def reason(state: State, fewest: int, most: int) -> str | None:
    return stopping.reason(
        state.measurements, state.blocks, state.contest.pairs, thresholds(state.blocks), make_limits((fewest, most))
    )


@pytest.mark.parametrize(
    ("fewest", "most", "expected"),
    [
        (4, 4, "4 blocks, as asked"),
        (3, 9, "half-width 0.0% after 4 blocks"),
        (4, 9, "half-width 0.0% after 4 blocks"),
        (5, 9, None),
        (5, 5, None),
    ],
)
def test_steady_cases(fake_clock: FakeClock, tmp_path: Path, fewest: int, most: int, expected: str | None) -> None:
    assert reason(measured(tmp_path, FakeProcesses(fake_clock), 4), fewest, most) == expected


def test_unsteady_cases(fake_clock: FakeClock, tmp_path: Path) -> None:
    state = measured(tmp_path, FakeProcesses(fake_clock, noise=0.5), 4)
    assert reason(state, 2, 9) is None
    assert (reason(state, 2, 4) or "").startswith("4 blocks, the most; half-width ")


@pytest.mark.parametrize(
    ("call_s", "stops"), [(0.01, False), (0.1, True)], ids=["near the winner", "far from the winner"]
)
def test_a_case_far_from_the_winner_need_not_be_as_precise(
    fake_clock: FakeClock, tmp_path: Path, call_s: float, stops: bool
) -> None:
    # process noise of 0.8% leaves a half-width of about 2% after 4 blocks: over 1%, under 5%
    manners = {"numpy_loop": Manner(call_s), "a": Manner(call_s), "b": Manner(0.01)}
    processes = FakeProcesses(fake_clock, noise=0.008, **manners)
    assert (reason(measured(tmp_path, processes, 4), 2, 9) is not None) is stops


def test_nothing_left_to_measure(fake_clock: FakeClock, tmp_path: Path) -> None:
    bad = Manner(ends={"prepare": ("crashed", "because")})
    state = measured(tmp_path, FakeProcesses(fake_clock, numpy_loop=bad, a=bad, b=bad), 1)
    assert reason(state, 5, 9) == "no case left"


def settled(state: State, fewest: int, *, exact: bool = False) -> set[str]:
    limits = make_limits((fewest, 9), exact=exact)
    rows = stopping.settled(state.measurements, state.blocks, thresholds(state.blocks), limits)
    return {row.strategy for row in rows}


@pytest.mark.parametrize(
    ("call_s", "noise", "blocks", "expected"),
    [
        pytest.param(0.1, 0.0, 4, {"a"}, id="far and precise"),
        pytest.param(0.015, 0.0, 4, set(), id="near"),
        pytest.param(0.1, 0.5, 4, set(), id="far and noisy"),
        pytest.param(0.1, 0.0, 2, set(), id="too few blocks"),
    ],
)
def test_a_case_far_from_the_winner_leaves_once_it_is_precise(
    fake_clock: FakeClock, tmp_path: Path, call_s: float, noise: float, blocks: int, expected: set[str]
) -> None:
    processes = FakeProcesses(fake_clock, noise=noise, a=Manner(call_s), b=Manner(0.01))
    assert settled(measured(tmp_path, processes, blocks), 6) == expected


def test_the_baseline_stays_and_so_does_everyone_where_a_number_of_blocks_was_asked_for(
    fake_clock: FakeClock, tmp_path: Path
) -> None:
    slow = {"numpy_loop": Manner(0.1), "a": Manner(0.1), "b": Manner(0.01)}
    state = measured(tmp_path, FakeProcesses(fake_clock, **slow), 4)
    assert settled(state, 6) == {"a"}
    assert settled(state, 6, exact=True) == set()


def test_who_left_is_in_the_file_and_stays_away_after_resuming(fake_clock: FakeClock, tmp_path: Path) -> None:
    path, contest = tmp_path / "run.jsonl", make_contest("far", "near")
    limits = make_limits((6, 9))

    def run(processes: FakeProcesses, before: Run | None = None) -> Run:
        with RunWriter(path, append=before is not None) as writer:
            if before is None:
                writer.append(HEADER)
            told = (before.measurements, before.blocks, before.stops) if before else ((), ())
            schedule.run_contests(session_here(limits, processes, writer, processes), [restored(contest, *told)])
        return read_run(path)

    manners = {"far": Manner(0.08), "near": Manner(0.008)}
    first = FakeProcesses(fake_clock, **manners)
    first.interrupt_at = 4 * 16 + 5  # in the fifth block; after the third one leaves
    cut = run(first)
    left = cut.stops[0]
    assert left.row is not None
    assert left.row.strategy == "far"
    assert left.reason == "3 blocks: near analytic is 10 times as fast; half-width 0.0%"
    whole = run(FakeProcesses(fake_clock, **manners), trimmed(path))
    assert blocks_by_case(whole) == {("numpy_loop", "here"): 6, ("near", "here"): 6, ("far", "here"): 3}
    reasons = {row.case.strategy: row.stop_reason or "" for row in estimate_run(whole)}
    assert reasons["far"].startswith("3 blocks: ")
    assert reasons["near"] == reasons["numpy_loop"] == "half-width 0.0% after 6 blocks"


LOUD = (2 * SENTINEL_S, 2 * SENTINEL_S)
SAMPLES = 4 * 4
"""Of a block: four rounds of a baseline, its twin and two cases; a loud one is retaken, three times as many rounds."""


@pytest.mark.parametrize(
    ("loud", "exact", "expected"),
    [
        pytest.param((), False, None, id="quiet"),
        pytest.param((1,), False, 6, id="one loud block"),
        pytest.param((1, 3, 4), False, 7, id="more than may be retaken"),
        pytest.param((1,), True, None, id="exactly so many"),
    ],
)
def test_blocks_that_were_never_quiet_come_again_in_a_later_turn(
    fake_clock: FakeClock, tmp_path: Path, loud: tuple[int, ...], exact: bool, expected: int | None
) -> None:
    processes = FakeProcesses(fake_clock)
    processes.looks = ((LOUD if n // SAMPLES in loud else (SENTINEL_S, SENTINEL_S)) for n in range(10_000))
    state = State(make_contest("a", "b"))
    with RunWriter(tmp_path / "run.jsonl") as writer:
        writer.append(HEADER)
        limits = make_limits((5, 5), exact=exact)
        schedule.run_contests(session_here(limits, processes, writer, processes), [state])
    assert len(state.blocks) == (expected or 5)
    quiet = len(state.blocks) - len(loud)
    assert state.stopped == (f"{expected} blocks, of which {quiet} were quiet" if expected else "5 blocks, as asked")


# Asked about one difference

LEAST = 3


class Sides(FakeProcesses):
    """Two sides: what a strategy takes in "base", as a multiple of what it takes here, and how it varies there."""

    def __init__(self, time: FakeClock, **base: tuple[float, float]) -> None:
        super().__init__(time)
        self.base = base

    def start(self, case: Case, details: Mapping[str, Any]) -> FakeWorker:
        name = case.solver.strategy
        factor, self.noise = self.base.get(name, (1.0, 0.0)) if case.environment == "base" else (1.0, 0.0)
        self.manners[name] = Manner(0.01 * factor)
        return super().start(case, details)


def two_sides(*strategies: str) -> Contest:
    """Every strategy, the baseline too, in "base" and here."""
    one = make_contest(*strategies)
    news = (*one.baselines, *one.cases)
    pairs = tuple((replace(new, environment="base"), new) for new in news)
    return replace(one, cases=tuple(c for pair in pairs for c in pair if c not in one.baselines), pairs=pairs)


def ask(path: Path, processes: FakeProcesses, contest: Contest, most: int = 9, before: Run | None = None) -> Run:
    """The run that asks whether anything differs by more than 5%."""
    with RunWriter(path, append=before is not None) as writer:
        if before is None:
            writer.append(HEADER | {"options": {"more_than": 0.05}})
        state = restored(contest, before.measurements, before.blocks) if before else State(contest)
        limits = make_limits((LEAST, most), more_than=0.05)
        schedule.run_contests(session_here(limits, processes, writer, processes), [state])
    return read_run(path)


def blocks_by_case(run: Run) -> Counter[tuple[str, str]]:
    return Counter((m.strategy, m.environment) for m in run.measurements if m.role != "twin")


def verdicts(run: Run) -> dict[str, str | None]:
    return {row.case.strategy: row.verdict for row in compare_sides(run, "base", "here").rows}


ANSWERED = {"numpy_loop": "same", "slow": "slower", "fast": "faster", "alike": "same"}
UNSURE = {"slow": (0.9, 0.0), "fast": (1.2, 0.0), "alike": (1.02, 0.0), "wild": (1.0, 0.5)}


def test_a_case_leaves_when_its_question_is_answered_and_the_baseline_stays(
    fake_clock: FakeClock, tmp_path: Path
) -> None:
    run = ask(tmp_path / "run.jsonl", Sides(fake_clock, **UNSURE), two_sides("slow", "fast", "alike", "wild"))
    assert verdicts(run) == ANSWERED | {"wild": "inconclusive"}
    taken = blocks_by_case(run)
    assert {taken[name, side] for name in ("slow", "fast", "alike") for side in ("base", "here")} == {LEAST}
    assert taken["numpy_loop", "base"] == LEAST
    assert taken["numpy_loop", "here"] == taken["wild", "here"] == taken["wild", "base"] == 9
    assert [stop.reason for stop in run.stops] == ["9 blocks, the most; 1 case undecided"]


def test_all_ends_when_all_is_answered(fake_clock: FakeClock, tmp_path: Path) -> None:
    run = ask(tmp_path / "run.jsonl", Sides(fake_clock, slow=(0.9, 0.0)), two_sides("slow"))
    assert [stop.reason for stop in run.stops] == [f"answered after {LEAST} blocks"]


def test_a_pair_that_has_lost_a_side_is_asked_no_more(fake_clock: FakeClock, tmp_path: Path) -> None:
    bad = Sides(fake_clock)
    bad.manners["bad"] = Manner(ends={"sample": ("crashed", "because")})
    start = bad.start
    bad.start = lambda case, details: (  # type: ignore[method-assign]
        FakeProcesses.start(bad, case, details) if case.solver.strategy == "bad" else start(case, details)
    )
    run = ask(tmp_path / "run.jsonl", bad, two_sides("bad", "good"))
    assert blocks_by_case(run)["bad", "here"] == blocks_by_case(run)["bad", "base"] == 1
    assert [stop.reason for stop in run.stops] == [f"answered after {LEAST} blocks"]


def test_what_was_answered_stays_so_after_resuming(fake_clock: FakeClock, tmp_path: Path) -> None:
    path, contest = tmp_path / "run.jsonl", two_sides("slow", "fast", "alike", "wild")
    first = Sides(fake_clock, **UNSURE)
    first.interrupt_at = LEAST * (2 * 5 + 1) * 4 + 5  # in the fourth block, when three pairs have left
    assert set(blocks_by_case(ask(path, first, contest)).values()) == {LEAST}
    run = ask(path, Sides(fake_clock, **UNSURE), contest, before=trimmed(path))
    assert verdicts(run) == ANSWERED | {"wild": "inconclusive"}
    assert blocks_by_case(run)["alike", "here"] == LEAST
    assert blocks_by_case(run)["wild", "here"] == 9


@pytest.mark.parametrize("apart", [0.0, 0.05])
def test_what_rounds_and_what_blocks_add_is_told_apart(fake_clock: FakeClock, tmp_path: Path, apart: float) -> None:
    """Half of the rounds are loud, and up to twice as slow; the case's blocks differ by `apart`."""
    rng = np.random.default_rng(0)
    state = measured(tmp_path, FakeProcesses(fake_clock), 60, rounds=40)
    loud = rng.random((60, 40)) < 0.5
    looks = {block: tuple((1.0 + quiet,) for quiet in loud[block].tolist()) for block in range(60)}
    blocks = [msgspec.structs.replace(b, order=None, sentinel_s=looks[b.block]) for b in state.blocks]

    def disturbed(block: int, role: str) -> tuple[float, ...]:
        own = 0.01 * rng.standard_normal(40) + (apart * rng.standard_normal() if role == "case" else 0.0)
        return tuple(np.exp(own + loud[block] * rng.random(40)).tolist())

    drawn = [msgspec.structs.replace(m, samples_s=disturbed(m.block, m.role)) for m in state.measurements]
    for within, between in stopping.variances(drawn, blocks, {"1": 1.0})[1:]:  # the first is the A/A pair
        assert 0.01 < math.sqrt(within) < 0.06  # two low quantiles of 1% noise, of half of the rounds
        assert between == pytest.approx(apart**2, rel=0.4, abs=within / 20)
