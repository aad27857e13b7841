"""The figures as numbers for a page to draw, so that a reader can point at a mark, zoom, and leave lines out.

Each shows what the figure of the same name in `lines.FIGURES` shows; maps are tables in a page (`maps.maps_of`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..models.accuracy import Front, excess_of, fronts
from ..models.calls import calls_to_pay
from ..models.crossovers import saturations_of
from ..models.rays import Ray, measured, rays
from ..words.guesses import too_few
from ..words.names import Key, Record, competitor
from .costs import CALLS, examples, forest_rows, pays, phase_spent
from .draw import (
    AXIS_NAME,
    BROKEN,
    INK,
    LONGEST,
    MOST_PANELS,
    PHASE_COLOURS,
    colour_of,
    cut,
    differing,
    ends_of,
    line_of,
    main_rays,
    marker_of,
    panel_title,
)
from .lines import Interval, rate_of, ratio_of, seconds_of

_DASHES = {"-": "", ":": "2 3", "--": "7 4", "-.": "7 3 2 3", BROKEN: "7 3 2 3 2 3"}
"""Of a line in a page, by that of the figure."""

Panel = dict[str, Any]
"""As JSON: `title`, `x` and `y` (an axis: `label`, `unit`, `log`, or `names` of places), `along` the axis that
intervals and bars lie along, `series`, and `guides`: lines right through, `[axis, value, colour]`.

