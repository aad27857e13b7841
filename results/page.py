"""The report as one HTML page: everything it shows is in the file, names are escaped, nothing is fetched."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from results import wording
from results.answers import answer_tables, answers_of
from results.drawing import svg_of
from results.figures import FIGURES
from results.footnotes import footnotes
from results.page_tables import case_table, conclusions, reasons, side_by_side
from results.page_words import plain_words
from results.titles import Record

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
    frame: pd.DataFrame, runs: Sequence[Mapping[str, Any]], on_the_clock: str, pictures: Mapping[str, str] | None = None
) -> str:
    """The page. `runs` are name, started, preset, facts, account of each; `pictures` further SVG elements by caption.

    The SVG of `pictures` goes into the page as it stands: it must come from `drawing.svg_of`.
    """
    found = answers_of(frame)
    figures, missing = _figures(found.rows)
    figures += [
        {"name": f"picture-{number}", "caption": caption, "svg": Markup(svg)}
        for number, (caption, svg) in enumerate((pictures or {}).items())
    ]
    left_out = reasons(found.records, found.told)
    beside = side_by_side(found.records, found.told)
    sections = [*SECTIONS]
    if beside is not None:
        sections.insert(1, ("runs-side-by-side", "Runs side by side"))
    page: str = _template().render(
        title="linregbench report",
        runs=runs,
        sections=sections,
        summary=plain_words(frame, found),
        side_by_side=beside,
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


def _figures(rows: Sequence[Record]) -> tuple[list[dict[str, Any]], list[str]]:
    """The figures that the rows can fill, and what the others lacked."""
    drawn, missing = [], []
    for name, (caption, function) in FIGURES.items():
        figure = function(rows)
        why = figure.get_label()
        if why:
            missing.append(f"{caption} ({wording.plain(str(why))})")
            continue
        # drawn by this package from the frame; matplotlib escapes every text in it
        drawn.append({"name": name, "caption": caption, "svg": Markup(svg_of(figure, name, caption))})
    return drawn, missing


@functools.cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("results"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("page.html.j2")
