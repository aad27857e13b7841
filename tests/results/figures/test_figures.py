"""Every figure on every kind of frame: it draws, or says why not; one colour a strategy; names stay text."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pandas as pd
import pytest
import sweep
import synthetic
from made import as_run
from matplotlib.colors import to_hex
from synthetic import Truth

from linregbench.results.figures.draw import COLOURS, INK, colour_of, marker_of, svg_of
from linregbench.results.figures.lines import FIGURES, throughput, times_against, winner_map
from linregbench.results.figures.notebook import animate, descent, fits
from linregbench.results.formats.load import load
from linregbench.results.frame import from_runs

SIZES = [(n, d, b) for n in (100, 1_000, 10_000) for d in (2, 16) for b in (1, 64)]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """A product of sizes at two step counts, with a plugin of a hostile name."""
    records = [synthetic.header(), synthetic.environment()]
    for samples, features, batch in SIZES:
        for steps in (10, 100):
            work = steps * samples * features * batch * 1e-9
            near = {"excess_loss": steps**-2.0}
            truths = [
                Truth("numpy_loop", "analytic", 1e-4 * batch + work, fields=near),
                Truth("jax_scan", "analytic", 1e-5 * batch + 2 * work, compile_s=0.05, fields=near),
                Truth("<b>$x_1$", "analytic", 2e-4 + 1.1 * work, compile_s=0.02, fields=near),
                Truth("jax_scan", "gram", 5e-6 * batch, compile_s=0.05, fields=near | {"operations": "gram"}),
            ]
            of = synthetic.workload(samples=samples, features=features, batch=batch, steps=steps)
            records += synthetic.blocks_of(truths, of=of, blocks=4, rounds=4)
    return from_runs(as_run(records))


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_and_is_well_formed(frame: pd.DataFrame, name: str) -> None:
    caption, function = FIGURES[name]
    figure = function(frame)
    assert figure.get_label() == ""
    svg = svg_of(figure, name, caption)
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == caption
    assert "<b>" not in svg
    assert INK not in svg
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("<b>$x_1$" in text for text in texts) or name.startswith("map")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert all(str(each).startswith(f"{name}-") for each in ids)
    assert set(re.findall(r"url\(#([^)]*)\)", svg)) <= set(ids)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_without_data_says_so(name: str) -> None:
    figure = FIGURES[name][1](load())
    assert figure.get_label()
    assert "not in range" in svg_of(figure, name, "nothing")


def test_one_colour_a_strategy_in_every_figure_and_every_run(frame: pd.DataFrame) -> None:
    assert len(set(COLOURS.values())) == len(COLOURS)
    for name in (*COLOURS, "mine", "<b>$x_1$"):
        assert colour_of(name) == colour_of(name)
        assert marker_of(name) == marker_of(name)
    for figure in (times_against(frame), times_against(frame, "batch"), throughput(frame)):
        for axes in figure.axes:
            lines = {line.get_label(): to_hex(line.get_color()) for line in axes.lines}
            assert lines["jax_scan analytic"] == COLOURS["jax_scan"].lower()
            assert lines["<b>$x_1$ analytic"] == colour_of("<b>$x_1$").lower()


def test_a_time_stands_where_the_frame_has_it(frame: pd.DataFrame) -> None:
    axes = times_against(frame).axes[0]
    line = next(line for line in axes.lines if line.get_label() == "jax_scan analytic")
    shown = dict(zip(line.get_xdata(), line.get_ydata(), strict=True))
    own = frame[frame["strategy"] == "jax_scan"].set_index(["samples", "time_s"]).index
    assert set(shown.items()) <= {(float(n), time_s) for n, time_s in own}
    assert axes.get_xscale() == axes.get_yscale() == "log"


def square(*others: Truth, gain: float = 1.0) -> pd.DataFrame:
    """Two by two sizes of the loop and others, which at the larger batch are `gain` times as fast as they say."""
    records = [synthetic.header(), synthetic.environment()]
    for samples in (100, 1_000):
        for batch, faster in ((1, 1.0), (16, gain)):
            truths = [Truth("numpy_loop", "analytic", 1e-3), *(replace(o, time_s=o.time_s / faster) for o in others)]
            of = synthetic.workload(samples=samples, batch=batch)
            records += synthetic.blocks_of(truths, of=of, blocks=10)
    return from_runs(as_run(records))


def drawn(frame: pd.DataFrame) -> tuple[list[str], list[str], list[str]]:
    """The texts of a map's cells, the colours that they are hatched in, and what the legend names."""
    (axes,) = winner_map(frame).axes
    hatched = [to_hex(patch.get_edgecolor()) for patch in axes.patches if patch.get_hatch()]
    return [t.get_text() for t in axes.texts], hatched, [t.get_text() for t in axes.get_legend().get_texts()]


