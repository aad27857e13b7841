"""Rows with cold caches race among themselves, stand beside the hot ones, and every answer names them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import shown
import synthetic
from made import as_run
from msgspec.structs import replace as altered

from linregbench.benchmarks.cli.main import main
from linregbench.results.compare.runs import compare_caches, compare_runs
from linregbench.results.formats.export import as_pyperf
from linregbench.results.formats.load import load, of_runs
from linregbench.results.frame import from_runs, records_of
from linregbench.results.models.advise import Wish, advise
from linregbench.results.models.rays import log_ratio
from linregbench.results.report.build import report_of
from linregbench.results.runfile.read import Run, parse_record, read_run
from linregbench.results.runfile.records import Measurement, Stop
from linregbench.results.tables.matrix import matrix_document

TIMES = {("numpy_loop", "hot"): 1e-3, ("jax_scan", "hot"): 2e-4, ("numpy_loop", "cold"): 1.2e-3}
TIMES |= {("jax_scan", "cold"): 2e-3}


def run_of(*caches: str, name: str = "a") -> Run:
    truths = [
        synthetic.Truth(strategy, "analytic", time_s, fields={"cache": cache})
        for (strategy, cache), time_s in TIMES.items()
        if cache in caches
    ]
    blocks = synthetic.blocks_of(truths, of=synthetic.workload(), blocks=10)
    return as_run([synthetic.header(run=name), synthetic.environment(), *blocks], f"{name}.jsonl")


@pytest.fixture(scope="module")
def both() -> Run:
    return run_of("hot", "cold")


def test_races_are_held_among_rows_of_one_kind_and_all_ratios_are_to_the_hot_baseline(both: Run) -> None:
    rows = {(row["strategy"], row["cache"]): row for row in records_of(from_runs(both))}
    assert {of: row["winner"] for of, row in rows.items()} == {
        ("numpy_loop", "hot"): "jax_scan analytic",
        ("jax_scan", "hot"): "jax_scan analytic",
        ("numpy_loop", "cold"): "numpy_loop analytic (cold)",
        ("jax_scan", "cold"): "numpy_loop analytic (cold)",
    }
    assert {row["baseline"] for row in rows.values()} == {"numpy_loop analytic"}
    assert [round(row["ratio"], 1) for row in rows.values()] == [1.0, 5.0, 0.8, 0.5]
    cold = rows["jax_scan", "cold"] | {"winner_verdict": None}
    paired, unpaired = (
        log_ratio(cold, rows["numpy_loop", cache] | {"winner_verdict": None})[1] for cache in ("hot", "cold")
    )
    assert paired < unpaired


def test_a_run_that_is_cold_throughout_has_a_cold_baseline() -> None:
    rows = records_of(from_runs(run_of("cold")))
    assert {(row["baseline"], row["winner"]) for row in rows} == {("numpy_loop analytic (cold)",) * 2}


def test_each_case_cold_against_hot_block_by_block(both: Run) -> None:
    (comparison,) = compare_caches(both)
    assert (comparison.base, comparison.new, comparison.paired) == ("hot", "cold", True)
    assert [row.ratio for row in comparison.rows] == [pytest.approx(1 / 1.2, rel=0.02), pytest.approx(0.1, rel=0.02)]
    assert [row.verdict for row in comparison.rows] == ["slower", "slower"]
    assert compare_caches(run_of("hot")) == compare_caches(run_of("cold")) == ()


def test_terminal_report_matrix_and_exports_tell_them_apart(both: Run) -> None:
    loaded = of_runs(both)
    text = " ".join(shown.cases(loaded, width=200).split())
    assert "1 thread, cold caches" in text
    assert "Winner: numpy_loop analytic (cold), 1.6" in text
    assert "The baseline is numpy_loop analytic in float32, its caches hot." in text
    assert "gd n=100 numpy_loop analytic 1.0" in text
    assert "it is for the rows named (cold) alone" in text
    table = next(table for table in report_of(loaded).answers if table.title == "Cold against hot")
    assert [row[1].text for row in table.rows] == ["numpy_loop analytic", "jax_scan analytic"]
    longer = [float(row[4].text.partition("x")[0]) for row in table.rows]
    assert longer == [pytest.approx(1.2, rel=0.02), pytest.approx(10, rel=0.02)]
    assert [line.of for line in report_of(loaded).top.headlines] == [
        "Gradient descent",
        "Gradient descent, cold caches",
    ]
    (matrix,) = matrix_document(records_of(loaded.frame)).tables
    assert matrix.texts("problem") == ["gd n=100", "gd n=100 cold caches"]
    assert as_pyperf(both).count(b"highest here (cold)") == 2


def test_what_is_hot_throughout_says_nothing_of_it() -> None:
    loaded = of_runs(run_of("hot"))
    assert "cold" not in shown.cases(loaded, width=200)
    assert "cold" not in str(matrix_document(records_of(loaded.frame)))


def test_advice_is_for_hot_caches_where_there_are_any(both: Run) -> None:
    wish = Wish(samples=100, features=2)
    assert [one.name for one in advise(from_runs(both), wish).candidates] == [
        "jax_scan analytic",
        "numpy_loop analytic",
    ]
    assert advise(from_runs(run_of("cold")), wish).candidates[0].name == "numpy_loop analytic (cold)"


def test_two_runs_are_compared_like_with_like_and_a_hot_one_is_refused_beside_a_cold_one(both: Run) -> None:
    for base in (run_of("hot", name="b"), run_of("hot", "cold", name="b")):
        kinds = {row.case.cache: row.verdict for row in compare_runs(base, both).rows}
        assert kinds == {"hot": "same", "cold": "same" if len(base.measurements) > 30 else "skipped"}
    refused = compare_runs(run_of("hot", name="b"), run_of("cold"))
    assert refused.refusals == ("flushing of the caches is off in b.jsonl and on in a.jsonl",)
    assert {row.verdict for row in refused.rows} == {"refused"}


def test_the_command_judges_one_run_of_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truths = [
        synthetic.Truth("numpy_loop", "analytic", time_s, fields={"cache": cache})
        for cache, time_s in (("hot", 1e-3), ("cold", 2e-3))
    ]
    blocks = synthetic.blocks_of(truths, of=synthetic.workload())
    path = synthetic.write(tmp_path / "run.jsonl", [synthetic.header(), synthetic.environment(), *blocks])
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(path), "--fail-on", "slower", "--format", "json"])
    assert ended.value.code == 3
    assert [(row["base"], row["new"], row["verdict"]) for row in json.loads(capsys.readouterr().out)] == [
        ("hot", "cold", "slower")
    ]


def test_a_run_file_with_flush_cache_is_read_labelled_and_refused_as_ever(tmp_path: Path) -> None:
    truths = [synthetic.Truth(strategy, "analytic", 1e-3) for strategy in ("numpy_loop", "jax_scan")]
    blocks = synthetic.blocks_of(truths, of=synthetic.workload(), blocks=10)
    header = synthetic.header(run="old", options={"flush_cache": True})
    old = read_run(synthetic.write(tmp_path / "old.jsonl", [header, synthetic.environment(), *blocks]))
    assert set(load(tmp_path / "old.jsonl")["cache"]) == {"cold"}
    assert "cold caches: a sample is one call" in shown.cases(of_runs(old), "markdown")
    refused = compare_runs(run_of("hot", name="b"), old)
    assert "flushing of the caches is off in b.jsonl and on in old.jsonl" in refused.refusals
    assert {row.verdict for row in refused.rows} == {"refused"}
    assert {row.verdict for row in compare_runs(run_of("cold", name="b"), old).rows} <= {"faster", "slower", "same"}


def test_records_say_nothing_of_hot_caches() -> None:
    old = synthetic.measurement()
    parsed = parse_record(old)
    assert isinstance(parsed, Measurement)
    assert parsed.case.cache == "hot"
    assert "cache" not in parsed.case.facts
    with pytest.raises(ValueError, match="'cache' must be one of hot, cold, got 'warm'"):
        parse_record(old | {"cache": "warm"})
    stop = {"record": "stop", "problem": {"method": "gd"}, "threads": "1", "reason": "settled"}
    for cache in ("hot", "cold"):
        read = parse_record(stop | {"case": altered(parsed, cache=cache).case.facts})
        assert isinstance(read, Stop)
        assert read.row is not None
        assert read.row.cache == cache
    assert replace(parsed.case, cache="cold") != parsed.case
