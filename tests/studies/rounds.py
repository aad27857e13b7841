"""What choosing the rounds of a block by their worth gains over a fixed number, on the variances and costs of a run.

    python tests/studies/rounds.py RUN.jsonl [--fixed 20] [--output results/published/rounds.md]

For each case: the variance that its ratio gains from a block's process and from a round (of quiet pairs, where there
are enough), the rounds that buy the most precision for the time, and how much longer a fixed number takes to the same
precision. A row has the middle case of its problem; from few blocks their own sd is a rough guess.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from statistics import geometric_mean, median

from linregbench.benchmarks.sampling import stopping
from linregbench.results.runfile.read import read_run
from linregbench.results.runfile.records import Block, Measurement, problem_key
from linregbench.results.stats.quiet import thresholds

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--fixed", type=int, default=20)
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "published" / "rounds.md")
    asked = parser.parse_args()
    run = read_run(asked.run)
    measurements: dict[object, list[Measurement]] = defaultdict(list)
    blocks: dict[object, list[Block]] = defaultdict(list)
    for measurement in run.measurements:
        measurements[measurement.case.problem, measurement.threads].append(measurement)
    for block in run.blocks:
        blocks[problem_key(block.problem), block.threads].append(block)
    limits = thresholds(run.blocks)
    lines = [
        "# Rounds per block",
        "",
        *__doc__.splitlines()[-3:],
        "",
        f"From {asked.run.name}, {1 + max(block.block for block in run.blocks)} blocks at most.",
        "",
        "| problem | sd of a round | sd of a block | block | round | best rounds | time that fixed rounds take |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    gains = []
    for key, of_problem in measurements.items():
        found = [(v, b) for v, b in stopping.variances(of_problem, blocks[key], limits) if v > 0]
        block_s, round_s = stopping.costs(of_problem, blocks[key])
        if not found or round_s <= 0:
            continue
        rounds = stopping.rounds(of_problem, blocks[key], limits, asked.fixed)
        here = [_price(v, b, block_s, round_s, asked.fixed) / _price(v, b, block_s, round_s, rounds) for v, b in found]
        gains += here
        within, between = (median(max(pair[index], 0.0) for pair in found) ** 0.5 for index in (0, 1))
        problem = dict(of_problem[0].case.problem)
        name = f"{problem['method']} n = {problem['samples']:,}, d = {problem['features']}, b = {problem['batch']:,}"
        lines.append(
            f"| {name} | {within:.1%} | {between:.1%} | {block_s:.2f} s | {1e3 * round_s:.0f} ms | {rounds} | "
            f"{geometric_mean(here):.2f}x |"
        )
    lines += [
        "",
        f"Over all {len(gains)} cases fixed {asked.fixed} rounds take {geometric_mean(gains):.2f}x the time.",
        "",
    ]
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    asked.output.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


def _price(within: float, between: float, block_s: float, round_s: float, rounds: int) -> float:
    """Seconds x variance of the mean with so many rounds a block: what a given precision costs, up to a constant."""
    return (max(between, 0.0) + within / rounds) * (block_s + rounds * round_s)


if __name__ == "__main__":
    main()
