"""The frame as a person meets it in a notebook: a DataFrame whose first sight is the answer, in words.

Its seventy columns are all there; what is shown of them is what was asked: the time, how sure it is, the ratio to the
baseline with its interval, the verdict. Whatever is cut out of it is a plain DataFrame, and looks like one.
"""

import html
from collections.abc import Callable

import pandas as pd

from ..frame import records_of
from ..words.guesses import shown_ratio, shown_time, too_few, verdict_text
from ..words.names import Record, brief, competitor, varying
from ..words.text import plain, share_text
from .unjudged import rests_on


class MeasuredFrame(pd.DataFrame):
    """A DataFrame, but for what `repr` and a notebook show of it."""

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        """Of slices and whatever else pandas makes of it."""
        return pd.DataFrame

    def __repr__(self) -> str:
        if not _whole(self):
            return repr(pd.DataFrame(self))
        words = in_words(self)
        for name in ("problem", "case"):
            width = max((len(text) for text in words[name]), default=0)
            words[name] = [text.ljust(width) for text in words[name]]
        return f"{words.to_string(max_rows=_most_rows(), min_rows=_least_rows(), justify='left')}\n\n{_about(self)}"

    def _repr_html_(self) -> str:
        if not _whole(self):
            return _in_html(pd.DataFrame(self))
        return f"{_in_html(in_words(self))}\n<p>{html.escape(_about(self))}</p>"


def in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """A row a case, in the frame's order: problem, case, time, its half-width, the ratio with its interval, verdict."""
    records = records_of(frame)
    told = varying(records)
    return pd.DataFrame([_row(record) | {"problem": brief(record, told)} for record in records], index=frame.index)[
        ["problem", "case", "time", "+-", "vs baseline", "verdict"]
    ]


def half_width_of(record: Record) -> tuple[float | None, float | None]:
    """That of the time, in seconds and as a share of it; None where there is no interval, or of too few blocks."""
    if record["time_high_s"] is None or too_few(rests_on(record)):
        return None, None
    half_width = (record["time_high_s"] - record["time_low_s"]) / 2
    return half_width, half_width / record["time_s"]


def _row(record: Record) -> dict[str, str]:
    half_width, share = half_width_of(record)
    blocks = rests_on(record)
    fastest = ", fastest" if record.get("winner_verdict") == "winner" and not too_few(blocks) else ""
    time = shown_time(record["time_s"], half_width, blocks=blocks)
    return {
        "case": competitor(record),
        "time": time or plain(record["status"] or "").replace("_", " "),
        "+-": share_text(share),
        "vs baseline": shown_ratio(record["ratio"], record["ratio_low"], record["ratio_high"], blocks=blocks),
        "verdict": verdict_text(record["verdict"], blocks) + fastest,
    }


_NEEDED = {
    *("method", "samples", "features", "batch", "steps", "dtype", "threads", "strategy", "variant", "device"),
    *("precision", "source", "blocks", "time_s", "time_low_s", "time_high_s", "ratio", "ratio_low", "ratio_high"),
    *("verdict", "status"),
}


def _whole(frame: pd.DataFrame) -> bool:
    """Whether it has what is shown; a person may have dropped it."""
    return len(frame) > 0 and set(frame.columns) >= _NEEDED


def _about(frame: pd.DataFrame) -> str:
    return (
        f"{len(frame)} rows x {len(frame.columns)} columns, in words: vs baseline is how many times as fast, ~ a guess "
        "from too few blocks.\nEvery number is in the columns; `linregbench columns` says what each is."
    )


def _in_html(frame: pd.DataFrame) -> str:
    """As pandas shows it in a notebook, cut where its options say."""
    return str(getattr(frame, "_repr_html_")())  # noqa: B009  the stubs do not know it


def _most_rows() -> int:
    return int(pd.get_option("display.max_rows") or 0) or 10**9


def _least_rows() -> int:
    return int(pd.get_option("display.min_rows") or 0) or 10**9
