"""Who leads a contest: a case, cases of one family between which it matters little, or families that nothing parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..fields import DATA
from ..formats.unjudged import rests_on
from ..words.families import family_of
from ..words.guesses import CLOSE, shown_ratio, too_few
from ..words.names import Record
from .rays import by_lead, operations_of


@dataclass(frozen=True)
class Lead:
    """The rows of a contest, the winner first and then the closest: those level with it, and the surely slower.

    Surely means by the verdict on the paired ratio to the winner; or, where there are too few blocks for one, by more
    than CLOSE, which is a guess.
    """

    level: tuple[Record, ...]
    behind: tuple[Record, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """Those that lead: where there is one, it is the answer, whichever of its cases is the fastest."""
        return tuple(dict.fromkeys(map(family_of, self.level)))

    @property
    def sure(self) -> bool:
        """Whether one family leads."""
        return len(self.families) == 1

    @property
    def rival(self) -> Record | None:
        """The best outside the leading family, or where nothing else was measured, outside the leading strategies."""
        strategies = {_place(row) for row in self.level}
        others = [row for row in self.behind if family_of(row) not in self.families]
        others = others or [row for row in self.behind if _place(row) not in strategies]
        return others[0] if others and self.sure else None

    @property
    def tied(self) -> bool:
        """Whether those level with the winner are surely as fast, and not only perhaps."""
        return all(record["winner_verdict"] == "same" for record in self.level[1:])


def lead_of(rows: Sequence[Record]) -> Lead:
    """The lead in the rows of one contest, one or more, all with a time."""
    winner, *others = sorted(rows, key=by_lead)
    return Lead((winner, *(row for row in others if not _slower(row))), tuple(filter(_slower, others)))


def _slower(row: Record) -> bool:
    if too_few(rests_on(row)):
        return row["winner_ratio"] is not None and row["winner_ratio"] <= 1 - CLOSE
    return bool(row["winner_verdict"] == "slower")


def by_shortcut(leads: Sequence[Lead]) -> str:
    """Of how many of these the winner does not go through the data in each step: `, on X'X made once in 3`."""
    number = sum(operations_of(lead.level[0]) != DATA for lead in leads)
    return f", on X'X made once in {'all' if number == len(leads) else f'{number:,}'}" if number else ""


def lead_text(record: Record, joint: str = " (") -> str:
    """How many times as fast as this row the winner is: `1.2x (1.1-1.3)`, its interval after `joint`."""
    ratio, low, high = record["winner_ratio"], record["winner_ratio_low"], record["winner_ratio_high"]
    if ratio is None:
        return "never sampled beside it"
    text = shown_ratio(1 / ratio, high and 1 / high, low and 1 / low, blocks=rests_on(record))
    return text if joint == " (" else text.replace(" (", joint).rstrip(")")


def _place(row: Record) -> tuple[Any, ...]:
    return row["strategy"], row["device"], row.get("setting")
