"""The pictures of a report: every figure that its rows can fill, as SVG in a page or as files.

Run as a program it draws for another process: rows of a frame come in as JSON, pictures go out.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from matplotlib.figure import Figure

from ..runfile.collecting import uncollected
from ..words.names import Record
from ..words.text import plain
from .draw import empty, styled, svg_of
from .lines import FIGURES, WITH_WRONG
from .picture import Picture, Pictures


def pictures_of(records: Sequence[Record]) -> Pictures:
    """Every figure as an SVG element for a page."""
    shown, missing = [], []
    for name, caption, figure in _figures(records):
        if why := figure.get_label():
            missing.append(f"{caption} ({plain(str(why))})")
        else:
            shown.append(Picture(name, caption, svg_of(figure, name, caption)))
    return Pictures(shown, missing)


def write_figures(records: Sequence[Record], folder: Path) -> list[Path]:
    """Each figure that the rows can fill as an SVG file of its own, made if the folder is not there; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, _, figure in _figures(records):
        if not figure.get_label():
            with styled():
                figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None}, facecolor="white")
            written.append(folder / f"{name}.svg")
    return written


def _figures(records: Sequence[Record]) -> Iterator[tuple[str, str, Figure]]:
    """Every figure by name, with its caption; one that the rows cannot fill says why in its label."""
    timed = [record for record in records if record["time_s"] is not None]
    for name, (caption, function) in FIGURES.items():
        yield name, caption, function(records if name in WITH_WRONG else timed)


@uncollected()
def _serve() -> None:
    svg_of(empty("what a first picture loads is loaded before there are rows"), "", "")
    records = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Record])
    sys.stdout.buffer.write(msgspec.json.encode(pictures_of(records)))


if __name__ == "__main__":
    _serve()
