"""Who wins where: a map over two axes, the winner in its colour, the stronger the larger its lead."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from ..fields import CONTEST_KEYS
from ..formats.unjudged import judged_here
from ..models.crossovers import lead_of
from ..models.rays import Data, measured
from ..words.names import Key, Record, grouped
from ..words.text import ratio_text
from .draw import AXIS_NAME, INK, UNSURE, colour_of, cut, fullest, legend_columns, panelled

_SURE_LEAD = 4.0
"""A lead of this many times has the full colour."""
_FAINTEST = 0.5

Cells = dict[tuple[int, int], list[Record]]
"""The contest at each place of a map."""


def winner_map(data: Data, axis: str = "batch") -> Figure:
    """Over samples and another axis: who wins, shaded by the lead over the next strategy; grey where inconclusive."""
    maps = _maps([row for row in measured(data) if judged_here(row)], axis)
    otherwise = f"no four sizes span both samples and {AXIS_NAME[axis]}"
    return panelled(maps, lambda axes, cells: _draw(axes, cells, axis), otherwise, height=3.4)


def _maps(records: Sequence[Record], axis: str) -> list[tuple[Key, Cells]]:
    """By all that stands still, the contests at each place; only where both axes vary together."""
    maps: list[tuple[Key, Cells]] = []
    for fixed, alike in grouped(records, [key for key in CONTEST_KEYS if key not in ("samples", axis)]).items():
        cells: Cells = {}
        for row in alike:
            cells.setdefault((row["samples"], row[axis]), []).append(row)
        if len({x for x, _ in cells}) > 1 and len({y for _, y in cells}) > 1 and len(cells) > 3:
            maps.append((fixed, cells))
    return fullest(((fixed, (fixed, cells)) for fixed, cells in maps), lambda one: len(one[1]))


def _draw(axes: Axes, cells: Cells, axis: str) -> None:
    columns, rows = sorted({x for x, _ in cells}), sorted({y for _, y in cells})
    seen: dict[str, str] = {}
    for (x, y), contest in cells.items():
        winner, lead = lead_of(contest)
        name = cut(winner["strategy"], 24) + ("" if winner["device"] == "cpu" else f" on {cut(winner['device'])}")
        full = UNSURE if lead is None else colour_of(winner["strategy"])
        strength = 0.4 if lead is None else _FAINTEST + (1 - _FAINTEST) * min((lead - 1) / (_SURE_LEAD - 1), 1.0)
        place = columns.index(x), rows.index(y)
        axes.add_patch(Rectangle(place, 1, 1, facecolor=(*to_rgb(full), strength), edgecolor=INK, linewidth=0.5))
        text = "too close" if lead is None else ratio_text(lead)
        axes.text(place[0] + 0.5, place[1] + 0.5, f"{name}\n{text}", ha="center", va="center", fontsize=6.5)
        seen["inconclusive" if lead is None else name] = full
    axes.set_xlim(0, len(columns))
    axes.set_ylim(0, len(rows))
    axes.set_xticks([n + 0.5 for n in range(len(columns))], [f"{x:,}" for x in columns])
    axes.set_yticks([n + 0.5 for n in range(len(rows))], [f"{y:,}" for y in rows])
    axes.set_xlabel(AXIS_NAME["samples"])
    axes.set_ylabel(AXIS_NAME[axis])
    handles = [Patch(facecolor=colour, label=name) for name, colour in seen.items()]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, -0.2), ncols=legend_columns(seen))
