"""Devices beside each other as people see them: a terminal, files, the command line, the report, the figure."""

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shown
import sweep
import synthetic
import two_devices
from made import as_run
from matplotlib.figure import Figure
from rich.console import Console
from two_devices import both_run, cpu_run, gpu_run

from linregbench.benchmarks.cli.main import main
from linregbench.results.compare.devices.frame import ACROSS_COLUMNS, across_frame
from linregbench.results.compare.devices.ratios import Across, compare_sides_across
from linregbench.results.compare.devices.sides import STEADY, sides_of
from linregbench.results.figures.devices import devices_figure
from linregbench.results.report.devices import devices_parts, title_of
from linregbench.results.report.markdown import markdown
from linregbench.results.report.page import html
from linregbench.results.runfile.read import Run
from linregbench.results.tables.device_words import across_document, devices_in_words, sides_in_words
from linregbench.results.tables.devices import tables_of
from linregbench.results.tables.formats import FORMS
from linregbench.results.tables.terminal import print_document

EVIL = "<script>alert(1)</script>[red]|\x1b[31m"


def across(*runs: Run) -> tuple[Across, ...]:
    return compare_sides_across(sides_of(runs))


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return [cpu_run(), gpu_run()]


@pytest.fixture(scope="module")
def pair(runs: list[Run]) -> Across:
    (found,) = across(*runs)
    return found


def mixed(name: str, seed: int, cpu: str) -> Run:
    """Both methods, skips and failures, as the preset quick has them."""
    header = synthetic.header(run=name, machine=two_devices.machine(cpu))
    return as_run([header, *sweep.quick_run(seed=seed)[1:]], f"{name}.jsonl")


@pytest.fixture(scope="module")
def machines() -> list[Run]:
    return [mixed("old", 0, "Example 1"), mixed("new", 1, "Example 2")]


def test_the_answer_is_in_words(pair: Across) -> None:
    text = " ".join(devices_in_words(pair))
    assert text.startswith("With the data in place: of 10 workloads, cuda is the faster in 5, cpu is the faster in 5; ")
    assert "Transfers in and out included: of 10 workloads, " in text
    assert re.search(
        r"Along n, at b=1: cuda overtakes cpu at n = 2\d,\d00 \[2\d,\d00-2\d,\d00\]; with transfers, ", text
    )
    assert "Along b, at n=100: cuda overtakes cpu at b = 20" in text
    assert "The best of cuda is launch-bound in 9 of 10 workloads" in text
    assert "cpu used 1 of 16 cores" in text
    assert "GPU" not in text
    told = sides_in_words(pair)
    assert told[:2] == [
        "cpu: Example 3000, 1 thread of 16 cores (cpu.jsonl)",
        "cuda: Imaginary GPU 9, in a machine with Example 5000 (cuda.jsonl)",
    ]
    assert "differs: the CPU is Example 3000 in cpu.jsonl and Example 5000 in cuda.jsonl" in told


def test_what_the_words_say_is_in_the_tables(pair: Across) -> None:
    tables = {table.name: table for table in tables_of(pair)}
    cells = [cell.text for table in tables.values() for row in table.rows for cell in row]
    found = re.findall(r"\d[\d,.]*x \([^)]*\)|\d[\d,]* \[[^\]]*\]", " ".join(devices_in_words(pair)[:4]))
    forward = [text for text in found if not text.startswith(("42", "31"))]  # what is said of the base is inverted
    assert len(forward) >= 6
    for text in forward:
        assert any(text in cell for cell in cells), text
    assert all(len(row) == len(table.columns) for table in tables.values() for row in table.rows)


def test_two_machines_are_not_called_devices(machines: list[Run]) -> None:
    found = across(*machines)
    for text in (shown.across(found), shown.across(found, "markdown")):
        assert "new against old" in text
        assert not re.search(r"cuda|GPU|launch-bound|regime", text)
    assert title_of(devices_parts(machines)) == "Machines"
    small = {"places": two_devices.PLACES[:1]}
    assert devices_parts([cpu_run(**small), two_devices.run("again", ["cpu"], **small)]) == []


