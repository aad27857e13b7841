"""What a device can do at most, measured: transfers pinned and not, copies, reads, products, calls, the profiler.

    python limits.py FILE [--device cuda] [--small]

Each in a try of its own: what cannot be measured is told with its reason, and the rest is measured all the same.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

TRIES = 9
BYTES, SMALL_BYTES = 2**28, 2**22
ORDER, SMALL_ORDER = 4096, 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    from linregbench.benchmarks import devices

    os.environ |= devices.environment(asked.device)
    target = devices.find(asked.device)
    size, order = (SMALL_BYTES, SMALL_ORDER) if asked.small else (BYTES, ORDER)
    told: dict[str, Any] = {"device": str(target.device_kind), "bytes": size, "order": order}
    for measure in (facts, transfers, copies, products, calls, kernels_seen):
        try:
            told[measure.__name__] = measure(target, size, order)
        except Exception as error:
            told[measure.__name__] = {"reason": f"{type(error).__name__}: {error}"[:500]}
            traceback.print_exc()
        asked.file.write_text(json.dumps(told, indent=1, default=str) + "\n", encoding="utf-8")
    print(json.dumps(told, default=str))
    print(told_of(told))


def told_of(told: dict[str, Any]) -> str:
    """The three that matter most, in words: a call, memory, the way in; `not measured` where one could not be."""
    rates = {
        int(name.split("_")[1]): rate
        for name, rate in told.get("copies", {}).items()
        if name.startswith("copy_") and isinstance(rate, float)
    }
    call_s = told.get("calls", {}).get("call_s")
    pinned = told.get("transfers", {}).get("pinned_in_bytes_per_s")
    call = f"{call_s * 1e6:.1f} us" if call_s else "not measured"
    copy = f"{rates[max(rates)] / 1e9:,.1f} GB/s at {max(rates) / 2**20:g} MiB" if rates else "not measured"
    way_in = f"{pinned / 1e9:,.1f} GB/s" if pinned else "not measured"
    return f"a call {call}; copies {copy}; from pinned memory {way_in}"


def _best_s(call: Callable[[], Any], tries: int = TRIES) -> float:
    import jax

    jax.block_until_ready(call())
    taken = []
    for _ in range(tries):
        began = time.perf_counter()
        jax.block_until_ready(call())
        taken.append(time.perf_counter() - began)
    return min(taken)


def facts(target: Any, size: int, order: int) -> dict[str, Any]:  # noqa: ARG001
    """By JAX and NVML."""
    from linregbench.benchmarks.worker.hardware import gpu

    name = "cpu" if target.platform == "cpu" else f"cuda:{target.id}"
    told = gpu.device_facts(name)
    told["memories"] = [memory.kind for memory in target.addressable_memories()]
    told["memory_stats"] = target.memory_stats()
    return told


def transfers(target: Any, size: int, order: int) -> dict[str, float]:  # noqa: ARG001
    """Bytes a second to the device and back, from NumPy's memory and from pinned memory; seconds of four bytes."""
    import jax
    import numpy as np
    from jax.sharding import SingleDeviceSharding

    source = np.random.default_rng(0).standard_normal(size // 4).astype(np.float32)
    tiny = np.ones(1, np.float32)
    told = {"in_s": _best_s(lambda: jax.device_put(tiny, target))}
    told["in_bytes_per_s"] = size / _best_s(lambda: jax.device_put(source, target))

    def out_s(array: Any) -> float:
        taken = []
        for number in range(5):
            fresh = jax.block_until_ready(array + number)  # JAX keeps what it has fetched
            began = time.perf_counter()
            np.asarray(fresh)
            taken.append(time.perf_counter() - began)
        return min(taken)

    told["out_s"] = out_s(jax.device_put(tiny, target))
    told["out_bytes_per_s"] = size / out_s(jax.device_put(source, target))
    pinned = SingleDeviceSharding(target, memory_kind="pinned_host")
    on_device = SingleDeviceSharding(target, memory_kind="device")
    held = jax.block_until_ready(jax.device_put(source, pinned))
    told["pinned_in_bytes_per_s"] = size / _best_s(lambda: jax.device_put(held, on_device))
    there = jax.block_until_ready(jax.device_put(held, on_device))
    told["pinned_out_bytes_per_s"] = size / _best_s(lambda: jax.device_put(there, pinned))
    return told


def copies(target: Any, size: int, order: int) -> dict[str, float]:  # noqa: ARG001
    """Bytes a second of a scaled copy (read and written) and of a sum (read alone), at several sizes."""
    import jax
    import jax.numpy as jnp

    told = {}
    scale, total = jax.jit(lambda x: x * 1.5), jax.jit(jnp.sum)
    for share in (1, 8, 64):
        x = jax.device_put(jnp.ones(size // 4 // share, jnp.float32), target)
        told[f"copy_{x.nbytes}_bytes_per_s"] = 2 * x.nbytes / _best_s(partial(scale, x))
        told[f"sum_{x.nbytes}_bytes_per_s"] = x.nbytes / _best_s(partial(total, x))
    return told


def products(target: Any, size: int, order: int) -> dict[str, float]:  # noqa: ARG001
    """Operations a second of a square product of float32 at each precision."""
    import jax
    import numpy as np

    a = jax.device_put(np.random.default_rng(0).standard_normal((order, order)).astype(np.float32), target)
    told = {}
    for precision in ("highest", "high", "default"):
        product = jax.jit(partial(jax.numpy.matmul, precision=precision))
        told[f"{precision}_flops_per_s"] = 2 * order**3 / _best_s(partial(product, a, a))
    return told


def calls(target: Any, size: int, order: int) -> dict[str, float]:  # noqa: ARG001
    """Seconds of the shortest call waited for, of its dispatch alone, and of one more kernel in a scan."""
    import jax
    import jax.numpy as jnp

    one = jax.device_put(jnp.ones(2, jnp.float32), target)
    add = jax.jit(lambda a: a + a)
    jax.block_until_ready(add(one))
    waited, sent = [], []
    for _ in range(300):
        began = time.perf_counter()
        result = add(one)
        sent.append(time.perf_counter() - began)
        result.block_until_ready()
        waited.append(time.perf_counter() - began)
    told = {"call_s": statistics.median(waited), "dispatch_s": statistics.median(sent)}
    for steps in (100, 1_000):
        scan = jax.jit(partial(jax.lax.fori_loop, 0, steps, lambda _, a: a * 0.999))
        told[f"loop_of_{steps}_s"] = _best_s(partial(scan, one))
    return told


def kernels_seen(target: Any, size: int, order: int) -> dict[str, Any]:  # noqa: ARG001
    """What the profiler writes of a descent in lax.scan: planes, lines, kernels by name; what a session costs."""
    import tempfile

    import jax
    import numpy as np

    from linregbench.benchmarks.worker import calls as worker_calls
    from linregbench.solvers.problem import make_problem
    from linregbench.solvers.registry import load_builtin
    from linregbench.solvers.workload import make_workload

    told: dict[str, Any] = {}
    device = "cpu" if target.platform == "cpu" else f"cuda:{target.id}"
    workload = make_workload("gd", 1_000, 2)
    for variant in ("autodiff", "analytic", "columns", "gram"):
        solver = load_builtin()["gd", "jax_scan", variant]
        prepared = worker_calls.prepare(solver, workload, make_problem(workload), device)
        prepared.call()
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            with jax.profiler.trace(folder):
                inside = time.perf_counter()
                prepared.call()
                called = time.perf_counter()
            ended = time.perf_counter()
            (written,) = Path(folder).rglob("*.xplane.pb")
            profile = jax.profiler.ProfileData.from_file(str(written))
            lines: dict[str, int] = {}
            names: dict[str, list[float]] = {}
            for plane in profile.planes:
                for line in plane.lines:
                    events = list(line.events)
                    lines[f"{plane.name} | {line.name}"] = len(events)
                    if plane.name.startswith("/device:") and line.name.startswith("Stream"):
                        for event in events:
                            entry = names.setdefault(event.name, [0, 0.0])
                            entry[0] += 1
                            entry[1] += event.duration_ns
            told[variant] = {
                "start_s": inside - began,
                "call_s": called - inside,
                "stop_s": ended - called,
                "read_s": time.perf_counter() - ended,
                "bytes": written.stat().st_size,
                "lines": lines,
                "kernels": names,
            }
    told["numpy"] = np.__version__
    return told


if __name__ == "__main__":
    main()