A series has `name`, `colour`, `marker`, `line` (a dash pattern, null without a line), `hollow`, `bars`, and `marks`:
`[x, y, low, high, number of the case]`."""

_TOTALS_A_DECADE = 3


def charts_of(records: Sequence[Record]) -> dict[str, list[Panel]]:
    """By the name of the figure, its panels; none for a figure that the rows cannot fill.

    Each record has its `number`, by which a mark names its case.
    """
    rows = measured(records)
    ratios = [row for row in rows if row["ratio"] is not None]
    charts = {
        "time-samples": _lines(rows, "samples", seconds_of, _time_axis("time of a call")),
        "time-features": _lines(rows, "features", seconds_of, _time_axis("time of a call")),
        "speed-up-batch": _lines(ratios, "batch", ratio_of, _ratio_axis(), [["y", 1, INK]]),
        "throughput": _throughput(rows),
        "time-steps": _lines(rows, "steps", seconds_of, _time_axis("time of a call")),
        "accuracy": _accuracy(records),
        "first-result": _panels(examples(rows), _first_results),
        "break-even": _panels(examples(rows, pays), _totals),
        "forest": _forest(rows),
    }
    return {name: panels for name, panels in charts.items() if panels}


def _panels(chosen: Mapping[Key, Any] | Iterable[tuple[Key, Any]], panel: Callable[[Any], Panel]) -> list[Panel]:
    listed = list(chosen.items() if isinstance(chosen, Mapping) else chosen)[:MOST_PANELS]
    apart = differing([dict(fixed) for fixed, _ in listed])
    return [{"title": panel_title(dict(fixed), apart).replace("\n", ", ")} | panel(one) for fixed, one in listed]


def _lines(
    rows: Sequence[Record],
    axis: str,
    of_row: Callable[[Record], Interval],
    y: Record,
    guides: Sequence[Sequence[Any]] = (),
) -> list[Panel]:
    chosen = main_rays(rays(rows, axis, best=True))
    x = {"label": AXIS_NAME[axis], "unit": "size", "log": True}

    def panel(ray: Ray) -> Panel:
        series = [
            _series(
                name,
                of_case[0],
                [[row[axis], *of_row(row), row["number"]] for row in of_case],
                line=_DASHES[line_of(of_case[0])],
                hollow=of_case[0]["device"] != "cpu",
            )
            for name, of_case in ray.rows.items()
        ]
        return _panel(x, y, "y", series, guides)

    return _panels(((ray.fixed, ray) for ray in chosen), panel)


def _throughput(rows: Sequence[Record]) -> list[Panel]:
    panels = _lines(rows, "batch", rate_of, {"label": "problems a second", "unit": "size", "log": True})
    for panel, ray in zip(panels, main_rays(rays(rows, "batch", best=True)), strict=False):
        for saturation in saturations_of(ray):
            at = saturation.saturation_batch
            if at.value is not None and not too_few(at.blocks):
                panel["guides"].append(["x", at.value, colour_of(ray.rows[saturation.name][0]["strategy"])])
    return panels


def _accuracy(records: Sequence[Record]) -> list[Panel]:
    def panel(front: Front) -> Panel:
        series: dict[Any, Any] = {}
        for way in front.ways:
            # every descent is a line; the closed forms of a strategy are points of one colour
            closed = way.method != "gd"
            name = f"{way.rows[0]['strategy']}, closed forms, {way.dtype}" if closed else way.label
            line = None if closed else "7 4" if way.dtype == "float32" else ""
            one = series.setdefault(name, _series(name, way.rows[0], [], line=line, hollow=way.dtype == "float32"))
            one["marks"] += [[row["time_s"], excess_of(row), *ends_of(row), row["number"]] for row in way.rows]
        y = {"label": "excess loss, 1 at the start", "unit": "error", "log": True}
        return _panel(_time_axis("time of a call"), y, "x", series.values())

    return _panels(((front.fixed, front) for front in fronts(records) if front.compared), panel)


def _first_results(rows: Sequence[Record]) -> Panel:
    rows = sorted(rows, key=lambda row: -row["first_result_s"])
    series = []
    ends = [0.0] * len(rows)
    for phase, colour in PHASE_COLOURS.items():
        starts = ends
        ends = [start + phase_spent(row, phase) for start, row in zip(starts, rows, strict=True)]
        places = zip(ends, range(len(rows)), starts, ends, rows, strict=True)
        marks = [[x, y, low, high, row["number"]] for x, y, low, high, row in places if high > low]
        series.append({"name": phase, "colour": colour, "bars": True, "marks": marks})
    marks = [[row["time_s"], place, None, None, row["number"]] for place, row in enumerate(rows)]
    series.append({"name": "a further call", "colour": INK, "marker": "|", "marks": marks})
    x = _time_axis("time to the first result") | {"log": False}
    names = {"names": [cut(competitor(row)) for row in rows]}
    return _panel(x, names, "x", series)


def _totals(rows: Sequence[Record]) -> Panel:
    decades = int(np.log10(CALLS)) * _TOTALS_A_DECADE
    calls = [round(float(number)) for number in np.geomspace(1, CALLS, decades + 1)]
    series = [
        _series(
            cut(competitor(row)),
            row,
            [[n, row["first_result_s"] + (n - 1) * row["time_s"], None, None, row["number"]] for n in calls],
        )
        for row in rows
    ]
    marks = []
    for compiled in (row for row in rows if row["compile_s"]):
        for other in (row for row in rows if not row["compile_s"]):
            pay = calls_to_pay(compiled, other)
            if pay.value is not None and pay.low is not None and pay.high is not None and pay.value > 1:
                total = compiled["first_result_s"] + (pay.value - 1) * compiled["time_s"]
                marks.append([pay.value, total, pay.low, pay.high, compiled["number"]])
    series.append({"name": "paid for", "colour": INK, "marker": "o", "marks": marks})
    x = {"label": "calls", "unit": "size", "log": True}
    return _panel(x, _time_axis("time in all"), "x", series)


def _forest(rows: Sequence[Record]) -> list[Panel]:
    def panel(of_contest: Sequence[Record]) -> Panel:
        ordered = sorted(of_contest, key=lambda row: row["ratio"])
        series: dict[str, Any] = {}
        for place, row in enumerate(ordered):
            name = row["strategy"]
            one = series.setdefault(name, _series(cut(name, LONGEST), row, [], line=None))
            one["marks"].append([row["ratio"], place, *ends_of(row, "ratio_low", "ratio_high"), row["number"]])
        names = {"names": [cut(competitor(row)) for row in ordered]}
        return _panel(_ratio_axis(), names, "x", series.values(), [["x", 1, INK]])

    contests = forest_rows(rows)
    return _panels(((tuple(of_contest[0].items()), of_contest) for of_contest in contests), panel)


def _panel(
    x: Record, y: Record, along: str, series: Iterable[dict[str, Any]], guides: Sequence[Sequence[Any]] = ()
) -> Panel:
    return {"x": x, "y": y, "along": along, "series": list(series), "guides": list(map(list, guides))}


def _series(
    name: str, row: Record, marks: list[list[Any]], *, line: str | None = "", hollow: bool = False
) -> dict[str, Any]:
    strategy = row["strategy"]
    look = {"name": cut(name, LONGEST), "colour": colour_of(strategy), "marker": marker_of(strategy)}
    return look | {"line": line, "hollow": hollow, "marks": marks}


def _time_axis(label: str) -> dict[str, Any]:
    return {"label": label, "unit": "s", "log": True}


def _ratio_axis() -> dict[str, Any]:
    return {"label": "times as fast as the baseline", "unit": "x", "log": True}
