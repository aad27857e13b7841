"""Whether an answer is right, also with less precision asked for; and how far it is from the least loss.

The excess loss is the same as both losses in long arithmetic, without their cancellation.
"""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fakes import make_solver

from linregbench.benchmarks.worker import answers, calls, session
from linregbench.benchmarks.worker.answers import excess_loss
from linregbench.solvers import reference
from linregbench.solvers.accuracy import error_limit, relative_error
from linregbench.solvers.problem import Problem, make_problem
from linregbench.solvers.registry import load_builtin
from linregbench.solvers.workload import Workload, make_workload


def judged(off: float, *, coarse: bool) -> answers.Judgement:
    """An answer this far off, on the timed inputs and on the others."""
    workload = make_workload("gd", 100, 2)
    problem = make_problem(workload)

    def solve(*given: Any) -> Any:
        right = problem.reference if np.array_equal(given[3], problem.step_size[0]) else problem.check_reference
        return right[0] * (1 + off)

    solver = replace(make_solver("numpy_loop"), function=solve)
    prepared = calls.prepare(solver, workload, problem, "cpu")
    fresh = answers.on_unseen(solver, workload, problem, prepared).call()
    return answers.judge(solver, workload, problem, prepared.call(), fresh, coarse=coarse)


@pytest.mark.parametrize(
    ("off", "coarse", "status"),
    [(1e-6, False, "ok"), (1e-3, False, "wrong"), (1e-3, True, "ok"), (1e-2, True, "wrong")],
)
def test_a_coarser_product_is_allowed_its_rounding(off: float, coarse: bool, status: str) -> None:
    judgement = judged(off, coarse=coarse)
    assert judgement.status == status
    assert judgement.error == pytest.approx(off, rel=1e-3)


CHEATS: dict[str, Any] = {
    "X": lambda problem, given: (problem.X[0], *given[1:]),
    "y": lambda problem, given: (given[0], problem.y[0], *given[2:]),
    "X and y": lambda problem, given: (problem.X[0], problem.y[0], *given[2:]),
    "all": lambda problem, given: (problem.X[0], problem.y[0], problem.w[0], problem.step_size[0], *given[4:]),
}


@pytest.mark.parametrize("held", [None, *CHEATS])
@pytest.mark.parametrize("method", ["gd", "ols"])
@pytest.mark.parametrize("features", [2, 5])
def test_what_was_remembered_is_wrong_on_inputs_never_timed(held: str | None, method: str, features: int) -> None:
    """Each solver is right on the inputs that are timed, and holds some of them."""
    workload = make_workload(method, 40, features)
    problem = make_problem(workload)
    honest = load_builtin()[method, "numpy_loop", "analytic" if method == "gd" else "solve"]

    def solve(*given: Any) -> Any:
        full = given if held is None else CHEATS[held](problem, given)
        return honest.function(*full[: len(given)])

    solver = replace(honest, function=solve)
    prepared = calls.prepare(solver, workload, problem, "cpu")
    first, fresh = prepared.call(), answers.on_unseen(solver, workload, problem, prepared).call()
    assert answers.judge(solver, workload, problem, first, None).status == "ok"
    assert answers.judge(solver, workload, problem, first, fresh).status == ("wrong" if held else "ok")


@pytest.mark.parametrize("strategy", ["numpy_stacked", "jax_vmap"])
def test_inputs_never_timed_take_no_memory_of_their_own(strategy: str) -> None:
    workload = make_workload("gd", 40, 3, batch=4)
    problem = make_problem(workload)
    other = answers.unseen(problem)
    assert np.shares_memory(other.X, problem.X)
    assert np.shares_memory(other.check_y, problem.check_y)
    solver = load_builtin()["gd", strategy, "analytic"]
    prepared = calls.prepare(solver, workload, problem, "cpu")
    placed = answers.on_unseen(solver, workload, problem, prepared).inputs[0][0]
    assert np.asarray(placed).flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(placed, problem.X[:, ::-1])


@pytest.mark.parametrize(
    ("precision", "dtype", "device", "coarse"),
    [
        ("default", "float32", "cuda", True),
        ("default", "float32", "cpu", False),
        ("default", "float64", "cuda", False),
        ("highest", "float32", "cuda:1", False),
        ("high", "float32", "cuda", True),
        ("high", "float32", "tpu", False),
        ("high", "float32", "cpu", False),
    ],
)
def test_only_an_accelerator_cuts_products_short(precision: str, dtype: str, device: str, coarse: bool) -> None:
    case = {"precision": precision, "device": device, "workload": {"dtype": dtype}}
    assert session._coarse(case) is coarse


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_thousands_of_steps_on_hard_data_are_right(dtype: str) -> None:
    """What rounding adds up to along the longest ladder of the presets is within what is allowed."""
    workload = make_workload("gd", 200, 16, steps=8_000, dtype=dtype, condition=1_000.0)
    problem = make_problem(workload)
    solve = load_builtin()["gd", "numpy_loop", "analytic"].function
    w = solve(problem.X[0], problem.y[0], problem.w[0], problem.step_size[0], workload.steps)
    assert relative_error(w[np.newaxis], problem.reference) < error_limit(workload, problem)


