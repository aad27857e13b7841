"""The forking parent as a program: it imports numpy and jax, never touches a backend, and forks the workers.

    python -P start.py        started by file path, by any interpreter, with its environment already set

It speaks JSON lines. The first one on standard input names the directories of the package `linregbench` and of its
rooms `benchmarks` and `solvers`, which need not be neighbours: `versus` measures the `solvers` of one commit with the
`benchmarks` of another. It answers with who it is, then serves (see nursery.py). Its imports are absolute: what is
started by its path has no package.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import pkgutil
import platform
import re
import sys
from types import ModuleType
from typing import Any


def load_package(name: str, directory: str) -> ModuleType:
    """Import a package from this directory, wherever others of the same name may lie on the path."""
    spec = importlib.util.spec_from_file_location(
        name, os.path.join(directory, "__init__.py"), submodule_search_locations=[directory]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no package {name} in {directory}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_solvers(directory: str) -> ModuleType:
    """Import `linregbench.solvers` from this directory, under its old name too where its files still use that.

    Until this project had one import name its solvers imported one another as `solvers.registry` and so on. `versus`
    measures such commits as well, and there must be one registry and not two.
    """
    name = "linregbench.solvers"
    with open(os.path.join(directory, "registry.py"), encoding="utf-8") as file:
        if not re.search(r"^(from|import) solvers\b", file.read(), re.MULTILINE):
            return load_package(name, directory)
    package = sys.modules[name] = load_package("solvers", directory)
    for module in pkgutil.iter_modules([directory]):
        if not module.name.startswith("_"):
            sys.modules[f"{name}.{module.name}"] = importlib.import_module(f"solvers.{module.name}")
    return package


def hello(solvers: ModuleType) -> dict[str, Any]:
    """Who this interpreter is: its versions, the BLAS that NumPy is linked to, the solvers it found and where."""
    import numpy as np

    from linregbench.solvers.registry import load_builtin

    packages = {}
    for name in ("numpy", "jax", "jaxlib"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            packages[name] = importlib.metadata.version(name)
    built: Any = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"]
    return {
        "solvers_file": solvers.__file__,
        "solvers": [solver.as_dict() for solver in load_builtin().values()],
        "python": platform.python_version(),
        "packages": packages,
        "blas": f"{blas.get('name')} {blas.get('version')}",
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
    }


def main() -> None:
    """Serve on standard input and output, kept for messages alone: what anything prints goes to standard error."""
    replies = os.dup(1)
    os.dup2(2, 1)
    first = b""
    while not first.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return
        first += byte
    places = json.loads(first)
    if places.get("allowed"):
        os.sched_setaffinity(0, places["allowed"])  # before numpy loads: its BLAS counts the cores it finds
    load_package("linregbench", places["package"])
    load_package("linregbench.benchmarks", places["benchmarks"])
    solvers = load_solvers(places["solvers"])
    from linregbench.benchmarks.worker import nursery, wire

    who = hello(solvers) | {"fork": nursery.can_fork()}
    if places.get("cores"):
        os.sched_setaffinity(0, places["cores"])
    wire.write(replies, who)
    nursery.NurseryServer(0, replies).serve()


if __name__ == "__main__":
    main()
