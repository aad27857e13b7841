"""What the study of the doors says of each door, from times that are known."""

import math
import random
from statistics import fmean, stdev
from typing import Any

import pytest
from studies.doors import agreements

from linregbench.results.stats.intervals import quantile


def row(time_s: float, half_width: float = 0.01, floor: float | None = None, blocks: int = 5) -> dict[str, Any]:
    ends = {"time_low_s": time_s * math.exp(-half_width), "time_high_s": time_s * math.exp(half_width)}
    return {"time_s": time_s, "time_min_s": time_s / 2, "blocks": blocks, "floor": floor} | ends


def test_a_door_agrees_within_what_its_processes_may_differ_by() -> None:
    doors = {"linregbench": row(1e-4), "pyperf": row(1.005e-4), "asv": row(1.018e-4), "pytest-benchmark": row(1.03e-4)}
    ours, pyperf, asv, lone = agreements(doors)
    assert ours.difference == 0.0
    assert [door.agrees for door in (ours, pyperf, asv, lone)] == [True, True, True, False]
    noises = [math.log1p(door.noise) for door in (ours, pyperf, asv, lone)]
    assert noises == pytest.approx([0.01, 0.01, 0.01 * math.sqrt(3.5), 0.01 * math.sqrt(6)])


def test_the_noise_is_never_below_the_floor() -> None:
    assert [door.noise for door in agreements({"linregbench": row(1e-4, floor=0.05), "asv": row(1.04e-4)})] == [
        0.05
    ] * 2


def test_nineteen_times_in_twenty_another_process_is_within_the_noise() -> None:
    draws, tries = random.Random(0), 4000
    inside = 0
    for _ in range(tries):
        logs = [draws.gauss(0.0, 0.02) for _ in range(5)]
        ours = row(math.exp(fmean(logs)), quantile(4) * stdev(logs) / math.sqrt(5))
        inside += agreements({"linregbench": ours, "pytest-benchmark": row(math.exp(draws.gauss(0.0, 0.02)))})[1].agrees
    assert inside / tries == pytest.approx(0.95, abs=0.012)
