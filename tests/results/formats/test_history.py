"""asv's history from our own frame: a table and a plot that need no net."""

from pathlib import Path

import pytest
from door_files import DOCUMENTS, RATIO, TIME, asv_folder, asv_index, asv_results, written

import linregbench
from linregbench.benchmarks.cli.main import main
from linregbench.results.figures.history import plot
from linregbench.results.tables.history import history, history_document
from linregbench.results.tables.terminal import text_of


def folder_of(where: Path) -> Path:
    old, new = asv_results(commit="aaaaaaaaaa") | {"date": 1}, asv_results(commit="0000000000") | {"date": 2}
    for result, ratio in ((old, 0.5), (new, 0.25)):
        result["results"][RATIO] = [[ratio] * 16, asv_index()[TIME]["params"], "1"]
    return asv_folder(where, None, new, old)


def test_older_commits_come_first(tmp_path: Path) -> None:
    wide = history(linregbench.load(folder_of(tmp_path)))
    assert list(wide.columns) == ["aaaaaaaa", "00000000"]
    assert wide.iloc[0].tolist() == [2.0, 4.0]


def test_the_command_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", str(folder_of(tmp_path)), "--plot", str(tmp_path / "plot.svg")])
    assert ended.value.code == 0
    assert "times as fast as the NumPy loop" in capsys.readouterr().out
    assert (tmp_path / "plot.svg").read_text().startswith("<?xml")


def test_a_plot_that_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", str(folder_of(tmp_path)), "--plot", str(tmp_path / "plot.odd")])
    assert ended.value.code == 2


def test_a_history_without_ratios_is_one_of_times(tmp_path: Path) -> None:
    frame = linregbench.load(asv_folder(tmp_path))
    assert text_of(history_document(frame)).startswith("time of a call")
    plot(frame, tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").stat().st_size


def test_what_is_not_of_asv_has_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.json", DOCUMENTS["pytest-benchmark"])
    with pytest.raises(SystemExit) as ended:
        main(["history", str(path)])
    assert ended.value.code == 2
    assert "is a file of pytest-benchmark" in capsys.readouterr().err
