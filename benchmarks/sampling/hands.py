"""Who measures the blocks of a run: this machine, or several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from linregbench.results.runfile.records import Block

from ..grid.cases import Contest
from .bench import Bench, Measured, Order

HERE = ""
"""The node, and the kind, of a run that has one machine."""


@dataclass(frozen=True)
class Delivery:
    """An order that came to its end: measured, or lost with its machine for a reason."""

    node: str
    order: Order
    measured: Measured | None
    reason: str = ""


class MachinesLostError(Exception):
    """Nobody is left to measure, and nobody came for as long as was to be waited."""


class Hands(Protocol):
    """Where orders go to. A node has one order at a time; `several`: there may be more than one node."""

    several: bool

    def nodes(self) -> Mapping[str, str]:
        """Those that can be given orders now, or are at work, each with its kind."""

    def quiet_s(self, node: str, threads: str) -> float | None:
        """How long a look of the sentinel takes there at most in a quiet moment, as far as is known."""

    def recall(self, blocks: Iterable[Block]) -> None:
        """Blocks that were measured before the run was resumed."""

    def begin(self, node: str, order: Order, contest: Contest) -> None:
        """Have the node measure this."""

    def finished(self) -> Iterable[Delivery]:
        """What has been delivered since; waits a moment for it. Raises MachinesLostError."""

    def stop(self) -> None:
        """Give up whatever is being measured."""


@dataclass
class Here:
    """This machine alone: it measures while it is given the order."""

    bench: Bench
    several: bool = False
    _done: list[Delivery] = field(default_factory=list)

    def nodes(self) -> Mapping[str, str]:
        return {HERE: HERE}

    def quiet_s(self, node: str, threads: str) -> float | None:  # noqa: ARG002  there is but one
        return self.bench.paces[threads].quiet_s

    def recall(self, blocks: Iterable[Block]) -> None:
        self.bench.recall(blocks)

    def begin(self, node: str, order: Order, contest: Contest) -> None:
        self._done.append(Delivery(node, order, self.bench.measure(contest, order)))

    def finished(self) -> Iterable[Delivery]:
        done, self._done = self._done, []
        return done

    def stop(self) -> None:
        """There is nothing going on between two calls."""
