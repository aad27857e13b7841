"""The pictures of a report: every figure that its rows can fill, as SVG in a page or as files."""

from collections.abc import Container, Sequence
from pathlib import Path
from typing import NamedTuple

from ..words.names import Record
from ..words.text import plain
from .draw import styled, svg_of
from .lines import FIGURES


class Picture(NamedTuple):
    """One figure as an SVG element."""

    name: str
    caption: str
    svg: str


def pictures_of(records: Sequence[Record], without: Container[str] = ()) -> tuple[list[Picture], list[str]]:
    """Every figure that the rows can fill as an SVG element for a page, and what the others lacked.

    Those in `without` are not drawn: the page shows them in another form.
    """
    shown, missing = [], []
    for name, (caption, draw) in FIGURES.items():
        if name in without:
            shown.append(Picture(name, caption, ""))
            continue
        figure = draw(records)
        if why := figure.get_label():
            missing.append(f"{caption} ({plain(str(why))})")
        else:
            shown.append(Picture(name, caption, svg_of(figure, name, caption)))
    return shown, missing


def write_figures(records: Sequence[Record], folder: Path) -> list[Path]:
    """Each figure that the rows can fill as an SVG file of its own, made if the folder is not there; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, (_, draw) in FIGURES.items():
        figure = draw(records)
        if not figure.get_label():
            with styled():
                figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None}, facecolor="white")
            written.append(folder / f"{name}.svg")
    return written