def test_no_line_is_longer_than_the_width_and_nothing_is_missing(runs: list[Run], machines: list[Run]) -> None:
    for found in (across(*runs), across(*machines), across(*runs, machines[1])):
        for width in (80, 100):
            text = shown.across(found, width=width)
            assert max(map(len, text.splitlines())) <= width
            assert text.isascii()
            for each in found:
                assert f"{each.new.name} against {each.base.name}" in text
    flowing = " ".join(shown.across(across(*machines)).split())
    assert "jax_scan inverse on old at ols" in flowing
    assert ": wrong, error 0.02, the limit is 0.005" in flowing


def test_the_regime_of_either_side_is_named() -> None:
    options: dict[str, Any] = {"places": two_devices.PLACES[:2]}
    (found,) = across(gpu_run(**options), cpu_run(**options))
    assert "The best of cuda is launch-bound in 2 of 2 workloads" in " ".join(devices_in_words(found))
    assert tables_of(found)[0].columns[-1].name == "regime"
    frame = across_frame((found,))
    assert set(frame["base_regime"].dropna()) == {"launch-bound"}
    assert frame["new_regime"].isna().all()
    other = two_devices.run("other", ["cuda"], two_devices.PLACES[:2], cpu="Example 7")
    (found,) = across(gpu_run(**options), other)
    assert [column.name for column in tables_of(found)[0].columns[-2:]] == ["regime on cuda", "regime on other"]


def test_columns_and_dtypes_are_fixed(pair: Across, machines: list[Run]) -> None:
    for found in ((pair,), across(*machines), ()):
        frame = across_frame(found)
        assert {str(name): str(dtype) for name, dtype in frame.dtypes.items()} == ACROSS_COLUMNS
    frame = across_frame((pair,))
    assert set(frame["row"]) == {"best", "alike", "overtaking"}
    best = frame[(frame["row"] == "best") & (frame["cost"] == STEADY)]
    assert len(best) == len(pair.meetings)
    assert (best["ratio_low"] <= best["ratio"]).all()
    assert best["ratio"].to_numpy() == pytest.approx((best["base_s"] / best["new_s"]).to_numpy(), rel=0.02)
    overtaking = frame[frame["row"] == "overtaking"]
    assert set(overtaking["axis"]) == {"samples", "batch"}
    assert set(overtaking["above"]) == {"cuda"}
    assert (overtaking["at_low"] <= overtaking["at"]).all()


def test_csv_and_json_hold_the_frame_in_full(pair: Across) -> None:
    frame = across_frame((pair,))
    back = pd.read_csv(
        io.StringIO(shown.across((pair,), "csv")), dtype=ACROSS_COLUMNS, keep_default_na=False, na_values=[""]
    )
    pd.testing.assert_frame_equal(back, frame)
    assert [list(row) for row in json.loads(shown.across((pair,), "json"))] == [list(ACROSS_COLUMNS)] * len(frame)


def test_every_format_shows_one_block_too() -> None:
    options: dict[str, Any] = {"places": two_devices.PLACES[:2], "blocks": 1}
    found = across(cpu_run(**options), gpu_run(**options))
    for form in FORMS:
        assert shown.across(found, form)
    assert "of 2 workloads, 2 not sure" in shown.across(found)
    assert len(devices_figure(found[0]).axes) == 1


def test_names_are_text() -> None:
    records = two_devices.records("cuda", ["cuda"], two_devices.PLACES[:2], cpu=EVIL)
    for record in records:
        if record.get("device") == "cuda" and record["record"] == "environment":
            record["device_kind"] = EVIL
        elif record["record"] == "measurement" and record["strategy"] == "jax_vmap":
            record["variant"] = EVIL
    there = as_run(records, f"{EVIL}.jsonl")
    here = cpu_run(places=two_devices.PLACES[:2])
    found = across(here, there)
    terminal = io.StringIO()
    (pair,) = found
    print_document(across_document(pair), Console(file=terminal, force_terminal=True, color_system=None, width=100))
    for text in (
        shown.across(found),
        terminal.getvalue(),
        shown.across(found, "markdown"),
        markdown(shown.report(here, there)),
    ):
        assert "\x1b[31m" not in text
    assert "<script>" not in shown.across(found, "markdown")
    page = html(shown.report(here, there))
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in page
    assert '<details id="devices" open><summary><h2>Devices</h2>' in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_figure_has_both_sides_transfers_and_the_overtaking(pair: Across) -> None:
    figure = devices_figure(pair)
    assert isinstance(figure, Figure)
    assert [axes.get_xlabel() for axes in figure.axes] == ["samples n", "problems in a batch"]
    for axes in figure.axes:
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        legend = axes.get_legend()
        assert legend is not None
        labels = [text.get_text() for text in legend.get_texts()]
        assert {"cpu", "cuda", "data in place", "with transfers"} <= set(labels)
        (note,) = axes.texts
        assert note.get_text().startswith("cuda\nfrom 2")
    lonely = across(cpu_run(places=two_devices.PLACES[:1]), gpu_run(places=two_devices.PLACES[:1]))
    assert "fewer than two places" in str(devices_figure(lonely[0]).get_label())


