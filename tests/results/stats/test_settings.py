"""Rows under settings compete in one contest, and every answer names theirs."""

from typing import Any

import pytest
import synthetic
from made import as_run, settings_run
from shown import cases

from linregbench.results.figures.charts import charts_of
from linregbench.results.figures.lines import times_against
from linregbench.results.formats.export import as_pyperf
from linregbench.results.formats.load import of_runs
from linregbench.results.frame import from_runs, records_of
from linregbench.results.models.rays import log_ratio, strategy_key
from linregbench.results.report.samples import samples_of
from linregbench.results.runfile.read import Run, parse_record
from linregbench.results.runfile.records import Measurement, Stop
from linregbench.results.tables.matrix import matrix_document


@pytest.fixture(scope="module")
def run() -> Run:
    return settings_run()


def test_they_race_each_other_against_one_baseline(run: Run) -> None:
    rows = records_of(from_runs(run))
    assert [row["setting"] for row in rows] == ["X=", "X=1", "X=2"] * 2
    assert {row["winner"] for row in rows} == {"jax_scan analytic with X=1"}
    assert {row["baseline"] for row in rows} == {"numpy_loop analytic without X"}
    assert [round(row["ratio"], 1) for row in rows] == [1.0, 2.0, 1.0, 2.5, 10.0, 2.5]
    assert len(set(map(strategy_key, rows))) == 6


def test_a_ratio_to_the_baseline_is_not_one_to_the_same_case_under_another_setting(run: Run) -> None:
    base, other, *_, winner, _ = records_of(from_runs(run))
    both: list[dict[str, Any]] = [row | {"winner_verdict": None, "data_winner_verdict": None} for row in (winner, base)]
    paired = log_ratio(*both)[1]
    unpaired = log_ratio(both[0], other | {"verdict": "baseline", "winner_verdict": None, "data_winner_verdict": None})
    assert paired < unpaired[1]


def test_tables_and_exports_name_the_setting(run: Run) -> None:
    loaded = of_runs(run)
    text = cases(loaded, width=200)
    assert "Winner: jax_scan analytic with X=1, " in " ".join(text.split())
    (matrix,) = matrix_document(records_of(loaded.frame)).tables
    assert "numpy_loop with X=1" in [column.name for column in matrix.columns]
    assert all(samples_of(loaded, records_of(loaded.frame)))
    assert as_pyperf(run).count(b"highest here without X") == 2


def test_a_line_of_what_is_set_is_broken_in_figure_and_page() -> None:
    sizes = [synthetic.workload(samples=n) for n in (100, 1_000, 10_000)]
    truths = [synthetic.Truth("numpy_loop", "analytic", 1e-3, fields={"setting": f"X={value}"}) for value in ("", "1")]
    blocks = [record for of in sizes for record in synthetic.blocks_of(truths, of=of, rounds=4)]
    frame = from_runs(as_run([synthetic.header(), synthetic.environment(), *blocks]))
    rows = [record | {"number": number} for number, record in enumerate(records_of(frame))]
    (panel,) = charts_of(rows)["time-samples"]
    lines = {series["name"]: series["line"] for series in panel["series"]}
    assert lines == {"numpy_loop analytic without X": "", "numpy_loop analytic with X=1": "7 3 2 3 2 3"}
    (axes,) = times_against(frame).axes
    assert len({line.is_dashed() for line in axes.lines if len(line.get_xdata()) == 3}) == 2  # type: ignore[arg-type]


def test_files_from_before_have_none() -> None:
    old = synthetic.measurement()
    parsed = parse_record(old)
    assert isinstance(parsed, Measurement)
    assert parsed.case.setting == ""
    assert "setting" not in parsed.case.facts
    stop = {"record": "stop", "problem": {"method": "gd"}, "threads": "1", "reason": "settled"}
    for case in (parsed.case.facts, parse_record(old | {"setting": "X=1"}).case.facts):  # type: ignore[union-attr]
        read = parse_record(stop | {"case": case})
        assert isinstance(read, Stop)
        assert read.row is not None
        assert read.row.setting == case.get("setting", "")
