"""What the figures share: panels without pyplot, one line a competitor with its interval band, titles, SVG."""

import hashlib
import io
import re
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from ..fields import COLD, DATA
from ..formats.unjudged import rests_on
from ..models.rays import Ray, operations_of
from ..words.families import FAMILIES
from ..words.guesses import too_few
from ..words.names import AXES, Key, Record, at_precision, particulars, place
from ..words.settings import takes_away
from ..words.text import legible, plain

T = TypeVar("T")

LineStyle = str | tuple[float, tuple[float, ...]]
BROKEN: LineStyle = (0.0, (5.0, 1.5, 1.0, 1.5, 1.0, 1.5))
"""Dash and two dots, which has no name."""
WIDTH, _AXES = 5.2, 2.15

# each stands out from a white page and from a dark one by 3 to 1 (WCAG 1.4.11)
COLOURS = {
    "numpy_loop": "#0072B2",
    "numpy_stacked": "#2E9AD6",
    "jax_eager": "#CC79A7",
    "jax_jit_step": "#B88200",
    "jax_scan": "#D55E00",
    "jax_vmap": "#009E73",
}
_MARKERS = dict(zip(COLOURS, "osvD^P", strict=True))
_OTHERS = ("#8C6D1F", "#8259A0", "#A05A4A", "#5F7F3F", "#4F7F8C", "#9A5C7F", "#6C6CB0", "#857A6B")
_OTHER_MARKERS = ("X", "*", "h", "<", ">", "p", "d", "8")
_LIBRARIES = ("numba", "scipy", "sklearn", "statsmodels", "optax", "lineax", "torch", "cupy")
COLOURS |= dict(zip(_LIBRARIES, _OTHERS, strict=True))
_MARKERS |= dict(zip(_LIBRARIES, _OTHER_MARKERS, strict=True))

INK, FAINT = "#1f2328", "#c9ced6"
"""Text and grid in figures; a page puts its own in their place, light or dark."""
PHASE_COLOURS = {
    "transfer": "#2E9AD6",
    "trace": "#009E73",
    "lower": "#B88200",
    "compile": "#D55E00",
    "first call": "#0072B2",
}


def colour_of(strategy: str) -> str:
    """A strategy's colour, in every figure of every run."""
    return COLOURS.get(strategy) or _OTHERS[_number(strategy) % len(_OTHERS)]


def colour_of_family(record: Record) -> str:
    """A family's colour: that of the strategy that it names first."""
    family = next((strategies for strategies in FAMILIES.values() if record["strategy"] in strategies), None)
    return colour_of(family[0] if family else record["strategy"])


def look(strategy: str) -> dict[str, Any]:
    """A strategy's colour and marker, to draw it with."""
    return {"color": colour_of(strategy), "marker": marker_of(strategy)}


def marker_of(strategy: str) -> str:
    """A strategy's marker."""
    return _MARKERS.get(strategy) or _OTHER_MARKERS[_number(strategy) % len(_OTHER_MARKERS)]


def _number(name: str) -> int:
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()[0]


MOST_PANELS = 6
LONGEST = 70  # of a name in a legend, alone in its line
_FEW_DECADES, _ONE_DECADE = 300, 8
_MOST_TICKS = 6
_FAR_BELOW = 0.099  # a tick at 0.1 may be a rounding error below it
_MARGIN, _ABOVE = 0.15, 0.45
_LETTER = 0.062  # inches of a title
AXIS_NAME = {"samples": "samples n", "features": "features d", "batch": "problems in a batch", "steps": "steps"}

_STYLE: dict[Any, Any] = {
    "font.size": 9,
    # that alone: an SVG names every font of the list at every text
    "font.sans-serif": ["DejaVu Sans"],
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    # names come from files: a dollar sign is no formula
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "linregbench",
}


@contextmanager
def styled() -> Iterator[None]:
    """The look of every figure, as a context, so that nobody's own settings change."""
    with rc_context(_STYLE), warnings.catch_warnings():
        # a name in another script: whoever shows the SVG has a font for it, or draws a box
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield


