"""What a report gets from whoever draws its pictures."""

from typing import NamedTuple


class Picture(NamedTuple):
    """One figure as an SVG element."""

    name: str
    caption: str
    svg: str


class Pictures(NamedTuple):
    """The figures that the rows can fill, and what the others lacked."""

    shown: list[Picture]
    missing: list[str]
