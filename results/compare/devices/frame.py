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
from ...runfile.records import Case
from .crossovers import Line, Overtaking, lines, overtakings
from .ratios import Across, Contrast
from .regimes import Regime, regimes

_OF_WORKLOAD = (*WORKLOAD, "precision")

_OF_CASE = ("strategy", "variant", "threads")
_OF_REGIME = {
    "regime": "string",
    "regime_why": "string",
    "launch_share": "float64",
    "launch_share_low": "float64",
    "launch_share_high": "float64",
}
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
    bound = {"base": regimes(across.base), "new": regimes(across.new)}
    for meeting in across.meetings:
        for contrasts, row in ((meeting.best, "best"), *((of_case, "alike") for of_case in meeting.alike)):
            for contrast in contrasts.values():
                yield {"row": row} | _workload(meeting.workload) | _contrast(contrast, meeting.workload, bound)
        for name, why in meeting.lacking:
            yield {"row": "no time", "reason": f"{name}: {why}"} | _workload(meeting.workload)
    for line in lines(across):
        for change in overtakings(across, line):
            yield {"row": "overtaking"} | _overtaking(line, change)


def _workload(workload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: workload.get(name) for name in _OF_WORKLOAD}


def _contrast(
    contrast: Contrast, workload: Mapping[str, Any], bound: Mapping[str, Mapping[Case, Regime]]
) -> dict[str, Any]:
    sides = {"base": contrast.base.case, "new": contrast.new.case}
    row: dict[str, Any] = {f"{side}_{name}": getattr(case, name) for side, case in sides.items() for name in _OF_CASE}
    row |= {name: getattr(contrast, name) for name in ("cost", "base_s", "new_s", "blocks", "rounds", "paired")}
    row |= {"precision": contrast.new.case.precision, "ratio": contrast.ratio.value}
    row |= {"ratio_low": contrast.ratio.low, "ratio_high": contrast.ratio.high}
    row |= {f"{side}_problems_per_s": workload["batch"] / row[f"{side}_s"] for side in sides}
    for side, case in sides.items():
        regime = bound[side].get(case)
        if regime:
            share = regime.launches
            values = (regime.name, regime.why, share.value, share.low, share.high)
            row |= {f"{side}_{name}": value for name, value in zip(_OF_REGIME, values, strict=True)}
    return row


def _overtaking(line: Line, change: Overtaking) -> dict[str, Any]:
    row = _workload(line.title) | {name: getattr(change, name) for name in ("cost", "below", "above")}
    row |= {"axis": line.axis, "reason": change.at.why or None}
    return row | {"at": change.at.value, "at_low": change.at.low, "at_high": change.at.high}