def panels(
    number: int, *, width: float = WIDTH, height: float | None = None, left: float = 0.8, below: float = 1.0
) -> tuple[Figure, list[Axes]]:
    """So many axes side by side, two in a row; room for labels to the left and for the legend below, in inches.

    Without a height, the axes have one, whatever stands below.

    Fixed room, since a layout engine draws everything twice.
    """
    height = _AXES + _ABOVE + below if height is None else height
    columns = min(max(number, 1), 2)
    rows = -(-max(number, 1) // columns)
    figure = Figure(figsize=(width * columns, height * rows))
    inner = width - left - _MARGIN, height - below - _ABOVE
    figure.subplots_adjust(
        left=left / (width * columns),
        right=1 - _MARGIN / (width * columns),
        bottom=below / (height * rows),
        top=1 - _ABOVE / (height * rows),
        wspace=(left + _MARGIN) / inner[0],
        hspace=(below + _ABOVE) / inner[1],
    )
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(max(number, 1))]
    return figure, axes


def empty(why: str) -> Figure:
    """A figure that says why it shows nothing, and carries that as its label."""
    with styled():
        figure, (axes,) = panels(1, height=1.2, below=0.3)
        figure.set_label(why)
        axes.axis("off")
        axes.text(0.5, 0.5, f"not in range: {why}", ha="center", va="center", transform=axes.transAxes)
    return figure


def main_rays(rays: Iterable[Ray]) -> list[Ray]:
    """Of the rays that differ in the other axes alone, the one with the most rows; six at most."""
    return fullest(((ray.fixed, ray) for ray in rays), lambda ray: sum(map(len, ray.rows.values())))


def fullest(candidates: Iterable[tuple[Key, T]], size: Callable[[T], int]) -> list[T]:
    """Of those whose fixed values differ in sizes alone, the largest; six at most."""
    best: dict[Key, T] = {}
    for fixed, one in candidates:
        key = tuple((name, value) for name, value in fixed if name not in AXES or value is None)
        if key not in best or size(one) > size(best[key]):
            best[key] = one
    return list(best.values())[:MOST_PANELS]


def panel_title(fixed: Record, apart: Iterable[str] = ()) -> str:
    """`gradient descent: d = 2, b = 1, steps = 100`, and on a line of its own what few have, and what `apart` names."""
    above = place({name: fixed[name] for name in ("method", *AXES, "threads") if name in fixed})
    rest = [f"{name} {cut(fixed[name])}" for name in apart if fixed.get(name) is not None]
    rest += map(cut, particulars(fixed))
    return f"{above}\n{', '.join(rest)}" if rest else above


def panelled(chosen: Iterable[tuple[Key, T]], draw: Callable[[Axes, T], None], otherwise: str, **room: float) -> Figure:
    """A panel for each of what was chosen, six at most, under what stands still in it; or why there is none.

    `room` is that of `panels`.
    """
    chosen = list(chosen)[:MOST_PANELS]
    if not chosen:
        return empty(otherwise)
    apart = differing([dict(fixed) for fixed, _ in chosen])
    with styled():
        figure, places = panels(len(chosen), **room)
        for axes, (fixed, one) in zip(places, chosen, strict=True):
            draw(axes, one)
            lines = panel_title(dict(fixed), apart).split("\n")
            width = int(inches_of(axes)[0] / _LETTER)
            # never between a letter and its size
            parts = [part for line in lines for part in textwrap.wrap(line.replace(" = ", "\0=\0"), width)]
            axes.set_title("\n".join(parts).replace("\0", " "))
    return figure


def inches_of(axes: Axes) -> tuple[float, float]:
    """Width and height of what lies inside the axes."""
    return axes.bbox.width / axes.figure.dpi, axes.bbox.height / axes.figure.dpi


def differing(titles: Sequence[Record]) -> list[str]:
    """What a panel's title must say since it differs from panel to panel, beside what it always says."""
    names = ("run", "dtype", "environment", "seed", "tolerance")
    return [name for name in names if len({title.get(name) for title in titles}) > 1]


