"""How the tests call a solver: as the harness does, in either dtype, with every silent promotion an error."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from linregbench.benchmarks.worker.calls import fetched
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
        metafunc.parametrize(
            "solver",
            [pytest.param(s, id=f"{s.method}-{s.strategy}-{s.variant}", marks=_if_installed(s)) for s in chosen],
        )


def _if_installed(solver: Solver) -> list[pytest.MarkDecorator]:
    """A library's solver is skipped by name where the library is not installed, or its platform is not tested here."""
    root = (solver.requires or "").partition(".")[0]
    if root and importlib.util.find_spec(root) is None:
        return [pytest.mark.skip(f"{root} is not installed")]
    return [] if solver.runs_on("cpu") else [pytest.mark.skip(f"{root} does not run on the CPU")]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "solvers(predicate): only the solvers for which the predicate holds")


@pytest.fixture(autouse=True)
def quickly_compiled(request: pytest.FixtureRequest) -> Iterator[None]:
    """In `make test`, whose time is short, without most of XLA's optimisations: the answers are checked, not the times.

    `make test-long` compiles as a run does; and a run checks each answer that it times.
    """
    before = jax.config.jax_disable_most_optimizations
    jax.config.update("jax_disable_most_optimizations", request.config.getoption("markexpr") == "not long")
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    """Every silent promotion of a dtype or a rank in JAX is an error."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture(autouse=True)
def lenient_with_libraries(request: pytest.FixtureRequest, strict: None) -> Iterator[None]:  # noqa: ARG001  after it
    """Libraries promote as they please."""
    if "solver" not in request.fixturenames or not request.getfixturevalue("solver").requires:
        yield
        return
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
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
        result = fetched(solver, function(*_placed(solver, values)))
        w, steps = result if solver.method == "gd_tol" else (result, None)
        batch = len(given[0])  # answers past it are of what a solver padded
        return np.asarray(w)[:batch], None if steps is None else np.asarray(steps)[:batch]
    problems = [tuple(v[i, ...] if np.ndim(v) else v for v in values) for i in range(len(values[0]))]
    rows = [fetched(solver, function(*_placed(solver, problem))) for problem in problems]
    if solver.method == "gd_tol":
        return np.stack([w for w, _ in rows]), np.array([int(steps) for _, steps in rows])
    return np.stack(rows), None


def _placed(solver: Solver, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if solver.place is not None:
        arrays = [np.asarray(v) for v in values if isinstance(v, np.ndarray | np.generic)]
        where = jax.devices() if solver.backend == "jax" else "cpu"
        return (*solver.place(arrays, where), *values[len(arrays) :])
    if solver.backend != "jax":
        return values
    return tuple(jax.device_put(v) if isinstance(v, np.ndarray) else v for v in values)


def solve(solver: Solver, workload: Workload, problem: Problem, *, check: bool = False) -> np.ndarray:
    return call(solver, *arguments(workload, problem, check=check))[0]


@pytest.fixture(scope="session")
def run() -> SimpleNamespace:
    """The functions above, for tests that cannot import this file."""
    return SimpleNamespace(call=call, solve=solve, callable_of=callable_of, solvers=SOLVERS)
