"""The list of solvers: a decorated function is a row, and a file dropped in or named by a person adds its rows."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from .workload import METHODS

Function = TypeVar("Function", bound=Callable[..., Any])
Place = Callable[[Sequence[Any], Sequence[Any]], tuple[Any, ...]]

ARGUMENTS = {
    "gd": ("X", "y", "w", "step_size", "steps"),
    "ols": ("X", "y"),
    "gd_tol": ("X", "y", "w", "step_size", "tolerance", "max_steps"),
}
OPERATIONS = {
    "data": "through the data, each step of a descent",
    "gram": "X'X and X'y once, then the same steps on those",
    "powers": "X'X and X'y once, then all steps at one go",
}
"""How an answer is reached. Only `data` serves where the data change from step to step, or the loss is no parabola."""
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Solver:
    """One way of solving: `function` takes the ARGUMENTS of its method by position.

    compiled    the harness jits the function, for gd with `steps` static
    batched     the function takes all problems at once: X (b, n, d), y (b, n), w (b, d), step_size (b,) -> (b, d)
    operations  how the answer is reached: one of OPERATIONS
    place       puts a batched solver's arrays (NumPy) on a list of devices, its own way, off the clock; the answers of
                what it pads the batch with follow the others. None: the harness puts them on one device
    """

    method: str
    strategy: str
    variant: str
    backend: str
    compiled: bool
    batched: bool
    function: Callable[..., Any]
    place: Place | None = None
    operations: str = "data"

    def as_dict(self) -> dict[str, Any]:
        """The fields without the functions, plain for JSON."""
        fields = asdict(self)
        del fields["function"], fields["place"]
        return fields


class PluginError(ValueError):
    """A person's own solver file that cannot be used, in one line: what is wrong, what was seen, what to do."""


SOLVERS: dict[tuple[str, str, str], Solver] = {}


def solver(
    *,
    method: str,
    strategy: str,
    variant: str,
    backend: str,
    compiled: bool = False,
    batched: bool = False,
    place: Place | None = None,
    operations: str = "data",
) -> Callable[[Function], Function]:
    """Register a function as a solver and hand it back unchanged.

    Raises ValueError for a field that is not allowed, a function that does not take its method's arguments, and a
    (method, strategy, variant) that is registered already.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    for field, name in (("strategy", strategy), ("variant", variant)):
        if not NAME.fullmatch(name):
            raise ValueError(f"{field} must be lower-case letters, digits and _, led by a letter, got {name!r}")
    if operations not in OPERATIONS:
        raise ValueError(f"operations must be one of {', '.join(OPERATIONS)}, got {operations!r}")
    if backend not in ("numpy", "jax"):
        raise ValueError(f"backend must be numpy or jax, got {backend!r}")
    if compiled and backend != "jax":
        raise ValueError(f"compiled=True is for backend jax, got {backend!r}; leave compiled out")
    if place is not None and not (batched and backend == "jax"):
        raise ValueError(
            f"place is for batched solvers of backend jax, got {backend!r}, batched={batched}; leave it out"
        )

    def register(function: Function) -> Function:
        _check_signature(function, method, compiled)
        key = (method, strategy, variant)
        if key in SOLVERS:
            raise ValueError(
                f"{' '.join(key)} is registered twice, in {_file(SOLVERS[key].function)} and in {_file(function)}; "
                "give one of them another variant"
            )
        SOLVERS[key] = Solver(method, strategy, variant, backend, compiled, batched, function, place, operations)
        return function

    return register


def load_builtin() -> dict[tuple[str, str, str], Solver]:
    """Import every module of this package, so that a file dropped in adds its rows, and return SOLVERS."""
    package = sys.modules[__name__.rpartition(".")[0]]
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return SOLVERS


def load_file(path: str | Path) -> tuple[Solver, ...]:
    """Run a person's own Python file and return the solvers that it registers.

    Raises PluginError where there is no such file, it fails, or it registers nothing; nothing of it then stays.
    """
    path = Path(path)
    if path.suffix != ".py" or not path.is_file():
        raise PluginError(f"a solver file must be an existing .py file, got {path}")
    spec = importlib.util.spec_from_file_location(f"solvers_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise PluginError(f"a solver file must be importable, got {path}")
    module = importlib.util.module_from_spec(spec)
    before = set(SOLVERS)
    # dataclasses look their own module up there
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a person's code may raise anything
        del sys.modules[spec.name]
        for key in set(SOLVERS) - before:
            del SOLVERS[key]
        said = " ".join(str(error).split())
        raise PluginError(
            f"{path} failed with {type(error).__name__}: {said}; run it with python to see where"
        ) from error
    added = tuple(found for key, found in SOLVERS.items() if key not in before)
    if not added:
        raise PluginError(f"{path} registers no solver; decorate a function with linregbench.solver")
    return added


def _check_signature(function: Callable[..., Any], method: str, compiled: bool) -> None:
    expected = ARGUMENTS[method]
    try:
        signature = inspect.signature(function)
        signature.bind(*expected)
    except TypeError as error:
        raise ValueError(
            f"a {method} solver takes ({', '.join(expected)}), and {function!r} does not: {error}"
        ) from error
    if compiled and method == "gd" and "steps" not in signature.parameters:
        raise ValueError(f"a compiled gd solver needs a parameter named steps, since it is static, got {signature}")


def _file(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return str(code.co_filename) if code is not None else repr(function)
