"""How far the run is, with the time left, and how its cases stand: live on a terminal, plain lines elsewhere.

Whoever is told is told between samples and never while one is taken, and nothing here has a thread or a timer: the
screen changes when the schedule says something, so that a machine with one core has nothing else to do in a sample.
"""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Sequence
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from linregbench.results.runfile.records import Measurement

from .. import clock
from .standings import Standings, standings

PLAIN_EVERY_S = 10.0
BAR_WIDTH = 24
NUMBER_WIDTH, MOST_WIDTH = 13, 100
MOST_CASES, MOST_LEADERS = 10, 6
"""Lines of the last problem's cases, and of the other problems' leaders: with the bar they fit 24 lines."""


class Watching:
    """Told what is being done and how far it is, from entering to leaving; this one says nothing."""

    def tell(self, text: str) -> None:
        """What is being done."""

    def progress(self, done_s: float, left_s: float) -> None:
        """Seconds spent, and seconds still expected."""

    def measured(self, title: str, measurements: Sequence[Measurement]) -> None:
        """All measurements of a problem, after each of its blocks."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Board(Watching):
    """What there is to show, whatever shows it; a subclass puts it on the screen in `show`."""

    def __init__(self, left_s: float) -> None:
        self.share = 0.0
        self.left = f"about {span(left_s)} left"
        self.text = "starting"
        self.problems: dict[str, Standings] = {}

    def tell(self, text: str) -> None:
        self.text = text
        self.show()

    def progress(self, done_s: float, left_s: float) -> None:
        self.share = done_s / max(done_s + left_s, 1e-9)
        self.left = f"{span(left_s)} left"
        self.show()

    def measured(self, title: str, measurements: Sequence[Measurement]) -> None:
        self.problems.pop(title, None)  # the last one stands last
        self.problems[title] = standings(title, measurements)

    def show(self) -> None:
        """Put it on the screen."""


class Screen(Board):
    """A bar and the standings on standard error, drawn anew whenever something is told."""

    def __init__(self, left_s: float, console: Console | None = None) -> None:
        super().__init__(left_s)
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._table = Text()

    def measured(self, title: str, measurements: Sequence[Measurement]) -> None:
        super().measured(title, measurements)
        self._table = _table([*self.problems.values()], self._console.width)

    def show(self) -> None:
        full = "-" if self._console.options.ascii_only else "━"
        bar = Text(full * int(BAR_WIDTH * self.share), style="green").append(
            " " * (BAR_WIDTH - int(BAR_WIDTH * self.share))
        )
        lines = [Text.assemble(bar, f" {self.share:4.0%}  {self.left}"), Text(self.text)]
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        self._live.update(Group(*lines, self._table), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        self.show()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()


class Cell(Board):
    """The same under a cell of a notebook, which has a progress bar of its own; after each block."""

    def __init__(self, left_s: float, display: Any) -> None:
        super().__init__(left_s)
        self._handle = display({"text/html": self._html(), "text/plain": self.left}, raw=True, display_id=True)

    def tell(self, text: str) -> None:
        self.text = text

    def show(self) -> None:
        self._handle.update({"text/html": self._html(), "text/plain": self.left}, raw=True)

    def __exit__(self, *_: object) -> None:
        self._handle.update({"text/html": "", "text/plain": ""}, raw=True)

    def _html(self) -> str:
        last = next(reversed(self.problems.values()), None)
        rows = [case.texts for case in last.cases[:MOST_CASES]] if last else []
        cells = "".join(f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in texts)}</tr>" for texts in rows)
        title = html.escape(last.title) if last else ""
        head = f'<progress value="{self.share:.3f}"></progress> {self.share:.0%}, {self.left}'
        return f"<div>{head}<table><caption>{title}</caption>{cells}</table></div>"


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
    display = _notebook_display()
    if display is not None:
        return Cell(left_s, display)
    plain = os.environ.get("TERM") in ("dumb", "unknown") or os.environ.get("NO_COLOR")
    return Screen(left_s) if sys.stderr.isatty() and not plain else Lines(left_s)


def span(seconds: float) -> str:
    """A duration as a person says it: 40 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _table(problems: Sequence[Standings], width: int) -> Text:
    """The cases of the last problem, the fastest first, and whoever leads the others; no line longer than `width`."""
    last = problems[-1]
    lines = [_line(last.title, "time so far", "vs baseline", width, "dim")]
    for place, case in enumerate(last.cases[:MOST_CASES]):
        name, time, ratio = case.texts
        lines.append(_line(f"  {name}", time, ratio, width, "" if place or case.time_s is None else "bold"))
    left_out = len(last.cases) - MOST_CASES
    if left_out > 0:
        lines.append(_line(f"  and {left_out} more", "", "", width, "dim"))
    for other in [*reversed(problems[:-1])][:MOST_LEADERS]:
        if other.cases:
            name, time, ratio = other.cases[0].texts
            lines.append(_line(f"{other.title}: {name}", time, ratio, width, "dim"))
    return Text("\n").join(lines)


def _line(name: str, time: str, ratio: str, width: int, style: str) -> Text:
    """A name, cut where it is too long, and two numbers to the right of it."""
    text = Text(name, style=style)
    text.truncate(max(min(width, MOST_WIDTH) - 2 * NUMBER_WIDTH, 1), overflow="ellipsis", pad=True)
    return text.append(f"{time:>{NUMBER_WIDTH}}{ratio:>{NUMBER_WIDTH}}")


def _notebook_display() -> Any:
    """IPython's `display` where this runs in a kernel, which is loaded then already; else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from importlib import import_module

    return import_module("IPython.display").display
