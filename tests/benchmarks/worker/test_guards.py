"""What convicts a solver of a false time, and what must not: on scripted seconds, and on calls that are told apart."""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fakes import FakeClock

from linregbench.benchmarks import clock, devices
from linregbench.benchmarks.worker import calls, guards
from linregbench.solvers.problem import make_problem, make_workload
from linregbench.solvers.registry import load_builtin

HONEST, SLOW_MOMENT, REMEMBERED = (0.010, 0.011), (0.010, 0.090), (0.000_001, 0.010)


def judged(monkeypatch: pytest.MonkeyPatch, pairs: Iterator[tuple[float, float]], sampled_s: float = 1e9) -> bool:
    """The guard's word on a solver whose calls take these seconds: on repeated inputs, on fresh ones, and so on."""
    workload = make_workload("ols", 10, 2)
    problem = make_problem(workload)
    solver = load_builtin()["ols", "numpy_loop", "inverse"]
    prepared = calls.prepare(solver, workload, problem, "cpu")
    repeated_s, fresh_s = next(pairs)
    seconds = chain.from_iterable(pairs)
    now_s = [0.0]

    def once(_: clock.Call) -> tuple[None, float]:
        taken_s = next(seconds)
        now_s[0] += taken_s
        return None, taken_s

    monkeypatch.setattr(guards.clock, "once", once)
    monkeypatch.setattr(guards.clock, "now", lambda: now_s[0])
    allowance = guards.Allowance(sampled_s)
    return guards.remembered(prepared, solver, workload, problem, (fresh_s, repeated_s), allowance)


def test_slow_moments_convict_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not judged(monkeypatch, chain([SLOW_MOMENT] * 5, repeat(HONEST)))


def test_what_is_remembered_every_time_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, repeat(REMEMBERED))


def test_an_honest_solver_is_cleared_by_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not judged(monkeypatch, iter([HONEST]))


