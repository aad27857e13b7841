"""What makes a good sentinel, and where to cut: on interference with known truth, and on this machine.

    python tests/studies/sentinel.py [--output results/published/sentinel.md]

Simulated: a neighbour that comes and goes slows two cases and the sentinel, each by a factor of its own; the quiet
figure must be the undisturbed time. Real: candidates of several kinds and lengths watch the same rounds of the NumPy
loop and of jit + scan; the best leaves the least spread between blocks, and enough rounds. Takes about two minutes.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

from linregbench.benchmarks import clock, devices
from linregbench.benchmarks.processes import machine
from linregbench.solvers.problem import make_problem, make_workload

ROOT = Path(__file__).resolve().parents[2]
CUTS = (0.01, 0.02, 0.03, 0.05, 0.10, 0.20)
BLOCKS, ROUNDS, LEAST = 16, 60, 3
LEVEL = 10  # the percentile that counts as undisturbed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "published" / "sentinel.md")
    asked = parser.parse_args()
    watched = [_block(number) for number in range(BLOCKS)]
    rows = {name: [_judge(watched, name, cut) for cut in CUTS] for name in watched[0]["sentinels"]}
    figure = asked.output.with_suffix(".svg")
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    _draw(rows, figure)
    asked.output.write_text(_report(rows, _judge(watched, None, 0.0), figure.name), encoding="utf-8")
    print(f"written: {asked.output}, {figure}")


def candidates() -> dict[str, Callable[[], object]]:
    """Sentinels by name: the interpreter with small BLAS calls, arithmetic alone, memory alone, at several lengths."""
    from linregbench.benchmarks.worker.hardware import sentinel

    generator = np.random.default_rng(0)
    square = generator.standard_normal((48, 48)).astype(np.float32)
    stream, sink = np.ones(500_000), np.empty(500_000)

    made = {f"loop, {steps} steps": sentinel.sentinel_call(steps) for steps in (50, 200, 800)}
    made["arithmetic"] = lambda: [square @ square for _ in range(120)]
    made["memory"] = lambda: np.multiply(stream, 1.5, out=sink)
    return made


def _block(number: int) -> dict[str, dict[str, list[list[float]]]]:
    """One block in a fresh process on one core: seconds of each case and of each candidate, round by round."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.sched_setaffinity(0, devices.allowed_cores()[-1:])
            os.write(send, json.dumps(_measure(number)).encode())
        finally:
            os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as stream:
        found = json.loads(stream.read())
    os.waitpid(child, 0)
    print(f"block {number + 1} of {BLOCKS}", flush=True)
    return found


def _measure(number: int) -> dict[str, dict[str, list[list[float]]]]:
    import jax

    from linregbench.solvers import jax_scan, numpy_loop

    problem = make_problem(make_workload("gd", 1000, 2))
    arrays = [np.array(part[0]) for part in (problem.X, problem.y, problem.w, problem.step_size)]
    placed = [jax.device_put(array) for array in arrays]
    scan = jax.jit(jax_scan.gd_autodiff, static_argnames="steps")
    cases = {
        "numpy_loop": lambda: numpy_loop.gd_analytic(*arrays, 100),
        "jax_scan": lambda: scan(*placed, 100).block_until_ready(),
    }
    watchers = candidates()
    loops = {name: clock.calibrate(call)[0] for name, call in cases.items()}
    for call in watchers.values():
        call()
    order = np.random.default_rng(number)
    seconds: dict[str, list[list[float]]] = {name: [] for name in cases}
    seen: dict[str, list[list[float]]] = {name: [] for name in watchers}
    for _ in range(ROUNDS):
        looks: dict[str, list[float]] = {name: [] for name in watchers}
        for name in order.permutation(list(cases)):
            _look(watchers, looks)
            cases[name]()
            seconds[name].append([clock.sample(cases[name], loops[name]).call_s])
        _look(watchers, looks)
        for name, values in looks.items():
            seen[name].append(values)
    return {"cases": seconds, "sentinels": seen}


def _look(watchers: dict[str, Callable[[], object]], looks: dict[str, list[float]]) -> None:
    for name, call in watchers.items():
        looks[name].append(clock.once(call)[1])


def _judge(watched: list[dict[str, dict[str, list[list[float]]]]], name: str | None, cut: float) -> dict[str, float]:
    """Share of quiet rounds, blocks that have enough of them, and the spread between those blocks."""
    logs = {case: np.log([np.ravel(block["cases"][case]) for block in watched]) for case in watched[0]["cases"]}
    quiet = np.ones((BLOCKS, ROUNDS), dtype=bool)
    if name is not None:
        looks = np.array([block["sentinels"][name] for block in watched])
        worst = looks.max(axis=2)
        quiet = worst <= np.percentile(worst, LEVEL) * (1 + cut)
    loop, scan = logs["numpy_loop"], logs["jax_scan"]
    usable = [index for index in range(BLOCKS) if quiet[index].sum() >= LEAST]
    found = {"share": float(quiet.mean()), "blocks": float(len(usable))}
    for label, values in (("loop", loop), ("scan", scan), ("ratio", loop - scan)):
        medians = [np.median(values[index][quiet[index]]) for index in usable]
        found[label] = float(np.std(medians, ddof=1)) if len(medians) > 2 else float("nan")
    return found


