"""When a contest has been measured enough."""

from pathlib import Path

import pytest
from fakes import HEADER, SENTINEL_S, FakeClock, FakeProcesses, Manner, make_contest, make_limits

from linregbench.benchmarks.sampling import schedule, stopping
from linregbench.benchmarks.sampling.schedule import Session, State
from linregbench.results.runfile.write import RunWriter
from linregbench.results.stats.quiet import thresholds


def measured(tmp_path: Path, processes: FakeProcesses, blocks: int) -> State:
    """A contest of so many blocks."""
    state = State(make_contest("a", "b"))
    with RunWriter(tmp_path / "run.jsonl") as writer:
        writer.append(HEADER)
        limits = make_limits((blocks, blocks), exact=True)
        schedule.run_contests(Session(limits, processes, writer, processes), [state])
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
    # process noise of 1% leaves a half-width of about 2.5% after 4 blocks: over 1%, under 5%
    manners = {"numpy_loop": Manner(call_s), "a": Manner(call_s), "b": Manner(0.01)}
    processes = FakeProcesses(fake_clock, noise=0.01, **manners)
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
        schedule.run_contests(Session(limits, processes, writer, processes), [state])
    assert len(state.blocks) == (expected or 5)
    quiet = len(state.blocks) - len(loud)
    assert state.stopped == (f"{expected} blocks, of which {quiet} were quiet" if expected else "5 blocks, as asked")
