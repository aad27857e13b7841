"""What the harness costs beside its samples, against the size: from 100 numbers of X to 100 million.

    python tests/studies/harness_cost.py [--output results/published/harness_cost.md]

A run of the NumPy loop and of jit + scan at each size, as `linregbench run` has it with default options, less its
start. Beside the wall time: samples, first calls and compiles, which are what was asked for; the rest is the harness's.
Writes a table and a picture. About four minutes, and 4 GB of memory; leave the machine alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from linregbench.benchmarks.processes import machine
from linregbench.results.figures.draw import enough_ticks, log_axes, panels, seconds_axis, styled
from linregbench.results.runfile.read import read_run

ROOT = Path(__file__).resolve().parents[2]
SIZES = ((50, 2), (500, 2), (5_000, 2), (50_000, 2), (500_000, 2), (78_125, 128), (781_250, 128))
"""Samples and features: 10^2 to 10^6 numbers in two columns, 10^7 and 10^8 in 128."""
STEPS = {2: 100, 128: 5}
ASKED_FOR = ("sample", "first call", "compile")
ONCE = ("predict", "guard")
"""What is done in the first block alone."""


@dataclass(frozen=True)
class Cost:
    """Of one run: seconds by what they were for, and what became of its cases."""

    numbers: int
    shape: str
    wall_s: float
    asked_for_s: float
    once_s: float
    measured: str

    @property
    def harness_s(self) -> float:
        """All but what was asked for."""
        return self.wall_s - self.asked_for_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "published" / "harness_cost.md")
    parser.add_argument("--most", type=float, default=1e8, help="numbers of X, at most: a smaller machine, or a look")
    asked = parser.parse_args()
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        for samples, features in SIZES:
            if samples * features <= asked.most:
                costs.append(measured(samples, features, Path(folder) / f"{samples}-{features}.jsonl"))
                print(f"harness_cost: {row(costs[-1])}", flush=True)
    figure = asked.output.with_suffix(".svg")
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    with styled():
        drawn(costs).savefig(figure, format="svg", metadata={"Date": None, "Creator": None})
    asked.output.write_text(report(costs, figure.name), encoding="utf-8")
    print(f"written: {asked.output}, {figure}")


def measured(samples: int, features: int, path: Path) -> Cost:
    """One run into this file, and where its time went."""
    size = ("--samples", str(samples), "--features", str(features), "--steps", str(STEPS[features]))
    rest = ("--strategy", "numpy_loop,jax_scan", "--no-report", "--output", str(path))
    command = [sys.executable, "-m", "linregbench", "run", "--method", "gd", *size, *rest]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the run of {samples} x {features} ended with {done.returncode}: {done.stderr[-500:]}")
    return cost_of(samples, features, path)


def cost_of(samples: int, features: int, path: Path) -> Cost:
    """Where the time of a finished run went."""
    run = read_run(path)
    if run.end is None or run.end.wall_s is None:
        raise ValueError(f"{path.name}: the run has not ended")
    spent = run.end.harness_s or {}
    cases = {m.case: m.status for m in run.measurements if m.role != "twin"}
    return Cost(
        numbers=samples * features,
        shape=f"{samples:,} x {features}",
        wall_s=run.end.wall_s,
        asked_for_s=sum(spent.get(phase, 0.0) for phase in ASKED_FOR),
        once_s=sum(spent.get(phase, 0.0) for phase in ONCE),
        measured=f"{sum(status == 'ok' for status in cases.values())} of {len(cases)}",
    )


def row(cost: Cost) -> str:
    """A line of the table."""
    cells = (f"{cost.numbers:,}", cost.shape, f"{cost.wall_s:.1f}", f"{cost.asked_for_s:.1f}", f"{cost.harness_s:.1f}")
    share = f"{cost.asked_for_s / cost.wall_s:.0%}"
    return f"| {' | '.join((*cells, f'{cost.once_s:.1f}', share, cost.measured))} |"


def report(costs: list[Cost], figure: str) -> str:
    """As Markdown: the table, and the picture beneath."""
    lines = [
        "# The cost of the harness beside its samples",
        "",
        f"`python tests/studies/harness_cost.py` on {machine.cpu_model()}. Gradient descent, float32, one thread, "
        f"{STEPS[2]} steps at d = 2 and {STEPS[128]} at d = 128; the NumPy loop and jit + scan, default options. "
        "Seconds of the whole run; the rest is processes, data, placing, the sentinel, checks, guards and predictions, "
        "of which the last two are done once a run.",
        "",
        "| numbers of X | n x d | wall | samples, first calls, compiles | harness | of it once | share | measured |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *map(row, costs),
        "",
        f"![seconds of the harness and of what was asked for, against the size]({figure})",
    ]
    return "\n".join(lines) + "\n"


def drawn(costs: list[Cost]) -> Figure:
    """Both costs against the size."""
    figure, (axes,) = panels(1, below=0.6)
    numbers = [cost.numbers for cost in costs]
    for label, seconds, marker in (
        ("samples, first calls, compiles", [cost.asked_for_s for cost in costs], "o"),
        ("harness", [cost.harness_s for cost in costs], "s"),
    ):
        axes.plot(numbers, seconds, marker=marker, markersize=5, linewidth=1.4, label=label)
    log_axes(axes, "numbers of X")
    axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
    seconds_axis(axes)
    enough_ticks(axes.yaxis)
    axes.set_title("gradient descent, NumPy loop and jit + scan")
    axes.legend(loc="upper left")
    return figure


if __name__ == "__main__":
    main()
