"""The report as one HTML page: everything it shows is in the file, names are escaped, nothing is fetched.

The answer stands on top; what is beneath folds. Tables and pictures stand in `noscript`, so that they are there without
JavaScript; with it their rows are built when their heading is opened, and the pictures are drawn from numbers.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..compare.history import History
from ..models.rays import shortened, through_data
from ..runfile.collecting import uncollected
from ..tables.history import history_document
from ..tables.table import Document
from ..words.text import legible
from .build import Report
from .devices import title_of
from .facts import ON_THE_CLOCK
from .history import histories_of
from .samples import samples_of
from .tables import handles

MOST_ROWS = 1_000
"""Of an answer's table; the table of cases has them all."""
HISTORY = "Over commits and dates"
_DIGITS = "{:.4g}"


@uncollected()
def html(report: Report, pictures: Mapping[str, str] | None = None) -> str:
    """One self-contained page; `pictures` are further figures as SVG elements by caption.

    The SVG of `pictures` goes into the page as it stands: it must come from `draw.svg_of`.
    """
    # matplotlib, which takes a while
    from ..figures.charts import charts_of
    from ..figures.devices import devices_figure
    from ..figures.draw import svg_of
    from ..figures.maps import maps_of
    from ..figures.render import Picture, pictures_of

    numbered = [record | {"number": number} for number, record in enumerate(report.records)]
    maps = {f"map-{axis}": maps_of(numbered, axis) for axis in ("batch", "features")}
    if shortened(numbered):
        rest = through_data(numbered)
        maps |= {f"map-{axis}-data": maps_of(rest, axis) for axis in ("batch", "features")}
    charts = charts_of(numbered)
    drawn, missing = pictures_of(report.records, without={name for name, found in maps.items() if found})
    more = [Picture(f"picture-{n}", *picture) for n, picture in enumerate((pictures or {}).items())]
    samples = samples_of(report.loaded, report.records)
    page: str = _template().render(
        title="linregbench report",
        report=report,
        answers=[table.first(MOST_ROWS, "linregbench report FILE --markdown FILE --full") for table in report.answers],
        # as they stand: matplotlib escapes every text in them
        devices=[
            (part, Markup(svg_of(devices_figure(part.across), part.name, f"Time of a call: {part.across.heading}")))
            for part in report.devices
        ],
        devices_title=title_of(report.devices),
        pictures=[picture._replace(svg=Markup(picture.svg)) for picture in (*drawn, *more)],
        missing=missing,
        maps=maps,
        top_map=max(maps.values(), key=lambda found: sum(one.size for one in found[:2]))[:2],
        handles=handles(report.records),
        charts=charts,
        history=_history(report.history) if report.history else None,
        history_svg=_history_svg(report.history) if report.history else "",
        history_title=HISTORY,
        data=embedded({"charts": charts, "samples": samples, "history": histories_of(report.history)}),
        on_the_clock=ON_THE_CLOCK,
    )
    return page


def _history(history: History) -> Document:
    document = history_document(history)
    return replace(
        document, tables=[table.first(MOST_ROWS, "linregbench history FILE...") for table in document.tables]
    )


def _history_svg(history: History) -> Markup:
    from ..figures.draw import MOST_PANELS, svg_of
    from ..figures.history import history_figure

    return Markup(svg_of(history_figure(history, MOST_PANELS), "history", HISTORY))


def embedded(value: Any) -> Markup:
    """As JSON for a script element: nothing in it can end the element or begin one, and what is no number is null."""
    text = json.dumps(_short(value), separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _short(value: Any) -> Any:
    """The same with four digits: more cannot be seen in a picture."""
    if isinstance(value, float):
        return float(_DIGITS.format(value)) if math.isfinite(value) else None
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, Mapping):
        return {name: _short(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [_short(one) for one in value]
    return value


@functools.cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: legible(value) if type(value) is str else value,  # Markup is made here, and is no str
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["order"] = lambda value: f"{value:.6g}"
    return environment.get_template("page.html.j2")