def simulate(cut: float, *, busy: float, coupling: tuple[float, float], draws: int = 400) -> dict[str, float]:
    """Bias of the ratio of two cases, and its spread over draws, under a neighbour whose visits are known.

    The neighbour is there for `busy` of the time, in visits of some rounds; its strength is drawn anew for each visit.
    It slows the first case by coupling[0] times its strength, the second by coupling[1], the sentinel by once.
    """
    generator = np.random.default_rng(1)
    there = _visits(generator, draws, busy)
    strength = np.where(there, generator.uniform(0.05, 1.0, (draws, ROUNDS)), 0.0)
    first = strength * coupling[0] + generator.normal(0, 0.01, (draws, ROUNDS))
    second = strength * coupling[1] + generator.normal(0, 0.01, (draws, ROUNDS))
    sentinel = strength + np.abs(generator.normal(0, 0.008, (draws, ROUNDS)))
    quiet = sentinel <= np.percentile(sentinel, LEVEL) + np.log1p(cut)
    enough = quiet.sum(axis=1) >= LEAST
    ratios = np.where(quiet, first - second, np.nan)[enough]
    figure, every = np.nanmedian(ratios, axis=1), np.median(first - second, axis=1)
    return {
        "bias": float(figure.mean()),
        "spread": float(figure.std(ddof=1)),
        "bias of all": float(every.mean()),
        "share": float(quiet.mean()),
    }


def _visits(generator: np.random.Generator, draws: int, busy: float) -> np.ndarray:
    """A two-state chain: where the neighbour is there, by draw and round; visits last eight rounds on average."""
    leave = 1 / 8
    come = leave * busy / (1 - busy)
    there = np.empty((draws, ROUNDS), dtype=bool)
    now = generator.random(draws) < busy
    for index in range(ROUNDS):
        turn = generator.random(draws)
        now = np.where(now, turn >= leave, turn < come)
        there[:, index] = now
    return there


def _draw(rows: dict[str, list[dict[str, float]]], path: Path) -> None:
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), sharex=True, layout="constrained")
    for axis, label in zip(axes, ("loop", "scan", "ratio"), strict=True):
        for name, found in rows.items():
            axis.plot([100 * cut for cut in CUTS], [100 * each[label] for each in found], marker="o", label=name)
        axis.set(xscale="log", xlabel="cut above the quiet level, %", title={"loop": "NumPy loop"}.get(label, label))
    axes[0].set_ylabel("spread between blocks, %")
    axes[2].legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None})


def _report(rows: dict[str, list[dict[str, float]]], everything: dict[str, float], figure: str) -> str:
    lines = [
        "# The sentinel",
        "",
        *__doc__.strip().splitlines()[-4:],
        "",
        "## Simulated: bias of the ratio of two cases",
        "",
    ]
    lines += ["| cut | neighbour there | quiet share | bias, quiet | spread, quiet | bias, all rounds |"]
    lines += ["| ---: | ---: | ---: | ---: | ---: | ---: |"]
    for busy in (0.2, 0.5, 0.8):
        for cut in CUTS:
            found = simulate(cut, busy=busy, coupling=(1.0, 0.6))
            cells = (cut, busy, found["share"], found["bias"], found["spread"], found["bias of all"])
            lines.append("| " + " | ".join(f"{cell:.1%}" for cell in cells) + " |")
    lines += ["", f"## Real: {machine.cpu_model()}, {BLOCKS} blocks of {ROUNDS} rounds, n = 1000, d = 2, 100 steps", ""]
    lines += ["| sentinel | cut | quiet share | blocks with 3 | NumPy loop | scan | ratio |"]
    lines += ["| --- | ---: | ---: | ---: | ---: | ---: | ---: |", _row("all rounds", None, everything)]
    lines += [_row(name, cut, each) for name, found in rows.items() for cut, each in zip(CUTS, found, strict=True)]
    return "\n".join([*lines, "", f"![spread between blocks against the cut]({figure})", ""])


def _row(name: str, cut: float | None, found: dict[str, float]) -> str:
    shown = "" if cut is None else f"{cut:.0%}"
    spreads = " | ".join(f"{found[label]:.1%}" for label in ("loop", "scan", "ratio"))
    return f"| {name} | {shown} | {found['share']:.0%} | {found['blocks']:.0f} | {spreads} |"


if __name__ == "__main__":
    main()
