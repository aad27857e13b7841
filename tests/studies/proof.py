"""The harness measured by itself, for real: bias on known costs, A/A false alarms, planted slowdowns, spread in quiet.

    python tests/studies/proof.py [--quick] [--output results/published/proof.md]

Takes about twenty minutes; `--quick` a fraction, for a look. Leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from interruptions import busy

from linregbench.benchmarks import clock
from linregbench.benchmarks.processes import machine

ROOT = Path(__file__).resolve().parents[2]
KNOWN_COST = ROOT / "tests" / "plugins" / "known_cost.py"
SPINS = {"spin_10us": (10e-6, 0.03), "spin_1ms": (1e-3, 0.005), "spin_100ms": (100e-3, 0.002)}
SIZE = ("--method", "gd", "--samples", "1000")
FOUR = ("--strategy", "numpy_loop,numpy_stacked,jax_scan,jax_vmap")
ONE = ("--variant", "analytic")
MOST_S = 60
"""Within so long a slowdown of 3% is to be found."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "published" / "proof.md")
    parser.add_argument("--quick", action="store_true", help="fewer blocks: a look, not a proof")
    parser.add_argument("--only", help="these studies alone, by name; the others stay in the file as they are")
    asked = parser.parse_args()
    studies = {study.__name__: study for study in (bias, doubling, half_widths, false_alarms, planted, quiet_spread)}
    chosen = asked.only.split(",") if asked.only else list(studies)
    if unknown := set(chosen) - set(studies):
        parser.error(f"no study {', '.join(sorted(unknown))}: choose from {', '.join(studies)}")
    sections = _sections(asked.output) if asked.only else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            study = studies[name]
            title = str(study.__doc__).splitlines()[0]
            print(f"proof: {title}", flush=True)
            sections[title] = f"{study(Path(folder), 4 if asked.quick else 10)}\n\n{_taken()}"
    parts = [f"## {title}\n\n{text}" for title, text in sections.items()]
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text("\n\n".join(["# Proof", __doc__.splitlines()[0], *parts]) + "\n", encoding="utf-8")
    print(f"written: {asked.output}")


def _sections(path: Path) -> dict[str, str]:
    """What the file has, by title."""
    if not path.exists():
        return {}
    found = (part.split("\n", 1) for part in path.read_text(encoding="utf-8").split("\n## ")[1:])
    return {title: text.strip() for title, text in found}


