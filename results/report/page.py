"""The report as one HTML page: everything it shows is in the file, names are escaped, nothing is fetched."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..runfile.collecting import uncollected
from .build import Report
from .devices import title_of
from .facts import ON_THE_CLOCK

_SECTIONS = (
    ("pictures", "Pictures"),
    ("workloads", "Who wins"),
    ("answers", "Answers"),
    ("every-case", "Every case"),
    ("left-out", "Findings and skips"),
    ("how", "How to read this"),
    ("machine", "Machine"),
)


@uncollected()
def html(report: Report, pictures: Mapping[str, str] | None = None) -> str:
    """One self-contained page; `pictures` are further figures as SVG elements by caption.

    The SVG of `pictures` goes into the page as it stands: it must come from `draw.svg_of`.
    """
    # matplotlib, which takes a while
    from ..figures.devices import devices_figure
    from ..figures.draw import svg_of
    from ..figures.render import Picture, pictures_of

    drawn, missing = pictures_of(report.records)
    more = [Picture(f"picture-{n}", *picture) for n, picture in enumerate((pictures or {}).items())]
    sections = [("summary", "Summary")]
    sections += [("devices", title_of(report.devices))] if report.devices else []
    sections += [("runs-side-by-side", "Runs side by side")] if report.side_by_side else []
    page: str = _template().render(
        title="linregbench report",
        report=report,
        sections=[*sections, *_SECTIONS],
        # as they stand: matplotlib escapes every text in them
        devices=[
            (part, Markup(svg_of(devices_figure(part.across), part.name, f"Time of a call: {part.across.heading}")))
            for part in report.devices
        ],
        devices_title=title_of(report.devices),
        pictures=[picture._replace(svg=Markup(picture.svg)) for picture in (*drawn, *more)],
        missing=missing,
        on_the_clock=ON_THE_CLOCK,
    )
    return page


@functools.cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("page.html.j2")
