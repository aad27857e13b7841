"""What a worker does with a call so long that it is sampled once a block, and with one that is short."""

import importlib.metadata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import make_case

from linregbench.benchmarks.worker import session
from linregbench.solvers.problem import Problem, make_problem
from linregbench.solvers.registry import Solver, load_builtin

CASE = make_case()
HONEST = load_builtin()["gd", "numpy_loop", "analytic"]


class Counted:
    """A solver that tells on which inputs it was called: those that are timed, or others."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.calls = problem, list[str]()

    def __call__(self, X: np.ndarray, *rest: Any) -> Any:
        self.calls.append("timed" if np.array_equal(X, self.problem.X[0]) else "other")
        return HONEST.function(X, *rest)

    @property
    def solver(self) -> Solver:
        return replace(HONEST, function=self)


def replies(
    monkeypatch: pytest.MonkeyPatch, *, lone: bool, guard: bool
) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """What the worker answers to `prepare`, `sample` and `finish`, and the calls that it made for each."""
    problem = make_problem(CASE.workload)
    counted = Counted(problem)
    monkeypatch.setattr(session, "solver_for", lambda _: counted.solver)
    limits = {"long_call_s": 0.0 if lone else 2.0, "lone_call_s": 0.0 if lone else 2.0, "target_s": 1e-4}
    case = CASE.as_dict() | limits | {"guard": guard, "gate": False, "pin": None, "allowed": [0]}
    answers: list[dict[str, Any]] = []
    made: list[list[str]] = []

    def send(message: dict[str, Any]) -> None:
        answers.append(message)
        made.append(counted.calls[sum(map(len, made)) :])

    asked: Iterator[dict[str, Any]] = iter([{"ask": ask} for ask in ("prepare", "sample", "finish")])
    session.live(case, problem, lambda: next(asked, {}), send)
    return answers, made


def test_a_long_call_is_warmed_by_its_first_and_checked_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    (ready, _, last), made = replies(monkeypatch, lone=True, guard=False)
    assert ready["loops"] == 1
    assert made[0] == ["timed"]
    assert made[2] == []
    assert last["status"] == "ok"
    assert 0 < last["error"] <= last["error_limit"]
    assert "guards_left_out" not in last


def test_in_its_first_block_it_answers_to_other_inputs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    (*_, last), made = replies(monkeypatch, lone=True, guard=True)
    assert made[2][0] == "other"
    assert last["guards_left_out"] == []
    assert set(last["spent"]) == {"check", "guard"}


@pytest.mark.parametrize("guard", [True, False])
def test_a_short_call_is_warmed_and_answers_to_other_inputs_in_its_first_block(
    monkeypatch: pytest.MonkeyPatch, guard: bool
) -> None:
    (*_, last), made = replies(monkeypatch, lone=False, guard=guard)
    assert len(made[0]) > 2
    assert made[2][:1] == (["other"] if guard else [])
    assert last["status"] == "ok"
    assert ("dispatch_s" in last) is guard


def test_a_probe_multiplies_no_more_than_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the calls that it makes: never more steps than there are, and one problem of the batch."""
    workload = replace(CASE.workload, batch=3)
    problem = make_problem(workload)
    steps: list[int] = []

    def solve(*given: Any) -> Any:
        steps.append(given[4])
        return given[2]

    monkeypatch.setattr(session, "solver_for", lambda _: replace(HONEST, function=solve))
    told = session._probe(CASE.as_dict() | {"workload": workload.as_dict()}, problem)
    assert set(steps) == {1, 100}
    assert told["call_s"] < 1e-3


def test_the_versions_of_libraries_go_by_their_packages() -> None:
    """scikit-learn for sklearn: by what is installed, and nothing of what is not."""
    told = session._versions(["scipy.linalg", "_pytest", "no_such_library"])
    assert told == {name: importlib.metadata.version(name) for name in ("scipy", "pytest")}
