"""How far the run is, with the time left: a live bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .. import clock

PLAIN_EVERY_S = 10.0


class Watching:
    """Told what is being done and how far it is, from entering to leaving; this one, for notebooks, says nothing."""

    def tell(self, text: str) -> None:
        """What is being done."""

    def progress(self, done_s: float, left_s: float) -> None:
        """Seconds spent, and seconds still expected."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Bar(Watching):
    """A live progress bar on standard error: done, time left, block and case."""

    def __init__(self, left_s: float) -> None:
        columns = (
            BarColumn(24),
            TextColumn("{task.percentage:3.0f}%"),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.description}"),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4)
        self._task = self._bar.add_task("starting", total=1.0, left=f"about {span(left_s)} left")

    def tell(self, text: str) -> None:
        self._bar.update(self._task, description=text)

    def progress(self, done_s: float, left_s: float) -> None:
        total = max(done_s + left_s, 1e-9)
        self._bar.update(self._task, completed=done_s / total, left=f"{span(left_s)} left")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


class Lines(Watching):
    """A line on standard error every ten seconds: for logs and pipes."""

    def __init__(self, left_s: float) -> None:
        self._text = ""
        self._last_s = clock.now()
        print(f"linregbench: about {span(left_s)} to go", file=sys.stderr, flush=True)

    def tell(self, text: str) -> None:
        self._text = text

    def progress(self, done_s: float, left_s: float) -> None:
        """Print, unless it was done a moment ago."""
        if clock.now() - self._last_s >= PLAIN_EVERY_S:
            self._last_s = clock.now()
            share = done_s / max(done_s + left_s, 1e-9)
            print(f"linregbench: {share:4.0%}, {span(left_s)} left; {self._text}", file=sys.stderr, flush=True)


def watcher(left_s: float, *, quiet: bool = False) -> Watching:
    """The one that fits where standard error goes."""
    if quiet:
        return Watching()
    return Bar(left_s) if sys.stderr.isatty() else Lines(left_s)


def span(seconds: float) -> str:
    """A duration as a person says it: 40 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
