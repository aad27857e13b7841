"""The notebook's own pictures from plain arrays: its data with every line through them, and the descent as it goes."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.figure import Figure

from .draw import COLOURS, INK, styled

_POINT = "#8a929c"
_TRUE, _OLS, _GD = INK, COLOURS["jax_vmap"], COLOURS["jax_scan"]
_FRAMES_PER_S = 8

Floats = npt.NDArray[np.float64]


def fits(
    x: npt.ArrayLike, y: npt.ArrayLike, true: Sequence[float], ols: Sequence[float], gd: Sequence[float]
) -> Figure:
    """The samples, the line they were drawn from, and the two fits; each line is (slope, intercept)."""
    with styled():
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.add_subplot()
        axes.scatter(x, y, s=14, color=_POINT, label="samples")
        at = np.asarray(x, dtype=np.float64)
        ends = np.array([at.min(), at.max()])
        for line, colour, style, name in (
            (true, _TRUE, ":", "true line"),
            (ols, _OLS, "-", "ordinary least squares"),
            (gd, _GD, "--", "gradient descent"),
        ):
            label = f"{name}: y = {line[0]:.3f} x {'+' if line[1] >= 0 else '-'} {abs(line[1]):.3f}"
            axes.plot(ends, line[0] * ends + line[1], color=colour, linestyle=style, linewidth=1.8, label=label)
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        axes.legend()
    return figure


def descent(x: npt.ArrayLike, y: npt.ArrayLike, path: npt.ArrayLike) -> Figure:
    """Mean squared error over slope and intercept, and the way (steps, 2) that the descent takes through it."""
    way = np.asarray(path, dtype=np.float64)
    with styled():
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.add_subplot()
        slope, intercept, loss = _loss(np.asarray(x), np.asarray(y), way)
        axes.contour(slope, intercept, loss, levels=np.geomspace(loss.min() * 1.02, loss.max(), 12), linewidths=0.7)
        axes.plot(way[:, 0], way[:, 1], color=_GD, marker="o", markersize=2.5, linewidth=1, label="gradient descent")
        axes.plot(*way[-1], color=_OLS, marker="*", markersize=12, linestyle="", label=f"step {len(way) - 1}")
        axes.set_xlabel("slope")
        axes.set_ylabel("intercept")
        axes.legend()
    return figure


def animate(x: npt.ArrayLike, y: npt.ArrayLike, path: npt.ArrayLike, target: Path, *, frames: int = 40) -> Path:
    """The descent as a GIF: the line through the samples step by step, more often at the start."""
    way = np.asarray(path, dtype=np.float64)
    last = len(way) - 1
    shown = sorted({0, last, *(math.floor(last * (n / frames) ** 2) for n in range(frames))})
    at = np.asarray(x, dtype=np.float64)
    ends = np.array([at.min(), at.max()])
    with styled():
        figure = Figure(figsize=(5, 3.6), dpi=80, layout="constrained")
        axes = figure.add_subplot()
        axes.scatter(x, y, s=12, color=_POINT)
        (line,) = axes.plot([], [], color=_GD, linewidth=2)
        axes.set_xlim(*ends)
        axes.set_xlabel("x")
        axes.set_ylabel("y")
        title = axes.set_title(" ")

        def draw(frame: int) -> list[Any]:
            slope, intercept = way[frame]
            line.set_data(ends, slope * ends + intercept)
            title.set_text(f"step {frame}: y = {slope:.3f} x {'+' if intercept >= 0 else '-'} {abs(intercept):.3f}")
            return [line, title]

        moving = FuncAnimation(figure, draw, frames=shown, blit=False)
        moving.save(str(target), writer=PillowWriter(fps=_FRAMES_PER_S))
    return target


def _loss(x: Floats, y: Floats, way: Floats) -> tuple[Floats, Floats, Floats]:
    low, high = way.min(axis=0) - 0.6, way.max(axis=0) + 0.6
    slope, intercept = np.meshgrid(np.linspace(low[0], high[0], 80), np.linspace(low[1], high[1], 80))
    residual = slope[..., np.newaxis] * x + intercept[..., np.newaxis] - y
    return slope, intercept, np.asarray((residual**2).mean(axis=-1))
