"""What a step of a compiled loop costs on a device, under XLA's settings and unrolled: one row each.

    python loops.py FILE [--device cuda] [--small]

Each setting in a process of its own, since XLA reads its flags once.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

EVERY = "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,CUDNN,DYNAMIC_SLICE_FUSION,WHILE,CONDITIONAL"
SETTINGS = {
    "as it comes": "",
    "no command buffers": "--xla_gpu_enable_command_buffer=",
    "command buffers of loops too": f"--xla_gpu_enable_command_buffer={EVERY} --xla_gpu_graph_min_graph_size=1",
}
UNROLLED = (1, 10, 100)
SIZES = ((1_000, 2), (100_000, 2))
STEPS, TRIES = 100, 40
PATIENCE_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--inside", action="store_true", help="measure here, under the setting that stands")
    asked = parser.parse_args()
    if asked.inside:
        print(json.dumps(_rows(asked.device, small=asked.small)))
        return
    rows: list[dict[str, Any]] = []
    for name, flags in SETTINGS.items():
        if asked.device == "cpu" and flags:
            continue
        command = [sys.executable, __file__, str(asked.file), "--device", asked.device, "--inside"]
        try:
            done = subprocess.run(
                [*command, *(["--small"] if asked.small else [])],
                env=os.environ | {"XLA_FLAGS": flags},
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
            )
            found = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else []
            reason = None if done.returncode == 0 else done.stderr[-1500:]
        except subprocess.TimeoutExpired:
            found, reason = [], f"not done in {PATIENCE_S:g} s"
        rows += [{"setting": name, "flags": flags} | row for row in found or [{"reason": reason}]]
        asked.file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        step = f"{row['step_s'] * 1e6:.2f} us a step, {row['kernels']} kernels" if "step_s" in row else row["reason"]
        print(f"{row['setting']}: {row.get('what', '')}: {step}")
    best = min((row for row in rows if "step_s" in row), key=lambda row: row["step_s"], default=None)
    if best is None:
        raise SystemExit("no setting came to a number")
    print(f"least: {best['step_s'] * 1e6:.2f} us a step, {best['setting']}, {best['what']}")


def _rows(device: str, *, small: bool) -> list[dict[str, Any]]:
    from linregbench.benchmarks import devices

    os.environ |= devices.environment(device)
    import jax

    from linregbench.benchmarks.worker import calls, dispatch
    from linregbench.solvers.problem import make_problem
    from linregbench.solvers.registry import load_builtin
    from linregbench.solvers.workload import make_workload

    scan, rows = jax.lax.scan, []
    for samples, features in SIZES[: 1 if small else None]:
        workload = make_workload("gd", samples, features, steps=STEPS)
        problem = make_problem(workload)
        for variant in ("analytic", "columns", "gram"):
            solver = load_builtin()["gd", "jax_scan", variant]
            for unroll in UNROLLED[: 1 if small else None]:
                jax.clear_caches()
                jax.lax.scan = partial(scan, unroll=unroll)
                began = time.perf_counter()
                prepared = calls.prepare(solver, workload, problem, device)
                prepared.call()
                ready_s = time.perf_counter() - began
                taken = []
                for _ in range(TRIES):
                    began = time.perf_counter()
                    prepared.call()
                    taken.append(time.perf_counter() - began)
                work = dispatch.device_work(prepared, device, 0.0)
                rows.append(
                    {
                        "what": f"{variant}, n = {samples}, d = {features}, unrolled {unroll}",
                        "step_s": sorted(taken)[TRIES // 4] / STEPS,
                        "ready_s": ready_s,
                        "kernels": work and work.kernels,
                        "busy_s": work and work.busy_s,
                    }
                )
    return rows


if __name__ == "__main__":
    main()
