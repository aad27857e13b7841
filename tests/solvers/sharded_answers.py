"""A program: the answers of the sharded solvers on this process's devices beside those of one device, as JSON lines.

    python sharded_answers.py CASES [COORDINATOR NUMBER]      CASES: a list of [method, variant, samples, batch, dtype]

Every answer has its distance to the float64 answer; autodiff and solve, that to one device as well. With a
coordinator it is one of two processes, whose devices are one mesh.
"""

import json
import sys

import jax
import numpy as np

from linregbench.solvers.accuracy import relative_error
from linregbench.solvers.problem import arguments, make_problem, make_workload
from linregbench.solvers.registry import load_builtin
from linregbench.solvers.sharding import place

NEEDS = {"gd": {"steps": 20}, "ols": {}, "gd_tol": {"tolerance": 1e-4}}


def main(cases: str, *joined: str) -> None:
    if joined:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(joined[0], num_processes=2, process_id=int(joined[1]), initialization_timeout=30)
    for method, variant, samples, batch, dtype in json.loads(cases):
        with jax.enable_x64(dtype == "float64"), jax.numpy_dtype_promotion("strict"):
            row = answer_to(
                method, variant, make_workload(method, samples, 3, batch=batch, dtype=dtype, **NEEDS[method])
            )
        print(json.dumps({"case": [method, variant, samples, batch, dtype]} | row), flush=True)


def answer_to(method: str, variant: str, workload) -> dict:
    solvers, problem = load_builtin(), make_problem(workload)
    arrays = [v for v in arguments(workload, problem) if isinstance(v, np.ndarray)]
    static = (workload.steps,) if method == "gd" else ()
    if method == "gd_tol":
        arrays += [np.asarray(workload.tolerance, workload.dtype), np.asarray(workload.max_steps, np.int32)]
    names = {"static_argnames": "steps"} if static else {}
    placed = place(arrays, jax.devices())
    result = jax.jit(solvers[method, "jax_sharded", variant].function, **names)(*placed, *static)
    found = gathered(result, workload.batch)
    row = {
        "devices": len({shard.device for shard in placed[0].global_shards}),
        "shard": list(placed[0].addressable_shards[0].data.shape),
        "answer_devices": len(jax.tree.leaves(result)[0].sharding.device_set),
        "error": relative_error(found[0], problem.reference),
    }
    if variant in ("autodiff", "solve") and jax.process_count() == 1:
        own = [jax.device_put(a, jax.local_devices()[0]) for a in arrays]
        expected = gathered(jax.jit(solvers[method, "jax_vmap", variant].function, **names)(*own, *static))
        row["apart"] = relative_error(found[0], np.asarray(expected[0], np.float64))
        row["steps_apart"] = [int(np.abs(a - b).max()) for a, b in zip(found[1:], expected[1:], strict=True)]
    return row


def gathered(answer, batch: int | None = None) -> list[np.ndarray]:
    return [np.asarray(part)[:batch] for part in jax.tree.leaves(answer)]


if __name__ == "__main__":
    main(*sys.argv[1:])
