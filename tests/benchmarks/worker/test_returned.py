"""What counts as an answer: arrays of real numbers, and what becomes them on the clock; all else is wrong, by name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest
from fakes import FakeClock, make_case

from linregbench.benchmarks.worker import returned, session
from linregbench.solvers.problem import make_problem
from linregbench.solvers.registry import load_builtin

CASE = make_case()
HONEST = load_builtin()["gd", "numpy_loop", "analytic"]
WORK_S = 3.0


class Lazy:
    """An answer that does its work when it is asked for its numbers."""

    def __init__(self, right: np.ndarray, work: Callable[[], None]) -> None:
        self.right, self.work = right, work

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        self.work()
        return self.right


class LazyList(list[Any]):
    """The same, whose parts are made when they are asked for."""

    work: Callable[[], None]

    def __iter__(self) -> Any:
        self.work()
        return super().__iter__()


class Named(NamedTuple):
    w: np.ndarray
    steps: int


def told(monkeypatch: pytest.MonkeyPatch, solve: Callable[[np.ndarray], Any], **hooks: Any) -> list[dict[str, Any]]:
    """What a worker says of a solver that makes this of the right answer."""
    solver = replace(HONEST, function=lambda *given: solve(HONEST.function(*given)), **hooks)
    monkeypatch.setattr(session, "solver_for", lambda _: solver)
    case = CASE.as_dict() | {"long_call_s": 0.0, "lone_call_s": 0.0, "target_s": 1e-4, "guard": False, "gate": False}
    asked = iter([{"ask": ask} for ask in ("prepare", "sample", "finish")])
    replies: list[dict[str, Any]] = []
    problem = make_problem(CASE.workload)
    session.live(case | {"pin": None, "allowed": [0]}, problem, lambda: next(asked, {}), replies.append)
    return replies


@pytest.mark.parametrize("make", [Lazy, lambda right, work: [Lazy(right, work)]], ids=["an object", "in a list"])
def test_the_work_of_a_lazy_answer_is_on_the_clock(
    monkeypatch: pytest.MonkeyPatch, fake_clock: FakeClock, make: Callable[..., Any]
) -> None:
    ready, sample, last = told(monkeypatch, lambda right: make(right, lambda: fake_clock.advance(WORK_S)))
    assert ready["phases"]["first_call_s"] == WORK_S
    assert sample["call_s"] == WORK_S
    assert last["status"] == "ok"


def test_a_list_that_makes_its_parts_when_asked_is_no_list(
    monkeypatch: pytest.MonkeyPatch, fake_clock: FakeClock
) -> None:
    monkeypatch.setattr(LazyList, "work", lambda _: fake_clock.advance(WORK_S), raising=False)
    monkeypatch.setattr(LazyList, "__array__", lambda self, *_, **__: np.array(list(self)), raising=False)
    assert told(monkeypatch, lambda right: LazyList(right))[1]["call_s"] == WORK_S


def test_fetching_is_on_the_clock_where_nothing_waits(monkeypatch: pytest.MonkeyPatch, fake_clock: FakeClock) -> None:
    def fetch(lazy: Lazy) -> np.ndarray:
        return np.asarray(lazy)

    def lazy(right: np.ndarray) -> Lazy:
        return Lazy(right, lambda: fake_clock.advance(WORK_S))

    assert told(monkeypatch, lazy, fetch=fetch)[1]["call_s"] == WORK_S
    waited = told(monkeypatch, lazy, fetch=fetch, wait=lambda result: fake_clock.advance(1.0) or result)
    assert waited[1]["call_s"] == 1.0


WRONG: dict[str, Any] = {
    "complex64, whose imaginary part": lambda right: right + np.complex64(1j),
    "complex128, whose imaginary part": lambda right: [complex(x, 1) for x in right],
    "a masked array, whose mask": lambda right: np.ma.masked_array(right, [True, False]),
    "holds object, not real numbers": lambda right: right.astype(object),
    "holds <U": lambda right: [str(x) for x in right],
    "holds bool, not": lambda right: right > 0,
    "relative error": lambda right: right.astype(int),
}


@pytest.mark.parametrize("reason", WRONG)
def test_what_would_lose_a_part_is_wrong_by_name(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    last = told(monkeypatch, WRONG[reason])[-1]
    assert last["status"] == "wrong"
    assert reason in last["reason"]


ODD: dict[str, Any] = {
    "None": lambda _: None,
    "a generator": lambda right: (x for x in right),
    "a dictionary": lambda right: {"w": right},
    "a function": lambda right: lambda: right,
    "text": lambda _: "w",
    "a coroutine": lambda right: type("Later", (), {"__await__": lambda _: iter(right)})(),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_array_at_all_is_wrong(monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    assert told(monkeypatch, ODD[odd])[-1]["status"] == "wrong"


FINE: dict[str, Any] = {
    "a list of numbers": lambda right: [float(x) for x in right],
    "a tuple of scalars": tuple,
    "a matrix": lambda right: np.asmatrix(right),
    "long doubles": lambda right: right.astype(np.longdouble),
    "an array of JAX": jnp.asarray,
}


@pytest.mark.parametrize("fine", FINE)
def test_every_kind_of_real_numbers_is_an_answer(monkeypatch: pytest.MonkeyPatch, fine: str) -> None:
    assert told(monkeypatch, FINE[fine])[-1]["status"] == "ok"


def test_a_named_tuple_is_a_tuple() -> None:
    answer = Named(np.ones(2), 3)
    assert returned.is_waited_for(answer, "numpy")
    assert returned.as_arrays(answer) == answer
    returned.check_numbers(answer)
