"""Which samples were quiet, decided by the sentinel alone and never by the time of the case that is judged."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..runfile.records import Block, Measurement

PERCENTILE = 10.0
"""Of all single looks of the sentinel: the level that counts as undisturbed."""
MARGIN = 0.08
"""How far above that level the looks around a quiet sample may lie. At 12% a neighbour that slows all by about 10%
passes for quiet, and a time is 2.8% too long (simulated, for 0.3%: results/published/quiet.md)."""
INTERRUPTED = 0.05
"""Of a sample's time: where others had its core for longer, it was interrupted."""
SLICE_S = 0.003
"""About how long Linux lets a process have a core that others want: what takes longer is interrupted on a busy one."""
LEAST_LEFT = 0.01


def thresholds(blocks: Iterable[Block], *, margin: float = MARGIN, percentile: float = PERCENTILE) -> dict[str, float]:
    """By thread setting, the sentinel value up to which a round is quiet: the run's undisturbed level x (1 + margin).

    Give it every block of the run, since a single problem may never have seen a quiet moment. The thread settings stand
    apart because the sentinel is pinned in one and not in the other. An accelerator has its own, by its name. Of a
    sweep over several machines each has its own (`of_node`): a slower one would never be quiet by another's.
    """
    by_node: dict[str | None, list[Block]] = {}
    for block in blocks:
        by_node.setdefault(block.node, []).append(block)
    return {
        of_node(node, name): level * (1 + margin)
        for node, every in by_node.items()
        for name, level in (sentinel_levels(every, percentile) | device_levels(every, percentile)).items()
    }


def of_node(node: str | None, name: str) -> str:
    """What the limit of a thread setting or an accelerator goes by in `thresholds`."""
    return name if node is None else f"{node} {name}"


def sentinel_levels(blocks: Iterable[Block], percentile: float = PERCENTILE) -> dict[str, float]:
    """By thread setting, a percentile of all single sentinel samples, in seconds: how fast the machine was.

    Of single samples and not of the slowest of each round, since a round with more cases has more of them.
    """
    return _percentiles(((block.threads, looks_s) for block in blocks for looks_s in block.sentinel_s), percentile)


def device_levels(blocks: Iterable[Block], percentile: float = PERCENTILE) -> dict[str, float]:
    """By accelerator, the same of its own sentinel: how fast it was."""
    states = (state for block in blocks for state in (block.device_state or {}).items())
    looks = ((device, of_round_s) for device, state in states for of_round_s in state.get("sentinel_s", []))
    return _percentiles(looks, percentile)


def _percentiles(looks: Iterable[tuple[str, Iterable[float]]], percentile: float) -> dict[str, float]:
    by_name: dict[str, list[float]] = {}
    for name, of_round_s in looks:
        by_name.setdefault(name, []).extend(of_round_s)
    return {name: float(np.percentile(samples_s, percentile)) for name, samples_s in by_name.items() if samples_s}


def quiet_rounds(block: Block, limits: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """One flag a round: all its looks were quiet; a block without sentinel, or of unknown threads, was never quiet.

    Where accelerators took part, their own sentinels have to be quiet too.
    """
    limit_s = limits.get(of_node(block.node, block.threads))
    if not block.sentinel_s or limit_s is None:
        return np.zeros(block.rounds, dtype=np.bool_)
    # the slowest look of a round, since a neighbour who left halfway through still disturbed half of its samples
    return (np.array(block.slowest_sentinel_s) <= limit_s) & _devices_quiet(block, limits)


def quiet_samples(measurement: Measurement, block: Block, limits: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    """One flag a sample: the sentinel right before and right after it was quiet, and it was left alone.

    A sample whose neighbours are not known (a round of an old file, in which a case had ended) is quiet when its whole
    round is.
    """
    rounds = list(measurement.rounds)
    around_s = block.around_s.get(-1 if measurement.seat is None else measurement.seat, {})
    limit_s = limits.get(of_node(block.node, block.threads))
    if limit_s is None or not around_s:
        return quiet_rounds(block, limits)[rounds] & _left_alone(measurement)
    slowest_s = block.slowest_sentinel_s
    quiet = np.array([max(around_s[n]) if n in around_s else slowest_s[n] for n in rounds]) <= limit_s
    return quiet & _devices_quiet(block, limits)[rounds] & _left_alone(measurement)


def _left_alone(measurement: Measurement) -> npt.NDArray[np.bool_]:
    """One flag a sample: nobody had its core meanwhile, and no other case of its block was at work beside it."""
    alone = ~interrupted(measurement)
    return alone & ~np.isin(measurement.rounds, measurement.beside) if measurement.beside else alone


def interrupted(measurement: Measurement) -> npt.NDArray[np.bool_]:
    """`lost_the_core` of the samples of a measurement; none where the system did not tell how long they waited."""
    if measurement.waits_s is None:
        return np.zeros(len(measurement.samples_s), dtype=np.bool_)
    return lost_the_core(measurement.waits_s, measurement.samples_s, measurement.loops or 1)


def lost_the_core(waits_s: Sequence[float], samples_s: Sequence[float], loops: int) -> npt.NDArray[np.bool_]:
    """One flag a sample: others had its core for a good part of its time; both in seconds a call, of `loops` a sample.

    None where samples are longer than a slice: those cannot be spared, and `undisturbed_s` takes the wait off.
    """
    flags: npt.NDArray[np.bool_] = np.array(waits_s) > INTERRUPTED * np.array(samples_s)
    return flags & (not _long(samples_s, loops))


def mostly_corrected(measurement: Measurement) -> bool:
    """Whether `undisturbed_s` takes a good part off most of the samples: a long call on a core that others want too."""
    if measurement.waits_s is None or not _long(measurement.samples_s, measurement.loops or 1):
        return False
    return bool(np.median(measurement.waits_s) > INTERRUPTED * np.median(measurement.samples_s))


def undisturbed_s(measurement: Measurement) -> npt.NDArray[np.float64]:
    """Seconds a call of each sample, less what a long one had to wait for its core because of others.

    Samples shorter than a slice are left as they are: one that was interrupted is left out for that.
    """
    samples_s = np.array(measurement.samples_s)
    if measurement.waits_s is None or not _long(measurement.samples_s, measurement.loops or 1):
        return samples_s
    # the two come from different clocks: a time is never 0, whatever a file says
    left_s: npt.NDArray[np.float64] = np.maximum(samples_s - np.array(measurement.waits_s), LEAST_LEFT * samples_s)
    return left_s


def _long(samples_s: Sequence[float], loops: int) -> bool:
    """Whether the samples, in seconds a call, last longer than a slice of the scheduler."""
    return len(samples_s) > 0 and bool(np.median(samples_s) * loops > SLICE_S)


def quiet_share(blocks: Iterable[Block], limits: Mapping[str, float]) -> float:
    """The share of all single looks of the sentinel that were quiet; NaN without any."""
    looks, quiet = 0, 0
    for block in blocks:
        limit_s = limits.get(of_node(block.node, block.threads), 0.0)
        for of_round in block.sentinel_s:
            looks += len(of_round)
            quiet += sum(seconds <= limit_s for seconds in of_round)
    return quiet / looks if looks else float("nan")


def _devices_quiet(block: Block, limits: Mapping[str, float]) -> npt.NDArray[np.bool_]:
    quiet = np.ones(block.rounds, dtype=np.bool_)
    for device, slowest_s in block.slowest_device_sentinel_s.items():
        quiet &= np.array(slowest_s, dtype=np.float64) <= limits.get(of_node(block.node, device), np.inf)
    return quiet
