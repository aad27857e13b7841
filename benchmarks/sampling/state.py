"""What each contest has come to so far; a run file tells it to a run that is resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linregbench.results.runfile.records import Block, Measurement, Stop
from linregbench.results.stats.shortfall import UNFINISHED

from ..grid.cases import Case, Contest
from .stopping import row_of


@dataclass
class State:
    """What one contest has come to so far; `kind` and `number` are where it stands in a sweep over several machines."""

    contest: Contest
    kind: str = ""
    number: int = 0
    done: int = 0
    block_s: float | None = None
    stopped: str | None = None
    retired: set[Case] = field(default_factory=set)
    measurements: list[Measurement] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def left(self) -> list[Case]:
        """The cases that still compete, the baselines first."""
        return [case for case in (*self.contest.baselines, *self.contest.cases) if case not in self.retired]


def restored(
    contest: Contest, measurements: Sequence[Measurement], blocks: Sequence[Block], stops: Sequence[Stop] = ()
) -> State:
    """The state of a contest as a run file tells it; a fresh one where the file has nothing of it."""
    mine = [m for m in measurements if _belongs(m.workload, m.threads, contest)]
    closed = [b for b in blocks if _belongs(b.problem, b.threads, contest)]
    state = State(contest, done=1 + max((b.block for b in closed), default=-1), measurements=mine, blocks=closed)
    walls = [b.wall_s for b in closed if b.wall_s is not None]
    state.block_s = walls[-1] if walls else None
    told = [s for s in stops if _belongs(s.problem, s.threads, contest) and s.reason not in UNFINISHED]
    state.stopped = next((stop.reason for stop in reversed(told) if stop.row is None), None)
    settled = {stop.row for stop in told}
    for case in (*contest.baselines, *contest.cases):
        facts = case.as_dict()
        if any(m.status != "ok" and all(getattr(m, name) == value for name, value in facts.items()) for m in mine):
            state.retired.add(case)
        if row_of(case) in settled:
            state.retired.add(case)
    return state


def _belongs(problem: Mapping[str, Any], threads: str, contest: Contest) -> bool:
    return threads == contest.threads and all(problem.get(name) == value for name, value in contest.problem.items())
