"""The clock: what a sample is, when it is long enough, and that nothing of the harness is on it."""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fakes import FakeClock

from linregbench.benchmarks import clock, devices
from linregbench.benchmarks.clock import Sample, calibrate

Sampler = Callable[[clock.Call, int], Sample]


def steady(call_s: float, first_s: tuple[float, ...] = ()) -> tuple[Sampler, list[int]]:
    """A sampler of a call that takes `call_s`, whose first samples take `first_s` instead, and the loops asked for."""
    asked: list[int] = []
    scripted = iter(first_s)

    def sampler(call: clock.Call, loops: int) -> Sample:  # noqa: ARG001
        asked.append(loops)
        assert len(asked) < 100, "calibration does not end"
        return Sample(loops, next(scripted, loops * call_s), 0.0)

    return sampler, asked


@pytest.mark.parametrize("call_s", [1e-7, 1e-6, 33e-6, 1e-3, 4e-3])
def test_a_short_call_is_repeated_to_fill_the_target(call_s: float) -> None:
    sampler, asked = steady(call_s)
    loops, _ = calibrate(print, 0.010, sampler)
    assert loops * call_s == pytest.approx(0.010, rel=0.25)
    assert all(later in (2 * earlier, earlier) for earlier, later in pairwise(asked))
    assert asked[-1] == asked[-2]  # two in a row decide


@pytest.mark.parametrize("call_s", [0.010, 0.012, 0.019, 0.020, 0.5, 3.0])
def test_a_call_over_the_target_gets_one_loop(call_s: float) -> None:
    sampler, asked = steady(call_s)
    assert calibrate(print, 0.010, sampler)[0] == 1
    assert len(asked) <= 2


@pytest.mark.parametrize("hiccup_s", [0.012, 0.025, 0.3])
@pytest.mark.parametrize("at", [0, 3])
def test_one_hiccup_does_not_decide(hiccup_s: float, at: int) -> None:
    sampler, _ = steady(1e-5, (*(2**i * 1e-5 for i in range(at)), hiccup_s))
    assert calibrate(print, 0.010, sampler)[0] == pytest.approx(1000, rel=0.25)


def test_the_faster_of_the_two_long_samples_scales_the_loops() -> None:
    sampler, _ = steady(5e-3, (5e-3, 10e-3, 40e-3))
    assert calibrate(print, 0.010, sampler)[0] == 2


def test_a_sample_is_the_calls_alone(fake_clock: FakeClock) -> None:
    taken = clock.sample(lambda: fake_clock.advance(0.002), 5)
    assert taken.loops == 5
    assert taken.wall_s == pytest.approx(0.010)
    assert taken.cpu_s == pytest.approx(0.005)
    assert taken.call_s == pytest.approx(0.002)


@pytest.fixture(params=[True, False], ids=["collecting", "not collecting"])
def collecting(request: pytest.FixtureRequest) -> Iterator[bool]:
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


def test_garbage_is_not_collected_while_sampling(collecting: bool) -> None:
    seen: list[bool] = []
    clock.sample(lambda: seen.append(gc.isenabled()), 3)
    assert seen == [False] * 3
    assert gc.isenabled() is collecting


def test_garbage_collection_comes_back_after_an_error(collecting: bool) -> None:
    def fail() -> None:
        raise RuntimeError("no such luck")

    with pytest.raises(RuntimeError, match="no such luck"):
        clock.sample(fail, 3)
    assert gc.isenabled() is collecting


def test_once_gives_the_result_and_its_seconds(fake_clock: FakeClock) -> None:
    def call() -> str:
        fake_clock.advance(0.5)
        return "done"

    assert clock.once(call) == ("done", 0.5)


def test_a_stopwatch_adds_up_also_where_its_body_raises(fake_clock: FakeClock) -> None:
    spent: dict[str, float] = {"fork": 1.0}
    with clock.stopwatch(spent, "fork"):
        fake_clock.advance(0.25)

    def fail() -> None:
        with clock.stopwatch(spent, "end"):
            fake_clock.advance(2.0)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert spent == {"fork": 1.25, "end": 2.0}


def test_the_time_of_day_is_in_utc() -> None:
    assert clock.timestamp().utcoffset().total_seconds() == 0  # type: ignore[union-attr]


@pytest.mark.skipif(clock.RunQueue().wait_s() is None, reason="the system does not tell how long a thread waited")
@pytest.mark.parametrize("alone", [True, False])
def test_waiting_for_a_core_that_another_program_wants_is_told(alone: bool) -> None:
    allowed, core = os.sched_getaffinity(0), devices.allowed_cores()[-1]
    spin = f"import os\nos.sched_setaffinity(0, [{core}])\nprint(flush=True)\nwhile True: pass"

    def work() -> None:
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass

    with subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE) as neighbour:
        try:
            assert neighbour.stdout
            neighbour.stdout.readline()
            os.sched_setaffinity(0, [core])
            taken = clock.sample(work, 3, clock.RunQueue(alone=alone))
        finally:
            os.sched_setaffinity(0, allowed)
            neighbour.kill()
    assert taken.wait_s is not None
    assert taken.wait_s > 0.05
    if alone:  # the least that the calling thread was there for is its work
        assert taken.wall_s - taken.wait_s == pytest.approx(0.3, rel=0.1)


def test_a_system_that_does_not_tell_of_waiting_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clock, "_THREADS", str(tmp_path / "none"))
    assert clock.RunQueue().wait_s() is None
    assert clock.sample(lambda: None, 1, clock.RunQueue(alone=True)).wait_s is None
