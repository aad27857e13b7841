"""After how many calls a compile has paid for itself, against each alternative."""

import math
from dataclasses import dataclass

from ..stats.intervals import quantile
from ..words.guesses import too_few, too_few_text
from ..words.names import Key, Record, competitor, grouped
from ..words.text import trimmed
from .rays import Answer, Data, error_of_first, log_ratio, measured, not_in_range


@dataclass(frozen=True)
class BreakEven:
    """From `calls` on, the compiled case has taken less time in all than the other; `why` says when it never has."""

    fixed: Key
    compiled: Record
    other: Record
    calls: Answer

    @property
    def names(self) -> tuple[str, str]:
        """The compiled case and the other."""
        return competitor(self.compiled), competitor(self.other)


def break_evens(data: Data) -> list[BreakEven]:
    """Every compiled case against every case of the same contest that is not compiled, in the order of the frame."""
    paid = []
    for fixed, rows in grouped(measured(data)).items():
        others = [row for row in rows if not row["compile_s"] and row["first_result_s"]]
        for compiled in rows:
            if compiled["compile_s"] and compiled["first_result_s"]:
                paid += [BreakEven(fixed, compiled, other, calls_to_pay(compiled, other)) for other in others]
    return paid


def calls_to_pay(compiled: Record, other: Record) -> Answer:
    """The number of calls N at which first result + (N - 1) calls cost the same on both sides, with its interval.

    The difference of the sums is linear in N; the interval holds every N at which it cannot be told from 0 (Fieller,
    J. R. Stat. Soc. B 16, 1954). A call's gain rests on the paired ratio, the first results are unpaired. Of too few
    blocks, or without their spread, it is what is likely, without an interval.
    """
    ratio, error = log_ratio(other, compiled)
    gain_s = compiled["time_s"] * math.expm1(ratio)
    gain_error_s = compiled["time_s"] * math.exp(ratio) * error
    price_s = compiled["first_result_s"] - other["first_result_s"]
    price_error_s = math.hypot(*(row["first_result_s"] * error_of_first(row) for row in (compiled, other)))
    blocks = min(compiled["blocks"], other["blocks"])
    if too_few(blocks) or math.isnan(gain_error_s + price_error_s):
        likely = _likely(price_s, gain_s)
        never = f"{too_few_text({blocks})} to tell; likely never" if too_few(blocks) else "likely never"
        return Answer(None, why=never) if likely is None else Answer(likely, blocks=blocks)
    return break_even(price_s, price_error_s, gain_s, gain_error_s, blocks - 1)


def break_even(price_s: float, price_error_s: float, gain_s: float, gain_error_s: float, freedom: float) -> Answer:
    """N = 1 + price / gain, from both with their standard errors; 1 where there is no price to pay."""
    t = quantile(freedom)
    if gain_s + t * gain_error_s < 0:
        return not_in_range("never: each further call is slower")
    likely = _likely(price_s, gain_s)
    if gain_s - t * gain_error_s <= 0 or likely is None:
        text = "never" if likely is None else f"{trimmed(likely, likely / 10)} calls"
        return Answer(None, why=f"not sure that a call is faster at all; likely {text}")
    if price_s + t * price_error_s <= 0:
        return Answer(1.0, 1.0, 1.0)
    # (price - x gain)^2 = t^2 (price_error^2 + x^2 gain_error^2), a quadratic in x = N - 1
    a = gain_s**2 - (t * gain_error_s) ** 2
    b = -2 * price_s * gain_s
    c = price_s**2 - (t * price_error_s) ** 2
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    low, high = (max((-b + sign * root) / (2 * a), 0.0) for sign in (-1, 1))
    return Answer(likely, 1 + low, 1 + high)


def _likely(price_s: float, gain_s: float) -> float | None:
    """The number of calls without regard to errors; None where there is no gain."""
    return 1 + max(price_s / gain_s, 0.0) if gain_s > 0 else None
