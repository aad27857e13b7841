"""`compare` of one file: each setting of a run against that of its baseline, paired block by block."""

import json
from dataclasses import replace
from pathlib import Path

import made
import pytest
import synthetic
from made import settings_run

from linregbench.benchmarks.cli.main import main
from linregbench.results.compare.runs import compare_settings


def test_each_setting_against_the_first() -> None:
    with_, same = compare_settings(settings_run())
    assert (with_.base, with_.new, with_.paired) == ("without X", "with X=1", True)
    assert [(row.case.strategy, row.verdict) for row in with_.rows] == [
        ("numpy_loop", "faster"),
        ("jax_scan", "faster"),
    ]
    assert [row.ratio for row in with_.rows] == [pytest.approx(2.0, rel=0.02), pytest.approx(4.0, rel=0.02)]
    assert (same.new, [row.verdict for row in same.rows]) == ("with X=2", ["same", "same"])


def test_a_case_that_only_the_baseline_has_is_no_pair() -> None:
    run = settings_run()
    only = tuple(m for m in run.measurements if m.strategy == "jax_scan" or m.role != "case")
    assert [[row.case.strategy for row in one.rows] for one in compare_settings(replace(run, measurements=only))] == [
        ["jax_scan"],
        ["jax_scan"],
    ]


def test_a_run_of_one_setting_has_nothing_to_compare() -> None:
    assert compare_settings(made.run_of("a")) == ()


def test_the_command_judges_all_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truths = [synthetic.Truth("numpy_loop", "analytic", 1e-3 * n, fields={"setting": f"X={n}"}) for n in (2, 1, 4)]
    records = synthetic.blocks_of(truths, of=synthetic.workload(), blocks=5)
    path = synthetic.write(tmp_path / "run.jsonl", [synthetic.header(), synthetic.environment(), *records])
    assert _status("compare", path, "--fail-on", "slower") == 3
    printed = capsys.readouterr().out
    assert "base is with X=2, new is with X=1" in printed
    assert "base is with X=2, new is with X=4" in printed
    _status("compare", path, "--format", "json")
    rows = json.loads(capsys.readouterr().out)
    assert [(row["setting"], row["verdict"]) for row in rows] == [("X=1", "faster"), ("X=4", "slower")]


def _status(*arguments: object) -> object:
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    return ended.value.code
