"""The harness on a device, measured by itself: pairs of identical code, and a descent of 3% more steps.

    python sides.py FOLDER [--device cuda] [--seconds 90] [--small]

No git is needed: the other side is a copy of `solvers`, as it is but for more steps by autodiff. Writes a run a
problem, and one row a pair into sides.json.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

VARIANTS = ["analytic", "columns", "gram", "unrolled", "gram_unrolled", "powers"]
PROBLEMS: tuple[dict[str, list[int]], ...] = (
    {"samples": [10_000], "features": [2], "steps": [100]},
    {"samples": [1_000_000], "features": [16], "steps": [34]},
)
"""One that is bound by launches, and one by the device's memory, of fewer steps for the CPU's baseline beside it."""
SMALL: tuple[dict[str, list[int]], ...] = ({"samples": [100], "features": [2], "steps": [100]},)
FOR_BOTH_S = 150.0
"""With less there is time for the first alone: a block of its 14 takes some 17 s on a GPU."""
PERCENT = 3
PLANTED = "autodiff"
HONEST = "    return descend(gradients.autodiff, X, y, w, step_size, steps)\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=90.0, help="of both together, about")
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    copy = asked.folder / "solvers"
    shutil.copytree(ROOT / "solvers", copy, ignore=shutil.ignore_patterns("__pycache__"))
    plant(copy / "jax_scan.py")
    problems = SMALL if asked.small else PROBLEMS if asked.seconds >= FOR_BOTH_S else PROBLEMS[:1]
    axes: dict[str, Any] = {
        "variant": [PLANTED, *VARIANTS[: 1 if asked.small else None]],
        "blocks": 2 if asked.small else 10,
        "budget_s": asked.seconds / len(problems),
    }
    rows = [row for problem in problems for row in _judged(copy, asked, axes | problem)]
    shutil.rmtree(copy)
    (asked.folder / "sides.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(told_of(rows))


def plant(path: Path) -> None:
    """Make a descent by autodiff take 3% more steps, whose result counts for nothing."""
    text = path.read_text(encoding="utf-8")
    if HONEST not in text:
        raise SystemExit(f"{path}: no line to plant a slowdown at")
    extra = f"    more = {HONEST.split('return ')[1].replace('steps)', f'steps * {PERCENT} // 100 or 1)')}"
    path.write_text(text.replace(HONEST, extra + HONEST.rstrip() + " + 0 * more\n"), encoding="utf-8")


def _judged(other: Path, asked: argparse.Namespace, axes: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a pair: what the harness said of the other side, compared with this one."""
    from linregbench.benchmarks.grid.options import RunOptions
    from linregbench.benchmarks.processes.handle import Setting
    from linregbench.benchmarks.run import Request, measure, prepared
    from linregbench.benchmarks.sampling.progress import watcher

    axes = {"method": ["gd"], "strategy": ["jax_scan"], "device": [asked.device]} | axes
    options = replace(RunOptions.of("quick", axes), environments=("other", "here"))
    sides = {"other": Setting("other", solvers=other), "here": Setting("here")}
    path = asked.folder / f"{axes['samples'][0]}.jsonl"
    with prepared(Request(options, output=path, sides=sides)) as ready:
        measure(ready, lambda left_s: watcher(left_s, quiet=True))
    return rows_of(path)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """A row a pair of a run with both sides."""
    from linregbench.results.compare.runs import compare_sides
    from linregbench.results.runfile.read import read_run

    return [
        {
            "study": "planted" if row.case.variant == PLANTED else "aa",
            "case": f"{row.case.strategy} {row.case.variant} on {row.case.device}, n = {row.workload['samples']}",
            "verdict": row.verdict,
            "ratio": row.ratio,
            "low": row.low,
            "high": row.high,
            "busy_ratio": row.busy_ratio,
            "busy_low": row.busy_low,
            "busy_high": row.busy_high,
            "blocks": row.blocks,
            "reason": row.reason,
        }
        for row in compare_sides(read_run(path), "other", "here").rows
    ]


def told_of(rows: list[dict[str, Any]]) -> str:
    """False verdicts of identical pairs, their half-widths, and what was said of the planted one."""
    pairs = [row for row in rows if row["study"] == "aa"]
    false = sum(row["verdict"] in ("faster", "slower") for row in pairs)
    widths = sorted(math.sqrt(row["high"] / row["low"]) - 1 for row in pairs if row["low"])
    middle = f", half-width {widths[len(widths) // 2]:.1%} in the middle" if widths else ""
    planted = [row for row in rows if row["study"] == "planted"]
    found = sum(row["verdict"] == "faster" for row in planted)
    return (
        f"{len(pairs)} identical pairs, {false} false verdicts{middle}; "
        f"{PERCENT}% planted in {len(planted)}, found in {found}"
    )


if __name__ == "__main__":
    main()
