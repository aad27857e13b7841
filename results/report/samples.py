"""The samples of each case for its opened row: in the order in which they were taken, the quiet ones told apart."""

from collections.abc import Sequence
from typing import Any

from ..fields import CASE_KEYS, WORKLOAD
from ..formats.load import Loaded
from ..runfile.records import Measurement, case_fields
from ..stats.quiet import quiet_samples, thresholds, undisturbed_s
from ..words.names import Record

MOST_SAMPLES = 150_000
"""In a page, so that it stays small: 5 bytes a sample."""
_UNIT = 1_000
_LARGEST = 99_999


def samples_of(loaded: Loaded, records: Sequence[Record]) -> list[list[list[int]]]:
    """By row of the frame, by block: each sample in thousandths of the row's time, below 0 where it was not quiet.

    A sample stands there less what it waited for its core. Empty where the runs have more than MOST_SAMPLES in all, and
    for a row without a time.
    """
    if sum(len(measurement.samples_s) for run in loaded.runs for measurement in run.measurements) > MOST_SAMPLES:
        return []
    blocks: dict[tuple[Any, ...], list[list[int]]] = {_key(record, record["run"]): [] for record in records}
    times = {_key(record, record["run"]): record["time_s"] for record in records}
    for run in loaded.runs:
        limits = thresholds(run.blocks)
        closed = {block.key: block for block in run.blocks}
        for measurement in run.measurements:
            key = _measured_key(measurement, run.header.run)
            time_s = times.get(key)
            if measurement.role != "twin" and time_s and measurement.samples_s:
                quiet = quiet_samples(measurement, closed[measurement.block_key], limits)
                counts = (min(round(_UNIT * s / time_s), _LARGEST) for s in undisturbed_s(measurement))
                blocks[key].append([n if calm else -n for n, calm in zip(counts, quiet, strict=True)])
    return [blocks[_key(record, record["run"])] for record in records]


def _key(record: Record, run: str) -> tuple[Any, ...]:
    case = ("" if record[name] is None else record[name] for name in CASE_KEYS)
    return run, *(record[name] for name in WORKLOAD), *case


def _measured_key(measurement: Measurement, run: str) -> tuple[Any, ...]:
    workload = {name: measurement.workload.get(name) for name in WORKLOAD}
    # as the frame has it
    workload["batch"] = workload["batch"] or 1
    return run, *workload.values(), *case_fields(measurement)
