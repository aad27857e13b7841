"""Whether the same case through several doors is the same number: each door's time against ours, and by how much.

How far two honest measurements may lie apart follows from our own blocks, each a process of its own: with a 95%
half-width h of the mean log time over n blocks, the mean over k other processes lies within h sqrt(n / k + 1) of it, 19
times in 20 (the prediction interval of a normal mean). It is never taken as less than the A/A floor.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..words.names import Record

OURS = "linregbench"
PROCESSES = {"asv": 2, "pytest-benchmark": 1}
"""How many processes a door's time is from; pyperf's are our own."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """One door beside ours; differences are relative, `noise` is what may lie between two that agree."""

    door: str
    time_s: float
    fastest_s: float | None
    difference: float
    fastest_difference: float | None
    noise: float

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the noise."""
        return abs(math.log1p(self.difference)) <= math.log1p(self.noise)


def agreements(rows: Mapping[str, Record]) -> list[Agreement]:
    """Every door in the order given; `rows` are rows of the frame by door, ours among them with an interval."""
    ours = rows[OURS]
    blocks = ours["blocks"]
    half_width = math.log(ours["time_high_s"] / ours["time_low_s"]) / 2
    found = []
    for door, row in rows.items():
        # pyperf is given our own processes, so that only the choice of rounds can differ
        others = door in PROCESSES
        spread = half_width * math.sqrt(blocks / PROCESSES[door] + 1) if others else half_width
        found.append(
            Agreement(
                door=door,
                time_s=row["time_s"],
                fastest_s=row["time_min_s"],
                difference=row["time_s"] / ours["time_s"] - 1,
                fastest_difference=row["time_min_s"] and row["time_min_s"] / ours["time_min_s"] - 1,
                noise=max(ours["floor"] or 0.0, math.expm1(spread)),
            )
        )
    return found
