"""Whether answers were remembered, told from scripted seconds: what convicts a solver, and what must not."""

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from linregbench.benchmarks.worker import calls, guards
from linregbench.solvers.problem import make_problem, make_workload
from linregbench.solvers.registry import load_builtin

HONEST, SLOW_MOMENT, REMEMBERED = (0.010, 0.011), (0.010, 0.090), (0.000_001, 0.010)


def judged(monkeypatch: pytest.MonkeyPatch, pairs: Iterator[tuple[float, float]]) -> bool:
    """The guard's word on a solver whose calls take these seconds: on repeated inputs, on fresh ones, and so on."""
    workload = make_workload("ols", 10, 2)
    problem = make_problem(workload)
    solver = load_builtin()["ols", "numpy_loop", "inverse"]
    prepared = calls.prepare(solver, workload, problem, "cpu")
    seconds = chain.from_iterable(pairs)
    once: Any = lambda _: (None, next(seconds))  # noqa: E731
    monkeypatch.setattr(guards.clock, "once", once)
    return guards.remembered(prepared, solver, workload, problem)


def test_slow_moments_convict_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not judged(monkeypatch, chain([SLOW_MOMENT] * 5, repeat(HONEST)))


def test_what_is_remembered_every_time_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, repeat(REMEMBERED))


def test_an_honest_solver_is_cleared_by_the_first_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not judged(monkeypatch, iter([HONEST]))
