"""What a run lacks of what it was asked for, where it ended before its end: who has how many of how many blocks."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..runfile.read import Run
from ..runfile.records import ProblemKey, problem_key
from ..words.names import problem_name
from ..words.text import counted

MOST_NAMED = 12
"""Problems by name in one sentence."""
UNFINISHED = {
    "budget": "stopped at its budget",
    "interrupted": "was interrupted",
    "failed": "failed",
}
"""Why a problem, or a run, stopped before it was done: what a resumed run goes on with."""


def shortfall(run: Run) -> str | None:
    """`stopped at its budget: 12 of 12 problems have 2 of the 5 blocks asked for`, and what goes on with it.

    None where every problem has what it was asked for, as far as the file tells.
    """
    counts: dict[tuple[ProblemKey, str], int] = {}
    for block in run.blocks:
        key = problem_key(block.problem), block.threads
        counts[key] = max(counts.get(key, 0), block.block + 1)
    # of a run that was resumed, the last word
    stops = [stop for stop in run.stops if stop.case is None]
    reasons = {(problem_key(stop.problem), stop.threads): stop.reason for stop in stops}
    asked = _asked(run)
    keys = dict.fromkeys((*counts, *reasons))
    short = [
        counts.get(key, 0)
        for key in keys
        if reasons.get(key, "interrupted") in UNFINISHED and (asked is None or counts.get(key, 0) < asked)
    ]
    ended = run.end.reason if run.end else None
    if not short or ended == "complete":
        return None
    have = (f"{min(short)} to " if min(short) < max(short) else "") + str(max(short))
    of = "blocks, and more were wanted" if asked is None else f"of the {asked} blocks asked for"
    problems = f"{len(short):,} of {counted(len(keys), 'problem')} {'has' if len(short) == 1 else 'have'}"
    never = [key for key in keys if not counts.get(key) and reasons.get(key) in UNFINISHED]
    unreached = f", not reached were {_names(never)}" if never else ""
    return f"{UNFINISHED.get(ended or '', 'has not ended')}: {problems} {have} {of}{unreached}; {_more(run)}"


def _names(keys: Sequence[tuple[ProblemKey, str]]) -> str:
    """As the progress line names problems: `gd n=1,000 d=2 b=1`; the first ones of many."""
    names = [problem_name(dict(problem), threads) for problem, threads in keys]
    more = [f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else []
    return ", ".join(dict.fromkeys(names[:MOST_NAMED])) + "".join(f" and {text}" for text in more)


def _asked(run: Run) -> int | None:
    """The fewest blocks of a problem; None where the file, of an earlier version of the program, has no number."""
    if run.header.blocks:
        return run.header.blocks[0]
    asked = run.header.options.get("blocks")
    return asked if isinstance(asked, int) else None


def _more(run: Run) -> str:
    options: Mapping[str, Any] = run.header.options
    if options.get("environments", ["here"]) != ["here"]:
        return "a longer --budget gives more"
    return "linregbench run --resume FILE goes on, for as long again at most"
