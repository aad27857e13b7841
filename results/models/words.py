"""Answers in words: a value with its interval, and no more digits than the interval supports."""

from ..words.guesses import shown_time, too_few
from ..words.text import counted, decimals, interval_text_of_time, rounded, text_of_time, trimmed
from .rays import Answer


def interval(answer: Answer) -> str:
    """A value with its interval, `4,200 [3,900-4,600]`, or why there is none; a guess is `~4,200 [2 blocks]`."""
    if answer.value is None:
        return answer.why
    if too_few(answer.blocks):
        return f"~{trimmed(answer.value, answer.value / 10)} {_blocks(answer)}"
    if answer.low is None or answer.high is None:
        return f"{trimmed(answer.value)} [no interval]"
    places = decimals(answer.value, (answer.high - answer.low) / 2)
    # an end that rounds to nothing is not nothing: no compile pays after 0 calls
    low = rounded(answer.low, places) if round(answer.low, places) or not answer.low else trimmed(answer.low)
    return f"{rounded(answer.value, places)} [{low}-{rounded(answer.high, places)}]"


def interval_of_time(answer: Answer) -> str:
    """The same for seconds."""
    if answer.value is None:
        return answer.why
    if too_few(answer.blocks):
        return f"{shown_time(answer.value, blocks=answer.blocks)} {_blocks(answer)}"
    if answer.low is None or answer.high is None:
        return text_of_time(answer.value)
    return interval_text_of_time(answer.value, answer.low, answer.high)


def interval_of_exponent(answer: Answer) -> str:
    """Two decimals, and a sign where it is below 0."""
    if answer.value is not None and too_few(answer.blocks):
        return f"~{answer.value:.1f} {_blocks(answer)}"
    if answer.value is None or answer.low is None or answer.high is None:
        return answer.why.removeprefix("not in range: ")
    return f"{answer.value:.2f} [{answer.low:.2f} to {answer.high:.2f}]"


def bytes_text(number: float | None) -> str:
    """A size in the unit that fits, `3.2 MiB`; nothing where there is none."""
    if number is None:
        return ""
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.3g} {unit}"
        number /= 1024
    return f"{number:.3g} GiB"


def _blocks(answer: Answer) -> str:
    """Of a guess, in place of an interval."""
    return f"[{counted(answer.blocks or 0, 'block')}]"
