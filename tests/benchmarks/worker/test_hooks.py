"""A backend that is neither NumPy nor JAX: its hooks are called in order, each on its own clock, on a made-up array."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from fakes import FakeClock, make_solver

from linregbench.benchmarks import clock
from linregbench.benchmarks.worker import answers, calls, dispatch, guards, session
from linregbench.solvers.problem import Problem, make_problem
from linregbench.solvers.registry import Solver
from linregbench.solvers.workload import Workload, make_workload


@dataclass
class Foreign:
    """An array elsewhere: NumPy sees nothing of it but an object."""

    held: np.ndarray
    done: bool = True

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("a foreign array is no NumPy array: fetch it")


class Backend:
    """Places in 1 s, compiles in 2 s, takes a call in 4 s and finishes it in 8 s, and fetches an array in 16 s."""

    def __init__(self, time: FakeClock) -> None:
        self.time = time
        self.log: list[str] = []
        self.given: list[np.ndarray] = []

    def _note(self, what: str, seconds: float) -> None:
        self.log.append(what)
        self.time.advance(seconds)

    def place(self, arrays: Any, device: str) -> tuple[Foreign, ...]:
        self._note(f"place on {device}", 1.0)
        self.given += arrays
        return tuple(Foreign(array) for array in arrays)

    def warm(self, *arguments: Any) -> None:
        assert all(isinstance(argument, Foreign) for argument in arguments)
        self._note("warm", 2.0)

    def solve(self, X: Foreign, y: Foreign) -> Foreign:
        self._note("solve", 4.0)
        return Foreign(np.linalg.lstsq(X.held, y.held)[0], done=False)

    def wait(self, result: Any) -> Any:
        self._note("wait", 8.0)
        for one in result if isinstance(result, list) else [result]:
            one.done = True
        return result

    def fetch(self, array: Foreign) -> np.ndarray:
        assert array.done, "fetched before it was waited for"
        self._note("fetch", 16.0)
        return array.held

    def solver(self, *hooks: str, **fields: Any) -> Solver:
        chosen = {name: getattr(self, name) for name in hooks}
        row = make_solver("mine", method="ols", backend="foreign", variant="any", compiled=False, **chosen, **fields)
        object.__setattr__(row, "function", self.solve)
        return row


ALL = ("place", "wait", "fetch", "warm")


@pytest.fixture
def backend(fake_clock: FakeClock) -> Backend:
    return Backend(fake_clock)


def problem_of(batch: int = 1) -> tuple[Workload, Problem]:
    workload = make_workload("ols", 10, 2, batch=batch)
    return workload, make_problem(workload)


def test_each_hook_is_called_in_turn_and_on_its_own_clock(backend: Backend) -> None:
    prepared = calls.prepare(backend.solver(*ALL), *problem_of(), "cuda:1")
    assert backend.log == ["place on cuda:1", "place on cuda:1", "warm"]
    assert prepared.phases == {"transfer_s": 1.0, "compile_s": 2.0}
    backend.log.clear()
    assert clock.once(prepared.call)[1] == 12.0
    assert backend.log == ["solve", "wait"]
    told = dispatch.answered(prepared, 12.0)
    assert (told.call_s, told.dispatch_s, told.transfer_out_s) == (12.0, 4.0, 16.0)


def test_a_batch_is_waited_for_once(backend: Backend) -> None:
    prepared = calls.prepare(backend.solver(*ALL), *problem_of(batch=3), "cpu")
    backend.log.clear()
    result = prepared.call()
    assert backend.log == ["solve"] * 3 + ["wait"]
    assert [one.done for one in result] == [True] * 3


def test_what_is_placed_is_a_private_copy(backend: Backend) -> None:
    workload, problem = problem_of()
    calls.prepare(backend.solver(*ALL), workload, problem, "cpu")
    assert not any(np.shares_memory(given, problem.X) or np.shares_memory(given, problem.y) for given in backend.given)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_foreign_answer_is_judged_once_it_was_fetched(backend: Backend, batch: int) -> None:
    solver, (workload, problem) = backend.solver(*ALL), problem_of(batch)
    prepared = calls.prepare(solver, workload, problem, "cpu")
    first = prepared.call()
    fresh = answers.on_unseen(solver, workload, problem, prepared).call()
    assert answers.judge(solver, workload, problem, first, fresh).status == "ok"
    assert answers.excess_loss(first, workload, problem, solver) == pytest.approx(0.0, abs=1e-9)
    assert not guards.inputs_changed(prepared, solver, workload, problem, guards.Allowance(1e3))
    prepared.inputs[0][1].held[:] = 0
    assert guards.inputs_changed(prepared, solver, workload, problem, guards.Allowance(1e3))


def test_without_hooks_it_is_numpys_way() -> None:
    workload, problem = problem_of()
    solver = make_solver("mine", method="ols", backend="foreign", variant="any")
    prepared = calls.prepare(solver, workload, problem, "cpu")
    assert (prepared.phases, prepared.dispatch) == ({}, None)
    assert [type(array) for array in prepared.inputs[0]] == [np.ndarray, np.ndarray]


@pytest.mark.parametrize(
    ("module", "extra", "requires"),
    [
        ("linregbench.solvers.libraries.x", ": pip install 'linregbench[libraries]'", "not_to_be_found.at.all"),
        ("a_plugin", "", "not_to_be_found"),
    ],
)
def test_an_absent_library_is_a_skip_with_its_name(backend: Backend, module: str, extra: str, requires: str) -> None:
    def ols(X: Any, y: Any) -> Any:
        return X, y

    ols.__module__ = module
    solver = backend.solver(*ALL, requires=requires)
    object.__setattr__(solver, "function", ols)
    with pytest.raises(calls.AbsentError) as absent:
        calls.prepare(solver, *problem_of(), "cpu")
    assert session.status_of(absent.value) == ("skipped", f"not_to_be_found is not installed{extra}")
    assert backend.log == []


def test_what_is_required_is_imported_before_any_clock_runs(backend: Backend) -> None:
    calls.prepare(backend.solver(*ALL, requires="json.tool"), *problem_of(), "cpu")
    assert backend.log[0] == "place on cpu"


def test_solvers_of_an_older_commit_have_no_hooks() -> None:
    class Older:
        backend, batched, compiled = "numpy", False, False
        function = staticmethod(np.linalg.lstsq)

    assert calls.prepare(Older(), *problem_of(), "cpu").dispatch is None  # type: ignore[arg-type]
