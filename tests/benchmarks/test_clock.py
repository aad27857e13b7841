"""The clock: what a sample is, when it is long enough, and that nothing of the harness is on it."""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
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


def test_what_others_had_the_core_for_does_not_make_a_call_long() -> None:
    def beside_a_busy_program(call: clock.Call, loops: int) -> Sample:  # noqa: ARG001
        return Sample(loops, loops * 1e-3 + 0.030, 0.0, wait_s=0.030)

    assert calibrate(print, 0.010, beside_a_busy_program) == (10, pytest.approx(1e-3))


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


def _work() -> None:
    """0.1 s of this thread's own time."""
    end = time.thread_time() + 0.1
    while time.thread_time() < end:
        pass


@contextmanager
def on_one_core(others: int) -> Iterator[None]:
    """This process on one core, beside so many programs that want it too."""
    allowed, core = os.sched_getaffinity(0), devices.allowed_cores()[-1]
    spin = f"import os\nos.sched_setaffinity(0, [{core}])\nprint(flush=True)\nwhile True: pass"
    command = [sys.executable, "-c", spin]
    neighbours = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(others)]
    try:
        for neighbour in neighbours:
            assert neighbour.stdout
            neighbour.stdout.readline()
        os.sched_setaffinity(0, [core])
        yield
    finally:
        os.sched_setaffinity(0, allowed)
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.communicate()


TOLD = pytest.mark.skipif(
    clock.RunQueue(alone=True).wait_s() is None, reason="the system does not tell how long a thread waited"
)


@TOLD
@pytest.mark.parametrize("alone", [True, False])
def test_waiting_for_a_core_that_another_program_wants_is_told(alone: bool) -> None:
    with on_one_core(others=1):
        taken = clock.sample(_work, 3, clock.RunQueue(alone=alone, one_core=True))
    assert taken.wait_s is not None
    assert taken.wait_s > 0.05
    # what is left is its work, of which so much was asked for
    assert taken.wall_s - taken.wait_s == pytest.approx(0.3, rel=0.1)


@TOLD
@pytest.mark.parametrize("others", [0, 2])
def test_threads_that_wait_for_each_other_have_the_core_meanwhile(others: int) -> None:
    """Three threads want one core at once: two of them always wait, and yet nothing is lost but to other programs."""

    with on_one_core(others), ThreadPoolExecutor(3) as pool:

        def handed_over() -> None:
            wait([pool.submit(_work) for _ in range(3)])

        handed_over()  # the kernel keeps no account of a thread that has ended, or that was not there before
        taken = clock.sample(handed_over, 1, clock.RunQueue(one_core=True))
    assert taken.wait_s is not None
    assert taken.wall_s - taken.wait_s == pytest.approx(0.3, rel=0.15)


@TOLD
def test_sleep_is_no_waiting() -> None:
    with on_one_core(others=0):
        taken = clock.sample(lambda: time.sleep(0.1), 1, clock.RunQueue(one_core=True))
    assert taken.wait_s == pytest.approx(0.0, abs=0.02)


def test_of_threads_on_several_cores_nothing_is_told() -> None:
    assert clock.RunQueue().wait_s() is None
    assert clock.RunQueue(alone=True).lost_s(0.2, wall_s=0.3, cpu_s=0.3) == 0.2


def test_a_system_that_does_not_tell_of_waiting_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clock, "_THREADS", str(tmp_path / "none"))
    assert clock.RunQueue(alone=True).wait_s() is None
    assert clock.sample(lambda: None, 1, clock.RunQueue(alone=True)).wait_s is None


def test_time_for_which_the_process_was_stopped_counts_for_nobody(fake_clock: FakeClock) -> None:
    """Stopped for six seconds in a wait of three, as by Ctrl-Z: the answer is there when it goes on."""
    takes = iter([0.25, 6.0, 0.25, 0.25])
    answers = iter([None, None, None, "there"])

    def take(seconds: float) -> str | None:
        assert seconds == clock.SLICE_S
        fake_clock.advance(next(takes))
        return next(answers)

    began, awake = clock.now(), clock.awake()
    assert clock.wait_for(take, 1.0) == "there"
    assert clock.now() - began == 6.75
    assert clock.awake() - awake == pytest.approx(1.0)


@pytest.mark.parametrize("timeout_s", [0.0, 0.1, 0.25, 1.1])
def test_a_wait_ends_when_its_time_is_up(fake_clock: FakeClock, timeout_s: float) -> None:
    assert clock.wait_for(fake_clock.advance, timeout_s) is None
    assert fake_clock.now_s == pytest.approx(timeout_s)


def test_the_cpu_time_of_another_process() -> None:
    if sys.platform != "linux":
        pytest.skip("Linux alone tells")
    before = clock.process_cpu_s(os.getpid())
    assert 0 < before <= clock.process_cpu_s(os.getpid())
    with pytest.raises(OSError, match="Invalid argument"):
        clock.process_cpu_s(2**22 + 1)
