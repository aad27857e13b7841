"""The forking parent as a program: it imports numpy and jax, never touches a backend, and forks the workers.

    python -P nursery.py        started by file path, by any interpreter, with its environment already set

It speaks JSON lines. The first one on standard input names the directories of the packages `solvers` and `benchmarks`,
which need not be neighbours: `versus` measures the `solvers` of one commit with the `benchmarks` of another. It answers
with who it is, then serves (see forking.py).
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
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


def hello(solvers: ModuleType) -> dict[str, Any]:
    """Who this interpreter is: its versions, the BLAS that NumPy is linked to, the solvers it found and where."""
    import numpy as np

    from solvers.registry import load_builtin

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
    load_package("benchmarks", places["benchmarks"])
    solvers = load_package("solvers", places["solvers"])
    from benchmarks import forking, wire

    who = hello(solvers) | {"fork": forking.can_fork()}
    if places.get("cores"):
        os.sched_setaffinity(0, places["cores"])
    wire.write(replies, who)
    forking.Nursery(0, replies).serve()


if __name__ == "__main__":
    main()
