"""The commands that only read runs: what they write, where, and with which exit status."""

import errno
import os
from pathlib import Path

import pytest
import sweep
import synthetic

from linregbench.benchmarks.cli.main import main
from linregbench.results.formats.load import load
from linregbench.results.frame import csv_of


@pytest.fixture(scope="module")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.write(tmp_path_factory.mktemp("runs") / "quick.jsonl", sweep.quick_run())


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def test_a_report_stands_beside_its_run_or_where_it_is_asked_for(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("report", run_file) == 0
    assert run_file.with_suffix(".html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert str(run_file.with_suffix(".html")) in capsys.readouterr().out
    assert command("report", run_file, "--html", tmp_path / "pages", "--markdown", tmp_path / "r.md") == 0
    assert {path.name for path in tmp_path.rglob("*.*")} == {"quick.html", "r.md", "r.csv"}
    assert "[r.csv](r.csv)" in (tmp_path / "r.md").read_text(encoding="utf-8")
    assert (tmp_path / "r.csv").read_text(encoding="utf-8") == csv_of(load(run_file))
    short = len((tmp_path / "r.md").read_text(encoding="utf-8").splitlines())
    assert command("report", run_file, "--markdown", tmp_path / "r.md", "--full") == 0
    assert short < 200 < len((tmp_path / "r.md").read_text(encoding="utf-8").splitlines())
    capsys.readouterr()
    for wrong in (["--full"], ["--markdown", tmp_path / "r.csv"]):
        assert command("report", run_file, *wrong) == 2
        assert "give" in capsys.readouterr().err
    assert command("report", run_file, "--figures", tmp_path / "pictures") == 0
    assert {"time-samples.svg", "forest.svg"} <= {path.name for path in (tmp_path / "pictures").iterdir()}
    assert not run_file.with_name("pictures").exists()


@pytest.mark.long
def test_several_runs_stand_side_by_side_in_one_page(run_file: Path, tmp_path: Path) -> None:
    other = [synthetic.header(run="other"), *sweep.quick_run(seed=1)[1:]]
    synthetic.write(tmp_path / "other.jsonl", other)
    assert command("report", run_file, tmp_path / "other.jsonl", "--html", tmp_path) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Runs side by side" in page
    assert "time, other" in page


def test_advice_on_the_command_line(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("advise", run_file, "--samples", 5_000) == 0
    told = capsys.readouterr().out
    assert told.startswith("use ")
    assert "runner-up: " in told
    assert "interpolated in run " in told
    assert command("advise", run_file, "--samples", 5_000_000) == 1
    assert "nothing is extrapolated" in capsys.readouterr().out


def test_advice_takes_the_runs_of_this_folder_and_else_the_published_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("advise", "--samples", 100) == 2
    assert "no runs in results/runs or results/published" in capsys.readouterr().err
    for folder, name in (("published", "published"), ("runs", "own")):
        (tmp_path / "results" / folder).mkdir(parents=True)
        records = [synthetic.header(run=name), *sweep.quick_run()[1:]]
        synthetic.write(tmp_path / "results" / folder / "run.jsonl", records)
        assert command("advise", "--samples", 100) == 0
        assert f"run {name}" in capsys.readouterr().out


def test_the_notebooks_pictures(tmp_path: Path) -> None:
    assert command("demo", "--figures", tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "fits.svg",
        "fits.png",
        "descent.svg",
        "descent.png",
        "descent.gif",
    }


def test_no_report_is_written_over_a_run(run_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = run_file.read_bytes()
    beside = run_file.with_suffix(".csv").with_stem("run")
    beside.write_bytes(before)
    for target in (run_file, beside.with_suffix(".md")):  # whose table would be that CSV
        assert command("report", run_file, "--markdown", target) == 2
        assert "is a run file" in capsys.readouterr().err
    assert not beside.with_suffix(".md").exists()
    assert run_file.read_bytes() == beside.read_bytes() == before


def test_half_a_report_is_never_left(run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood there before stands, where there is no room for what comes."""
    page = tmp_path / run_file.with_suffix(".html").name
    page.write_text("before")
    monkeypatch.setattr("os.replace", full)
    assert command("report", run_file, "--html", tmp_path) == 1
    assert {path.name for path in tmp_path.iterdir()} == {page.name}
    assert page.read_text() == "before"


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
