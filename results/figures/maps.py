"""Who wins where: a map over two axes, the leading family in its colour, the stronger the larger its lead."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from ..fields import CONTEST_KEYS
from ..formats.unjudged import judged_here, rests_on
from ..models.leads import Lead, lead_of, lead_text
from ..models.rays import Data, measured, shortened, through_data
from ..words.families import apart, family_of, members
from ..words.guesses import guess_mark
from ..words.names import Key, Record, competitor, grouped
from ..words.text import glance
from .draw import (
    AXIS_NAME,
    INK,
    MOST_PANELS,
    colour_of_family,
    cut,
    differing,
    empty,
    fullest,
    legend_columns,
    panel_title,
    panelled,
)

_SURE_LEAD = 4.0
"""A lead of this many times has the full colour."""
_FAINTEST, _UNSURE, _HATCHED = 0.5, 0.3, 0.5
_HATCHES = ("///", "\\\\\\", "||")
_CHARACTERS, _MOST_LINES = 78, 6  # of the text of cells: in the width of a panel, and in a cell
_LINE, _LEAST, _ABOVE, _BELOW = 0.12, 1.95, 0.45, 1.0  # inches: a line of it, the axes, what stands around them

Cells = dict[tuple[int, int], Lead]
"""Who leads at each place of a map."""


@dataclass(frozen=True)
class Place:
    """One place of a map for a page: who leads there, by how much, in the colours of the families that may."""

    names: str
    lead: str  # `3.06x`, or that nothing is sure
    whole: str  # the same with its interval and over whom
    colours: tuple[str, ...]
    strength: float  # from 0 to 1: how far the colour is from the page's own
    row: Record


@dataclass(frozen=True)
class Map:
    """A map as a table: samples from left to right, the other axis upwards; None where nothing was measured."""

    title: str
    axis: str
    columns: tuple[int, ...]
    rows: tuple[tuple[int, tuple[Place | None, ...]], ...]
    families: tuple[tuple[str, str], ...]  # those in it, by name, with their colours
    unsure: bool

    @property
    def size(self) -> int:
        """How many places it knows."""
        return sum(place is not None for _, places in self.rows for place in places)


def maps_of(data: Data, axis: str) -> list[Map]:
    """What `winner_map` draws, for a page that makes tables of it."""
    maps = _maps([row for row in measured(data) if judged_here(row)], axis)[:MOST_PANELS]
    apart_by = differing([dict(fixed) for fixed, _ in maps])
    return [_map_of(panel_title(dict(fixed), apart_by).replace("\n", ", "), axis, cells) for fixed, cells in maps]


def _map_of(title: str, axis: str, cells: Cells) -> Map:
    columns, rows = _sizes(cells)
    places = {at: _place(lead) for at, lead in cells.items()}
    families = {family_of(row): colour_of_family(row) for lead in cells.values() for row in lead.level}
    return Map(
        title,
        AXIS_NAME[axis],
        tuple(columns),
        tuple((y, tuple(places.get((x, y)) for x in columns)) for y in reversed(rows)),
        tuple((cut(name), colour) for name, colour in families.items()),
        not all(lead.sure for lead in cells.values()),
    )


def _place(lead: Lead) -> Place:
    best = apart(lead.level)
    variants = " or ".join(dict.fromkeys(row["variant"] for row in best))
    if lead.rival is not None:
        ratio = 1 / lead.rival["winner_ratio"]
        mark = guess_mark(rests_on(lead.rival))
        ahead, over = (
            f"{mark}{glance(ratio)}",
            f", {lead_text(lead.rival)} as fast as {competitor(lead.rival)}",
        )
    else:
        ahead = over = "" if len(lead.level) == 1 else "tie" if lead.tied else "too close to call"
    names = members(best) if lead.sure or len(best) < 3 else " or ".join(lead.families)
    colours = {family_of(row): colour_of_family(row) for row in lead.level}
    whole = f"{names} ({cut(variants)}){over if lead.rival is not None else f': {over}' if over else ''}"
    return Place(cut(names), ahead, whole, tuple(colours.values()), _strength(lead), lead.level[0])


def _strength(lead: Lead) -> float:
    ahead = 1.0 if lead.rival is None else 1 / lead.rival["winner_ratio"]
    return _FAINTEST + (1 - _FAINTEST) * min((ahead - 1) / (_SURE_LEAD - 1), 1.0) if lead.sure else _UNSURE


def winner_map(data: Data, axis: str = "batch") -> Figure:
    """Over samples and another axis: which family leads, shaded by its lead over the best outside it.

    Hatched in the colours of several families where it is not sure which of them leads.
    """
    maps = _maps([row for row in measured(data) if judged_here(row)], axis)
    lines = [len(_sizes(cells)[1]) * max(len(_lines(cells, lead)) + 1 for lead in cells.values()) for _, cells in maps]
    inner = max(_LEAST, _LINE * max(lines, default=0))
    return panelled(
        maps,
        lambda axes, cells: _draw(axes, cells, axis, below=0.4 / inner),
        f"no four sizes span both samples and {AXIS_NAME[axis]}",
        height=inner + _ABOVE + _BELOW,
    )


def winner_map_through_data(data: Data, axis: str = "batch") -> Figure:
    """The same among those whose steps go through the data."""
    rows = measured(data)
    if not shortened(rows):
        return empty("every case goes through the data")
    return winner_map(through_data(rows), axis)


def _maps(records: Sequence[Record], axis: str) -> list[tuple[Key, Cells]]:
    """By all that stands still, who leads at each place; only where both axes vary together."""
    maps: list[tuple[Key, Cells]] = []
    for fixed, alike in grouped(records, [key for key in CONTEST_KEYS if key not in ("samples", axis)]).items():
        contests: dict[tuple[int, int], list[Record]] = {}
        for row in alike:
            contests.setdefault((row["samples"], row[axis]), []).append(row)
        if len({x for x, _ in contests}) > 1 and len({y for _, y in contests}) > 1 and len(contests) > 3:
            maps.append((fixed, {place: lead_of(contest) for place, contest in contests.items()}))
    return fullest(((fixed, (fixed, cells)) for fixed, cells in maps), lambda one: len(one[1]))


def _draw(axes: Axes, cells: Cells, axis: str, below: float) -> None:
    columns, rows = _sizes(cells)
    for (x, y), lead in cells.items():
        place = columns.index(x), rows.index(y)
        _fill(axes, place, lead)
        axes.add_patch(Rectangle(place, 1, 1, fill=False, edgecolor=INK, linewidth=0.5))
        text = "\n".join(_lines(cells, lead))
        axes.text(place[0] + 0.5, place[1] + 0.5, text, ha="center", va="center", fontsize=6.5)
    axes.set_xlim(0, len(columns))
    axes.set_ylim(0, len(rows))
    axes.set_xticks([n + 0.5 for n in range(len(columns))], [f"{x:,}" for x in columns])
    axes.set_yticks([n + 0.5 for n in range(len(rows))], [f"{y:,}" for y in rows])
    axes.set_xlabel(AXIS_NAME["samples"])
    axes.set_ylabel(AXIS_NAME[axis])
    colours = {family_of(row): colour_of_family(row) for lead in cells.values() for row in lead.level}
    handles = [Patch(facecolor=colour, label=cut(name)) for name, colour in colours.items()]
    if not all(lead.sure for lead in cells.values()):
        handles.append(Patch(facecolor="none", edgecolor=INK, hatch=_HATCHES[0], label="not sure which"))
    axes.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0, -below),
        ncols=legend_columns([str(handle.get_label()) for handle in handles]),
    )


def _fill(axes: Axes, place: tuple[int, int], lead: Lead) -> None:
    first, *others = ({family_of(row): colour_of_family(row) for row in lead.level}).values()
    axes.add_patch(Rectangle(place, 1, 1, facecolor=(*to_rgb(first), _strength(lead)), linewidth=0))
    for hatch, colour in zip(_HATCHES, others, strict=False):
        axes.add_patch(
            Rectangle(place, 1, 1, fill=False, edgecolor=(*to_rgb(colour), _HATCHED), hatch=hatch, linewidth=0)
        )


def _sizes(cells: Cells) -> tuple[list[int], list[int]]:
    return sorted({x for x, _ in cells}), sorted({y for _, y in cells})


def _lines(cells: Cells, lead: Lead) -> list[str]:
    """A cell's text: the leading strategies by their best variants, or what perhaps leads; and the lead over others."""
    best = apart(lead.level)
    variants = {row["variant"] for row in best}
    if not lead.sure:
        names = [members(best) if len(best) < 3 else " or ".join(lead.families)]
    elif len(variants) == 1:
        names = [members(best), variants.pop()]
    else:
        names = [" or ".join(f"{members([row])} {row['variant']}" for row in best)]
    if lead.rival is not None:
        ahead = lead_text(lead.rival)
    else:
        ahead = "" if len(lead.level) == 1 else "tie" if lead.tied else "too close to call"
    width = _CHARACTERS // len(_sizes(cells)[0])
    last = textwrap.wrap(ahead, width)
    return [line for name in names for line in textwrap.wrap(cut(name, 60), width)][: _MOST_LINES - len(last)] + last
