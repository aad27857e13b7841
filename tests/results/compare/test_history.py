"""A history: where a made-up one stepped and nowhere else, of run files and of asv's results, in every form."""

import csv
import io
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import synthetic
from door_files import DOCUMENTS, RATIO, TIME, asv_folder, asv_index, asv_results, written
from made import BASE, as_run, run_of, sides_records
from synthetic import Truth

from linregbench.benchmarks.cli.main import main
from linregbench.results.compare.history import Series, detector, history_of, steps_in
from linregbench.results.figures.history import history_figure, plot
from linregbench.results.formats.load import of_runs, read
from linregbench.results.tables.history import history_document, history_frame
from linregbench.results.tables.terminal import text_of

RUNS, FIRST, TIMES = 30, 17, 1.07
"""A history, the first of its runs after the step, counted from one, and how many times as slow it is from there."""


def noise(number: int, spread: float = 0.004, seed: int = 0) -> list[float]:
    drawn = random.Random(seed)
    return [2 ** drawn.gauss(0.0, spread) for _ in range(number)]


def places(values: Sequence[float]) -> list[int]:
    detect = detector()
    assert detect is not None
    return [step.place for step in steps_in(values, detect)]


asv_here = pytest.mark.skipif(detector() is None, reason="the steps are asv's, which is not installed")


@asv_here
@pytest.mark.parametrize("seed", range(5))
def test_a_step_is_found_where_it_is_and_none_where_there_is_none(seed: int) -> None:
    flat = noise(RUNS, seed=seed)
    assert places(flat) == []
    assert places([value * (TIMES if place >= FIRST - 1 else 1) for place, value in enumerate(flat)]) == [FIRST - 1]


@asv_here
@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        pytest.param([1.0] * 10 + [1.5] * 10 + [1.1] * 10, [10, 20], id="up and halfway down"),
        pytest.param([1.0] * 10 + [1.5] + [1.0] * 10, [], id="one run alone is no level"),
        pytest.param([1.5] + [1.0] * 12, [], id="nor is the first alone"),
        pytest.param([1.0] * 12 + [1.5], [12], id="but the newest may be the first of one"),
        pytest.param([1.0] * 10 + [1.005] * 10, [], id="less than a difference is anywhere"),
        pytest.param([1.0, 1.0, 2.0, 2.0], [], id="too few to tell"),
    ],
)
def test_what_is_a_level(factors: list[float], expected: list[int]) -> None:
    values = [factor * value for factor, value in zip(factors, noise(len(factors), 0.001), strict=True)]
    assert places(values) == expected


@pytest.mark.long
@asv_here
@pytest.mark.parametrize(("number", "percent"), [(8, 2.0), (15, 2.0), (30, 2.0), (30, 0.5)])
def test_noise_alone_has_steps_in_fewer_than_one_history_in_a_hundred(number: int, percent: float) -> None:
    histories = [noise(number, spread=math.log2(1 + percent / 100), seed=seed) for seed in range(1_000)]
    assert sum(bool(places(values)) for values in histories) < 20, "10 are told of, 20 are three deviations more"


@pytest.mark.long
@asv_here
@pytest.mark.parametrize(("percent", "least"), [(0.5, 0.98), (1.0, 0.78)])
def test_a_step_of_seven_percent_is_found_as_often_as_is_told(percent: float, least: float) -> None:
    found = 0
    for seed in range(500):
        flat = noise(RUNS, spread=math.log2(1 + percent / 100), seed=seed)
        found += places([v * (TIMES if n >= FIRST - 1 else 1) for n, v in enumerate(flat)]) == [FIRST - 1]
    assert found >= least * 500


def records(number: int, scan: float, **header: Any) -> list[dict[str, Any]]:
    """A run, the `number`-th of its history, with a scan that is so many times as slow as it was."""
    about = {"run": f"run{number:02}", "started": f"2026-03-{number + 1:02}T12:00:00+00:00", "dirty": False}
    first = synthetic.header(**about | {"commit": f"{number + 1:02x}" * 20} | header)
    truths = [BASE, Truth("jax_scan", "analytic", 2e-4 * scan), Truth("jax_vmap", "analytic", 4e-4)]
    of = synthetic.workload()
    return [first, synthetic.environment(), *synthetic.blocks_of(truths, of=of, blocks=3, rounds=4, seed=number)]


