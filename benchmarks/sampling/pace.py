"""How fast the machine is when nothing disturbs it, while a run goes on: what tells a worker whether to wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from linregbench.results.stats.quiet import MARGIN, PERCENTILE

FEWEST = 80
"""Looks of the sentinel before anything is said."""
KEPT = 20_000
"""The last so many: a machine that has become faster or slower for good is known by its last hour."""


@dataclass
class Pace:
    """Of one thread setting. What is quiet in the end is judged over the whole run (results.stats.quiet)."""

    looks_s: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    _known_of: int = 0
    _quiet_s: float | None = None

    def add(self, seconds: Iterable[float]) -> None:
        """Looks of the sentinel, in seconds."""
        self.looks_s.extend(seconds)

    @property
    def quiet_s(self) -> float | None:
        """How long a look takes at most in a quiet moment: the 10th percentile so far, and the margin above it."""
        count = len(self.looks_s)
        if count >= FEWEST and (self._quiet_s is None or not 0.9 * count <= self._known_of <= count < KEPT):
            self._quiet_s = float(np.percentile(self.looks_s, PERCENTILE)) * (1 + MARGIN)
            self._known_of = count
        return self._quiet_s
