"""The list of solvers: a decorated function is a row, and a file dropped in or named by a person adds its rows."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from .workload import METHODS

Function = TypeVar("Function", bound=Callable[..., Any])
Place = Callable[[Sequence[Any], Any], tuple[Any, ...]]
Hook = Callable[..., Any]

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
HOOKS = ("place", "wait", "fetch", "warm")


@dataclass(frozen=True)
class Solver:
    """One way of solving: `function` takes the ARGUMENTS of its method by position.

    backend     what computes: numpy, jax, or any other word; each but jax goes by the hooks, where it has any
    compiled    the harness jits the function, for gd with `steps` static
    batched     the function takes all problems at once: X (b, n, d), y (b, n), w (b, d), step_size (b,) -> (b, d)
    operations  how the answer is reached: one of OPERATIONS
    requires    the module that it needs beyond our own dependencies, such as `sklearn.linear_model`: imported before
                any clock runs, and where it is not installed the case is skipped
    platforms   what it runs on (cpu, cuda, ...); empty: every one for jax, the CPU alone for all else

    The hooks. Without any, the arrays are private copies in NumPy, and a call is done when it returns arrays. What is
    something else then is made into arrays on the clock, by `fetch` where there is no `wait`.

    place       NumPy arrays -> arrays where it computes, there when it returns; on the clock of transfer alone. Its
                second argument is the device's name, for jax (a batched solver's own way to place) the list of devices;
                the answers of what it pads the batch with follow the others
    wait        returns what one solve returned (a list, where a batch is a loop) once all of it is there; on the clock
    fetch       one array of an answer or of what was placed -> NumPy; off the clock, for transfer_out_s on its own
    warm        a compile of its own: takes the placed arguments of a call; on the clock of compile alone
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
    wait: Hook | None = None
    fetch: Hook | None = None
    warm: Hook | None = None
    requires: str | None = None
    platforms: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The fields without the functions, plain for JSON; `of` reads them."""
        fields = asdict(self)
        for name in ("function", *HOOKS):
            del fields[name]
        return fields | {"platforms": list(self.platforms)}

    @classmethod
    def of(cls, fields: Mapping[str, Any], function: Callable[..., Any], **hooks: Hook | None) -> "Solver":
        """What `as_dict` wrote, of this commit or an older one, with the functions that it left out."""
        every: dict[str, Any] = {**fields, **hooks, "platforms": tuple(fields.get("platforms", ()))}
        return cls(**every, function=function)

    def runs_on(self, platform: str) -> bool:
        """Whether it can make use of a platform: cpu, cuda, ..."""
        return platform in self.platforms if self.platforms else self.backend == "jax" or platform == "cpu"


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
    operations: str = "data",
    requires: str | None = None,
    platforms: Sequence[str] = (),
    place: Place | None = None,
    wait: Hook | None = None,
    fetch: Hook | None = None,
    warm: Hook | None = None,
) -> Callable[[Function], Function]:
    """Register a function as a solver and hand it back unchanged.

    Raises ValueError for a field that is not allowed, a function that does not take its method's arguments, and a
    (method, strategy, variant) that is registered already.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    for field, name in (("strategy", strategy), ("variant", variant), ("backend", backend)):
        if not NAME.fullmatch(name):
            raise ValueError(f"{field} must be lower-case letters, digits and _, led by a letter, got {name!r}")
    if operations not in OPERATIONS:
        raise ValueError(f"operations must be one of {', '.join(OPERATIONS)}, got {operations!r}")
    if compiled and backend != "jax":
        raise ValueError(f"compiled=True is for backend jax, got {backend!r}; leave compiled out")
    if backend == "jax":
        _check_hooks_of_jax(place, (wait, fetch, warm), batched)

    def register(function: Function) -> Function:
        _check_signature(function, method, compiled)
        key = (method, strategy, variant)
        if key in SOLVERS:
            raise ValueError(
                f"{' '.join(key)} is registered twice, in {_file(SOLVERS[key].function)} and in {_file(function)}; "
                "give one of them another variant"
            )
        hooks = (wait, fetch, warm)
        plain = (method, strategy, variant, backend, compiled, batched)
        SOLVERS[key] = Solver(*plain, function, place, operations, *hooks, requires, tuple(platforms))
        return function

    return register


def load_builtin() -> dict[tuple[str, str, str], Solver]:
    """Import every module of this package, so that a file dropped in adds its rows, and return SOLVERS.

    Those of `libraries` import their library where they are called, so that rows are listed without it.
    """
    package = sys.modules[__name__.rpartition(".")[0]]
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.rpartition(".")[2].startswith("_"):
            importlib.import_module(module.name)
    return SOLVERS


def load_file(path: str | Path, source: bytes | None = None) -> tuple[Solver, ...]:
    """Run a person's own Python file and return the solvers that it registers.

    `source` is what the file held when a run began, where that is what counts. Raises PluginError where there is no
    such file, it fails, or it registers nothing; nothing of it then stays.
    """
    path = Path(path)
    if path.suffix != ".py" or (source is None and not path.is_file()):
        raise PluginError(f"a solver file must be an existing .py file, got {path}")
    spec = importlib.util.spec_from_file_location(f"solvers_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise PluginError(f"a solver file must be importable, got {path}")
    module = importlib.util.module_from_spec(spec)
    before = set(SOLVERS)
    # dataclasses look their own module up there
    sys.modules[spec.name] = module
    try:
        held = path.read_bytes() if source is None else source
        exec(compile(held, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:  # a person's code may raise anything
        if isinstance(error, KeyboardInterrupt) and source is None:
            raise
        del sys.modules[spec.name]
        for key in set(SOLVERS) - before:
            del SOLVERS[key]
        said = " ".join(_text_of(error).split())
        raise PluginError(
            f"{path} failed with {type(error).__name__}: {said}; run it with python to see where"
        ) from error
    added = tuple(found for key, found in SOLVERS.items() if key not in before)
    if not added:
        raise PluginError(f"{path} registers no solver; decorate a function with linregbench.solver")
    return added


def _text_of(error: BaseException) -> str:
    """What it says, where that can be had."""
    try:
        return str(error)
    except Exception as another:
        return f"its text cannot be had: {type(another).__name__}"


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


def _check_hooks_of_jax(place: Place | None, others: Sequence[Hook | None], batched: bool) -> None:
    if place is not None and not batched:
        raise ValueError("place of a jax solver is for batched ones, got batched=False; leave it out")
    if any(hook is not None for hook in others):
        raise ValueError("wait, fetch and warm are for other backends: of jax the harness knows how; leave them out")


def _file(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return str(code.co_filename) if code is not None else repr(function)
