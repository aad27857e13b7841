"""Compiles solvers for a GPU that is not here: a program of its own, since a bad target kills the whole process.

    python -P program.py REQUEST ROOT [EXTRA]   a file, the folder of the package, and one with JAX's CUDA plugin

The request is JSON: the target's configuration as text, and the cases. For each case in turn one JSON line is written:
the work of the module and its bytes, or why it could not be compiled. XLA writes what it makes into the folder that
XLA_FLAGS names, and that is read: PTX, and the list of thunks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

Reply = dict[str, Any]

TOPOLOGY = "1x1x1"
"""One process, one host, one GPU."""


def main(arguments: list[str]) -> None:
    """Answer the request in the file."""
    request, root, *extra = arguments
    sys.path.insert(0, root)
    sys.path += extra  # last: JAX itself is that of this environment
    for message in answers(json.loads(Path(request).read_text(encoding="utf-8"))):
        print(json.dumps(message), flush=True)


def answers(request: Mapping[str, Any]) -> Iterator[Reply]:
    """One message a case, in order."""
    import jax
    from jax.experimental import topologies

    from linregbench.solvers.registry import load_builtin, load_file

    solvers = dict(load_builtin())
    for path in request["plugins"]:
        solvers |= {(s.method, s.strategy, s.variant): s for s in load_file(path)}
    described: Any = topologies.get_topology_desc(
        platform="cuda", target_config=request["configuration"], topology=TOPOLOGY
    )
    place = jax.sharding.SingleDeviceSharding(described.devices[0])
    known: dict[str, Reply] = {}
    for case in request["cases"]:
        solver = solvers[case["method"], case["strategy"], case["variant"]]
        # a solver of one problem is the same program whatever the batch
        key = json.dumps(case if solver.batched else case | {"batch": 1})
        if key not in known:
            known[key] = attempt(solver, case, place, Path(request["dump"]))
        yield known[key]


def attempt(solver: Any, case: Mapping[str, Any], place: Any, dump: Path) -> Reply:
    """The message of one case, which is the reason where it cannot be compiled."""
    if getattr(solver, "place", None) is not None:
        return {"status": "skipped", "reason": "it shares its work among several devices, and this compiles for one"}
    try:
        return compiled(solver, case, place, dump)
    except Exception as error:  # a person's solver may raise anything, and one bad case must not end the rest
        said = " ".join(str(error).split())
        return {"status": "failed", "reason": f"{type(error).__name__}: {said[:200]}"}


def compiled(solver: Any, case: Mapping[str, Any], place: Any, dump: Path) -> Reply:
    """The message of one case: its work, its bytes, its library calls, whether it multiplies in TF32."""
    import jax

    from linregbench.benchmarks.aot import hlo

    function = jax.jit(solver.function, static_argnames="steps" if case["method"] == "gd" else None)
    with jax.default_matmul_precision(case["precision"]):
        lowered = function.trace(*shapes(solver, case, place)).lower()
        for old in dump.iterdir():
            old.unlink()
        module = lowered.compile()
    text, memory = module.as_text(), module.memory_analysis()
    ptx = "".join(path.read_text(encoding="utf-8") for path in dump.glob("*.ptx"))
    return {
        "status": "ok",
        "work": asdict(work_of(text, dump)),
        "temp_bytes": memory.temp_size_in_bytes,
        "argument_bytes": memory.argument_size_in_bytes,
        "output_bytes": memory.output_size_in_bytes,
        "tf32": hlo.ptx_in_tf32(ptx) or (case["tf32_here"] and hlo.products_in_tf32(text)),
        "library_calls": hlo.library_calls(text),
    }


def work_of(text: str, dump: Path) -> Any:
    """The work by the thunks, else, where XLA wrote none, by the HLO."""
    from linregbench.benchmarks.aot import hlo, thunks

    known = hlo.from_hlo(text)
    # what the passes over the thunks changed is written a second time
    for name in ("*.thunk_sequence_after_thunk_passes.txt", "*.thunk_sequence.txt"):
        for path in sorted(dump.glob(name)):
            return thunks.from_thunks(path.read_text(encoding="utf-8"), known)
    return known


def shapes(solver: Any, case: Mapping[str, Any], place: Any) -> tuple[Any, ...]:
    """What the solver is called with, without the data: gd and gd_tol X, y, w, step_size and the rest, ols X, y."""
    import jax
    import numpy as np

    leading = (case["batch"],) if solver.batched else ()
    n, d = case["samples"], case["features"]

    def array(*shape: int, dtype: str = case["dtype"]) -> Any:
        return jax.ShapeDtypeStruct(shape, np.dtype(dtype), sharding=place)

    X, y = array(*leading, n, d), array(*leading, n)
    if case["method"] == "ols":
        return X, y
    start = X, y, array(*leading, d), array(*leading)
    if case["method"] == "gd":
        return *start, case["steps"]
    return *start, array(), array(dtype="int32")


if __name__ == "__main__":
    main(sys.argv[1:])
