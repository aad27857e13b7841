"""The numbers that the notebook printed in 2020, copied here: no more than a few units in the last place apart."""

import runpy
from types import SimpleNamespace

import numpy as np
import pytest

from linregbench.solvers import gradients
from linregbench.solvers.notebook import demo, notebook_problem
from linregbench.solvers.numpy_loop import gd_analytic
from linregbench.solvers.registry import Solver

OLS = (2.9323535, 1.8708069)
LOSS, GRADIENT = 7.0792613, (-2.7168233, -1.5580882)
TABLE = {
    0: (-1.0, 1.0),
    10: (1.0183814, 1.723933),
    20: (2.0045197, 1.8291312),
    30: (2.4829679, 1.8537816),
    40: (2.7147415, 1.862901),
    50: (2.8269806, 1.867015),
    60: (2.88133, 1.8689747),
    70: (2.9076474, 1.8699201),
}
STOP, STOPPING_VALUE = 73, 0.000983836


def batch(*extra):
    own = notebook_problem()
    return (own.X[None], own.y[None], own.start[None], own.step_size[None], *extra)


def test_loss_and_gradient():
    own = notebook_problem()
    np.testing.assert_allclose(gradients.mse(own.X, own.y, own.start), LOSS, rtol=1e-6)
    for gradient in (gradients.autodiff, gradients.analytic):
        np.testing.assert_allclose(gradient(own.X, own.y, own.start), GRADIENT, rtol=1e-6)
    np.testing.assert_allclose(gradients.finite(own.X, own.y, own.start), GRADIENT, rtol=5e-6)


@pytest.mark.solvers(lambda s: s.method == "ols")
def test_closed_form(solver: Solver, run: SimpleNamespace):
    answer, _ = run.call(solver, *batch()[:2])
    np.testing.assert_allclose(answer[0], OLS, rtol=1e-6)


@pytest.mark.solvers(lambda s: s.method == "gd")
def test_table_of_the_descent(solver: Solver, run: SimpleNamespace):
    answer, _ = run.call(solver, *batch(70))
    np.testing.assert_allclose(answer[0], TABLE[70], rtol=1e-6)


@pytest.mark.solvers(lambda s: s.method == "gd_tol")
def test_step_of_convergence(solver: Solver, run: SimpleNamespace):
    answer, steps = run.call(solver, *batch(1e-3, 200))
    assert steps == [STOP]
    # what the notebook would have printed next: w before the step that was too small
    own = notebook_problem()
    before = gd_analytic(own.X, own.y, own.start, own.step_size, STOP)
    np.testing.assert_allclose(answer[0], before, rtol=1e-6)


def test_demonstration_prints_them_all(capsys: pytest.CaptureFixture[str]):
    runpy.run_module("solvers", run_name="__main__")
    printed = capsys.readouterr().out
    assert printed == demo() + "\n"
    lines = printed.splitlines()
    np.testing.assert_allclose(numbers(lines[1].rsplit(":")[1]), OLS, rtol=1e-6)
    table = {int(line.split()[0]): numbers(line[4:]) for line in lines[4:-1]}
    assert table.keys() == TABLE.keys()
    for step, w in TABLE.items():
        np.testing.assert_allclose(table[step], w, rtol=1e-6)
    assert f"converged at step {STOP}:" in lines[-1]
    # the last step is a thousandth of w, so a unit in the last place of w is 2e-4 of it
    np.testing.assert_allclose(float(lines[-1].split()[-3]), STOPPING_VALUE, atol=5e-7)


def numbers(text: str) -> list[float]:
    return [float(word) for word in text.strip(" []").split()]
