"""Which rounds were quiet, decided by the sentinel alone and never by the time of the case that is judged."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from ..runfile.records import Block

PERCENTILE = 10.0
"""Of all single sentinel samples: the level that counts as undisturbed. A percentile of the rounds' slowest samples
would lie among disturbed rounds once fewer than a tenth are quiet, and call those quiet."""
MARGIN = 0.08
"""How far above that level the slowest sample of a quiet round may lie. The slowest of several lies some percent above
their level even where nothing disturbs, so that at 3% hardly a round is left; at 8% the spread between blocks is as
small, and several times as many cases have a quiet figure (tests/studies/sentinel.py)."""


def sentinel_of_rounds(block: Block) -> npt.NDArray[np.float64]:
    """A round's sentinel value: the slowest of its sentinel samples, in seconds; infinite for a round without one.

    The slowest, since a neighbour who left halfway through a round still disturbed half of its samples.
    """
    return np.array(block.slowest_sentinel_s, dtype=np.float64)


def thresholds(blocks: Iterable[Block], *, margin: float = MARGIN, percentile: float = PERCENTILE) -> dict[str, float]:
    """By thread setting, the sentinel value up to which a round is quiet: the run's undisturbed level x (1 + margin).

    Give it every block of the run, since a single problem may never have seen a quiet moment. The thread settings stand
    apart because the sentinel is pinned in one and not in the other. An accelerator has its own, by its name.
    """
    every = list(blocks)
    levels = sentinel_levels(every, percentile) | device_levels(every, percentile)
    return {threads: level * (1 + margin) for threads, level in levels.items()}


def sentinel_levels(blocks: Iterable[Block], percentile: float = PERCENTILE) -> dict[str, float]:
    """By thread setting, a percentile of all single sentinel samples, in seconds: how fast the machine was.

    Of single samples and not of the slowest of each round, since a round with more cases has more of them.
    """
    by_threads: dict[str, list[float]] = {}
    for block in blocks:
        samples = by_threads.setdefault(block.threads, [])
        for of_round in block.sentinel_s:
            samples += of_round
    return {threads: float(np.percentile(samples, percentile)) for threads, samples in by_threads.items() if samples}


def device_levels(blocks: Iterable[Block], percentile: float = PERCENTILE) -> dict[str, float]:
    """By accelerator, the same of its own sentinel: how fast it was."""
    by_device: dict[str, list[float]] = {}
    for block in blocks:
        for device, told in (block.device_state or {}).items():
            for samples in told.get("sentinel_s", []):
                by_device.setdefault(device, []).extend(samples)
    return {device: float(np.percentile(samples, percentile)) for device, samples in by_device.items() if samples}


def quiet_rounds(block: Block, limits: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """One flag a round of the block; a block without sentinel, or of unknown threads, was never quiet.

    Where accelerators took part, their own sentinels have to be quiet too.
    """
    if not block.sentinel_s or block.threads not in limits:
        return np.zeros(block.rounds, dtype=np.bool_)
    quiet = sentinel_of_rounds(block) <= limits[block.threads]
    for device, slowest_s in block.slowest_device_sentinel_s.items():
        quiet &= np.array(slowest_s, dtype=np.float64) <= limits.get(device, np.inf)
    return quiet


def quiet_share(blocks: Iterable[Block], limits: Mapping[str, float]) -> float:
    """The share of all rounds that were quiet; NaN without rounds."""
    flags = [quiet_rounds(block, limits) for block in blocks]
    rounds = sum(flag.size for flag in flags)
    return sum(int(flag.sum()) for flag in flags) / rounds if rounds else float("nan")
