"""When a contest has been measured enough."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from fakes import HEADER, FakeClock, FakeProcesses, Manner, make_contest, make_limits

from linregbench.benchmarks.sampling import schedule, stopping
from linregbench.benchmarks.sampling.schedule import Session, State
from linregbench.results.runfile.write import RunWriter
from linregbench.results.stats.quiet import thresholds


def measured(tmp_path: Path, processes: FakeProcesses, blocks: int) -> State:
    """A contest of so many blocks."""
    state = State(make_contest("a", "b"))
    with RunWriter(tmp_path / "run.jsonl") as writer:
        writer.append(HEADER)
        schedule.run_contests(Session(make_limits((blocks, blocks)), processes, writer, processes), [state])
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


@pytest.mark.parametrize(
    ("quiet_s", "own_sd", "share"),
    [(1.0, 0.01, 0.5), (0.1, 0.3, 1.0), (9.0, 0.3, 1.0)],
    ids=["half are quiet", "none is: all count", "all are"],
)
def test_a_round_is_worth_its_quiet_pairs(
    fake_clock: FakeClock, tmp_path: Path, quiet_s: float, own_sd: float, share: float
) -> None:
    """Every other round is loud, and slow by up to as much again; blocks differ by nothing."""
    rng = np.random.default_rng(0)
    state = measured(tmp_path, FakeProcesses(fake_clock), 30)
    loud = np.arange(len(state.measurements[0].rounds)) % 2
    looks_s = tuple((1.0 + quiet,) for quiet in loud.tolist())
    blocks = [msgspec.structs.replace(block, order=None, sentinel_s=looks_s) for block in state.blocks]

    def disturbed() -> tuple[float, ...]:
        own = 0.01 / math.sqrt(2) * rng.standard_normal(len(loud))
        return tuple(np.exp(own + loud * rng.random(len(loud))).tolist())

    drawn = [msgspec.structs.replace(m, samples_s=disturbed()) for m in state.measurements]
    for within, between in stopping.variances(drawn, blocks, {"1": quiet_s}):
        assert math.sqrt(within * share * 2 / math.pi) == pytest.approx(own_sd, rel=0.35)
        assert abs(between) < within / 10
