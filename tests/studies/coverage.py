"""How often the intervals of times, ratios and models hold the truth, on made-up measurements whose truth is known.

    python tests/studies/coverage.py [--draws 4000] [--output results/published/coverage.md]

Ten blocks a case with 3% between blocks; the cost model's times are off its formula by another 4%. An interval of 95%
should hold the truth 95 times in 100; where times between two measured sizes may follow a straight line or a power law,
an interval allows for both and holds it more often.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Sequence
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
    lines = ["# Coverage of the intervals", "", *_of_the_estimator(asked.draws // 2)]
    lines += ["## Models", "", *__doc__.strip().splitlines()[-3:], ""]
    lines += ["| model | what was drawn | held the truth | told | draws |", "| --- | --- | ---: | ---: | ---: |"]
    for name, (model, _) in MODELS.items():
        draws = max(asked.draws // 4, 1) if name.startswith("cost") else asked.draws
        outcomes = [model(np.random.default_rng([1, draw])) for draw in range(draws)]
        told = [outcome for outcome in outcomes if outcome is not None]
        what = " ".join((model.__doc__ or "").split()).rstrip(".")
        lines.append(f"| {name} | {what} | {_share(told)} | {len(told) / draws:.0%} | {draws:,} |")
        print(lines[-1], flush=True)
    asked.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _of_the_estimator(draws: int) -> list[str]:
    """Times and ratios, as the harness estimates them from samples and looks, with the blocks as it ends them."""
    import disturbed

    about = [" ".join(part.split()) for part in (disturbed.__doc__ or "").strip().split("\n\n")[1:]]
    lines = ["## Times and ratios", "", *(line for part in about for line in (part, ""))]
    lines += ["| neighbour | spread | blocks | taken, mean | time held | ratio held | ratio of quiet samples |"]
    lines += ["| ---: | ---: | --- | ---: | ---: | ---: | ---: |"]
    for share, process in itertools.product(disturbed.SHARES, (disturbed.PROCESS, 2 * disturbed.PROCESS)):
        found = [list(disturbed.held(np.random.default_rng([2, draw]), share, process)) for draw in range(draws)]
        for name, of in zip(("5", "10", "10 to 30"), zip(*found, strict=True), strict=True):
            time, ratio = (_share([getattr(one, what) for one in of]) for what in ("time", "ratio"))
            quiet = [one.ratio for one in of if one.ratio_rounds == "quiet"]
            blocks = sum(one.blocks for one in of) / draws
            lines.append(
                f"| {share:.0%} | {process:.0%} | {name} | {blocks:.1f} | {time} | {ratio} | "
                f"{len(quiet) / draws:.0%}, held {_share(quiet)} |"
            )
            print(lines[-1], flush=True)
    return [*lines, "", f"{draws:,} draws a row. Neighbour: the share of the time that it disturbs.", ""]


def _share(outcomes: Sequence[bool]) -> str:
    """How many are true, with the half-width of its 95% interval."""
    share = sum(outcomes) / len(outcomes) if outcomes else math.nan
    return f"{share:.1%} +- {1.96 * math.sqrt(share * (1 - share) / max(len(outcomes), 1)):.1%}"


if __name__ == "__main__":
    main()
