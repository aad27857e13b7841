"""Whether `--threads 1` holds: CPU time over wall time of every strategy of every method, NumPy and JAX.

    python tests/studies/threads.py [FILE]        two minutes; leave the machine alone meanwhile

Pinned to one core it cannot be above 1, whatever a library starts, and is below 1 where the core is taken away. So each
one-thread worker is also let off its core, after its backend has started: well below 2 there shows that there is no
second thread at work, which on one core would be hidden. With all threads there is nothing to hold; the column shows
what there was to be held. Of several samples with one thread the largest counts: a neighbour hides a second thread, and
nothing makes one up. With all threads it is the median: the kernel books the time of spinning threads late.
"""

import argparse
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from linregbench.benchmarks.grid.cases import Case, is_plain
from linregbench.benchmarks.processes import machine
from linregbench.benchmarks.processes.handle import Setting
from linregbench.benchmarks.processes.pool import Nurseries, out_of_the_way
from linregbench.benchmarks.worker import guards
from linregbench.solvers.registry import Solver, load_builtin
from linregbench.solvers.workload import make_workload

SAMPLES, MARGIN, PATIENCE_S = 60, 0.05, 120.0
SIZES = {"gd": (10_000, 32), "gd_tol": (10_000, 32), "ols": (10_000, 32)}
"""Samples and features: matrices large enough that a library that may would start a second thread."""
STEPS = {"gd": 5, "gd_tol": None, "ols": None}
DETAILS = {"long_call_s": 2.0, "target_s": 0.002, "guard": False, "layout": 0}


@dataclass(frozen=True)
class Row:
    """CPU over wall of one strategy: with one thread pinned and let off its core, and with all threads."""

    name: str
    pinned: float
    let_off: float
    every: float

    @property
    def holds(self) -> bool:
        """Within 1.0 +- 0.05 as the setting is used, which is pinned."""
        return abs(self.pinned - 1) <= MARGIN

    @property
    def hidden(self) -> bool:
        """Whether the pinning hides a thread too many, by the measure of the finding `more_threads`."""
        return self.let_off > 1 + guards.THREADS_MARGIN


def plain(solvers: list[Solver]) -> list[Solver]:
    """One variant of each strategy: the plain one, where the strategy has it."""
    found: dict[tuple[str, str], Solver] = {}
    for solver in solvers:
        key = solver.method, solver.strategy
        if key not in found or is_plain(solver):
            found[key] = solver
    return [found[key] for key in sorted(found)]


def measured(nurseries: Nurseries, solver: Solver) -> Row:
    """One solver at both thread settings, in workers such as a run has."""
    samples, features = SIZES[solver.method]
    sizes = {"steps": STEPS[solver.method]} if STEPS[solver.method] else {}
    workload = make_workload(solver.method, samples, features, batch=2, **sizes)
    found: dict[str, float] = {}
    for threads in ("1", "all"):
        worker = nurseries.start(Case(workload, solver, threads=threads), DETAILS)
        try:
            worker.ask("prepare", PATIENCE_S)
            found[threads] = largest(worker) if threads == "1" else median(samples_of(worker))
            if threads == "1":
                let_off(worker.pid, nurseries.allowed)
                found["let off"] = largest(worker)
        finally:
            worker.end()
    return Row(f"{solver.method} {solver.strategy} {solver.variant}", found["1"], found["let off"], found["all"])


def largest(worker: Any) -> float:
    """Of several samples."""
    return max(samples_of(worker))


def samples_of(worker: Any) -> list[float]:
    """CPU time over wall time, sample by sample."""
    return [float(worker.ask("sample", PATIENCE_S)["cpu_over_wall"]) for _ in range(SAMPLES)]


def let_off(pid: int, cores: list[int]) -> None:
    """Let every thread of a process run on all cores."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), cores)


def table(rows: list[Row], cores: int) -> str:
    """As Markdown, with what it comes to."""
    lines = [
        "# CPU time over wall time, by strategy",
        "",
        f"`python tests/studies/threads.py` on {machine.cpu_model()}, {cores} cores, load average "
        f"{os.getloadavg()[0]:.1f}. Two problems of 10,000 x 32, float32; the largest of {SAMPLES} samples of one call "
        "or 2 ms, since a sample from which the core was taken away says too little; with all threads, the median.",
        "",
        "| case | 1 thread, pinned | 1 thread, let off its core | all threads |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| {row.name} | {row.pinned:.3f} | {row.let_off:.3f} | {row.every:.2f} |" for row in rows]
    worst, loosest = max(rows, key=lambda row: abs(row.pinned - 1)), max(rows, key=lambda row: row.let_off)
    lines += [
        "",
        f"`--threads 1` holds at 1.0 +- {MARGIN} for {sum(row.holds for row in rows)} of {len(rows)} (furthest off: "
        f"{worst.name}, {worst.pinned:.3f}). Let off its core, {sum(row.hidden for row in rows)} of {len(rows)} use "
        f"half a thread more (most: {loosest.name}, {loosest.let_off:.3f}).",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, help="where to write the table to")
    asked = parser.parse_args()
    with Nurseries({"here": Setting()}) as nurseries, out_of_the_way(nurseries.allowed):
        rows = [measured(nurseries, solver) for solver in plain(list(load_builtin().values()))]
        text = table(rows, len(nurseries.allowed))
    if asked.file:
        asked.file.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
