"""The figures of a report; each takes the frame and returns a matplotlib Figure, for pages and notebooks alike.

Bands and bars are 95% intervals. Nothing is drawn between sizes that were not measured but straight lines. Along an
axis every strategy is drawn once, by its best variant at each size, which the legend names.
"""

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from ..models.crossovers import saturations_of
from ..models.rays import Data, Ray, measured, rays
from ..words.guesses import too_few
from ..words.names import Record
from .accuracy import loss_against_time
from .costs import break_even_figure, cost_shares, forest
from .draw import (
    AXIS_NAME,
    INK,
    LONGEST,
    colour_of,
    cut,
    ends_of,
    enough_ticks,
    legend_below,
    legend_room,
    line_with_band,
    log_axes,
    main_rays,
    panelled,
    ratio_axis,
    seconds_axis,
    ticks_at,
)
from .maps import winner_map, winner_map_through_data

Interval = tuple[float, float | None, float | None]
"""A value and the ends of its interval."""


def times_against(data: Data, axis: str = "samples") -> Figure:
    """Time of a call against samples, features, batch or steps; one panel a method, thread setting and run."""
    return _lines(data, axis, seconds_of, "time of a call", in_seconds=True)


def speed_up(data: Data, axis: str = "batch") -> Figure:
    """How many times as fast as the baseline, against an axis."""
    figure = _lines(
        [row for row in measured(data) if row["ratio"] is not None], axis, ratio_of, "times as fast as the baseline"
    )
    for axes in figure.axes:
        ratio_axis(axes.yaxis)
        axes.axhline(1.0, color=INK, linewidth=0.8)
    return figure


def throughput(data: Data) -> Figure:
    """Problems a second against the batch, with a line at each batch from which on it is 90% of the best."""
    figure = _lines(data, "batch", rate_of, "problems a second")
    for axes, ray in zip(figure.axes, main_rays(rays(measured(data), "batch", best=True)), strict=False):
        for saturation in saturations_of(ray):
            at = saturation.saturation_batch
            if at.value is not None and not too_few(at.blocks):
                row = ray.rows[saturation.name][0]
                axes.axvline(at.value, color=colour_of(row["strategy"]), linewidth=1, linestyle=":")
    return figure


def seconds_of(row: Record) -> Interval:
    """Seconds a call."""
    return row["time_s"], *ends_of(row)


def ratio_of(row: Record) -> Interval:
    """How many times as fast as the baseline."""
    return row["ratio"], *ends_of(row, "ratio_low", "ratio_high")


def rate_of(row: Record) -> Interval:
    """Problems a second."""
    batch, (high, low) = row["batch"], ends_of(row)
    return batch / row["time_s"], low and batch / low, high and batch / high


def _lines(
    data: Data, axis: str, of_row: Callable[[Record], Interval], label: str, *, in_seconds: bool = False
) -> Figure:
    chosen = main_rays(rays(measured(data), axis, best=True))

    def draw(axes: Axes, ray: Ray) -> None:
        log_axes(axes, axis)
        if in_seconds:
            seconds_axis(axes)
        else:
            axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.10g}"))
        for name, rows in ray.rows.items():
            values, lows, highs = zip(*map(of_row, rows), strict=True)
            line_with_band(axes, name, rows[0], [row[axis] for row in rows], values, lows, highs)
        ticks_at(axes, (row[axis] for rows in ray.rows.values() for row in rows))
        enough_ticks(axes.yaxis)
        axes.set_ylabel(label)
        legend_below(axes)

    names = [[cut(name, LONGEST) for name in ray.rows] for ray in chosen]
    otherwise = f"fewer than two places along {AXIS_NAME[axis]} were measured"
    return panelled(((ray.fixed, ray) for ray in chosen), draw, otherwise, below=legend_room(names))


FIGURES: dict[str, tuple[str, Callable[[Data], Figure]]] = {
    "time-samples": ("Time of a call against samples", times_against),
    "time-features": ("Time of a call against features", lambda data: times_against(data, "features")),
    "speed-up-batch": ("Speed-up over the baseline against the batch", speed_up),
    "throughput": ("Problems a second against the batch; dotted: 90% of the best from there on", throughput),
    "time-steps": ("Time of a call against steps", lambda data: times_against(data, "steps")),
    "accuracy": ("Time to accuracy: excess loss against time", loss_against_time),
    "map-batch": ("Who wins where, and its lead over the best outside its family: samples and batch", winner_map),
    "map-features": (
        "Who wins where, and its lead over the best outside its family: samples and features",
        lambda data: winner_map(data, "features"),
    ),
    "map-batch-data": ("The same with every step through the data: samples and batch", winner_map_through_data),
    "map-features-data": (
        "The same with every step through the data: samples and features",
        lambda data: winner_map_through_data(data, "features"),
    ),
    "first-result": ("What the first result costs, and what each further call", cost_shares),
    "break-even": ("Total time against the number of calls", break_even_figure),
    "forest": ("Ratios to the baseline", forest),
}
"""By the name of its file: what a figure shows, and its function."""
