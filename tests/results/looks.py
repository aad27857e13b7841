"""A pair of sides, drawn block after block with known truth, and looked at after every block as `versus` does.

All draws at once; noises have mean 0 and standard deviation 1 between blocks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from linregbench.benchmarks.cli.measure import ANSWER_BLOCKS, VERSUS_BLOCKS
from linregbench.benchmarks.sampling.stopping import NEAR_HALF_WIDTH
from linregbench.results.stats.intervals import (
    FloatArray,
    bands_of_question,
    floor,
    sequential_interval,
    t_interval,
    verdict,
)

Noise = Callable[[np.random.Generator, tuple[int, int]], FloatArray]
MOST = ANSWER_BLOCKS[1]


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Normal."""
    return rng.standard_normal(shape)


def heavy(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """Student's t with 3 degrees of freedom."""
    return rng.standard_t(3, shape) / np.sqrt(3)


def skewed(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """A block in ten is slow on one side: normal, and a tenth of an exponential four times as wide."""
    rare = rng.random(shape) < 0.1
    values = 0.6 * rng.standard_normal(shape) + rare * 2.4 * rng.exponential(size=shape)
    # of the exponential part: mean 0.1 x 2.4, and second moment 0.1 x 2 x 2.4^2
    return (values - 0.24) / np.sqrt(0.6**2 + 0.2 * 2.4**2 - 0.24**2)


NOISES: Mapping[str, Noise] = {"normal": normal, "heavy tails": heavy, "skewed": skewed}


@dataclass(frozen=True)
class Answers:
    """By draw: the verdict in the end, and the blocks that it took."""

    verdicts: np.ndarray[tuple[int, ...], np.dtype[np.str_]]
    blocks: FloatArray

    def share(self, word: str) -> float:
        """How many were called this."""
        return float((self.verdicts == word).mean())


def answers(values: FloatArray, aa: FloatArray, more_than: float) -> Answers:
    """Of log ratios (draws, blocks) and of those of the A/A pair beside them, looked at after each block."""
    draws, most = values.shape
    verdicts, blocks = np.full(draws, "inconclusive"), np.full(draws, float(most))
    for count in range(ANSWER_BLOCKS[0], most + 1):
        left = np.flatnonzero(verdicts == "inconclusive")
        band, same = bands_of_question(floor(aa[left, :count]), more_than)
        found = verdict(sequential_interval(values[left, :count]), band, same=same)
        verdicts[left] = found
        blocks[left[found != "inconclusive"]] = count
    return Answers(verdicts, blocks)


def blocks_of_precision(values: FloatArray) -> FloatArray:
    """How many blocks each draw takes until its half-width is what `versus` asks of it where no question is asked."""
    fewest, most = VERSUS_BLOCKS
    most = min(most, values.shape[1])
    blocks = np.full(len(values), float(most))
    for count in range(most, min(fewest, most) - 1, -1):
        # backwards, so that the first that is enough is what stays
        blocks[t_interval(values[:, :count]).half_width <= np.log1p(NEAR_HALF_WIDTH)] = count
    return blocks
