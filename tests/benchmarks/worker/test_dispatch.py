"""What is told of a call beside its time: on fakes, so that no machine decides, and on profiles in their real shape."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import pytest
from fakes import FakeClock, make_solver

from linregbench.benchmarks.worker import calls, dispatch, session
from linregbench.benchmarks.worker.calls import Prepared
from linregbench.solvers.problem import make_problem
from linregbench.solvers.registry import load_builtin
from linregbench.solvers.workload import make_workload


class Queue:
    """A device that takes a call in 1 ms, does it in 5 ms once it is waited for, and hands the answer over in 2 ms."""

    def __init__(self, time: FakeClock) -> None:
        self.time, self.waiting, self.most, self.fetched = time, 0, 0, 0

    def dispatch(self) -> "Queue":
        self.time.advance(0.001)
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        return self

    def wait(self, _: Any) -> None:
        self.time.advance(0.005 * self.waiting)
        self.waiting = 0

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        self.time.advance(0.002)
        self.fetched += 1
        return np.zeros(2)

    @property
    def prepared(self) -> Prepared:
        return Prepared(lambda: None, self.dispatch, self.wait, (), lambda _: self.prepared, fetch=np.asarray)


def test_dispatch_and_the_way_out_are_apart(fake_clock: FakeClock) -> None:
    queue = Queue(fake_clock)
    told = dispatch.answered(queue.prepared, 0.005)
    assert (told.call_s, told.dispatch_s, told.transfer_out_s) == pytest.approx((0.006, 0.001, 0.002))
    assert told.result is queue
    assert (queue.most, queue.fetched) == (1, dispatch.TIMES)  # each answer once, and none while another is in flight


@pytest.mark.parametrize(("call_s", "in_flight"), [(1e-6, 64), (0.002, 10), (0.010, 2)])
def test_throughput_is_of_many_in_flight(fake_clock: FakeClock, call_s: float, in_flight: int) -> None:
    queue = Queue(fake_clock)
    assert dispatch.throughput_s(queue.prepared, call_s) == pytest.approx(0.006)
    assert queue.most == in_flight


def test_what_cannot_be_in_flight_has_no_throughput(fake_clock: FakeClock) -> None:
    assert dispatch.throughput_s(Queue(fake_clock).prepared, 0.011) is None
    numpy_ = Prepared(lambda: None, None, lambda result: result, (), lambda _: numpy_)
    assert dispatch.throughput_s(numpy_, 1e-6) is None
    told = dispatch.answered(numpy_, 1e-6)
    assert (told.dispatch_s, told.transfer_out_s) == (None, None)


def test_a_long_call_is_made_once(fake_clock: FakeClock) -> None:
    queue = Queue(fake_clock)
    dispatch.answered(queue.prepared, 0.5)
    assert queue.fetched == 1


def event(start_ns: int, duration_ns: int) -> str:
    return f"events {{ metadata_id: 1 offset_ps: {start_ns}000 duration_ps: {duration_ns}000 }}"


def plane(name: str, **lines: str) -> str:
    content = " ".join(f'lines {{ name: "{line.replace("_", " ")}" {events} }}' for line, events in lines.items())
    return f'planes {{ name: "{name}" event_metadata {{ key: 1 value {{ id: 1 name: "kernel" }} }} {content} }}'


def planes(*texts: str) -> Iterator[Any]:
    profile = jax.profiler.ProfileData.from_text_proto(" ".join(texts))
    yield from profile.planes


def test_device_time_is_the_union_of_a_devices_streams() -> None:
    profile = planes(
        plane("/host:CPU", python=event(0, 900_000)),
        plane(
            "/device:GPU:0",
            Stream_13=event(0, 100) + event(200, 100),  # a gap
            Stream_14=event(250, 150),  # overlaps by 50
            XLA_Ops=event(0, 5000),  # derived from the streams
        ),
        plane("/device:GPU:1", Stream_7=event(0, 7000)),
    )
    assert dispatch.work_of(profile, 0) == dispatch.DeviceWork(pytest.approx(300e-9), 3)


def test_device_time_of_a_tpu_is_its_line_of_operations() -> None:
    profile = planes(plane("/device:TPU:1", Steps=event(0, 900), XLA_Ops=event(0, 400) + event(100, 50)))
    assert dispatch.work_of(profile, 1) == dispatch.DeviceWork(pytest.approx(400e-9), 2)
    assert dispatch.work_of(planes(plane("/host:CPU", python=event(0, 9))), 0) == dispatch.DeviceWork(0.0, 0)


def test_a_profiler_that_fails_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    prepared = Prepared(lambda: ran.append(1), None, lambda result: result, (), lambda _: prepared)
    assert dispatch.device_work(prepared, "cpu", 0.1) is None
    assert ran == []

    def refuse(_: str) -> None:
        raise RuntimeError("CUPTI_ERROR_INSUFFICIENT_PRIVILEGES")

    monkeypatch.setattr(jax.profiler, "trace", refuse)
    assert dispatch.device_work(prepared, "cuda", 0.1) is None


def test_a_real_profile_is_read_to_its_end() -> None:
    """On this machine a profile has no plane of a device, so there is no time in it; the file is a real one."""
    product, placed = jax.jit(lambda a: a @ a), jax.device_put(np.ones((8, 8), np.float32))
    ran: list[Any] = []
    prepared = Prepared(
        lambda: ran.append(product(placed).block_until_ready()), None, lambda result: result, (), lambda _: prepared
    )
    work = dispatch.device_work(prepared, "rocm", 0.001)
    assert len(ran) == dispatch.PROFILED_CALLS
    assert work is None or (work.busy_s > 0 and work.kernels >= 1)


def test_the_executables_own_memory_is_told() -> None:
    workload = make_workload("gd", 4000, 4, steps=3)
    problem = make_problem(workload)
    compiled = calls.prepare(load_builtin()["gd", "jax_scan", "autodiff"], workload, problem, "cpu")
    assert compiled.temp_bytes is not None
    assert compiled.temp_bytes >= 4000 * 4  # the residuals
    assert compiled.target == jax.devices("cpu")[0]
    eager = calls.prepare(load_builtin()["gd", "jax_eager", "autodiff"], workload, problem, "cpu")
    assert eager.temp_bytes is None
    assert calls.prepare(make_solver("numpy_loop"), workload, problem, "cpu").target is None


def test_an_executable_without_room_on_its_device_is_skipped_with_the_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "memory_free_bytes", lambda _: 100)
    workload = make_workload("gd", 4000, 4, steps=3)
    with pytest.raises(calls.TooLargeError, match=r"by the compiler's account, and 0.0 GiB of the device are free"):
        calls.prepare(load_builtin()["gd", "jax_scan", "autodiff"], workload, make_problem(workload), "cpu")
    assert session.status_of(calls.TooLargeError("no room")) == ("skipped", "no room")
