"""Numbers and names as a person reads them: units that fit, and no more digits than the interval supports."""

import math

_UNITS = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))
_MOST_DIGITS = 4
_LEAST_DIGITS = 2
# below this nobody reads how many times as fast, but how many times slower
_FAR_BELOW = 0.1
# below this two digits would hide how much ahead it is
_NEAR, _ROUGH = 1.95, 0.1
# the end of an interval over two wild blocks: its order is all there is to say
_ABSURD = 1e12


def text_of_time(seconds: float | None, half_width_s: float | None = None) -> str:
    """A time in a readable unit, `61.2 us`; three digits where no half-width is known."""
    if seconds is None:
        return ""
    if seconds == 0:
        return "0 s"
    unit, size = _unit_of(seconds)
    return f"{trimmed(seconds / size, None if half_width_s is None else half_width_s / size)} {unit}"


def interval_text_of_time(seconds: float, low_s: float, high_s: float) -> str:
    """A time with its interval in one unit, to the digits that the interval holds: `226 us [218-251]`."""
    unit, size = _unit_of(seconds)
    places = decimals(seconds / size, (high_s - low_s) / 2 / size) if seconds > 0 else 0
    if not round(low_s / size, places):
        # an end that rounds to nothing is not nothing, and neither are others beside it
        return f"{text_of_time(seconds)} [{text_of_time(low_s)}-{text_of_time(high_s)}]"
    shown, low, high = (rounded(value / size, places) for value in (seconds, low_s, high_s))
    return f"{shown} {unit} [{low}-{high}]"


def share_text(share: float | None) -> str:
    """A relative half-width, `+-0.6%`; beyond the number itself only that it is, `over 100%`."""
    if share is None:
        return ""
    if share > 1:
        return "over 100%"
    percent = 100 * share
    return f"+-{percent:.1f}%" if percent < 9.95 else f"+-{percent:.0f}%"


def bound_text(share: float) -> str:
    """A bound as a share, `1.4%`; one beyond 100% bounds nothing that a person would call noise: `over 100%`."""
    return f"{share:.1%}" if share <= 1 else "over 100%"


def percent_text(share: float) -> str:
    """A share that somebody asked for, as they wrote it: `5%`, `0.5%`."""
    return f"{100 * share:.6g}%"


def ratio_text(ratio: float | None, low: float | None = None, high: float | None = None, less: str = "slower") -> str:
    """A ratio with its interval, `3.1x (2.9-3.4)`; far below 1 the other way round, `3,000x slower (2,900-3,100)`."""
    if ratio is None:
        return ""
    if 0 < ratio < _FAR_BELOW:
        low, high = high and 1 / high, low and 1 / low
        return ratio_text(1 / ratio, low, high).replace("x", f"x {less}", 1)
    if low is None or high is None:
        return f"{trimmed(ratio)}x"
    if low == high:
        return f"{ratio:g}x"
    places = decimals(ratio, (high - low) / 2)
    shown, first, last = (rounded(value, places) for value in (ratio, low, high))
    return f"{shown}x ({first}-{last})"


def _unit_of(seconds: float) -> tuple[str, float]:
    """The unit that fits; from 999.5 on the larger one, so that rounding never shows 1,000 of the smaller."""
    return next(((unit, size) for unit, size in _UNITS if seconds >= 0.9995 * size), _UNITS[-1])


def glance(ratio: float) -> str:
    """A ratio above 1 without its interval, for a glance: `1.08x`, `2.4x`, `28x`."""
    return f"{ratio:.2f}x" if ratio < _NEAR else f"{trimmed(ratio, _ROUGH * ratio)}x"


def trimmed(value: float, half_width: float | None = None) -> str:
    """A positive number down to the first digit of its half-width; between two and four digits in all."""
    return rounded(value, decimals(value, half_width))


def decimals(value: float, half_width: float | None) -> int:
    """How many decimals of a positive number its half-width leaves standing; below 0 for tens and hundreds."""
    # after rounding to three digits: 0.9996 counts as 1.00
    leading = math.floor(math.log10(float(f"{value:.2e}")))
    if half_width is None:
        return 2 - leading
    wanted = -math.floor(math.log10(half_width)) if half_width > 0 else _MOST_DIGITS
    return min(max(wanted, _LEAST_DIGITS - 1 - leading), _MOST_DIGITS - 1 - leading)


def error_text(error: float | None) -> str:
    """A relative error to its order, `2e-7`."""
    if error is None:
        return ""
    if error == 0:
        return "0"
    mantissa, exponent = f"{error:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def number_text(value: float) -> str:
    """A plain number, `1,000` or `0.001`."""
    return f"{value:,.0f}" if value >= 1 and value == int(value) else f"{value:g}"


def counted(number: int, noun: str) -> str:
    """`1 problem`, `4,096 problems`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def threads_text(threads: str) -> str:
    """`1 thread`, `all threads`."""
    return "1 thread" if threads == "1" else f"{plain(threads)} threads"


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def plain(text: str) -> str:
    """Text from a file with nothing in it that a terminal would obey: escapes and line breaks are spelt out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def legible(text: str) -> str:
    """The same line by line: what every output shows passes here, wherever it is from."""
    return text if text.isprintable() else "\n".join(map(plain, text.split("\n")))


def rounded(value: float, places: int) -> str:
    """To so many decimals; only the order of what is absurdly large."""
    return f"{value:.0e}" if value >= _ABSURD else f"{round(value, places):,.{max(places, 0)}f}"
