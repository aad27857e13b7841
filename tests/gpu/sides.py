"""The harness on a device, measured by itself: pairs of identical code, and a descent of 3% more steps.

    python sides.py FOLDER [--device cuda] [--seconds 90] [--small]

No git is needed: the other side is a copy of `solvers`, as it is or with more steps in every scan. Writes aa.jsonl and
planted.jsonl, and one row a pair into sides.json.
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

VARIANTS = ["analytic", "autodiff", "columns", "gram", "unrolled", "gram_unrolled"]
SIZES, FOR_BOTH_S = [10_000, 100_000], 150.0
"""Six pairs at each size; a block of six takes some 12 s on a GPU."""
PERCENT = 3
HONEST = "    return lax.scan(body, w, length=steps, unroll=unroll)[0]\n"


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
    sizes = [100] if asked.small else SIZES if asked.seconds >= FOR_BOTH_S else SIZES[:1]
    blocks = 2 if asked.small else None
    rows = []
    axes: dict[str, Any] = {"samples": sizes, "strategy": ["jax_scan"], "variant": VARIANTS[: 2 if blocks else None]}
    rows += _judged("aa", copy, asked, axes | {"budget_s": 0.65 * asked.seconds, "blocks": blocks or 5})
    plant(copy / "jax_scan.py")
    axes = {"samples": sizes[:1], "strategy": ["jax_scan"], "variant": ["analytic"]}
    rows += _judged("planted", copy, asked, axes | {"budget_s": 0.35 * asked.seconds, "blocks": blocks or 10})
    shutil.rmtree(copy)
    (asked.folder / "sides.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(told_of(rows))


def plant(path: Path) -> None:
    """Make every scan take 3% more steps, whose result counts for nothing."""
    text = path.read_text(encoding="utf-8")
    if HONEST not in text:
        raise SystemExit(f"{path}: no line to plant a slowdown at")
    extra = f"    more = lax.scan(body, w, length=steps * {PERCENT} // 100)[0]\n"
    path.write_text(text.replace(HONEST, extra + HONEST.rstrip() + " + 0 * more\n"), encoding="utf-8")


def _judged(name: str, other: Path, asked: argparse.Namespace, axes: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a pair: what the harness said of the other side, compared with this one."""
    from linregbench.benchmarks.grid.options import RunOptions
    from linregbench.benchmarks.processes.handle import Setting
    from linregbench.benchmarks.run import Request, measure, prepared
    from linregbench.benchmarks.sampling.progress import watcher
    from linregbench.results.compare.runs import compare_sides
    from linregbench.results.runfile.read import read_run

    axes = {"method": ["gd"], "device": [asked.device]} | axes
    options = replace(RunOptions.of("quick", axes), environments=("other", "here"))
    sides = {"other": Setting("other", solvers=other), "here": Setting("here")}
    path = asked.folder / f"{name}.jsonl"
    with prepared(Request(options, output=path, sides=sides)) as ready:
        measure(ready, lambda left_s: watcher(left_s, quiet=True))
    return [
        {
            "study": name,
            "case": f"{row.case.strategy} {row.case.variant} on {row.case.device}, n = {row.workload['samples']}",
            "verdict": row.verdict,
            "ratio": row.ratio,
            "low": row.low,
            "high": row.high,
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
    planted = [
        f"{row['verdict']} {row['ratio']:.3f} ({row['low']:.3f}-{row['high']:.3f})" if row["low"] else row["verdict"]
        for row in rows
        if row["study"] == "planted"
    ]
    return f"{len(pairs)} identical pairs, {false} false verdicts{middle}; planted {PERCENT}%: {'; '.join(planted)}"


if __name__ == "__main__":
    main()
