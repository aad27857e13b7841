"""How often the interval of each model holds the truth, on made-up measurements whose truth is known.

    python tests/studies/coverage.py [--draws 4000] [--output results/published/coverage.md]

Ten blocks a case with 3% between blocks; the cost model's times are off its formula by another 4%. An interval of 95%
should hold the truth 95 times in 100; where times between two measured sizes may follow a straight line or a power law,
an interval allows for both and holds it more often.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "results")]


def main() -> None:
    """Writes the table, and prints it."""
    from simulated import MODELS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=4_000)
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "published" / "coverage.md")
    asked = parser.parse_args()
    lines = ["# Coverage of the intervals", "", *__doc__.strip().splitlines()[-3:], ""]
    lines += ["| model | what was drawn | held the truth | told | draws |", "| --- | --- | ---: | ---: | ---: |"]
    for name, (model, _) in MODELS.items():
        draws = max(asked.draws // 4, 1) if name.startswith("cost") else asked.draws
        outcomes = [model(np.random.default_rng([1, draw])) for draw in range(draws)]
        told = [outcome for outcome in outcomes if outcome is not None]
        share = sum(told) / len(told) if told else math.nan
        error = 1.96 * math.sqrt(share * (1 - share) / max(len(told), 1))
        what = " ".join((model.__doc__ or "").split()).rstrip(".")
        lines.append(f"| {name} | {what} | {share:.1%} +- {error:.1%} | {len(told) / draws:.0%} | {draws:,} |")
        print(lines[-1], flush=True)
    asked.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