@pytest.fixture
def stepped(tmp_path: Path) -> Path:
    for number in range(RUNS):
        slower = TIMES if number >= FIRST - 1 else 1.0
        # in no order of names
        synthetic.write(tmp_path / f"{number * 7 % RUNS:02}.jsonl", records(number, slower))
    return tmp_path


def by_strategy(*paths: Path) -> dict[str, Series]:
    return {str(series.record["strategy"]): series for series in history_of(read(*paths)).series}


@asv_here
def test_run_files_of_a_folder_name_the_commit_where_it_stepped(
    stepped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", str(stepped), "--plot", str(stepped / "plot.svg")])
    assert ended.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Where it stepped" in told
    assert told.count("slower") == 2, "a row and the last line"
    assert "1 of 3 cases stepped over 30 runs; the newest: gd n=100 jax_scan analytic 1.07x slower" in told
    assert "first seen in 11111111" in told
    assert "2026-03-17 10101010" in told, "when, and the last run before it"
    assert "1.07x slower" in (stepped / "plot.svg").read_text()


def test_a_case_that_one_run_alone_has_is_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan, vmap = Truth("jax_scan", "analytic", 5e-4), Truth("jax_vmap", "analytic", 4e-4)
    for number, truths in enumerate(([BASE, scan], [BASE, scan, vmap])):
        header = synthetic.header(run=f"run{number}", started=f"2026-03-0{number + 1}T00:00:00+00:00")
        records = [header, synthetic.environment(), *synthetic.blocks_of(truths, of=synthetic.workload(), blocks=3)]
        synthetic.write(tmp_path / f"{number}.jsonl", records)
    with pytest.raises(SystemExit):
        main(["history", str(tmp_path)])
    told = " ".join(capsys.readouterr().out.split())
    assert "jax_scan" in told
    assert "jax_vmap" not in told
    assert "Left out: 1 case that one run alone has; csv has them." in told


@asv_here
def test_a_frame_has_a_row_a_run_and_a_mark_where_it_stepped(stepped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["history", str(stepped), "--format", "csv"])
    rows = [row for row in csv.DictReader(io.StringIO(capsys.readouterr().out)) if row["strategy"] == "jax_scan"]
    assert [row["run"] for row in rows] == [f"run{number:02}" for number in range(RUNS)]
    (marked,) = (row for row in rows if row["times_slower"])
    assert (marked["run"], marked["commit"]) == ("run16", "11111111")
    assert float(marked["times_slower"]) == pytest.approx(TIMES, rel=0.01)
    assert float(rows[0]["level"]) / float(rows[-1]["level"]) == pytest.approx(TIMES, rel=0.01)


def test_without_asv_the_ratios_are_there_and_how_to_have_the_steps(
    stepped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "asv.step_detect", None)
    told = text_of(history_document(history_of(read(*stepped.glob("*.jsonl")))))
    assert "pip install asv" in told
    assert "the oldest and the newest of 30 runs" in told
    assert "step in" not in told


@asv_here
def test_what_else_changed_is_told_with_the_step() -> None:
    old = [
        run_of(f"r{n}", Truth("jax_scan", "analytic", 2e-4), header={"started": f"2026-01-0{n}"}) for n in range(1, 5)
    ]
    packages = {"packages": {"jax": "0.11.0", "jaxlib": "0.10.2", "numpy": "2.4.6"}}
    slow = Truth("jax_scan", "analytic", 3e-4)
    new = [run_of(f"r{n}", slow, header={"started": f"2026-01-0{n}"}, environment=packages) for n in range(5, 9)]
    told = " ".join(text_of(history_document(history_of(of_runs(*old, *new)))).split())
    assert "beside the code, jax is 0.10.2 in the run before and 0.11.0 in this one" in told
    assert "first seen in 2026-01-05" in told, "by its date, where no commit is known"


def test_other_processors_are_other_cases_and_of_two_sides_the_judged_one_counts() -> None:
    one = as_run(records(1, 1.0))
    elsewhere = as_run(records(2, 1.0, machine={"cpu": "Other 1"}))
    both = sides_records((Truth("jax_scan", "analytic", 2e-4), 2.0), blocks=3)
    both[0] |= {"run": "both", "started": "2026-03-20", "commit": "cd" * 20, "dirty": False}
    both[1] |= {"commit": "ab" * 20, "dirty": True}
    both[2] |= {"commit": "ef" * 20, "dirty": False}
    history = history_of(of_runs(one, elsewhere, as_run(both)))
    runs = {series.runs: series for series in history.series if series.record["strategy"] == "jax_scan"}
    assert set(runs) == {("run01", "both"), ("run02",)}
    assert runs["run01", "both"].values == pytest.approx((5.0, 10.0), rel=0.02), "here, which is twice as fast"
    assert history.origins["both"].commit == "abababab and changes", "of the code that was judged"


def folder_of(where: Path) -> Path:
    old, new = asv_results(commit="aaaaaaaaaa") | {"date": 1}, asv_results(commit="0000000000") | {"date": 2}
    for result, ratio in ((old, 0.5), (new, 0.25)):
        result["results"][RATIO] = [[ratio] * 16, asv_index()[TIME]["params"], "1"]
    return asv_folder(where, None, new, old)


def test_older_commits_of_asv_come_first_and_its_ratios_go_our_way(tmp_path: Path) -> None:
    history = history_of(read(folder_of(tmp_path)))
    assert [origin.commit for origin in history.origins.values()] == ["aaaaaaaa", "00000000"]
    assert {series.values for series in history.series} == {(2.0, 4.0)}
    frame = history_frame(history)
    assert list(frame["date"].unique()) == ["1970-01-01T00:00:00"]


def test_a_commit_in_two_environments_is_one_column_and_two_cases(tmp_path: Path) -> None:
    results = [asv_results(commit=f"{n}" * 10) | {"date": n, "env_name": name} for n in (1, 2) for name in ("a", "b")]
    history = history_of(read(asv_folder(tmp_path, None, *results)))
    assert [moment.commit for moment in history.moments] == ["11111111", "22222222"]
    text = text_of(history_document(history))
    assert text.splitlines()[1].split() == ["case", "11111111", "22222222"]
    (row,) = (line.split() for line in text.splitlines() if "gd n=1,000 jax_scan autodiff in b" in line)
    assert row[-4:] == ["100", "us", "100", "us"]
    assert "over 2 runs" in text


@asv_here
def test_a_step_of_asv_s_is_found_too(tmp_path: Path) -> None:
    results = []
    for number in range(10):
        result = asv_results(commit=f"{number:x}" * 10) | {"date": number * 86_400_000}
        result["results"] = {RATIO: [[0.5 if number < 6 else 0.6] * 16, asv_index()[TIME]["params"], "1"]}
        results.append(result)
    for series in history_of(read(asv_folder(tmp_path, None, *results))).series:
        (step,) = series.steps
        assert (step.place, series.slower(step)) == (6, pytest.approx(1.2))


def test_the_command_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", str(folder_of(tmp_path)), "--plot", str(tmp_path / "plot.svg")])
    assert ended.value.code == 0
    assert "times as fast as the baseline" in capsys.readouterr().out
    assert (tmp_path / "plot.svg").read_text().startswith("<?xml")


def test_a_plot_that_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", str(folder_of(tmp_path)), "--plot", str(tmp_path / "plot.odd")])
    assert ended.value.code == 2


def test_a_history_without_ratios_is_one_of_times(tmp_path: Path) -> None:
    history = history_of(read(asv_folder(tmp_path)))
    assert text_of(history_document(history)).startswith("time of a call")
    plot(history, tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").stat().st_size


@asv_here
def test_a_picture_of_few_panels_has_those_that_stepped() -> None:
    runs = []
    for number in range(8):
        of = [synthetic.header(run=f"r{number}", started=f"2026-01-0{number + 1}"), synthetic.environment()]
        for samples in (100, 1_000, 10_000):
            slow = 1.5 if number >= 4 and samples == 10_000 else 1.0
            truths = [BASE, Truth("jax_scan", "analytic", 2e-4 * slow)]
            of += synthetic.blocks_of(truths, of=synthetic.workload(samples=samples), blocks=3, rounds=4, seed=number)
        runs.append(as_run(of))
    history = history_of(of_runs(*runs))
    assert [axes.get_title("left") for axes in history_figure(history, 1).axes] == ["gd n=10,000"]
    assert len(history_figure(history).axes) == 3


def test_other_programs_files_have_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.json", DOCUMENTS["pytest-benchmark"])
    with pytest.raises(SystemExit) as ended:
        main(["history", str(path)])
    assert ended.value.code == 2
    assert "not of pytest-benchmark's files" in capsys.readouterr().err


def test_a_folder_without_either_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", str(tmp_path)])
    assert ended.value.code == 2
    assert "neither run files (*.jsonl) nor results of asv's" in capsys.readouterr().err
