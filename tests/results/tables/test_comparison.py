"""The comparison as a frame and as tables: every case is in them, they fit the width, and names are only ever text."""

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any

import msgspec
import pandas as pd
import pytest
import shown
import sweep
import synthetic
from made import BASE, as_run, run_of, sides_run
from rich.console import Console
from synthetic import Truth

from linregbench.results.compare.runs import Comparison, compare_runs, compare_sides
from linregbench.results.fields import COLUMNS as OF_A_RUN
from linregbench.results.tables.comparison import COMPARISON_COLUMNS, comparison_document, comparison_frame, summary
from linregbench.results.tables.formats import FORMS
from linregbench.results.tables.terminal import print_document
from linregbench.results.words.text import plain

SCAN = Truth("jax_scan", "analytic", 5e-4)


def quick(seed: int, name: str) -> list[dict[str, Any]]:
    return [synthetic.header(run=name), *sweep.quick_run(seed=seed, blocks=6)[1:]]


@pytest.fixture(scope="module")
def whole() -> Comparison:
    new = quick(1, "new")
    for record in new:
        if record["record"] == "measurement" and record["strategy"] == "jax_jit_step":
            record["samples_s"] = [1.3 * seconds for seconds in record["samples_s"]]
        if record["record"] == "measurement" and record["variant"] == "qr":
            record["findings"] = ["remembered"]
    return compare_runs(as_run(quick(0, "base"), "base.jsonl"), as_run(new, "new.jsonl"))


def test_columns_and_dtypes_are_fixed(whole: Comparison) -> None:
    empty = compare_runs(as_run([synthetic.header(run="a")], "a"), as_run([synthetic.header(run="b")], "b"))
    sides = compare_sides(sides_run((SCAN, 1.0)), "ref", "here")
    for comparison in (whole, empty, sides):
        frame = comparison_frame(comparison)
        assert {str(name): str(dtype) for name, dtype in frame.dtypes.items()} == COMPARISON_COLUMNS
        assert len(frame) == len(comparison.rows)
    identity = list(COMPARISON_COLUMNS)[: list(COMPARISON_COLUMNS).index("base")]
    assert identity == [name for name in OF_A_RUN if name in identity]
    assert {"method", "strategy", "variant", "device", "dtype", "samples", "seed", "threads"} <= set(identity)
    assert set(comparison_frame(sides)["base"]) == {"ref"}


def test_the_summary_counts_every_case_bad_news_first(whole: Comparison) -> None:
    text = summary(whole)
    assert text.startswith("5 slower, ")
    assert text.endswith(" skipped")
    assert sum(int(part.split()[0]) for part in text.split(", ")) == len(whole.rows) == 61
    assert shown.compared(whole).splitlines()[-1] == text
    nothing = compare_runs(as_run([synthetic.header(run="a")], "a"), as_run([synthetic.header(run="b")], "b"))
    assert summary(nothing) == "nothing to compare"