def cut(value: Any, longest: int = 40) -> str:
    """Text from a file, cut where it would push a figure out of shape."""
    text = plain(str(value))
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def log_axes(axes: Axes, axis: str) -> None:
    """Logarithmic both ways, sizes in plain numbers; `axis` is one of the grid, or what stands below."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(AXIS_NAME.get(axis, axis))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}" if x >= 1 else ""))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(visible=True, which="major")


def seconds_axis(axes: Axes) -> None:
    """Times on the vertical axis in readable units, and no kiloseconds."""
    below = EngFormatter(unit="s", sep=" ")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f} s" if y >= 1_000 else below(y)))


def ratio_axis(axis: Axis) -> None:
    """Ratios as tables say them: `10x`, and far below 1 how many times slower."""
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{1 / x:,.0f}x\nslower" if 0 < x < _FAR_BELOW else f"{x:g}x"))


def ticks_at(axes: Axes, sizes: Iterable[int]) -> None:
    """Ticks at the sizes that were measured, where they are few enough to be read."""
    if len(places := sorted(set(sizes))) <= _MOST_TICKS:
        axes.set_xticks(places)


def enough_ticks(axis: Axis) -> None:
    """Closer ticks where a logarithmic axis spans less than some decades; call it when all is drawn."""
    low, high = axis.get_view_interval()
    if high < _ONE_DECADE * low:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    elif high < _FEW_DECADES * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))


def legend_columns(names: Iterable[str]) -> int:
    """How many names stand beside each other under a panel without being cut; three at most."""
    return max(1, min(3, int((WIDTH - 0.2) / (0.55 + 0.066 * max(map(len, names))))))


def legend_room(rows: Iterable[Iterable[str]]) -> float:
    """Inches below each panel for its axis and the legend of the panel with most, as `legend_below` puts them."""
    lines = [-(-len(names) // legend_columns(names)) for names in map(list, rows)]
    return 0.66 + 0.17 * max(lines, default=1)


def legend_below(axes: Axes) -> None:
    """The legend under the axis; `legend_room` says how much it takes."""
    names = axes.get_legend_handles_labels()[1]
    columns = legend_columns(names)
    axes.legend(loc="upper left", bbox_to_anchor=(-0.1, -0.17), ncols=columns, columnspacing=1.2)


def line_with_band(
    axes: Axes, name: str, row: Record, x: Sequence[float], y: Sequence[float], low: Sequence[Any], high: Sequence[Any]
) -> None:
    """One competitor: its line, markers, and the 95% interval as a band and as bars where points stand alone."""
    colour = colour_of(row["strategy"])
    axes.plot(
        x,
        y,
        **look(row["strategy"]),
        markersize=5,
        linewidth=1.4,
        linestyle=line_of(row),
        markerfacecolor=colour if row["device"] == "cpu" else "none",
        label=cut(name, LONGEST),
    )
    ends = [(a, lo, hi) for a, lo, hi in zip(x, low, high, strict=True) if lo is not None and hi is not None]
    if ends:
        at, lows, highs = (np.array(part, dtype=np.float64) for part in zip(*ends, strict=True))
        axes.fill_between(at, lows, highs, color=colour, alpha=0.22, linewidth=0)
        axes.vlines(at, lows, highs, color=colour, linewidth=2.4, alpha=0.5)


def line_of(row: Record) -> LineStyle:
    """Broken where a variable is set or caches are cold, dotted below the highest precision, dashed off the CPU,
    dash-dotted where steps skip the data."""
    if not takes_away(row.get("setting")) or row.get("cache") == COLD:
        return BROKEN
    if at_precision(row["precision"]):
        return ":"
    return "--" if row["device"] != "cpu" else "-" if operations_of(row) == DATA else "-."


def ends_of(row: Record, low: str = "time_low_s", high: str = "time_high_s") -> tuple[Any, Any]:
    """The ends of an interval, by their columns; None where there is none, and of too few blocks, as in the tables."""
    return (None, None) if too_few(rests_on(row)) else (row[low], row[high])


def svg_of(figure: Figure, prefix: str, label: str) -> str:
    """The figure as an SVG element for a page: ids of its own, ink from the page, a label for those who cannot see it.

    matplotlib escapes all text in it; `label` is escaped here.
    """
    buffer = io.StringIO()
    with styled():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    # what XML does not allow, or a terminal would obey
    svg = legible(buffer.getvalue())
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    # a hundredth of a point is enough of any place, and half of the bytes were digits
    svg = re.sub(r' (?:d|x|y|transform)="[^"]*"', lambda places: re.sub(r"(\.\d\d)\d+", r"\1", places[0]), svg)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = svg.replace("url(#", f"url(#{prefix}-").replace('xlink:href="#', f'xlink:href="#{prefix}-')
    svg = svg.replace(INK, "currentColor").replace(FAINT, "var(--faint)")
    named = legible(label).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return svg.replace("<svg", f'<svg role="img" aria-label="{named}"', 1)