def test_a_report_of_two_devices_sets_them_beside_each_other(runs: list[Run]) -> None:
    (part,) = devices_parts(runs)
    assert (part.across.heading, title_of([part])) == ("cuda against cpu", "Devices")
    text = markdown(shown.report(both_run(places=two_devices.PLACES[:2])), full=True)
    assert "## cuda against cpu" in text
    assert "### The best of each: gradient descent, d = 2, b = 1, 100 steps, float32" in text
    assert devices_parts(runs[:1]) == devices_parts([cpu_run(), both_run(places=[])]) == []


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("devices")
    places: Sequence[dict[str, Any]] = two_devices.PLACES[:2]
    skipped = two_devices.records("skipped", ["cpu", "cuda"], places)
    for record in skipped:
        if record["record"] == "measurement" and record["device"] == "cuda":
            record |= {"status": "skipped", "reason": "no cuda device here", "samples_s": [], "rounds": []}
    made = {
        "cpu": two_devices.records("cpu", ["cpu"], places),
        "cuda": two_devices.records("cuda", ["cuda"], places),
        "both": two_devices.records("both", ["cpu", "cuda"], places),
        "apart": two_devices.records("apart", ["cuda"], [{"samples": 77}]),
        "skipped": skipped,
    }
    return {name: synthetic.write(folder / f"{name}.jsonl", records) for name, records in made.items()}


def command(files: dict[str, Path], *arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["compare", *(str(files.get(argument, argument)) for argument in arguments)])
    return int(left.value.code or 0)


@pytest.mark.parametrize("given", [("cpu", "cuda"), ("both",), ("cpu", "cuda", "skipped")])
def test_the_command_takes_one_file_or_more(
    given: tuple[str, ...], files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(files, "--across", *given) == 0
    assert "cuda against cpu" in capsys.readouterr().out
    for form in ("markdown", "csv", "json"):
        assert command(files, "--across", "--format", form, *given) == 0
        assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "status", "message"),
    [
        (("--across", "cpu", "apart"), 1, "cpu and cuda have no workload in common"),
        (("--across", "skipped"), 1, "skipped.jsonl: nothing was measured on cuda: skipped, no cuda device here"),
        (("--across", "cpu", "cpu"), 2, "give it once"),
        (("--across", "cuda"), 2, "name a second file"),
        (("--across", "--fail-on", "slower", "cpu", "cuda"), 2, "--fail-on slower needs verdicts"),
        (("--across", "cpu", "absent.jsonl"), 2, "absent.jsonl: cannot be read"),
        (("cpu",), 2, "compare takes two files, BASE and NEW, got 1"),
        (("cpu", "cuda", "both"), 2, "compare takes two files, BASE and NEW, got 3"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_a_status(
    given: tuple[str, ...],
    status: int,
    message: str,
    files: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(files, *given) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert message in told.err
    assert told.err.count("\n") == 1


def test_sides_of_long_names_are_letters_in_tables_and_cases_keep_a_line(runs: list[Run]) -> None:
    names = ("measured-on-the-old-workstation", "measured-on-the-new-workstation")
    (found,) = across(*(mixed(name, seed, f"Example {seed}") for seed, name in enumerate(names)))
    assert sides_in_words(found)[0].startswith(f"A is {names[0]}: Example 0")
    best = tables_of(found)[0]
    assert [column.name for column in best.columns][1:4] == ["A", "B", "B is"]
    lines = shown.across((found,), width=80).splitlines()
    assert "  workload " in " ".join(lines)
    assert len(lines) < 250
    for text in best.texts("workload"):
        assert any(line.startswith(f"  {text} ") for line in lines), text
    assert [column.name for column in tables_of(*across(*runs))[0].columns][1:3] == ["cpu", "cuda"]