@pytest.mark.parametrize("width", [80, 100])
def test_no_line_is_longer_than_the_width_and_every_case_is_shown(whole: Comparison, width: int) -> None:
    text = shown.compared(whole, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.isascii()
    for row in whole.rows:
        assert f"{row.case.strategy} {row.case.variant}" in text
    flowing = " ".join(text.split())
    for line in (
        "two runs: base is base.jsonl, new is new.jsonl",
        "skipped: jax_scan inverse: in both: wrong, error 0.02, the limit is 0.005",
        "skipped: jax_scan qr: in new.jsonl: no time is shown: remembered (repeated inputs are answered faster",
        "A difference is called faster or slower from 3.0% on",
    ):
        assert line in flowing
    assert sum(line.startswith("  jax_jit_step autodiff ") for line in text.splitlines()) == 5


def test_a_refusal_comes_first() -> None:
    new = run_of("new", SCAN, header={"machine": {"cpu": "B", "cores": 2}}, seed=1)
    refused = compare_runs(run_of("base", SCAN), new)
    lines = shown.compared(refused).splitlines()
    assert lines[1] == "refused: the CPU is Example 3000 in base.jsonl and B in new.jsonl"
    flowing = " ".join(" ".join(lines).split())
    assert "to judge: sample both in one run, by linregbench versus REF" in flowing
    assert "by linregbench compare --across BASE NEW" in flowing
    for row in refused.rows:
        assert f"{row.case.strategy} {row.case.variant} " in flowing
        assert row.ratio == pytest.approx(1.0, rel=0.01)
    assert not {"faster", "slower", "same", "inconclusive"} & {line.split()[-1] for line in lines if line}
    assert "is called faster or slower" not in flowing
    assert lines[-1] == summary(refused) == "2 refused"
    across = replace(refused, across=True)  # as results.across makes them, where a side is no run file
    lines = shown.compared(across).splitlines()
    assert lines[1] == "differs: the CPU is Example 3000 in base.jsonl and B in new.jsonl"
    assert lines[-1] == summary(across) == "2 ratios, no verdicts"


def test_a_run_that_asked_about_one_difference_is_answered_in_its_words() -> None:
    wild = synthetic.Noise(process=0.2, busy_share=0.0)
    said = []
    for noise in (synthetic.QUIET, wild):
        run = sides_run((SCAN, 1.0), blocks=4, noise=noise)
        asking = replace(run, header=msgspec.structs.replace(run.header, options={"more_than": 0.05}))
        said.append(" ".join(shown.compared(compare_sides(asking, "ref", "here")).split()))
    calm, noisy = said
    assert calm.endswith("2 within 5%")
    assert "slower, faster: surely by more than 5%; within 5%: surely not." in calm
    assert "with the 95% interval that holds at all looks together" in calm
    assert "stands in its place" not in calm
    assert noisy.endswith("2 undecided")
    assert re.search(r"baseline may differ by up to \d+\.\d%: in 2 of 2 such a bound is above 5% and stands in", noisy)


def test_markdown_has_the_same_content(whole: Comparison) -> None:
    markdown = shown.compared(whole, "markdown")
    assert markdown.count("### ") == 12
    assert "| case | base | new | base / new | verdict |" in markdown
    assert f"**{summary(whole)}**" in markdown
    assert "- skipped: jax_scan inverse: in both: wrong, error 0.02" in markdown


def test_csv_and_json_hold_the_columns_in_full(whole: Comparison) -> None:
    frame = comparison_frame(whole)
    back = pd.read_csv(
        io.StringIO(shown.compared(whole, "csv")), dtype=COMPARISON_COLUMNS, keep_default_na=False, na_values=[""]
    )
    pd.testing.assert_frame_equal(back.fillna({"findings": ""}), frame)
    rows = json.loads(shown.compared(whole, "json"))
    assert [list(row) for row in rows] == [list(COMPARISON_COLUMNS)] * len(frame)
    assert {row["verdict"] for row in rows if row["ratio"] is None} == {"skipped"}


@pytest.mark.parametrize("name", ["[red]x[/red]", "<script>alert(1)</script>", "a|b", "\x1b[31mx", "a\nb", "*x*"])
def test_names_are_text(name: str) -> None:
    bad = Truth("bad", name, 1.0, status="failed", reason=name)
    header = {"machine": {"cpu": name, "cores": 2}}
    base, new = run_of(name, Truth("jax_scan", name, 1e-4), bad), run_of("new", Truth("jax_scan", name, 1e-4), seed=1)
    other = run_of("new", Truth("jax_scan", name, 1e-4), seed=1, header=header)
    for comparison in (compare_runs(base, new), compare_runs(base, other)):
        terminal = io.StringIO()
        print_document(
            comparison_document(comparison), Console(file=terminal, force_terminal=True, color_system=None, width=100)
        )
        for text in (shown.compared(comparison), terminal.getvalue()):
            assert "\x1b[31m" not in text
            assert plain(name) in " ".join(text.split())
        markdown = shown.compared(comparison, "markdown")
        assert "<script>" not in markdown
        assert "\x1b" not in markdown
        rows = [line for line in markdown.splitlines() if line.startswith("|")]
        assert len({line.replace(r"\|", "").count("|") for line in rows}) <= 1
        assert [row["variant"] for row in csv.DictReader(io.StringIO(shown.compared(comparison, "csv")))][1] == plain(
            name
        )


@pytest.mark.parametrize("form", FORMS)
def test_every_format_shows_one_block_too(form: str) -> None:
    comparison = compare_runs(run_of("base", SCAN, blocks=1), run_of("new", SCAN, blocks=1, seed=1))
    text = shown.compared(comparison, form)
    assert "inconclusive" in text
    assert {row.low for row in comparison.rows} == {None}


def test_the_baseline_alone_is_compared_too() -> None:
    comparison = compare_runs(run_of("base"), run_of("new", seed=1))
    assert [(row.case.strategy, row.verdict) for row in comparison.rows] == [(BASE.strategy, "same")]
    assert summary(comparison) == "1 same"
