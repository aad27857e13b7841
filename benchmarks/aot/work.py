"""What a program hands to a GPU: kernels, library calls and copies, in loops and outside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

COUNTS = ("kernels", "libraries", "copies", "submitted")


@dataclass(frozen=True)
class Work:
    """What one execution of a piece of a program hands to the GPU.

    kernels     that XLA generated
    libraries   calls into cuBLAS, cuSOLVER and others, each of them at least one kernel
    copies      copies and fills of device memory
    submitted   what the host submits for these: a CUDA graph counts once, whatever it holds
    """

    kernels: int = 0
    libraries: int = 0
    copies: int = 0
    submitted: int = 0
    loops: tuple[Loop, ...] = ()

    @property
    def launches(self) -> int:
        """Kernels, library calls and copies, loops left out."""
        return self.kernels + self.libraries + self.copies


@dataclass(frozen=True)
class Loop:
    """A while loop: its trips, None where only the data tell, and then the host waits for the condition each time."""

    condition: Work
    body: Work
    trips: int | None

    def step(self) -> Work:
        """One trip. A known number of trips is counted by the host, and the condition never runs."""
        return self.body if self.trips is not None else merged((self.body, self.test()))

    def test(self) -> Work:
        """The condition where it runs, and its answer copied to the host (XLA, while_thunk.cc)."""
        return merged((self.condition, Work(copies=1, submitted=1)))


def merged(works: Iterable[Work]) -> Work:
    """One after another."""
    every = tuple(works)
    sums = {name: sum(getattr(work, name) for work in every) for name in COUNTS}
    return Work(**sums, loops=tuple(loop for work in every for loop in work.loops))


def total(work: Work, steps: int) -> Work:
    """Everything that runs, loops unrolled: those whose trips nobody knows are taken to run `steps` times."""
    parts = [replace(work, loops=())]
    for loop in work.loops:
        times = steps if loop.trips is None else loop.trips
        parts.append(repeated(total(loop.step(), steps), times))
        if loop.trips is None:  # the condition also says when to stop
            parts.append(total(loop.test(), steps))
    return merged(parts)


def repeated(work: Work, times: int) -> Work:
    """Work without loops, so many times."""
    return Work(**{name: times * getattr(work, name) for name in COUNTS})
