"""Comparisons across devices as one tidy frame: a row a ratio, and a row for each place where the order changes.

`row` says what a row is: `best` (the fastest case of each side by that cost), `alike` (the same strategy on both),
`overtaking` (from `at` along `axis` on `above` is the faster, below it `below`) or `no time` (and the reason).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ...fields import COLUMNS as OF_A_RUN
from ...fields import WORKLOAD
from ...frame import of_rows
from ...models.rays import Answer
from ...runfile.records import Case
from .crossovers import lines, overtakings
from .ratios import Across, Contrast
from .regimes import Regime, regimes

_OF_WORKLOAD = (*WORKLOAD, "precision", "cache")

_OF_CASE = ("strategy", "variant", "threads", "setting")
_OF_REGIME = dict.fromkeys(("regime", "regime_why"), "string")
_OF_REGIME |= dict.fromkeys(("launch_share", "launch_share_low", "launch_share_high"), "float64")
_SIDES = ("base", "new")

ACROSS_COLUMNS: dict[str, str] = {
    **dict.fromkeys(("row", "cost", *_SIDES), "string"),
    **{name: kind for name, kind in OF_A_RUN.items() if name in _OF_WORKLOAD},
    **{f"{side}_{name}": "string" for side in _SIDES for name in _OF_CASE},
    **dict.fromkeys(("base_s", "new_s", "base_problems_per_s", "new_problems_per_s"), "float64"),
    **dict.fromkeys(("ratio", "ratio_low", "ratio_high"), "float64"),
    "blocks": "Int64",
    "rounds": "string",
    "paired": "boolean",
    **{f"{side}_{name}": kind for side in _SIDES for name, kind in _OF_REGIME.items()},
    **dict.fromkeys(("axis", "below", "above"), "string"),
    **dict.fromkeys(("at", "at_low", "at_high"), "float64"),
    "reason": "string",
}


def across_frame(pairs: Sequence[Across]) -> pd.DataFrame:
    """The same columns and dtypes whatever was compared; `base` and `new` name the sides. Ratios are base / new."""
    rows = ({"base": across.base.name, "new": across.new.name} | row for across in pairs for row in _rows(across))
    return of_rows(rows, ACROSS_COLUMNS)


def _rows(across: Across) -> Iterator[dict[str, Any]]:
    bound = regimes(across.base), regimes(across.new)
    for meeting in across.meetings:
        for contrasts, kind in ((meeting.best, "best"), *((of_case, "alike") for of_case in meeting.alike)):
            for contrast in contrasts.values():
                yield {"row": kind, **meeting.workload, **_contrast(contrast, meeting.workload, bound)}
        for name, why in meeting.lacking:
            yield {"row": "no time", "reason": f"{name}: {why}", **meeting.workload}
    for line in lines(across):
        for change in overtakings(across, line):
            row = {name: getattr(change, name) for name in ("cost", "below", "above")} | _ends("at", change.at)
            yield {"row": "overtaking", "axis": line.axis, "reason": change.at.why or None, **line.title, **row}


def _contrast(
    contrast: Contrast, workload: Mapping[str, Any], bound: Sequence[Mapping[Case, Regime]]
) -> dict[str, Any]:
    row = {name: getattr(contrast, name) for name in ("cost", "base_s", "new_s", "blocks", "rounds", "paired")}
    row |= _ends("ratio", contrast.ratio)
    for side, spent, regime_of in zip(_SIDES, (contrast.base, contrast.new), bound, strict=True):
        row |= {f"{side}_{name}": getattr(spent.case, name) or None for name in _OF_CASE}
        row[f"{side}_problems_per_s"] = workload["batch"] / row[f"{side}_s"]
        if regime := regime_of.get(spent.case):
            row |= {f"{side}_regime": regime.name, f"{side}_regime_why": regime.why}
            row |= _ends(f"{side}_launch_share", regime.launches)
    return row


def _ends(name: str, answer: Answer) -> dict[str, float | None]:
    return {name: answer.value, f"{name}_low": answer.low, f"{name}_high": answer.high}
