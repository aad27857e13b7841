"""The tables: every row and every failure is in them, they fit the width, and names are only ever text."""

import csv
import io
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import shown
import sweep
import synthetic
from rich.console import Console
from synthetic import QUIET, Noise, Truth

from linregbench.results.fields import COLUMNS
from linregbench.results.formats.load import Loaded, read
from linregbench.results.frame import records_of
from linregbench.results.tables.cases import case_document, workload_tables
from linregbench.results.tables.formats import FORMS
from linregbench.results.tables.table import Table
from linregbench.results.tables.terminal import print_document
from linregbench.results.words.text import plain

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return read(synthetic.write(tmp_path_factory.mktemp("runs") / "quick.jsonl", sweep.quick_run()))


def tables_of(loaded: Loaded) -> list[Table]:
    return workload_tables(records_of(loaded.frame))


def empty(loaded: Loaded) -> Loaded:
    return replace(loaded, frame=loaded.frame.iloc[:0])


def loaded_of(path: Path, *truths: Truth, noise: Noise = QUIET, blocks: int = 5, **workload: object) -> Loaded:
    of = synthetic.workload(**workload)
    records = [synthetic.header(), *synthetic.blocks_of(truths, of=of, noise=noise, blocks=blocks)]
    return read(synthetic.write(path / "run.jsonl", records))


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_longer_than_the_width(quick: Loaded, width: int) -> None:
    text = shown.cases(quick, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()


@pytest.mark.parametrize("width", [80, 100])
def test_every_case_is_shown_with_its_time_or_its_status(quick: Loaded, width: int) -> None:
    text = shown.cases(quick, width=width)
    for _, row in quick.frame.iterrows():
        assert f"{row['strategy']} {row['variant']}" in text
    assert text.count("\n\n") == 12
    for line in (
        "gradient descent, 100 steps: n = 1,000,000, d = 2, 1 problem, float32, 1 thread",
        "gradient descent, 100 steps: n = 100, d = 2, 4,096 problems, float32, 1 thread",
        "least squares: n = 10,000, d = 2, 1 problem, float32, 1 thread",
        "  not measured: jax_scan inverse: wrong, error 0.02, the limit is 0.005",
        "  not measured: jax_eager autodiff: timeout, over 120 s",
        "  * jax_scan analytic: retraced in steady state",
        "  Nothing was measured here.",
    ):
        assert line in text.splitlines()
    assert "gradient descent to a step below 0.001: n = 100, d = 2, 1 problem, float32, 1 thread" in " ".join(
        text.split()
    )


def test_rows_are_sorted_by_speed_and_columns_line_up(quick: Loaded) -> None:
    for group in tables_of(quick):
        cells = [text.split() for text in group.texts("time")] if group.rows else []
        times = [float(number.replace(",", "")) * UNITS[unit] for number, unit in cells]
        # one printed digit: rows are sorted by what was measured, not by what is left of it
        assert all(later > 0.98 * earlier for earlier, later in pairwise(times))
    first = shown.cases(quick).split("\n\n")[0].splitlines()
    ends = {line.index(" ms ") + 3 for line in first if " ms " in line[:40]}
    assert len(ends) == 1


def test_the_winner_is_named_with_its_lead(tmp_path: Path) -> None:
    base, scan = Truth("numpy_loop", "analytic", 1e-3), Truth("jax_scan", "autodiff", 4e-4)
    third = Truth("jax_vmap", "autodiff", 5e-4)
    text = shown.cases(loaded_of(tmp_path, base, scan, third))
    assert "Winner: jax_scan autodiff, 1.25" in text
    assert "as fast as the runner-up, jax_vmap autodiff. Over the baseline," in " ".join(text.split())
    two = shown.cases(loaded_of(tmp_path, base, scan))
    assert "Winner: jax_scan autodiff, 2.5" in two
    assert "as fast as the runner-up, the baseline numpy_loop analytic." in " ".join(two.split())
    best = shown.cases(loaded_of(tmp_path, base, Truth("jax_eager", "autodiff", 4e-3)))
    assert "Winner: numpy_loop analytic, the baseline, 4.0" in best


def test_a_lead_that_is_not_sure_is_not_a_win(tmp_path: Path) -> None:
    base = Truth("numpy_loop", "analytic", 1e-3)
    near = [Truth("jax_scan", variant, 4e-4) for variant in ("autodiff", "analytic")]
    tie = " ".join(shown.cases(loaded_of(tmp_path, base, *near)).split())
    assert re.search(r"Tie to within 0\.\d%: jax_scan \w+ is as fast as jax_scan \w+ \(1\.00", tie)
    assert re.search(r"Winner: jax_scan \((autodiff or analytic|analytic or autodiff)\), 2\.5", tie)
    assert "as fast as the best outside jit, the baseline numpy_loop analytic. Tie" in tie
    ahead = [Truth("jax_scan", "autodiff", 4e-4), Truth("jax_scan", "analytic", 4.3e-4)]
    unsure = " ".join(shown.cases(loaded_of(tmp_path, base, *ahead, noise=Noise(process=0.02))).split())
    assert "Which of them is too close to call: the lead of jax_scan " in unsure
    assert "is inconclusive." in unsure


def test_a_tie_inside_a_family_is_its_win(tmp_path: Path) -> None:
    base, eager = Truth("numpy_loop", "analytic", 1e-3), Truth("jax_eager", "autodiff", 9e-3)
    scan, vmap = Truth("jax_scan", "autodiff", 2.5e-4), Truth("jax_vmap", "autodiff", 2.5e-4)

    def said(*truths: Truth, noise: Noise = QUIET) -> str:
        return tables_of(loaded_of(tmp_path, base, *truths, noise=noise))[0].conclusion

    tie = said(scan, vmap, eager)
    assert re.match(
        r"Winner: jit \(scan or vmap\), (4\.0|3\.9)\d*x \(.*\) as fast as the best outside jit, the baseline", tie
    )
    assert re.search(r"numpy_loop analytic\. Tie to within 0\.\d%: jax_\w+ autodiff is as fast as jax_", tie)
    assert "Over the baseline" not in tie
    third = said(scan, vmap, Truth("numpy_stacked", "analytic", 5e-4))
    assert re.search(
        r" 2\.0\d*x \(.*\) as fast as the best outside jit, numpy_stacked analytic\. Over the baseline,", third
    )
    unsure = said(scan, Truth("jax_vmap", "autodiff", 2.7e-4), noise=Noise(process=0.03))
    assert "Which of them is too close to call: the lead of jax_scan autodiff over jax_vmap autodiff (1." in unsure
    # a sure winner is named beside its own family, and ahead of the others
    ahead = said(scan, replace(vmap, time_s=3e-4), Truth("numpy_stacked", "analytic", 5e-4))
    assert re.search(
        r"the runner-up, jax_vmap autodiff\. Over the best outside jit, numpy_stacked analytic: 2\.0", ahead
    )


def test_a_tie_between_families_names_them(tmp_path: Path) -> None:
    truths = [Truth("numpy_loop", "analytic", 1e-3), Truth("jax_scan", "autodiff", 1e-3), Truth("jax_vmap", "qr", 9e-3)]
    (table,) = tables_of(loaded_of(tmp_path, *truths))
    assert re.match(r"Tie between (jit and NumPy|NumPy and jit) to within 0\.\d%: ", table.conclusion)
    (table,) = tables_of(loaded_of(tmp_path, truths[0], replace(truths[1], time_s=1.1e-3), noise=Noise(process=0.05)))
    assert table.conclusion.startswith("Too close to call between ")


def test_no_baseline_is_said(tmp_path: Path) -> None:
    base = Truth("numpy_loop", "analytic", 1e-3, status="out_of_memory", reason="needs 9 GB")
    text = shown.cases(loaded_of(tmp_path, base, Truth("jax_scan", "autodiff", 4e-4)))
    assert "Only jax_scan autodiff was measured. There is no baseline here, so no ratio to one." in text
    assert "not measured: numpy_loop analytic: out of memory, needs 9 GB" in text
    assert "vs baseline" not in text.split("\n\n")[0]


def test_precisions_stand_side_by_side_and_are_told_apart(tmp_path: Path) -> None:
    base = Truth("numpy_loop", "analytic", 1e-3)
    both = [Truth("jax_scan", "autodiff", 4e-4), Truth("jax_scan", "autodiff", 1e-4, fields={"precision": "default"})]
    loaded = loaded_of(tmp_path, base, *both)
    text = " ".join(shown.cases(loaded).split())
    assert "Winner: jax_scan autodiff at default, 4.0" in text
    assert "as fast as the runner-up, jax_scan autodiff. Over the baseline, numpy_loop analytic: 10" in text
    assert "at default, at high: JAX's precision of float32 products" in text
    assert set(loaded.frame["winner"]) == {"jax_scan autodiff at default"}
    alone = shown.cases(loaded_of(tmp_path, base, both[0]))
    assert "at default" not in alone


def test_a_baseline_of_another_dtype_is_named(tmp_path: Path) -> None:
    of = synthetic.workload()
    single, double = Truth("numpy_loop", "analytic", 1e-3), {"workload": of | {"dtype": "float64"}}
    rest = [Truth(name, "analytic", 2e-3, fields=double) for name in ("numpy_loop", "jax_scan")]
    text = shown.cases(loaded_of(tmp_path, single, *rest))
    assert "0.5" in text
    assert "The baseline is numpy_loop analytic in float32." in " ".join(text.split())
    assert "There is no baseline here" not in text


HOSTILE = [
    "[red]x[/red]",
    "[bold",
    "a|b",
    "`x`",
    "<script>alert(1)</script>",
    "*x*",
    "_x_",
    "a&amp;b",
    "\x1b[31mx",
    "a\nb",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text(tmp_path: Path, name: str) -> None:
    base = Truth("numpy_loop", "analytic", 1e-3)
    failed = Truth("bad", name, 1.0, status="failed", reason=name)
    data = name.replace("\n", "")
    loaded = loaded_of(tmp_path, base, Truth("jax_scan", name, 4e-4, fields={"findings": [name]}), failed, data=data)
    text = shown.cases(loaded)
    spelt = plain(name)
    assert f"jax_scan {spelt} *" in text
    assert f"not measured: bad {spelt}: failed, {spelt}" in " ".join(text.split())
    assert "\x1b" not in text
    markdown = shown.cases(loaded, "markdown")
    assert "\x1b" not in markdown
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in rows} == {rows[0].count("|")}
    for raw in ("<script>", "[red]", "`x`", " *x*", " _x_"):
        assert raw not in markdown.replace(r"\*\*", "")
    terminal = io.StringIO()
    print_document(case_document(loaded), Console(file=terminal, force_terminal=True, color_system=None, width=100))
    assert f"jax_scan {spelt} *" in terminal.getvalue()
    assert [row["variant"] for row in csv.DictReader(io.StringIO(shown.cases(loaded, "csv")))] == [
        "analytic",
        spelt,
        spelt,
    ]
    assert json.loads(shown.cases(loaded, "json"))[1]["variant"] == spelt


def test_a_pipe_gets_plain_text_of_100_columns_and_a_terminal_its_own_width(quick: Loaded) -> None:
    pipe, terminal = io.StringIO(), io.StringIO()
    print_document(case_document(quick), Console(file=pipe, width=40))
    print_document(case_document(quick), Console(file=terminal, width=80, force_terminal=True))
    assert pipe.getvalue() == shown.cases(quick)
    assert "\x1b[" in terminal.getvalue()


def test_markdown_has_the_same_content(quick: Loaded) -> None:
    markdown = shown.cases(quick, "markdown")
    assert markdown.count("### ") == 12
    assert "| jax_scan solve |" in markdown
    assert "- not measured: jax_scan inverse: wrong, error 0.02, the limit is 0.005" in markdown
    for group in tables_of(quick):
        assert f"### {group.title}" in markdown
        assert f"**{group.conclusion}**" in markdown


def test_csv_and_json_hold_the_columns_in_full(quick: Loaded) -> None:
    back = pd.read_csv(io.StringIO(shown.cases(quick, "csv")), dtype=COLUMNS, keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(back.fillna({"findings": ""}), quick.frame)
    rows = json.loads(shown.cases(quick, "json"))
    assert [list(row) for row in rows] == [list(COLUMNS)] * len(quick.frame)
    assert rows[0]["samples"] == 100
    assert [row["time_s"] for row in rows] == [None if pd.isna(value) else value for value in quick.frame["time_s"]]
    assert json.loads(shown.cases(empty(quick), "json")) == []


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_frame_is_shown(form: str, quick: Loaded) -> None:
    assert isinstance(shown.cases(empty(quick), form), str)
