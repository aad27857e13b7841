"""When a number is no more than a guess: one rule for every table, sentence and picture.

Over two blocks Student's t is 12.7 and over three 4.3: an interval of two says how few they are, and nothing of what
was measured. So below ENOUGH_BLOCKS a number goes without an interval, to two digits, behind a `~`.
"""

from .text import counted, listed, ratio_text, text_of_time

ENOUGH_BLOCKS = 3
BLOCKS_ADVISED = 10
"""Whoever has too few is told to take so many, as a standard run does: there Student's t is near its least."""

_DIGITS = 0.1  # the half-width that leaves two


CLOSE = 0.05
"""Where there are too few blocks for an interval, what is within so much of the fastest may be it."""


def too_few(blocks: int | None) -> bool:
    """Whether a number of so many blocks is a guess; None, of another program's number, is not counted in blocks."""
    return blocks is not None and blocks < ENOUGH_BLOCKS


def too_few_text(numbers: set[int]) -> str:
    """`2 blocks are too few`, for one number of blocks or several."""
    last = max(numbers)
    names = [*map(str, sorted(numbers - {last})), counted(last, "block")]
    return f"{listed(names)} {'is' if last == 1 else 'are'} too few"


def guess_mark(blocks: int | None) -> str:
    """What stands before a guess, and nothing before any other number."""
    return "~" if too_few(blocks) else ""


def shown_time(seconds: float | None, half_width_s: float | None = None, *, blocks: int | None) -> str:
    """A time of so many blocks, `61.2 us`, or `~61 us` where they are too few."""
    if seconds is None or not too_few(blocks):
        return text_of_time(seconds, half_width_s)
    return f"~{text_of_time(seconds, _DIGITS * seconds)}"


def shown_ratio(
    ratio: float | None, low: float | None, high: float | None, less: str = "slower", *, blocks: int | None
) -> str:
    """A ratio of so many blocks, `3.1x (2.9-3.4)`, or `~3.1x` where they are too few; `1x` for a case to itself."""
    if ratio is None or not too_few(blocks) or (low is not None and low == high):
        return ratio_text(ratio, low, high, less)
    return f"~{ratio_text(ratio, (1 - _DIGITS) * ratio, (1 + _DIGITS) * ratio, less).partition(' (')[0]}"


def verdict_text(verdict: str | None, blocks: int | None) -> str:
    """A verdict from so many blocks, `faster`, or `likely faster` where they are too few to be sure of any."""
    return f"likely {verdict}" if too_few(blocks) and verdict in ("faster", "slower", "same") else verdict or ""