def test_what_is_remembered_is_found_where_a_fresh_call_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pair is all that there is time for."""
    assert judged(monkeypatch, iter([(1e-6, 5.0), (1e-6, 5.0)]), sampled_s=0.02)


def allowance(sampled_s: float = 1e9) -> guards.Allowance:
    return guards.Allowance(sampled_s)


def test_a_guard_takes_as_long_as_was_sampled_and_a_little_at_least(fake_clock: FakeClock) -> None:
    for sampled_s, longest_s in ((3.0, 3.6), (1e-6, guards.LEAST_S)):
        allowed = allowance(sampled_s)
        assert allowed.affords(0.99 * longest_s)
        assert not allowed.affords(1.01 * longest_s)
        fake_clock.advance(1.01 * longest_s)
        assert not allowed.affords()


def test_a_call_that_costs_more_than_the_samples_is_left_out() -> None:
    def refuse() -> None:
        raise AssertionError("called for nothing")

    assert guards.strict_call(refuse, 5.0, allowance(0.01)) is None
    assert guards.more_threads(refuse, 3, 2.0, [0, 1], 1, allowance(5.0)) is None


@pytest.mark.parametrize("changed", [None, (0, 0, 0), (0, 49, 1)])
@pytest.mark.parametrize("strategy", ["numpy_loop", "jax_scan"])
def test_what_was_written_to_its_inputs_is_seen_in_pieces(
    monkeypatch: pytest.MonkeyPatch, changed: tuple[int, ...] | None, strategy: str
) -> None:
    monkeypatch.setattr(guards, "COMPARED", 7)
    workload = make_workload("gd", 50, 2)
    problem = make_problem(workload)
    solver = load_builtin()["gd", strategy, "analytic"]
    prepared = calls.prepare(solver, workload, problem, "cpu")
    other = replace(problem, X=problem.X.copy())
    if changed:
        other.X[changed] += 1
    assert guards.inputs_changed(prepared, solver, workload, other, allowance()) is bool(changed)


def test_a_comparison_that_is_not_done_in_time_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    workload = make_workload("gd", 50, 2)
    problem = make_problem(workload)
    solver = load_builtin()["gd", "numpy_loop", "analytic"]
    prepared = calls.prepare(solver, workload, problem, "cpu")
    late = allowance(0.0)
    monkeypatch.setattr(late, "_until_s", -1.0)
    assert guards.inputs_changed(prepared, solver, workload, problem, late) is None


@pytest.mark.skipif(len(devices.allowed_cores()) < 2, reason="a second thread shows only on a second core")
@pytest.mark.parametrize(("cpu_s", "convicted"), [(1.0, False), (1.4, False), (1.6, True), (2.0, True)])
def test_more_threads_than_asked_for_are_named(monkeypatch: pytest.MonkeyPatch, cpu_s: float, convicted: bool) -> None:
    """The machine decides how much of a second core is free, so the sample is made up; the affinity is real."""
    before, during = os.sched_getaffinity(0), []

    def sample(call: clock.Call, loops: int) -> clock.Sample:  # noqa: ARG001  the signature of clock.sample
        during.append(os.sched_getaffinity(0))
        return clock.Sample(loops, wall_s=1.0, cpu_s=cpu_s)

    monkeypatch.setattr(clock, "sample", sample)
    assert guards.more_threads(lambda: None, 1, 0.0, devices.allowed_cores(), 1, allowance()) is convicted
    assert during == [set(devices.allowed_cores())] * len(during)
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize(("cores", "threads"), [([0], 1), ([0, 1], 2), ([0, 1], 3)])
def test_no_thread_too_many_can_be_told_without_a_core_for_it(cores: list[int], threads: int) -> None:
    def refuse() -> None:
        raise AssertionError("called for nothing")

    assert not guards.more_threads(refuse, 1, 0.0, cores, threads, allowance())


@pytest.mark.parametrize(("cpu_over_wall", "convicted"), [(2.4, False), (2.6, True)])
def test_threads_beyond_the_number_asked_for(
    monkeypatch: pytest.MonkeyPatch, cpu_over_wall: float, convicted: bool
) -> None:
    monkeypatch.setattr(guards, "cpu_over_wall_let_off", lambda *_: cpu_over_wall)
    assert guards.more_threads(lambda: None, 1, 0.0, [0, 1, 2, 3], 2, allowance()) is convicted


@pytest.fixture
def product() -> tuple[object, jax.Array]:
    return jax.jit(lambda a: a @ a), jax.device_put(np.ones((8, 8), np.float32))


def test_a_steady_call_has_no_finding(product: tuple[jax.stages.Wrapped, jax.Array]) -> None:
    function, placed = product
    function(placed)
    assert guards.strict_call(lambda: function(placed), 0.0, allowance()) == []


def test_a_numpy_argument_is_a_host_transfer(product: tuple[jax.stages.Wrapped, jax.Array]) -> None:
    function, placed = product
    host = np.asarray(placed)
    function(host)
    assert guards.strict_call(lambda: function(host), 0.0, allowance()) == ["host_transfer"]


def test_a_function_made_anew_is_a_retrace(product: tuple[jax.stages.Wrapped, jax.Array]) -> None:
    _, placed = product
    shift = iter(range(100))

    def call() -> jax.Array:
        by = next(shift)
        return jax.jit(lambda a: a + by)(placed)

    assert "retrace" in (guards.strict_call(call, 0.0, allowance()) or ())


def test_compiles_are_counted_from_the_moment_on(product: tuple[jax.stages.Wrapped, jax.Array]) -> None:
    _, placed = product
    compiles = guards.count_compiles()
    assert compiles() == 0
    jax.jit(lambda a: jnp.sin(a) * 3)(placed).block_until_ready()
    assert compiles() == 1


def test_an_empty_call_is_all_loop() -> None:
    assert "loop_overhead" in guards.clock_findings(clock.empty_call_s(), 0.01)
    assert guards.clock_findings(1e-3, 0.01) == []


def test_a_sample_as_short_as_the_clocks_step_is_named() -> None:
    assert "coarse_timer" in guards.clock_findings(1.0, 100 * clock.resolution_s())
