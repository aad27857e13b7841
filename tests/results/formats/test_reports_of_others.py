"""Pages and advice from other programs' files, alone and beside a run: what the times allow, and no verdict."""

from pathlib import Path

import pytest
import shown
from door_files import AXES, DOCUMENTS, RATIO, TIME, asv_folder, asv_index, asv_results, written
from made import SMALL_BYTES

from linregbench.benchmarks.cli.main import main
from linregbench.results.figures import lines
from linregbench.results.formats import asv, unjudged
from linregbench.results.formats.load import read
from linregbench.results.report.build import report_of

BATCHED = AXES | {"batch": [1, 32, 1024]}
WHY = "no sentinel"


@pytest.fixture
def others(tmp_path: Path) -> dict[str, Path]:
    folder = asv_folder(tmp_path, asv_index(BATCHED), asv_results(BATCHED))
    return {"asv": folder} | {name: written(tmp_path / f"{name}.json", each) for name, each in DOCUMENTS.items()}


def report(capsys: pytest.CaptureFixture[str], where: Path, *files: Path) -> tuple[str, str]:
    """The page and the Markdown of the files."""
    with pytest.raises(SystemExit) as ended:
        main(["report", *map(str, files), "--html", str(where), "--markdown", str(where / "report.md")])
    assert ended.value.code == 0
    capsys.readouterr()
    (page,) = where.glob("*.html")
    return page.read_text(), (where / "report.md").read_text()


@pytest.mark.parametrize("source", ["asv", *DOCUMENTS])
def test_a_report_of_one_program(
    source: str, others: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, markdown = report(capsys, tmp_path / "out", others[source])
    for text in (page, markdown):
        assert f"{source}, run " in text
        assert WHY in text
        assert "No verdict" in text or "Only " in text
        assert "inconclusive" not in text
        assert "Winner" not in text
    if source == "asv":
        assert 'id="figure-time-samples"' in page
        assert 'id="figure-map-batch"' not in page


def test_a_report_beside_a_run(others: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run.jsonl"
    run.write_bytes(SMALL_BYTES)
    page, markdown = report(capsys, tmp_path / "out", run, *others.values())
    assert "How far to believe it" not in page  # with several runs the line names its run
    assert "A/A floor" in markdown
    for source in others:
        assert f"from a file of {source}" in page
        assert f"from a file of {source}" in markdown
    assert "Runs side by side" in page


def test_no_answer_and_no_figure_fails_on_times_alone(others: dict[str, Path]) -> None:
    for path in others.values():
        loaded = read(path)
        frame = loaded.frame
        assert frame.loc[frame["time_s"].notna(), "blocks"].notna().all()
        assert frame["verdict"].isna().all()
        tables = {table.name: table for table in report_of(loaded).answers}
        assert not tables["crossovers"].rows
        for _, draw in lines.FIGURES.values():
            draw(frame)
        assert len(unjudged.as_runs(frame)) == 1


def test_advice_without_intervals_says_so(others: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["advise", "--method", "ols", "--samples", "500", str(others["asv"])])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "no interval of their own" in out
    assert "the order is not sure" in out


def test_ratios_that_asv_took_alone_are_a_table(tmp_path: Path) -> None:
    result = asv_results()
    # time over the NumPy loop's: of NumPy, then of the scan by size and device
    measured = 2 * (4 * [1.0] + 2 * [0.25, 2.0])
    result["results"] = {RATIO: [measured, result["results"][TIME][1], asv.SUITE]}
    text = " ".join(shown.cases(read(asv_folder(tmp_path, None, result))).split())
    assert "Nothing was measured" not in text
    assert "jax_scan autodiff on cpu * 4.00x" in text, "the inverse of asv's, as everywhere here"
    assert text.index("4.00x") < text.index("0.500x"), "the highest first"
    assert "Highest ratio: jax_scan autodiff on cpu, 4.00x as fast as numpy_loop analytic." in text
    assert "not measured" not in text
