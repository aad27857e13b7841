"""Every solver that runs on a device, prepared, sampled and checked there as a worker does it: one JSON line each.

    python every_solver.py FILE [--device cuda] [--dtype float32] [--precision highest] [--seconds 90]

All in one process, since a GPU takes seconds to start: what one case leaves behind may reach the next, which is no way
to time anything. A case that ends the process is told by what stands last in FILE, and is left out when it is started
again on the same FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SIZES = {"gd": (500, 6), "gd_tol": (500, 6), "ols": (500, 6)}
BATCH = 8
DETAILS = {
    "long_call_s": 0.1,
    "lone_call_s": 0.5,
    "target_s": 0.0012,
    "guard": True,
    "gate": False,
    "pin": None,
    "allowed": [0],
}
SAMPLES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--precision", default="highest")
    parser.add_argument("--only", default="", help="strategies, by commas")
    parser.add_argument("--seconds", type=float, default=90.0, help="no case begins later")
    asked = parser.parse_args()
    from linregbench.benchmarks import devices

    os.environ |= devices.environment(asked.device) | {"JAX_ENABLE_X64": "1" if asked.dtype == "float64" else "0"}
    began = time.monotonic()
    before = _lines(asked.file)
    seen = {line["case"] for line in before}
    with asked.file.open("a", encoding="utf-8") as file:

        def write(line: dict[str, Any]) -> None:
            file.write(json.dumps(line, default=str) + "\n")
            file.flush()

        for case in _cases(asked.device, asked.dtype, asked.precision, [s for s in asked.only.split(",") if s]):
            name = f"{case.workload.method} {case.solver.strategy} {case.solver.variant}"
            if name in seen:
                continue
            if time.monotonic() - began > asked.seconds:
                write({"case": name, "status": "left out", "reason": f"{asked.seconds:g} s were over"})
                continue
            write({"case": name, "status": "begun"})
            write({"case": name} | _judged(case))
    told = told_of(_lines(asked.file))
    print(f"{asked.dtype} {asked.precision} " + ", ".join(f"{count} {status}" for status, count in told.items()))


def told_of(lines: list[dict[str, Any]]) -> dict[str, int]:
    """How many cases there are of each status, `ok` with findings counted apart; the last word on a case counts."""
    last = {line["case"]: line for line in lines}
    counts: dict[str, int] = {}
    for line in last.values():
        status = "died" if line["status"] == "begun" else line["status"]
        if status == "ok" and line.get("findings"):
            status = "ok with " + ", ".join(line["findings"])
        counts[status] = counts.get(status, 0) + 1
    return counts


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _cases(device: str, dtype: str, precision: str, only: list[str]) -> Iterator[Any]:
    from linregbench.benchmarks.grid.cases import Case
    from linregbench.solvers.registry import load_builtin
    from linregbench.solvers.workload import make_workload

    platform = device.partition(":")[0]
    for solver in load_builtin().values():
        if not solver.runs_on(platform) or (only and solver.strategy not in only):
            continue
        if solver.backend != "jax" and precision != "highest":
            continue
        samples, features = SIZES[solver.method]
        workload = make_workload(solver.method, samples, features, batch=BATCH if solver.batched else 1, dtype=dtype)
        yield Case(workload, solver, device, "1", precision)


def _judged(case: Any) -> dict[str, Any]:
    """What a worker would have told of it; the traceback of what a worker would not have survived."""
    import traceback

    from linregbench.benchmarks.worker import session
    from linregbench.solvers.problem import make_problem

    began = time.monotonic()
    samples: list[dict[str, Any]] = [{"ask": "sample", "quiet_s": None}] * SAMPLES
    asked = iter([{"ask": "prepare"}, *samples, {"ask": "finish"}])
    told: dict[str, Any] = {"status": "ok", "reason": None}

    def send(message: dict[str, Any]) -> None:
        told.update(message)
        if message.get("status", "ok") != "ok":
            for _ in asked:  # nothing more is asked of it
                pass

    try:
        session.live(case.as_dict() | DETAILS, make_problem(case.workload), lambda: next(asked, {}), send)
    except Exception:
        told |= {"status": "harness failed", "reason": traceback.format_exc()}
    return told | {"took_s": round(time.monotonic() - began, 3)}


if __name__ == "__main__":
    main()
