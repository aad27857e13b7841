"""What a GPU would run, without one: which cases are compiled, and what is concluded from what came out.

Two floors are predicted and nothing is measured: what the launches take if each costs as much as assumed, and what the
GPU's memory and arithmetic allow at best.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from linregbench.solvers.registry import PluginError, Solver, load_builtin, load_file

from ..grid.options import RunOptions, UsageError, one_of
from .compiler import Compile, Compiled
from .targets import Target, targets

Row = dict[str, Any]

LAUNCH_US = 1.0
LAUNCH_SOURCE = "kKernelLaunchOverhead of XLA's own cost model, gpu_performance_model_base.h"
ANY_PRECISION = "any"
"""In place of the precision, where every one that was asked for compiles to the same."""

_OF_CASE = ("method", "strategy", "variant", "dtype", "precision", "samples", "features", "batch", "steps")


def find_target(name: str) -> Target:
    """The target of this name. Raises UsageError, with the names there are."""
    known = targets()
    one_of("target", (name,), known)
    return known[name]


def cases_of(options: RunOptions, plugins: Sequence[Path] = ()) -> list[Compile]:
    """Every compiled solver at every size. Raises UsageError for names that do not exist and for an empty grid."""
    compiled = list(_compiled_solvers(plugins))
    one_of("compiled strategy", options.strategies, sorted({solver.strategy for solver in compiled}))
    one_of("compiled variant", options.variants, sorted({solver.variant for solver in compiled}))
    chosen = [
        solver
        for solver in compiled
        if solver.method in (options.methods or (solver.method,))
        if solver.strategy in (options.strategies or (solver.strategy,))
        if solver.variant in (options.variants or (solver.variant,))
    ]
    if not chosen:
        raise UsageError("nothing to compile: no compiled solver has this method, strategy and variant together")
    sizes = product(options.samples or (1000,), options.features or (16,), options.batch or (1, 128))
    precisions = options.precisions or ("highest", "default")
    return [
        Compile(s.method, s.strategy, s.variant, s.batched, *size, steps, dtype, precision)
        for dtype, size, steps in product(options.dtypes or ("float32",), sizes, options.steps or (100,))
        for s in chosen
        # float64 has no TF32, so one precision is all of them
        for precision in (precisions if dtype == "float32" else precisions[:1])
    ]


def records(compiled: Sequence[Compiled], target: Target, launch_us: float) -> list[Row]:
    """One flat row a case, None where there is nothing to say: bytes, seconds and counts by the names in the file."""
    return [_record(outcome, target, launch_us) for outcome in compiled]


def without_repeats(rows: Sequence[Row]) -> list[Row]:
    """The rows, those that differ in nothing but the precision as one."""
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(repr(sorted((row | {"precision": None}).items())), []).append(row)
    return [same[0] | ({"precision": ANY_PRECISION} if len(same) > 1 else {}) for same in alike.values()]


def roofline(compiled: Compiled, target: Target) -> tuple[float, str]:
    """The least seconds for the whole batch, and what sets them: memory or arithmetic.

    Roofline (Williams, Waterman and Patterson, Commun. ACM 52, 2009): X is read once a call where it fits the L2 cache,
    else twice a step of gradient descent. Operations are counted as for the CPU, finite differences as no more than the
    formula and singular values as no more than QR: so it is a floor.
    """
    from linregbench.results.models.limits import ON_GRAM, bytes_of, flops_of, passes_of

    case = compiled.case
    method = "ols" if case.method == "ols" else "gd"
    variant = "qr" if case.variant == "lstsq" else case.variant
    if method == "gd":
        variant = "gram" if case.variant in ON_GRAM else "analytic"
    size = case.samples, case.features
    resident = bytes_of(1, *size, case.dtype, case.batch if case.batched else 1)
    read_once = resident <= target.cache_bytes
    passes = 1 if read_once else passes_of(method, variant, case.steps)
    moved = bytes_of(passes, *size, case.dtype, case.batch)
    flops = flops_of(method, variant, *size, case.batch, 0 if case.variant == "powers" else case.steps) or 0.0
    memory_s = moved / target.bandwidth_bytes_per_s
    arithmetic_s = flops / target.flops_per_s(case.dtype, tf32=bool(compiled.tf32))
    return max((memory_s, "memory"), (arithmetic_s, "arithmetic"))


def _record(compiled: Compiled, target: Target, launch_us: float) -> Row:
    case, step, whole = compiled.case, compiled.step, compiled.whole
    row: Row = {"target": target.key} | {name: getattr(case, name) for name in _OF_CASE}
    if case.method == "ols":
        row["steps"] = None
    row |= {"calls": case.calls, "status": compiled.status, "reason": compiled.reason}
    for name in ("kernels", "libraries", "copies", "launches", "submitted"):
        row[f"step_{name}"] = getattr(step, name) if step is not None else None
        row[name] = getattr(whole, name) if whole is not None else None
    row["waits"] = compiled.waits if step is not None else None
    row |= {name: getattr(compiled, name) for name in ("temp_bytes", "argument_bytes", "output_bytes", "tf32")}
    calls = compiled.library_calls
    row["library_calls"] = None if calls is None else ", ".join(f"{n} {c}" if n > 1 else c for c, n in calls.items())
    floor_s = None if whole is None else whole.launches * launch_us * 1e-6
    row |= {"launch_us": launch_us, "launch_floor_s": floor_s, "roofline_s": None, "bound": None}
    if floor_s is not None:
        least_s, by = roofline(compiled, target)
        # what a library call runs is not seen, so where there is one neither floor is near enough to say
        bound = None if row["libraries"] else "launches" if floor_s > least_s else by
        row |= {"roofline_s": least_s, "bound": bound}
    return row


def _compiled_solvers(plugins: Sequence[Path]) -> list[Solver]:
    """Those that the harness compiles, less those of libraries, which may not be here."""
    solvers = list(load_builtin().values())
    for path in plugins:
        try:
            solvers += load_file(path)
        except PluginError as error:
            raise UsageError(f"--plugin {path}: {error}") from None
    return [solver for solver in dict.fromkeys(solvers) if solver.compiled and not solver.requires]