def loss(problem: Problem, w: np.ndarray, index: int = 0) -> Fraction:
    """The mean squared error of a problem, exactly."""
    X, y = ([Fraction(float(v)) for v in np.ravel(part[index])] for part in (problem.X, problem.y))
    weights, width = [Fraction(float(v)) for v in w], problem.X.shape[2]
    rows = (X[row * width : (row + 1) * width] for row in range(len(y)))
    fits = (sum((a * b for a, b in zip(row, weights, strict=True)), Fraction(0)) for row in rows)
    return sum(((fit - right) ** 2 for fit, right in zip(fits, y, strict=True)), Fraction(0)) / len(y)


def made(method: str = "gd", **fields: Any) -> tuple[Workload, Problem]:
    workload = make_workload(method, 30, 3, **fields)
    return workload, make_problem(workload)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("off", [1.0, 1e-3, 1e-6])
def test_it_is_what_exact_arithmetic_says(dtype: str, off: float) -> None:
    workload, problem = made(dtype=dtype, condition=30.0)
    w = problem.optimum[0] + off * np.array([1.0, -2.0, 0.5])
    least, start = loss(problem, problem.optimum[0]), loss(problem, np.zeros(3))
    exact = float((loss(problem, w) - least) / (start - least))
    assert excess_loss(w, workload, problem) == pytest.approx(exact, rel=1e-6)


def test_it_is_one_at_the_start_and_nothing_at_the_optimum() -> None:
    workload, problem = made(batch=2)
    assert excess_loss(problem.w, workload, problem) == pytest.approx(1.0)
    assert excess_loss(problem.optimum, workload, problem) == 0.0


@pytest.mark.parametrize("samples", [3, 30])
def test_steps_of_descent_have_the_excess_of_theory(samples: int) -> None:
    """In the eigenvectors each share of the excess falls by (1 - step_size x eigenvalue)^2 a step."""
    workload = make_workload("gd", samples, 4, steps=7, dtype="float64")
    problem = make_problem(workload)
    spectrum = reference.decompose(problem.X, problem.y)
    left = (1 - problem.step_size[:, None] * spectrum.curvature) ** 14
    shares = np.where(spectrum.s > 1e-9, spectrum.Uty**2, 0)
    expected = float((left * shares).sum() / shares.sum())
    assert excess_loss(problem.reference, workload, problem) == pytest.approx(expected)


def test_it_is_that_of_the_worst_problem() -> None:
    workload, problem = made(batch=2)
    w = problem.optimum.copy()
    w[1] *= 0.9
    assert excess_loss(w, workload, problem) == pytest.approx(0.01)
    assert excess_loss(list(w), workload, problem) == pytest.approx(0.01)


def test_any_minimum_will_do_where_there_are_several() -> None:
    """Fewer samples than features: the null space of X costs nothing."""
    workload = make_workload("gd", 2, 4, dtype="float64")
    problem = make_problem(workload)
    null = np.linalg.svd(problem.X[0])[2][-1]
    excess = excess_loss(problem.optimum[0] + 5 * null, workload, problem)
    assert excess is not None
    assert excess < 1e-28


def test_an_answer_to_a_tolerance_has_one_too() -> None:
    workload, problem = made("gd_tol", dtype="float64")
    excess = excess_loss((problem.reference[0], 7), workload, problem)
    assert excess is not None
    assert 0 < excess < 1e-3


@pytest.mark.parametrize("answer", [np.full(3, np.nan), np.full(3, np.inf), np.full(3, 1e200), np.ones(2), None])
def test_what_is_no_answer_has_none(answer: Any) -> None:
    workload, problem = made()
    assert excess_loss(answer, workload, problem) is None


def test_a_start_at_the_optimum_has_none() -> None:
    workload, problem = made()
    nothing = replace(problem, optimum=np.zeros_like(problem.optimum))
    assert excess_loss(np.ones(3), workload, nothing) is None


def test_solvers_of_a_commit_that_knows_no_optimum_have_none() -> None:
    workload, problem = made()
    older: Any = SimpleNamespace(**{name: value for name, value in vars(problem).items() if name != "optimum"})
    assert excess_loss(np.ones(3), workload, older) is None
