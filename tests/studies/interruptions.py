"""What other programs on the same cores do to a time: known work beside none, one and three, old and new in turn.

    python tests/studies/interruptions.py [--base 6e6a33a] [--tries 10] [--output results/published/interruptions.md]

Spins until a deadline of the thread's own CPU clock cannot be slowed by a neighbour: what they are longer is
interruption. Fixed work, a NumPy loop, jit + scan and eager JAX are set against their own least time beside no other
program. `--base` is a commit that is measured in turn with the working tree. Takes about three minutes a try.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, median

ROOT = Path(__file__).resolve().parents[2]
OTHERS = (0, 1, 3)
TRUE_S = {"cpu_100us": 1e-4, "cpu_1ms": 1e-3, "cpu_10ms": 1e-2}
LOOP = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
while os.getppid() == int(sys.argv[2]):
    sum(range(10_000))
"""
GD = ("--method", "gd", "--samples", "100,10000", "--variant", "analytic")
SIZES = (
    ("--method", "ols", "--samples", "10", "--features", "1", "--strategy", "numpy_loop", "--variant", "inverse"),
    (*GD, "--strategy", "numpy_loop,jax_scan,jax_eager"),
)
LONG = 1.2
"""A sample that is so many times its true length was interrupted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="6e6a33a")
    parser.add_argument("--tries", type=int, default=10)
    parser.add_argument("--output", type=Path, default=ROOT / "results/published/interruptions.md")
    asked = parser.parse_args()
    taken = []
    with tempfile.TemporaryDirectory() as name, checkout(asked.base, Path(name)) as base:
        for number in range(asked.tries):
            for others in OTHERS:
                for side, root in (("old", base), ("new", ROOT)):
                    with busy(others):
                        rows = [row for sizes in SIZES for row in measured(root, sizes, Path(name))]
                    taken += [row | {"side": side, "others": others, "number": number} for row in rows]
                    print(f"try {number + 1} of {asked.tries}, {others} others, {side}", flush=True)
    asked.output.write_text(report(taken, asked.tries), encoding="utf-8")
    print(asked.output.read_text(encoding="utf-8"))


@contextmanager
def checkout(ref: str, folder: Path) -> Iterator[Path]:
    """A worktree of the commit, for as long as it is needed."""
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "-q", "--detach", folder / "base", ref], check=True)
    try:
        yield folder / "base"
    finally:
        subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", folder / "base"], check=True)


@contextmanager
def busy(others: int) -> Iterator[None]:
    """So many programs on each core that do nothing but compute."""
    cores = sorted(os.sched_getaffinity(0)) * others
    programs = [subprocess.Popen([sys.executable, "-c", LOOP, str(core), str(os.getpid())]) for core in cores]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def measured(root: Path, sizes: tuple[str, ...], folder: Path) -> list[dict[str, object]]:
    """By case: the time that was printed, and of its raw samples their lengths; two blocks."""
    path = folder / "run.jsonl"
    module = "linregbench" if (root / "linregbench").exists() else "benchmarks"
    plugin = ("--plugin", str(ROOT / "tests/plugins/spins.py")) if "ols" in sizes else ()
    command = (sys.executable, "-m", module, "run", *sizes, *plugin, "--blocks", "2", "--output", str(path))
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run((*command, "--no-report"), cwd=root, env=environment, capture_output=True, text=True)
    table = (sys.executable, "-m", module, "table", str(path), "--format", "json")
    try:
        if done.returncode:
            raise RuntimeError(done.stderr[-500:])
        told = subprocess.run(table, cwd=root, env=environment, capture_output=True, text=True, check=True).stdout
        samples: dict[tuple[str, int], list[float]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["record"] == "measurement" and record["role"] != "twin":
                key = record["strategy"], record["workload"]["samples"]
                samples.setdefault(key, []).extend(record["samples_s"])
    finally:
        path.unlink(missing_ok=True)
    rows = [row for row in json.loads(told) if row["time_s"] is not None]
    return [
        {
            "case": f"{row['strategy']}, n = {row['samples']:,}",
            "strategy": row["strategy"],
            "time_s": row["time_s"],
            "samples_s": samples[row["strategy"], row["samples"]],
            "quiet_share": row["quiet_share"],
        }
        for row in rows
    ]


def report(taken: list[dict[str, object]], tries: int) -> str:
    """A row a case and number of others: old and new side by side."""
    lines = [
        "# Other programs on the same cores",
        "",
        " ".join(__doc__.split("\n\n")[2].split()),
        "",
        f"{tries} tries of two blocks, a few seconds each, old and new in turn. `off`: the printed time over the true "
        "one, or over the case's own least printed time beside no other program; median of the tries, and the largest. "
        f"`interrupted`: raw samples over {LONG:g} times the true length.",
        "",
        "| case | others a core | old: off, largest | interrupted | new: off, largest | interrupted |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for case in dict.fromkeys(str(row["case"]) for row in taken):
        of_case = [row for row in taken if row["case"] == case]
        for others in OTHERS:
            cells = []
            for side in ("old", "new"):
                here = [row for row in of_case if row["side"] == side and row["others"] == others]
                alone = [row["time_s"] for row in of_case if row["side"] == side and row["others"] == 0]
                true_s = TRUE_S.get(str(here[0]["strategy"])) or min(alone)  # type: ignore[type-var]
                off = [math.log(row["time_s"] / true_s) for row in here]  # type: ignore[operator]
                shares = [fmean(s > LONG * true_s for s in row["samples_s"]) for row in here]  # type: ignore[union-attr,operator]
                known = str(here[0]["strategy"]) in TRUE_S
                cells += [
                    f"{math.expm1(median(off)):+.1%}, {math.expm1(max(off)):+.1%}",
                    f"{median(shares):.0%}" if known else "",
                ]
            lines.append(f"| {case} | {others} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
