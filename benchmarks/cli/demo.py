"""`demo`: the notebook that this project grew from, number for number, and its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .help import OUTPUT, Command, option
from .statuses import DONE


@click.command(cls=Command, examples=("demo", "demo --figures /tmp/pictures"))
@option(
    "--figures",
    type=click.Path(path_type=Path),
    group=OUTPUT,
    example="--figures pictures",
    otherwise="none, but its text",
    help="Write its pictures into this folder instead: data and fits, the descent.",
)
def demo(figures: Path | None) -> int:
    """Replay the notebook that this project grew from, number for number."""
    if figures is not None:
        return _write_demo(figures)
    from linregbench.solvers import notebook

    print(notebook.demo())
    return DONE


def _write_demo(folder: Path) -> int:
    """Write the notebook's own pictures: data and fits, the way of the descent, and its animation."""
    from linregbench.results.figures import notebook as notebook_figures

    notebook = _notebook()
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in _notebook_figures(notebook).items():
        for suffix in ("svg", "png"):
            figure.savefig(folder / f"{name}.{suffix}", dpi=150)
            print(folder / f"{name}.{suffix}")
    print(notebook_figures.animate(notebook["x"], notebook["y"], notebook["path"], folder / "descent.gif"))
    return DONE


def _notebook() -> dict[str, Any]:
    """The notebook's data, fits and descent as plain arrays, in today's JAX."""
    import numpy as np

    from linregbench.solvers import notebook

    problem = notebook.notebook_problem()
    ols = np.linalg.lstsq(problem.X, problem.y, rcond=None)[0]
    path, w = [problem.start], problem.start
    for _ in range(problem.max_steps):
        after = w - problem.step_size * (2 / len(problem.y)) * (problem.X.T @ (problem.X @ w - problem.y))
        if np.sqrt(np.mean((w - after) ** 2)) < problem.tolerance:
            break
        w = after
        path.append(w)
    return {"x": problem.X[:, 0], "y": problem.y, "true": notebook.TRUE, "ols": ols, "path": np.array(path)}


def _notebook_figures(notebook: dict[str, Any]) -> dict[str, Any]:
    from linregbench.results.figures import notebook as notebook_figures

    x, y, path = notebook["x"], notebook["y"], notebook["path"]
    return {
        "fits": notebook_figures.fits(x, y, notebook["true"], notebook["ols"], path[-1]),
        "descent": notebook_figures.descent(x, y, path),
    }


def notebook_svgs() -> dict[str, str]:
    """The same pictures as SVG elements by caption, for a page."""
    from linregbench.results.figures.draw import svg_of

    captions = {"fits": "The notebook's data, the true line and both fits", "descent": "The notebook's descent"}
    figures = _notebook_figures(_notebook())
    return {captions[name]: svg_of(figure, f"notebook-{name}", captions[name]) for name, figure in figures.items()}
