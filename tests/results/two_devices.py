"""Runs of a CPU and of a GPU that never was: each cost in closed form, so that where one overtakes the other is known.

The GPU is bound by launches (8 us a kernel) until memory (2 TB/s) takes over, and reached at 25 GB/s after 10 us.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import synthetic
from made import as_run
from synthetic import QUIET, Noise, Truth

from linregbench.results.runfile.read import Run

LAUNCH_S, CALL_S, GPU_BYTES_PER_S = 8e-6, 60e-6, 2e12
LINK_BYTES_PER_S, LINK_S = 25e9, 10e-6
COPIES_S = 20e-6, 1e-6  # that JAX makes on a CPU
GPU = "Imaginary GPU 9"

SAMPLES = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
BATCHES = (8, 64, 512, 4_096)
PLACES = [*({"samples": n} for n in SAMPLES), *({"samples": 100, "batch": b} for b in BATCHES)]

Workload = dict[str, Any]


def on_cpu(strategy: str, w: Workload) -> float:
    """Seconds a call of gradient descent on the CPU."""
    work = w["samples"] * w["features"]
    if strategy == "numpy_loop":
        return w["batch"] * (3e-6 + w["steps"] * (2e-6 + 0.5e-9 * work))
    if strategy == "jax_scan":
        return w["batch"] * (20e-6 + w["steps"] * (0.2e-6 + 0.9e-9 * work))
    return 25e-6 + w["steps"] * (0.3e-6 + 0.8e-9 * work * w["batch"])


def on_gpu(strategy: str, w: Workload) -> float:
    """Seconds a call on the GPU: three or four kernels a step, and X read twice."""
    read_s = 2 * 4 * w["samples"] * w["features"] / GPU_BYTES_PER_S
    if strategy == "jax_scan":
        return w["batch"] * (CALL_S + w["steps"] * (3 * LAUNCH_S + read_s))
    return CALL_S + w["steps"] * (4 * LAUNCH_S + read_s * w["batch"])


def transfers(w: Workload) -> tuple[float, float]:
    """Seconds that X and y take to the GPU, and the answer back."""
    inward = 4 * w["batch"] * w["samples"] * (w["features"] + 1)
    return LINK_S + inward / LINK_BYTES_PER_S, LINK_S + 4 * w["batch"] * w["features"] / LINK_BYTES_PER_S


def best_on_cpu(w: Workload, *, moved: bool = False) -> float:
    """The fastest of the three; `moved` counts JAX's copies, and NumPy needs none."""
    copies = {"numpy_loop": 0.0, "jax_scan": sum(COPIES_S), "jax_vmap": sum(COPIES_S)}
    return min(on_cpu(strategy, w) + moved * copy_s for strategy, copy_s in copies.items())


def best_on_gpu(w: Workload, *, moved: bool = False) -> float:
    """The faster of the two; `moved` counts the way in and out."""
    return min(on_gpu(strategy, w) for strategy in ("jax_scan", "jax_vmap")) + moved * sum(transfers(w))


def overtaken_at(axis: str, *, moved: bool = False, **at: int) -> float:
    """Where along an axis the GPU overtakes the CPU in truth, by bisection."""
    low, high = 1.0, 1e7
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        w = synthetic.workload(**at) | {axis: middle}
        below = best_on_cpu(w, moved=moved) < best_on_gpu(w, moved=moved)
        low, high = (middle, high) if below else (low, middle)
    return low


def cpu_truths(w: Workload) -> list[Truth]:
    """Three strategies; the first is the baseline."""
    fields = dict(zip(("transfer_s", "transfer_out_s"), COPIES_S, strict=True))
    return [
        Truth("numpy_loop", "analytic", on_cpu("numpy_loop", w), fields={"transfer_s": None}),
        *(
            Truth(name, "autodiff", on_cpu(name, w), compile_s=0.06, fields=fields | {"batched": name == "jax_vmap"})
            for name in ("jax_scan", "jax_vmap")
        ),
    ]


def gpu_truths(w: Workload) -> list[Truth]:
    """Two strategies, with all that only a device tells."""
    inward, outward = transfers(w)
    truths = []
    for name in ("jax_scan", "jax_vmap"):
        time_s = on_gpu(name, w)
        fields = {
            "device": "cuda",
            "batched": name == "jax_vmap",
            "transfer_s": inward,
            "transfer_out_s": outward,
            "dispatch_s": 15e-6,
            "throughput_s": time_s - 40e-6,
            "device_peak_bytes": 12 * w["batch"] * w["samples"] * w["features"],
            "first_call_s": 1.3 * time_s,
        }
        truths.append(Truth(name, "autodiff", time_s, compile_s=0.4, fields=fields))
    return truths


def machine(cpu: str) -> dict[str, Any]:
    return {"cpu": cpu, "cores": 16, "affinity": list(range(16)), "memory_bytes": 64 << 30, "os": "Linux"}


def records(
    name: str,
    devices: Sequence[str],
    places: Sequence[Workload] = PLACES,
    *,
    noise: Noise = QUIET,
    blocks: int = 6,
    rounds: int = 8,
    seed: int = 0,
    cpu: str = "Example 3000",
    slower: float = 1.0,
) -> list[dict[str, Any]]:
    """A run on these devices of a machine whose CPU takes `slower` times as long; the baseline is in every one."""
    found = [synthetic.header(run=name, machine=machine(cpu)), synthetic.environment()]
    if "cuda" in devices:
        found.append(synthetic.environment(nursery="cuda,1 thread,float32", device="cuda", device_kind=GPU))
    for place in places:
        of = synthetic.workload(**place)
        base, *others = [Truth(**{**vars(t), "time_s": slower * t.time_s}) for t in cpu_truths(of)]
        truths = [base, *(others if "cpu" in devices else []), *(gpu_truths(of) if "cuda" in devices else [])]
        found += synthetic.blocks_of(
            truths, of=of, blocks=blocks, rounds=rounds, noise=noise, seed=seed, quiet_s=1e-4 * slower
        )
    rng = np.random.default_rng(seed)
    for record in found:
        for phase in ("transfer_s", "transfer_out_s", "throughput_s"):
            if record["record"] == "measurement" and record.get(phase):
                record[phase] *= float(np.exp(noise.process * rng.standard_normal()))
    return found


def run(name: str, devices: Sequence[str], *args: Any, **options: Any) -> Run:
    """The same as `read_run` would give it back."""
    return as_run(records(name, devices, *args, **options), f"{name}.jsonl")


def cpu_run(**options: Any) -> Run:
    return run("cpu", ["cpu"], **options)


def gpu_run(**options: Any) -> Run:
    """On another machine, with a slower CPU for the baseline."""
    return run("cuda", ["cuda"], **{"cpu": "Example 5000", "slower": 1.3, "seed": 1} | options)


def both_run(**options: Any) -> Run:
    return run("both", ["cpu", "cuda"], **options)
