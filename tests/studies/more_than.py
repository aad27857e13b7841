"""What `versus --more-than 5%` answers, how often wrongly, and after how many blocks, where the truth is known.

    python tests/studies/more_than.py [--draws 20000] [--run RUN.jsonl] [--output results/published/more_than.md]

Blocks are drawn with a spread of 0.5 to 3% between them, the A/A pair beside them alike, and looked at after each, from
the third to the thirtieth. Blocks are normal, have heavy tails (Student's t with 3 degrees of freedom), are skewed (one
in ten is slow on one side, by an exponential), or are those of the A/A pairs of a published run, drawn again and again.
"To +-1%" are the blocks of `versus` without the question: until the half-width is 1%, from 10 to 30.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "results")]

if TYPE_CHECKING:
    from linregbench.results.stats.intervals import FloatArray

ASKED = 0.05
SPREADS = (0.005, 0.01, 0.02, 0.03)
TIMES_OF_LOOKS = (10, 30, 300)


def main() -> None:
    """Writes the tables, and prints them."""
    from looks import MOST, NOISES, Noise, answers, blocks_of_precision, normal

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--run", type=Path, default=ROOT / "results" / "published" / "standard.jsonl")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / "published" / "more_than.md")
    asked = parser.parse_args()
    pairs = aa_pairs(asked.run)
    rest = np.concatenate([(pair - pair.mean()) * np.sqrt(len(pair) / (len(pair) - 1)) for pair in pairs])

    def measured(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        drawn: FloatArray = rng.choice(rest - rest.mean(), shape) / rest.std()
        return drawn

    noises: dict[str, Noise] = {**NOISES, "as measured": measured}
    own = np.array([pair.std(ddof=1) for pair in pairs])
    threshold = np.log1p(ASKED)
    head = ("blocks", "spread", "no change: slower", "within 5%", "undecided", "blocks, mean", "to +-1%", "share of it")
    head += ("5% slower: slower", "within 5%", "10% slower: slower", "blocks, mean")
    rows = []
    for name, noise in noises.items():
        for spread in (*SPREADS, *([None] if noise is measured else [])):
            rng = np.random.default_rng(12)
            scale = spread or rng.choice(own, (asked.draws, 1))
            values, aa = (scale * noise(rng, (asked.draws, MOST)) for _ in range(2))
            none, exactly, twice = (answers(values - shift, aa, ASKED) for shift in (0, threshold, np.log1p(2 * ASKED)))
            usual = blocks_of_precision(values).mean()
            told = [name, f"{spread:.1%}" if spread else "each pair's"]
            told += [f"{none.share(word):.2%}" for word in ("slower", "same", "inconclusive")]
            told += [f"{none.blocks.mean():.1f}", f"{usual:.1f}", f"{none.blocks.mean() / usual:.0%}"]
            told += [f"{exactly.share(word):.1%}" for word in ("slower", "same")]
            rows.append((*told, f"{twice.share('slower'):.1%}", f"{twice.blocks.mean():.1f}"))
            print(*rows[-1], flush=True)
    looked = []
    for most in TIMES_OF_LOOKS:
        rng = np.random.default_rng(13)
        values, aa = (0.02 * normal(rng, (asked.draws // 4, most)) for _ in range(2))
        none, exactly = (answers(values - shift, aa, ASKED) for shift in (0, threshold))
        looked.append((str(most), *(f"{a.share('slower') + a.share('faster'):.2%}" for a in (none, exactly))))
        looked[-1] += (f"{exactly.share('same'):.2%}",)
    known = f"a share of 2.5% is known to +-{1.96 * (0.025 / asked.draws) ** 0.5:.2%}"
    lines = ["# Asked about one difference: versus --more-than 5%", "", *__doc__.strip().splitlines()[-4:], ""]
    lines += [f"{asked.draws:,} draws a row; {known}.", ""]
    lines += [*_table(head, rows), "", "Normal blocks with a spread of 2%, by the most blocks at which one looks:", ""]
    lines += _table(("most blocks", "no change: slower or faster", "5% slower: slower", "within 5%"), looked)
    lines += ["", *_of_pairs(asked.run.stem, pairs)]
    asked.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def aa_pairs(path: Path) -> list[FloatArray]:
    """By problem of the run, the log ratios of the two copies of its baseline, one a block, over all rounds."""
    from linregbench.results.runfile.read import read_run
    from linregbench.results.stats.contests import contests_of
    from linregbench.results.stats.lockstep import aa_values

    found = []
    for contest in contests_of(read_run(path)).values():
        rows = contest.lockstep.rows
        for base in contest.named & {*contest.believed}:
            values = aa_values(contest.lockstep, rows[base, False], rows[base, True], quiet=False)
            found.append(values[~np.isnan(values)])
    return [values for values in found if len(values) > 2]


def _of_pairs(name: str, pairs: list[FloatArray]) -> list[str]:
    """What the run's own A/A pairs would have been told, had they been asked: nothing is drawn here."""
    from looks import answers, blocks_of_precision

    told = [answers(pair[np.newaxis], np.full((1, len(pair)), np.nan), ASKED) for pair in pairs]
    taken = np.array([answer.blocks[0] for answer in told])
    usual = np.array([blocks_of_precision(pair[np.newaxis])[0] for pair in pairs])
    counts = {word: sum(answer.share(word) for answer in told) for word in ("same", "slower", "faster", "inconclusive")}
    spreads = np.percentile([pair.std(ddof=1) for pair in pairs], (25, 50, 75))
    return [
        f"The {len(pairs)} A/A pairs of the published {name} run, as they were measured, each a no-change pair (spread "
        f"between blocks {spreads[1]:.1%} in the middle one, {spreads[0]:.1%} to {spreads[2]:.1%} in the middle half): "
        f"{counts['same']:.0f} within 5%, {counts['slower'] + counts['faster']:.0f} slower or faster, "
        f"{counts['inconclusive']:.0f} undecided at the last block there was; {taken.sum():.0f} blocks in all, where "
        f"the half-width of 1% took {usual.sum():.0f} ({taken.sum() / usual.sum():.0%}; at most those there were).",
    ]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"| --- | {' | '.join(['---:'] * (len(head) - 1))} |",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


if __name__ == "__main__":
    main()