def bias(scratch: Path, blocks: int) -> str:
    """Solvers that spin for a known time: measured over true time."""
    path = scratch / "bias.jsonl"
    _run("--method", "ols", "--samples", "10", "--features", "1", "--strategy", "numpy_loop", "--plugin",
         str(KNOWN_COST), "--blocks", str(blocks), "--timeout", "30s", "--output", str(path))  # fmt: skip
    rows = {row["strategy"]: row for row in _table(path)}
    lines = ["| solver | true | measured | bias | asked | holds |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    for name, (true_s, limit) in SPINS.items():
        off = rows[name]["time_s"] / true_s - 1
        measured = f"{rows[name]['time_s']:.6g} s"
        lines.append(f"| {name} | {true_s:g} s | {measured} | {off:+.2%} | {limit:.1%} | {_yes(abs(off) <= limit)} |")
    fake = rows["fake_compiled"]
    good = abs(fake["first_call_s"] / 0.25 - 1) < 0.02 and abs(fake["time_s"] / 10e-6 - 1) < 0.03
    told = f"first call {fake['first_call_s']:.4f} s, steady state {fake['time_s'] * 1e6:.2f} us"
    lines += ["", f"One that takes 0.25 s the first time and 10 us from then on: {told}: {_yes(good)}"]
    return "\n".join(lines)


def doubling(scratch: Path, blocks: int) -> str:
    """Gradient descent of 100, 200 and 400 steps at a compute-bound size: twice the steps, twice the time."""
    path = scratch / "doubling.jsonl"
    _run("--method", "gd", "--samples", "10000", "--features", "16", "--steps", "100,200,400", "--strategy",
         "numpy_loop,jax_scan", *ONE, "--blocks", str(blocks), "--output", str(path))  # fmt: skip
    lines = ["| strategy | 200 / 100 steps | 400 / 200 steps |", "| --- | ---: | ---: |"]
    times = {(row["strategy"], row["steps"]): row["time_s"] for row in _table(path)}
    for name in ("numpy_loop", "jax_scan"):
        first, second = (times[name, 2 * steps] / times[name, steps] for steps in (100, 200))
        lines.append(f"| {name} | {first:.3f} | {second:.3f} |")
    return "\n".join(lines)


def half_widths(scratch: Path, blocks: int) -> str:
    """Four cases at n = 1000, d = 2, 100 steps, 10 blocks: wall time, and half-widths of A/A pairs at that size."""
    path = scratch / "four.jsonl"
    seconds = _run(*SIZE, *FOUR, *ONE, "--blocks", str(blocks), "--output", str(path))
    pairs = _versus("HEAD", *SIZE, "--strategy", "numpy_loop,jax_scan", *ONE, "--blocks", str(blocks))
    told = ", ".join(f"{row['strategy']} {_half_width(row):.2%}" for row in pairs)
    good = all(_half_width(row) <= 0.015 for row in pairs)
    return f"wall time of the four: {seconds:.0f} s. A/A half-widths: {told}; asked 1.5%: {_yes(good)}"


def false_alarms(scratch: Path, blocks: int) -> str:  # noqa: ARG001
    """The working tree against its own commit, pairs of identical code: faster or slower is a false alarm."""
    lines = ["| other programs | pairs | false alarms | half-width: median | largest |"]
    lines += ["| ---: | ---: | --- | ---: | ---: |"]
    for others in (0, 1):
        with busy(others):
            sizes = ("--method", "gd,ols", "--samples", "100,300,1000,3000,10000")
            pairs = _versus("HEAD", *sizes, *FOUR, "--blocks", str(blocks), "--budget", "1h")
        alarms = [row for row in pairs if row["verdict"] in ("faster", "slower")]
        told = "; ".join(f"{row['strategy']} {row['variant']} n={row['samples']} {row['ratio']:.3f}" for row in alarms)
        widths = sorted(_half_width(row) for row in pairs)
        many = f"{others} on each core" if others else "none"
        cells = (many, len(pairs), told or 0, f"{statistics.median(widths):.2%}", f"{widths[-1]:.2%}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def planted(scratch: Path, blocks: int) -> str:
    """`jax_scan` made slower by a known share of its steps in a scratch clone: does `versus` find it, and how soon."""
    lines = ["| planted | found | ratios | times | asked |", "| ---: | ---: | --- | --- | --- |"]
    for percent, tries in ((5, 1), (3, blocks)):
        clone = scratch / f"clone{percent}"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        _plant(clone / "solvers" / "jax_scan.py", percent)
        taken = []
        for _ in range(tries):
            start = time.perf_counter()
            (row,) = _versus("HEAD", *SIZE, "--strategy", "jax_scan", "--variant", "autodiff", root=clone)
            taken.append((time.perf_counter() - start, row))
        found = sum(row["verdict"] == "slower" and seconds <= MOST_S for seconds, row in taken)
        ratios = ", ".join(f"{row['ratio']:.3f} ({row['ratio_low']:.3f}-{row['ratio_high']:.3f})" for _, row in taken)
        times = " to ".join(f"{end(seconds for seconds, _ in taken):.0f} s" for end in (min, max))
        asked = f"within {MOST_S} s, 9 times in 10"
        lines.append(f"| {percent}% | {found} of {tries} | {ratios} | {times} | {asked} |")
        shutil.rmtree(clone)
    return "\n".join(lines)


def quiet_spread(scratch: Path, blocks: int) -> str:
    """Spread (sd) between blocks, at n = 1000, d = 2, 100 steps: of the undisturbed times, and of all samples."""
    path = scratch / "quiet.jsonl"
    _run(*SIZE, "--strategy", "numpy_loop,jax_scan", *ONE, "--blocks", str(blocks + 6), "--output", str(path))
    from linregbench.results.runfile.read import read_run
    from linregbench.results.stats.lockstep import gather, log_ratios, log_times
    from linregbench.results.stats.quiet import quiet_share, thresholds

    run = read_run(path)
    limits = thresholds(run.blocks)
    side_by_side = gather(run.measurements, run.blocks, limits)
    rows = {case.strategy: row for (case, twin), row in side_by_side.rows.items() if not twin}
    loop, scan = rows["numpy_loop"], rows["jax_scan"]
    lines = ["| samples | NumPy loop time | scan time | their ratio |", "| --- | ---: | ---: | ---: |"]
    every = log_times(side_by_side, allow_quiet=False).values
    best = log_times(side_by_side).values, log_ratios(side_by_side, loop).values[scan]
    for name, times, ratios in (("undisturbed", *best), ("all", every, every[loop] - every[scan])):
        cells = (float(np.nanstd(values, ddof=1)) for values in (times[loop], times[scan], ratios))
        lines.append(f"| {name} | " + " | ".join(f"{cell:.1%}" for cell in cells) + " |")
    share = quiet_share(run.blocks, limits)
    return "\n".join([*lines, "", f"{share:.0%} of the looks were quiet; asked of the undisturbed: 3%, 3%, 2%"])


def _plant(path: Path, percent: int) -> None:
    """Make every scan take `percent` more steps, whose result counts for nothing."""
    text = path.read_text()
    honest = "    return lax.scan(body, w, length=steps, unroll=unroll)[0]\n"
    if honest not in text:
        raise SystemExit(f"{path}: no line to plant a slowdown at")
    extra = f"    more = lax.scan(body, w, length=steps * {percent} // 100)[0]\n"
    path.write_text(text.replace(honest, extra + honest.rstrip() + " + 0 * more\n"))


def _run(*arguments: str, root: Path = ROOT) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "linregbench", "run", *arguments], cwd=root, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"linregbench run {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return time.perf_counter() - start


def _versus(*arguments: str, root: Path = ROOT) -> list[dict[str, object]]:
    command = [sys.executable, "-m", "linregbench", "versus", *arguments, "--format", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"linregbench versus {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)


def _table(path: Path) -> list[dict[str, object]]:
    command = [sys.executable, "-m", "linregbench", "table", str(path), "--format", "json"]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def _taken() -> str:
    """When, at which commit and on what a study was taken."""
    facts = ", ".join(f"{name} {value}" for name, value in machine.facts().items() if value is not None)
    commit, dirty = machine.commit_of(ROOT)
    changed = ", with uncommitted changes" if dirty else ""
    return f"Taken {clock.timestamp():%Y-%m-%d %H:%M} UTC at commit {str(commit)[:12]}{changed}; {facts}."


def _half_width(row: dict[str, object]) -> float:
    return math.sqrt(row["ratio_high"] / row["ratio_low"]) - 1  # type: ignore[operator]


def _yes(good: bool) -> str:
    return "yes" if good else "NO"


if __name__ == "__main__":
    main()