def test_a_map_is_hatched_only_where_no_family_surely_leads() -> None:
    texts, hatched, legend = drawn(square(Truth("jax_scan", "analytic", 1e-3), gain=16))
    assert sum(text in ("loop or scan\ntie", "loop or scan\ntoo close to call") for text in texts) == 2
    assert sum(bool(re.match(r"scan\nanalytic\n1[56]\.\d+x \(1[56]\.\d+-1[56]\.\d+\)$", text)) for text in texts) == 2
    assert len(hatched) == 2
    assert set(hatched) <= {COLOURS["numpy_loop"].lower(), COLOURS["jax_scan"].lower()}
    assert set(legend) == {"jit", "NumPy", "not sure which"}


def test_a_tie_inside_a_family_is_that_family_on_the_map() -> None:
    truths = [Truth("jax_scan", "columns", 2.5e-4), Truth("jax_vmap", "columns", 2.5e-4)]
    texts, hatched, legend = drawn(square(*truths, Truth("jax_scan", "autodiff", 9e-4)))
    assert len(texts) == 4
    assert all(re.match(r"scan or vmap\ncolumns\n(4\.0|3\.9)\d*x \(", text) for text in texts)
    assert hatched == []
    assert legend == ["jit"]


def test_a_line_is_a_strategy_at_its_best_and_the_legend_names_the_variants() -> None:
    records = [synthetic.header(), synthetic.environment()]
    for samples, columns_s in ((100, 4e-4), (1_000, 1e-4), (10_000, 1e-4)):
        truths = [
            Truth("numpy_loop", "analytic", 1e-3),
            Truth("jax_scan", "autodiff", 2e-4),
            Truth("jax_scan", "columns", columns_s),
        ]
        records += synthetic.blocks_of(truths, of=synthetic.workload(samples=samples))
    (axes,) = times_against(from_runs(as_run(records))).axes
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert set(lines) == {"numpy_loop analytic", "jax_scan (columns, autodiff at n = 100)"}
    assert lines["jax_scan (columns, autodiff at n = 100)"] == pytest.approx([2e-4, 1e-4, 1e-4], rel=0.02)


def test_a_whole_quick_run_draws() -> None:
    frame = from_runs(as_run(sweep.quick_run()))
    drawn = [name for name, (_, function) in FIGURES.items() if not function(frame).get_label()]
    assert {"time-samples", "first-result", "break-even", "forest"} <= set(drawn)


def test_the_notebooks_pictures_from_plain_arrays(tmp_path) -> None:  # type: ignore[no-untyped-def]
    x, y = [-1.0, 0.0, 1.0], [-1.0, 2.1, 5.0]
    path = [(-1.0, 1.0), (1.0, 1.5), (3.0, 2.0)]
    figure = fits(x, y, (3, 2), (3.0, 2.03), path[-1])
    assert [line.get_label().split(":")[0] for line in figure.axes[0].lines] == [
        "true line",
        "ordinary least squares",
        "gradient descent",
    ]
    assert descent(x, y, path).axes[0].get_xlabel() == "slope"
    gif = animate(x, y, path, tmp_path / "descent.gif", frames=3)
    assert gif.read_bytes()[:6] == b"GIF89a"
