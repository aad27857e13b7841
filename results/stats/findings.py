"""What can be wrong with a timing, each finding in words, and whether it makes the time false.

False is a time of something else than the call that was asked for: compiling or tracing beside it, another problem than
the one given, an answer that was not computed. Such a row has no time, no ratio, and cannot win. The other findings
are warnings: the time is that of the call, but it has more in it, or is known less well, than a reader would think. A
solver that is given NumPy arrays in every call pays for the transfer in real life too; more threads, threads that go on
between calls, processes left behind, an unsteady time, an empty loop of 1% and a coarse clock leave the order of things
as it is.
"""

from collections.abc import Iterable

from ..words.text import plain

FALSIFYING = {
    "compile": "the steady state compiled, so compiling is in the time",
    "retrace": "the steady state traced again, so tracing is in the time",
    "inputs_changed": "a call wrote to its inputs, so the next one solved another problem",
    "remembered": "repeated inputs are answered faster than fresh ones",
    "closed_over_data": "the data are constants of the compiled code, which it may fold",
}
FINDINGS = FALSIFYING | {
    "host_transfer": "every call moves data from the host, and the time has that in it",
    "more_threads": "more CPU time is used than the threads asked for have",
    "works_while_idle": "its process is at work while it is asked nothing, and is stopped then",
    "processes_left": "it left processes behind, which were ended",
    "loop_overhead": "the empty loop takes over 1% of the sample",
    "coarse_timer": "the clock's resolution is over 0.1% of the sample",
    "not_steady": "the second half of each block is over 5% faster or slower than the first",
}
"""By name, why a timing is not what it seems."""

WITHHELD = "no time is shown"


def falsifying(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the findings that make the time false."""
    return tuple(name for name in names if name in FALSIFYING)


def explained(name: str) -> str:
    """`remembered (repeated inputs are answered faster than fresh ones)`; only its name where it is not known here."""
    return f"{name} ({FINDINGS[name]})" if name in FINDINGS else plain(name)


def withheld(names: Iterable[str]) -> str | None:
    """Why no time is shown, in words; None where nothing makes it false."""
    false = falsifying(names)
    return f"{WITHHELD}: {'; '.join(map(explained, false))}" if false else None
