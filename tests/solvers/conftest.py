"""How the tests call a solver: as the harness does, in either dtype, with every silent promotion an error."""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from linregbench.solvers import registry
from linregbench.solvers.problem import Problem, Workload, arguments
from linregbench.solvers.registry import SOLVERS, Solver, load_builtin

sys.path.insert(0, str(Path(__file__).parent))

BUILTIN = tuple(load_builtin().values())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `solver` runs for each one registered: a new solver is tested by existing."""
    if "solver" in metafunc.fixturenames:
        wanted = metafunc.definition.get_closest_marker("solvers")
        chosen = [s for s in BUILTIN if wanted is None or wanted.args[0](s)]
        metafunc.parametrize("solver", chosen, ids=[f"{s.method}-{s.strategy}-{s.variant}" for s in chosen])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "solvers(predicate): only the solvers for which the predicate holds")


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    """Every silent promotion of a dtype or a rank in JAX is an error."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> Iterator[str]:
    """JAX in that dtype."""
    with jax.enable_x64(request.param == "float64"):
        yield request.param


@pytest.fixture
def no_new_solvers() -> Iterator[None]:
    """Takes back what a test registers."""
    before = dict(registry.SOLVERS)
    yield
    registry.SOLVERS.clear()
    registry.SOLVERS.update(before)


@cache
def callable_of(solver: Solver) -> Callable[..., Any]:
    if not solver.compiled:
        return solver.function
    return jax.jit(solver.function, static_argnames="steps" if solver.method == "gd" else None)


def call(solver: Solver, *given: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """The answer (b, d) and for gd_tol the steps taken (b,), on batched values."""
    function, values = callable_of(solver), given
    if solver.method == "gd_tol":
        # arrays, as the harness passes them: a Python number would be weakly typed, and compiled for once more
        *arrays, tolerance, max_steps = given
        values = (*arrays, np.asarray(tolerance, given[0].dtype), np.asarray(max_steps, np.int32))
    if solver.batched:
        result = function(*_placed(solver, values))
        w, steps = result if solver.method == "gd_tol" else (result, None)
        batch = len(given[0])  # answers past it are of what a solver padded
        return np.asarray(w)[:batch], None if steps is None else np.asarray(steps)[:batch]
    problems = [tuple(v[i, ...] if np.ndim(v) else v for v in values) for i in range(len(values[0]))]
    rows = [function(*_placed(solver, problem)) for problem in problems]
    if solver.method == "gd_tol":
        return np.stack([w for w, _ in rows]), np.array([int(steps) for _, steps in rows])
    return np.stack(rows), None


def _placed(solver: Solver, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if solver.backend == "numpy":
        return values
    if solver.place is not None:
        arrays = [v for v in values if isinstance(v, np.ndarray)]
        return (*solver.place(arrays, jax.devices()), *values[len(arrays) :])
    return tuple(jax.device_put(v) if isinstance(v, np.ndarray) else v for v in values)


def solve(solver: Solver, workload: Workload, problem: Problem, *, check: bool = False) -> np.ndarray:
    return call(solver, *arguments(workload, problem, check=check))[0]


@pytest.fixture(scope="session")
def run() -> SimpleNamespace:
    """The functions above, for tests that cannot import this file."""
    return SimpleNamespace(call=call, solve=solve, callable_of=callable_of, solvers=SOLVERS)
