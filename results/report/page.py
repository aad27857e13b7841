"""The report as one HTML page: everything it shows is in the file, names are escaped, nothing is fetched."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..figures.illustrating import Illustrator, here
from ..figures.picture import Picture, Pictures
from ..frame import records_of
from ..tables.answers import answer_tables, answers_of
from ..tables.cases import footnotes
from .devices import DevicesPart, title_of
from .sentences import plain_words
from .tables import case_table, conclusions, reasons, side_by_side

SECTIONS = (
    ("summary", "Summary"),
    ("pictures", "Pictures"),
    ("workloads", "Who wins"),
    ("answers", "Answers"),
    ("every-case", "Every case"),
    ("left-out", "Findings and skips"),
    ("how", "How to read this"),
    ("machine", "Machine"),
)


def html_of(
    frame: pd.DataFrame,
    runs: Sequence[Mapping[str, Any]],
    on_the_clock: str,
    pictures: Mapping[str, str] | None = None,
    devices: Sequence[DevicesPart] = (),
    draw: Illustrator = here,
) -> str:
    """The page. `runs` are name, started, preset, facts, account of each; `pictures` further SVG elements by caption.

    The SVG of `pictures` goes into the page as it stands: it must come from `drawing.svg_of`.
    """
    records = records_of(frame)
    drawn = draw(records)
    found = answers_of(frame, records)
    left_out = reasons(records, found.told)
    beside = side_by_side(records, found.told)
    sections = [*SECTIONS]
    if beside is not None:
        sections.insert(1, ("runs-side-by-side", "Runs side by side"))
    if devices:
        sections.insert(1, ("devices", title_of(devices)))
    page: str = _template().render(
        title="linregbench report",
        runs=runs,
        sections=sections,
        summary=plain_words(frame, found),
        side_by_side=beside,
        devices=[(part, _devices_svg(part)) for part in devices],
        devices_title=title_of(devices),
        drawn=lambda: _with_more(drawn(), pictures or {}),
        conclusions=conclusions(records),
        answers=answer_tables(found),
        cases=case_table(records, found.told),
        left_out=bool(left_out.rows),
        reasons=left_out,
        on_the_clock=on_the_clock,
        notes=footnotes(frame),
    )
    return page


def _with_more(drawn: Pictures, more: Mapping[str, str]) -> tuple[list[Picture], list[str]]:
    """The figures of the page, as elements that go in as they stand: matplotlib escapes every text in them."""
    figures = [*drawn.shown, *(Picture(f"picture-{n}", *told) for n, told in enumerate(more.items()))]
    return [figure._replace(svg=Markup(figure.svg)) for figure in figures], drawn.missing


def _devices_svg(part: DevicesPart) -> Markup:
    from ..figures.devices import devices_figure
    from ..figures.draw import svg_of  # matplotlib, which takes a while

    return Markup(svg_of(devices_figure(part.across), part.name, f"Time of a call: {part.heading}"))


@functools.cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("page.html.j2")
