"""What a compiled solver becomes for a platform that is not here: StableHLO, as JAX hands it to that compiler.

Needs no device and no driver. It shows which library calls a solver makes there, and what its types are; what the
compiler then makes of it is not in it.
"""

from __future__ import annotations

import re
from typing import Any

from linregbench.benchmarks.devices import PLATFORMS
from linregbench.solvers.problem import Workload
from linregbench.solvers.registry import Solver


def lowered(solver: Solver, workload: Workload, platform: str, *, devices: int = 1) -> str:
    """The StableHLO text of this solver at this workload's shapes; with `devices`, sharded over so many.

    Raises ValueError for a platform that is not in PLATFORMS (JAX lowers for any name, and says nothing), for a solver
    that is not compiled, and for several devices where the solver places nothing by itself.
    """
    import jax

    if platform not in PLATFORMS:
        raise ValueError(f"platform must be one of {', '.join(PLATFORMS)}, got {platform!r}")
    if not solver.compiled:
        raise ValueError(f"only a compiled solver is lowered whole, and {solver.strategy} is not: leave it out")
    if devices > 1 and solver.place is None:
        raise ValueError(f"{solver.strategy} runs on one device, got devices={devices}: leave devices out")
    with jax.enable_x64(workload.dtype == "float64"):
        static = "steps" if workload.method == "gd" else None
        function: Any = jax.jit(solver.function, static_argnames=static)
        traced = function.trace(*_shapes(solver, workload, devices), *([workload.steps] if static else []))
        return str(traced.lower(lowering_platforms=(PLATFORMS[platform],)).as_text())


def library_calls(text: str) -> set[str]:
    """The functions outside StableHLO that a text calls, by name."""
    return set(re.findall(r"custom_call @([\w$.]+)", text))


def _shapes(solver: Solver, workload: Workload, devices: int) -> list[Any]:
    """What the solver is called with, without the values."""
    import jax
    from jax.sharding import AbstractMesh, AxisType, NamedSharding

    b, n, d = workload.batch, workload.samples, workload.features
    wanted: list[tuple[tuple[int, ...], str]] = [((b, n, d), workload.dtype), ((b, n), workload.dtype)]
    if workload.method != "ols":
        wanted += [((b, d), workload.dtype), ((b,), workload.dtype)]
    if not solver.batched:
        wanted = [(shape[1:], dtype) for shape, dtype in wanted]
    if workload.method == "gd_tol":
        wanted += [((), workload.dtype), ((), "int32")]
    shapes = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in wanted]
    if devices == 1:
        return shapes
    from linregbench.solvers.sharding import AXIS, specs

    mesh = AbstractMesh((devices,), (AXIS,), axis_types=(AxisType.Auto,))
    shardings = [NamedSharding(mesh, spec) for spec in specs(shapes)]
    return [s.update(sharding=sharding) for s, sharding in zip(shapes, shardings, strict=True)]
