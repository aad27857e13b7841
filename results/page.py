"""The report as one HTML page: everything it shows is in the file, names are escaped, nothing is fetched."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from results import wording
from results.answers import Answers, answer_tables, answers_of
from results.drawing import styled, svg_of
from results.figures import FIGURES, WITH_WRONG
from results.figures_devices import devices_figure
from results.footnotes import footnotes
from results.page_devices import DevicesPart, title_of
from results.page_tables import case_table, conclusions, reasons, side_by_side
from results.page_words import plain_words

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
) -> str:
    """The page. `runs` are name, started, preset, facts, account of each; `pictures` further SVG elements by caption.

    The SVG of `pictures` goes into the page as it stands: it must come from `drawing.svg_of`.
    """
    found = answers_of(frame)
    figures, missing = _figures(found)
    figures += [
        {"name": f"picture-{number}", "caption": caption, "svg": Markup(svg)}
        for number, (caption, svg) in enumerate((pictures or {}).items())
    ]
    left_out = reasons(found.records, found.told)
    beside = side_by_side(found.records, found.told)
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
        figures=figures,
        missing=missing,
        conclusions=conclusions(found.records),
        answers=answer_tables(found),
        cases=case_table(found.records, found.told),
        left_out=bool(left_out.rows),
        reasons=left_out,
        on_the_clock=on_the_clock,
        notes=footnotes(frame),
    )
    return page


def _figures(found: Answers) -> tuple[list[dict[str, Any]], list[str]]:
    """The figures that the rows can fill, and what the others lacked."""
    shown, missing = [], []
    for name, caption, figure in drawn(found):
        why = figure.get_label()
        if why:
            missing.append(f"{caption} ({wording.plain(str(why))})")
            continue
        # drawn by this package from the frame; matplotlib escapes every text in it
        shown.append({"name": name, "caption": caption, "svg": Markup(svg_of(figure, name, caption))})
    return shown, missing


def drawn(found: Answers) -> Iterator[tuple[str, str, Figure]]:
    """Every figure by name, with its caption; one that the rows cannot fill says why in its label."""
    more = [*found.rows, *(row for front in found.fronts for row in front.wrong)]
    for name, (caption, function) in FIGURES.items():
        yield name, caption, function(more if name in WITH_WRONG else found.rows)


def write_figures(found: Answers, folder: Path) -> list[Path]:
    """Each figure that the rows can fill as an SVG file of its own, made if the folder is not there; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, _, figure in drawn(found):
        if not figure.get_label():
            with styled():
                figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None}, facecolor="white")
            written.append(folder / f"{name}.svg")
    return written


def _devices_svg(part: DevicesPart) -> Markup:
    return Markup(svg_of(devices_figure(part.across), part.name, f"Time of a call: {part.heading}"))


@functools.cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("results"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("page.html.j2")
