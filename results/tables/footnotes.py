"""What stands below the tables: what the columns mean, how noisy the machine was, what the findings are."""

import pandas as pd

from ..formats.unjudged import notes
from ..frame import COLD, NOISE
from ..stats.findings import FINDINGS
from ..words.text import listed, plain
from ..words.titles import at_precision
from .summary import NOISY


def footnotes(frame: pd.DataFrame) -> list[str]:
    """One paragraph each; nothing that the frame does not need."""
    lines = [
        "time: one call, with the 95% half-width; vs baseline: how many times as fast, paired round by round, with the "
        "95% interval; first result: transfer, trace, lower, compile and first call together; error: relative distance "
        "from the float64 answer."
    ]
    if any(at_precision(name) for name in frame["precision"].dropna()):
        lines.append(
            "at default, at high: JAX's precision of float32 products (on a CPU every one is the highest; on a GPU the "
            "default may be TF32, on a TPU bfloat16); every other row has the highest."
        )
    lines += [*_cold(frame), *_findings(frame)]
    floor, delta = (frame.loc[frame["verdict"].notna(), name].dropna() for name in ("floor", "delta"))
    if len(floor):
        lines.append(
            f"noise: two copies of the same baseline differed by {_span(floor)}; a difference is called faster or "
            f"slower from {_span(delta)} on."
        )
    if frame["quiet_share"].notna().any():
        lines.append(
            f"quiet: {frame['quiet_share'].mean():.0%} of the rounds, and times are from those; 'all rounds' says "
            f"where they are not, 'noisy' marks a half-width over {NOISY:.0%}."
        )
    return lines + _machines(frame) + notes(frame)


def _cold(frame: pd.DataFrame) -> list[str]:
    """Which runs were taken with `--flush-cache`."""
    shown = list(dict.fromkeys(frame["run"].dropna()))
    cold = [run for run in shown if run in frame.attrs.get(COLD, ())]
    if not cold:
        return []
    where = f" in run {listed([plain(run) for run in cold])}" if len(shown) > 1 else ""
    return [
        f"cold caches{where}: a sample is one call, and a buffer of twice the last-level cache is written before it, "
        "off the clock; baseline and cases alike."
    ]


def _findings(frame: pd.DataFrame) -> list[str]:
    """The findings of the rows that have a time, in words; those without one say it themselves."""
    texts = frame.loc[frame["time_s"].notna(), "findings"].dropna()
    names = dict.fromkeys(name for text in texts for name in text.split("; "))
    return [f"{name}: {FINDINGS[name].meaning}." for name in names if name in FINDINGS]


def _machines(frame: pd.DataFrame) -> list[str]:
    """The noise of each run in the frame, which carries it; nothing where the frame was made in some other way."""
    lines: dict[str, str] = frame.attrs.get(NOISE, {})
    shown = [run for run in frame["run"].dropna().unique() if run in lines]
    return [f"run {plain(run)}: {lines[run]}." if len(shown) > 1 else f"{lines[run]}." for run in shown]


def _span(values: "pd.Series[float]") -> str:
    low, high = (f"{100 * value:.1f}%" for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"
