"""What the commands that only read runs do: report, advise, and the notebook's pictures; returns the exit status."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..grid.options import UsageError

if TYPE_CHECKING:
    from pandas import DataFrame

    from linregbench.results.runfile.read import Run

DONE, NO_ANSWER = 0, 1
RUNS, PUBLISHED = Path("results/runs"), Path("results/published")


def report(
    files: Sequence[Path], html: Path | None, markdown: Path | None, figures: Path | None, *, notebook: bool
) -> int:
    """Write the report of runs as a page, as Markdown, as pictures; a page beside the first file by default."""
    from linregbench.results.formats.load import read
    from linregbench.results.report import markdown as in_markdown
    from linregbench.results.report import page
    from linregbench.results.report.build import report_of

    if html is None and markdown is None and figures is None:
        html = files[0].parent
    loaded = read(*files)
    tell_notices(loaded.runs)
    if figures is not None:
        _write_figures(loaded.frame, figures)
    if html is None and markdown is None:
        return DONE
    built = report_of(loaded)
    if markdown is not None:
        _write(markdown, in_markdown.markdown(built))
    if html is not None:
        name = f"{files[0].stem}.html" if len(files) == 1 else "report.html"
        _write(html / name, page.html(built, _notebook_svgs() if notebook else None))
    return DONE


def compare_across(files: Sequence[Path], form: str) -> int:
    """Print devices or machines beside each other; status 1 where they have nothing in common."""
    from linregbench.results.compare.devices.frame import across_frame
    from linregbench.results.compare.devices.ratios import compare_sides_across, without_common
    from linregbench.results.compare.devices.sides import sides_of
    from linregbench.results.tables.device_words import across_document
    from linregbench.results.tables.formats import show

    sides = sides_of(_read(files))
    found = compare_sides_across(sides)
    for line in without_common(sides, found):
        print(f"linregbench: {line}", file=sys.stderr)
    if not found:
        return NO_ANSWER
    show(form, lambda: [across_document(across) for across in found], lambda: across_frame(found))
    return DONE


def advise(files: Sequence[Path], asked: dict[str, Any]) -> int:
    """Print which way to take at a size; status 1 where the runs do not reach it."""
    from linregbench.results.formats.load import load
    from linregbench.results.models.advise import Wish, in_words
    from linregbench.results.models.advise import advise as advised
    from linregbench.results.tables.accuracy import advice_on_accuracy

    files = files or sorted(RUNS.glob("*.jsonl")) or sorted(PUBLISHED.glob("*.jsonl"))
    if not files:
        raise UsageError(f"there are no runs in {RUNS} or {PUBLISHED}: name a file, or make one by linregbench run")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a torn tail is no news here
        frame = load(*files)
    wish = Wish(**asked)
    found = advised(frame, wish)
    races = advice_on_accuracy(frame, wish.size(), wish.threads, wish.accuracy) if wish.accuracy else []
    for line in (*(in_words(found) if found.candidates or not races else []), *races):
        print(line)
    return DONE if found.candidates or races else NO_ANSWER


def demo_figures(folder: Path) -> int:
    """Write the notebook's own pictures: data and fits, the way of the descent, and its animation."""
    from linregbench.results.figures import notebook as notebook_figures

    told = _notebook()
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in _notebook_figures(told).items():
        for suffix in ("svg", "png"):
            figure.savefig(folder / f"{name}.{suffix}", dpi=150)
            print(folder / f"{name}.{suffix}")
    print(notebook_figures.animate(told["x"], told["y"], told["path"], folder / "descent.gif"))
    return DONE


def _read(files: Sequence[Path]) -> list[Run]:
    from linregbench.results.runfile.read import read_run

    runs = [read_run(path) for path in files]
    tell_notices(runs)
    return runs


def tell_notices(runs: Iterable[Run]) -> None:
    """A line on standard error for whatever an interrupted run left out."""
    for run in runs:
        for notice in run.notices:
            print(f"linregbench: {notice}", file=sys.stderr)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"report: {path}")


def _write_figures(frame: DataFrame, folder: Path) -> None:
    from linregbench.results.figures.render import write_figures
    from linregbench.results.frame import records_of

    for path in write_figures(records_of(frame), folder):
        print(f"picture: {path}")


def _notebook() -> dict[str, Any]:
    """The notebook's data, fits and descent as plain arrays, in today's JAX."""
    import numpy as np

    from linregbench.solvers import notebook

    own = notebook.notebook_problem()
    ols = np.linalg.lstsq(own.X, own.y, rcond=None)[0]
    path, w = [own.start], own.start
    for _ in range(own.max_steps):
        after = w - own.step_size * (2 / len(own.y)) * (own.X.T @ (own.X @ w - own.y))
        if np.sqrt(np.mean((w - after) ** 2)) < own.tolerance:
            break
        w = after
        path.append(w)
    return {"x": own.X[:, 0], "y": own.y, "true": notebook.TRUE, "ols": ols, "path": np.array(path)}


def _notebook_figures(told: dict[str, Any]) -> dict[str, Any]:
    from linregbench.results.figures import notebook as notebook_figures

    x, y, path = told["x"], told["y"], told["path"]
    return {
        "fits": notebook_figures.fits(x, y, told["true"], told["ols"], path[-1]),
        "descent": notebook_figures.descent(x, y, path),
    }


def _notebook_svgs() -> dict[str, str]:
    from linregbench.results.figures.draw import svg_of

    captions = {"fits": "The notebook's data, the true line and both fits", "descent": "The notebook's descent"}
    figures = _notebook_figures(_notebook())
    return {captions[name]: svg_of(figure, f"notebook-{name}", captions[name]) for name, figure in figures.items()}
