"""Comparisons with known truth: what is faster is found, what must not be compared is refused, nothing is dropped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import shown
import synthetic
from made import BASE, as_run, run_of, sides_records, sides_run
from synthetic import QUIET, Noise, Truth

from linregbench.benchmarks.cli.judged import Output, print_judged
from linregbench.benchmarks.cli.main import main
from linregbench.results.compare.runs import ComparedCase, Comparison, compare_runs, compare_sides
from linregbench.results.runfile.read import Run, RunFileError
from linregbench.results.tables.github import github_comment
from linregbench.results.tables.junit import junit

SCAN = Truth("jax_scan", "analytic", 5e-4)
VMAP = Truth("jax_vmap", "analytic", 4e-4)


def faster(truth: Truth, factor: float, **fields: Any) -> Truth:
    return Truth(truth.strategy, truth.variant, truth.time_s / factor, fields=fields)


def by_strategy(comparison: Comparison) -> dict[str, ComparedCase]:
    return {row.case.strategy: row for row in comparison.rows}


def test_two_runs_give_a_verdict_a_case() -> None:
    base = run_of("base", SCAN, VMAP)
    new = run_of("new", faster(SCAN, 1.2), faster(VMAP, 1 / 1.2), seed=1)
    comparison = compare_runs(base, new)
    assert (comparison.base, comparison.new, comparison.paired) == ("base.jsonl", "new.jsonl", False)
    assert comparison.refusals == ()
    assert comparison.got_worse
    rows = by_strategy(comparison)
    assert {name: row.verdict for name, row in rows.items()} == {
        "numpy_loop": "same",
        "jax_scan": "faster",
        "jax_vmap": "slower",
    }
    scan = rows["jax_scan"]
    assert scan.ratio == pytest.approx(1.2, rel=0.01)
    assert scan.low is not None
    assert scan.high is not None
    assert scan.low < 1.2 < scan.high
    assert (scan.blocks, scan.rounds, scan.status, scan.reason) == (10, "quiet", "ok", None)
    assert scan.delta == pytest.approx(0.03)
    assert scan.base_time_s == pytest.approx(5e-4, rel=0.01)
    assert scan.new_time_s == pytest.approx((scan.base_time_s or 0.0) / (scan.ratio or 0.0), rel=1e-9)


def test_what_rests_on_the_fastest_samples_of_either_run_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    base, new = run_of("base", SCAN), run_of("new", SCAN, seed=1)
    loud = [msgspec.structs.replace(block, sentinel_s=((9.0,),) * 20) for block in new.blocks[1:]]
    seldom = replace(new, blocks=(*new.blocks[:1], *loud))  # one of ten blocks is quiet: too few for an interval
    for pair in ((base, seldom), (seldom, base), (seldom, replace(seldom, header=base.header))):
        comparison = compare_runs(*pair)
        assert {row.rounds for row in comparison.rows} == {"fastest"}
    assert print_judged([comparison], None, [Output("rich")]) == 0
    assert "from the fastest samples, with" in " ".join(capsys.readouterr().out.split())


def test_between_runs_less_than_three_percent_is_no_verdict() -> None:
    comparison = compare_runs(run_of("base", SCAN), run_of("new", faster(SCAN, 1.025), seed=1))
    assert by_strategy(comparison)["jax_scan"].verdict == "same"
    assert not comparison.got_worse


def test_delta_is_not_under_the_larger_floor_of_the_two_runs() -> None:
    noisy = Noise(process=0.06, busy_share=0.0)
    one = compare_runs(run_of("base", SCAN), run_of("new", SCAN, noise=noisy, seed=1))
    other = compare_runs(run_of("base", SCAN, noise=noisy, seed=1), run_of("new", SCAN))
    for comparison in (one, other):
        row = by_strategy(comparison)["jax_scan"]
        assert row.floor is not None
        assert row.delta == row.floor > 0.03


PACKAGES = {"jax": "0.10.2", "jaxlib": "0.10.2", "numpy": "2.4.6"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"header": {"machine": {"cpu": "B", "cores": 2}}}, "the CPU is Example 3000 in base.jsonl and B in new.jsonl"),
        ({"header": {"machine": {"cpu": "Example 3000", "cores": 4}}}, "the number of cores is 2 in base.jsonl and 4"),
        ({"header": {"sentinel": 2}}, "the sentinel's version is 1 in base.jsonl and 2 in new.jsonl"),
        ({"header": {"run": "base"}}, "both files hold run base, and a run says nothing about itself"),
        ({"environment": {"python": "3.13.1"}}, "Python is 3.11.7 in base.jsonl and 3.13.1 in new.jsonl"),
        ({"environment": {"packages": PACKAGES | {"jax": "0.11.0"}}}, "jax is 0.10.2 in base.jsonl and 0.11.0 in"),
        ({"environment": {"packages": PACKAGES | {"mkl": "9"}}}, "mkl is not told in base.jsonl and 9 in new.jsonl"),
        ({"environment": {"x64": True}}, "64-bit JAX is off in base.jsonl and on in new.jsonl"),
        ({"environment": {"xla_flags": "--xla_x"}}, "XLA_FLAGS is empty in base.jsonl and --xla_x in new.jsonl"),
        ({"environment": {"blas": "MKL"}}, "the BLAS is OpenBLAS in base.jsonl and MKL in new.jsonl"),
        ({"environment": {"kept": {"NPY_X": "1"}}}, "NPY_X is empty in base.jsonl and 1 in new.jsonl"),
        ({"environment": {"cores": [0, 1]}}, "the number of cores to run on is 1 in base.jsonl and 2 in new.jsonl"),
        ({"quiet_s": 1.05e-4}, "the sentinels disagree by 5."),
    ],
)
def test_what_differs_beside_the_code_is_refused(changes: dict[str, Any], words: str) -> None:
    base = run_of("base", SCAN, header={"sentinel": 1}, environment={"cores": [0], "kept": {}})
    changes = {
        "header": {"sentinel": 1} | changes.get("header", {}),
        "environment": {"cores": [1]} | changes.get("environment", {}),
        "quiet_s": changes.get("quiet_s", 1e-4),
    }
    new = run_of("new", faster(SCAN, 2.0), seed=1, **changes)
    comparison = compare_runs(base, new)
    (text,) = comparison.refusals
    assert text.startswith(words)
    assert {row.verdict for row in comparison.rows} == {"refused"}
    assert {row.reason for row in comparison.rows} == {text}
    assert by_strategy(comparison)["jax_scan"].ratio == pytest.approx(2.0, rel=0.01), "shown, and not judged"
    assert {row.delta for row in comparison.rows} == {None}


def test_a_sentinel_that_agrees_within_two_percent_is_accepted_and_one_that_is_missing_is_not() -> None:
    base = run_of("base", SCAN)
    assert compare_runs(base, run_of("new", SCAN, seed=1, quiet_s=1.015e-4)).refusals == ()
    slower = compare_runs(base, run_of("new", SCAN, seed=1, quiet_s=0.9e-4)).refusals
    assert len(slower) == 1
    assert "the machine was slower in base.jsonl (1 thread); up to 2% is accepted" in slower[0]
    records = [synthetic.header(run="bare"), synthetic.environment()]
    records += synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=10)
    bare = as_run([record | {"sentinel_s": []} if record["record"] == "block" else record for record in records], "b")
    assert compare_runs(base, bare).refusals == ("b has no sentinel, so nothing tells whether the machine was as fast",)


def test_a_busier_machine_is_compared_by_what_nothing_disturbed() -> None:
    eager = Truth("jax_eager", "autodiff", 0.35, every=5)
    busier = Noise(process=0.002, sample=0.001, drift=0.0, spike_share=0.0, busy_share=0.7, busy=0.2, sentinel=0.001)
    comparison = compare_runs(run_of("base", SCAN, eager), run_of("new", SCAN, eager, seed=1, noise=busier))
    rows = by_strategy(comparison)
    assert {rows[name].verdict for name in ("jax_scan", "jax_eager")} == {"same"}
    assert comparison.refusals == ()


def test_a_case_that_one_side_lacks_says_so() -> None:
    failed = Truth("jax_scan", "analytic", 1.0, status="wrong", reason="error 0.5")
    base = run_of("base", SCAN, Truth("jax_eager", "autodiff", 0.1))
    new = run_of("new", failed, VMAP, seed=1)
    rows = by_strategy(compare_runs(base, new))
    assert len(rows) == 4
    assert (rows["jax_eager"].verdict, rows["jax_eager"].reason) == ("skipped", "only base.jsonl has it")
    assert (rows["jax_vmap"].verdict, rows["jax_vmap"].reason) == ("skipped", "only new.jsonl has it")
    assert (rows["jax_scan"].status, rows["jax_scan"].reason) == ("wrong", "in new.jsonl: wrong, error 0.5")
    assert rows["jax_scan"].base_time_s == pytest.approx(5e-4, rel=0.01)
    both = by_strategy(compare_runs(run_of("base", failed), run_of("new", failed, seed=1)))
    assert both["jax_scan"].reason == "in both: wrong, error 0.5"


@pytest.mark.parametrize("status", ["wrong", "failed", "timeout", "crashed", "out_of_memory", "not_converged"])
def test_a_case_that_no_longer_comes_to_an_answer_is_broken(status: str) -> None:
    failed = Truth("jax_scan", "analytic", 1.0, status=status, reason="it did")
    good, bad = run_of("good", SCAN), run_of("bad", failed, seed=1)
    comparison = compare_runs(good, bad)
    assert by_strategy(comparison)["jax_scan"].verdict == "broken"
    assert comparison.got_worse
    for base, new in ((bad, good), (bad, bad)):
        comparison = compare_runs(base, new)
        assert by_strategy(comparison)["jax_scan"].verdict == "skipped"
        assert not comparison.got_worse


def test_a_case_that_was_not_tried_is_not_broken() -> None:
    absent = Truth("jax_scan", "analytic", 1.0, status="skipped", reason="no cuda device here")
    comparison = compare_runs(run_of("base", SCAN), run_of("new", absent, seed=1))
    assert by_strategy(comparison)["jax_scan"].verdict == "skipped"


def test_a_side_that_breaks_in_lockstep_is_broken() -> None:
    run = sides_run((SCAN, 1.0))
    failed = [
        msgspec.structs.replace(m, status="crashed", reason="signal 11", samples_s=(), rounds=())
        if (m.strategy, m.environment) == ("jax_scan", "here")
        else m
        for m in run.measurements
    ]
    comparison = compare_sides(replace(run, measurements=tuple(failed)), "ref", "here")
    row = by_strategy(comparison)["jax_scan"]
    assert (row.verdict, row.status, row.reason) == ("broken", "crashed", "in here: crashed, signal 11")


@pytest.mark.parametrize(
    ("new", "status"),
    [
        (SCAN, 0),
        (faster(SCAN, 2.0), 0),
        (faster(SCAN, 0.5), 3),
        (Truth("jax_scan", "analytic", 1.0, status="crashed", reason="signal 11"), 6),
    ],
)
def test_the_command_fails_on_what_is_slower_or_broken(
    new: Truth, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for seed, truth in enumerate((SCAN, new)):
        records = [synthetic.header(run=f"run {seed}"), synthetic.environment()]
        records += synthetic.blocks_of([BASE, truth], of=synthetic.workload(), noise=QUIET, blocks=10, seed=seed)
        files.append(str(synthetic.write(tmp_path / f"{seed}.jsonl", records)))
    for asked, expected in ((("--fail-on", "slower"), status), ((), 0)):
        with pytest.raises(SystemExit) as left:
            main(["compare", *asked, *files])
        assert left.value.code == expected
    crashed = "broken: jax_scan analytic: in 1.jsonl: crashed, signal 11"
    assert (crashed in capsys.readouterr().out) is (new.status == "crashed")


@pytest.mark.parametrize(
    ("asked", "verdicts", "status"),
    [
        ("slower", ("inconclusive", "same"), 0),
        ("slower,undecided", ("inconclusive", "same"), 4),
        ("undecided,slower", ("inconclusive", "slower"), 3),
        ("slower", ("broken", "slower"), 6),
        ("broken", ("broken", "slower"), 6),
        ("broken", ("slower",), 0),
        ("undecided", ("broken", "same"), 0),
        ("refused", ("refused", "same"), 5),
        ("slower", ("inconclusive", "skipped"), 4),  # nothing was judged: a gate that is not passed by accident
        ("slower", ("refused",), 5),
        ("slower", ("skipped",), 5),
        (None, ("slower",), 0),
    ],
)
def test_a_gate_fails_on_what_it_is_told_and_where_nothing_was_judged(
    asked: str | None, verdicts: tuple[str, ...], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison = compare_runs(run_of("base", SCAN), run_of("new", SCAN, seed=1))
    rows = tuple(replace(comparison.rows[0], verdict=verdict) for verdict in verdicts)
    assert print_judged([replace(comparison, rows=rows)], asked, [Output("csv")]) == status
    nothing = not {*verdicts} & {"same", "slower", "broken"}
    assert ("no case was judged at all" in capsys.readouterr().err) is nothing


def test_what_a_gate_can_fail_on_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["compare", "--fail-on", "fast", "a", "b"])
    assert left.value.code == 2
    assert "unknown --fail-on 'fast': choose from broken, slower, undecided, refused" in capsys.readouterr().err


def test_runs_with_nothing_in_common_say_so() -> None:
    comparison = compare_runs(run_of("base", SCAN), run_of("new", SCAN, workload={"seed": 7}))
    assert comparison.refusals == ("no case was measured in both",)
    assert {row.verdict for row in comparison.rows} == {"skipped"}
    assert len(comparison.rows) == 4


def test_a_false_time_is_not_compared() -> None:
    false = faster(SCAN, 9.0, findings=["remembered"])
    row = by_strategy(compare_runs(run_of("base", SCAN), run_of("new", false, seed=1)))["jax_scan"]
    assert (row.verdict, row.status, row.ratio, row.new_time_s) == ("skipped", "ok", None, None)
    assert row.reason == (
        "in new.jsonl: no time is shown: remembered (repeated inputs are answered faster than fresh ones)"
    )
    assert row.findings == ("remembered",)


def test_two_devices_are_two_cases() -> None:
    apart = compare_runs(run_of("cpu", SCAN), run_of("cuda", faster(SCAN, 4.0, device="cuda"), seed=1))
    assert [row.reason for row in apart.rows][1:] == ["only cpu.jsonl has it", "only cuda.jsonl has it"]


def test_files_of_the_same_name_are_told_apart() -> None:
    base, new = (as_run([synthetic.header(run=name)], "run.jsonl") for name in ("one", "two"))
    comparison = compare_runs(base, new)
    assert (comparison.base, comparison.new) == ("run.jsonl (one)", "run.jsonl (two)")
    assert comparison.rows == ()


def test_sides_are_compared_block_by_block() -> None:
    run = sides_run((SCAN, 1.04), (VMAP, 1 / 1.04), noise=Noise(process=0.003, sample=0.003))
    comparison = compare_sides(run, "ref", "here")
    assert (comparison.base, comparison.new, comparison.paired, comparison.refusals) == ("ref", "here", True, ())
    rows = by_strategy(comparison)
    assert {name: row.verdict for name, row in rows.items()} == {
        "numpy_loop": "same",
        "jax_scan": "faster",
        "jax_vmap": "slower",
    }
    assert {row.rounds for row in comparison.rows} == {"quiet"}
    assert rows["jax_scan"].ratio == pytest.approx(1.04, rel=0.005)
    assert rows["jax_scan"].floor is not None
    turned = by_strategy(compare_sides(run, "here", "ref"))
    assert turned["jax_scan"].verdict == "slower"
    assert turned["jax_scan"].delta == rows["jax_scan"].delta


def test_what_the_device_did_itself_is_compared_beside_the_wall() -> None:
    records = sides_records((SCAN, 1.0), (VMAP, 1.0), blocks=3)
    for record in records:
        if record.get("strategy") == "jax_scan":
            spread = (1.0, 1.01, 0.99)[record["block"]]
            record["device_busy_s"] = spread * (1.03e-4 if record["environment"] == "ref" else 1e-4 * spread)
    comparison = compare_sides(as_run(records), "ref", "here")
    rows = by_strategy(comparison)
    scan = rows["jax_scan"]
    assert scan.busy_ratio == pytest.approx(1.03, rel=0.001)
    assert (scan.busy_low or 0) < 1.03 < (scan.busy_high or 0) < 1.06
    assert rows["jax_vmap"].busy_ratio is None
    assert "on the device" in shown.compared(comparison)
    one = [record for record in records if record.get("block") in (None, 0)]
    assert by_strategy(compare_sides(as_run(one), "ref", "here"))["jax_scan"].busy_ratio is None


@pytest.mark.parametrize(
    ("factor", "word"), [(1.0, "same"), (1.02, "same"), (1.2, "faster"), (1 / 1.2, "slower"), (1.05, "inconclusive")]
)
def test_a_run_that_asked_about_one_difference_is_judged_by_that(factor: float, word: str) -> None:
    comparison = compare_sides(asked(sides_run((SCAN, factor), blocks=6)), "ref", "here")
    row = by_strategy(comparison)["jax_scan"]
    assert (row.verdict, row.delta, comparison.more_than) == (word, pytest.approx(0.05), 0.05)
    fixed = by_strategy(compare_sides(sides_run((SCAN, factor), blocks=6), "ref", "here"))["jax_scan"]
    assert row.ratio == fixed.ratio
    assert (row.low or 0) < (fixed.low or 0), "the looks are paid for"


def test_an_answer_does_not_change_with_what_is_measured_of_the_baseline_later() -> None:
    wild = sides_run((SCAN, 1.0), noise=Noise(process=0.08, busy_share=0.0))
    calm = asked(sides_run((SCAN, 1.0), blocks=4))
    later = [m for m in wild.measurements if m.block >= 4 and m.strategy == "numpy_loop"]
    more = replace(calm, measurements=(*calm.measurements, *later), blocks=(*calm.blocks, *wild.blocks[4:]))
    rows = [by_strategy(compare_sides(run, "ref", "here"))["jax_scan"] for run in (calm, more)]
    assert rows[0] == rows[1]
    assert rows[0].verdict == "same"


def test_nothing_is_within_a_difference_that_the_floor_is_above() -> None:
    run = sides_run((SCAN, 1.0), (VMAP, 1.5), blocks=6)
    shaken = [
        msgspec.structs.replace(m, samples_s=tuple((1.0, 1.2)[m.block % 2] * s for s in m.samples_s))
        if m.role == "twin"
        else m
        for m in run.measurements
    ]
    rows = by_strategy(compare_sides(asked(replace(run, measurements=tuple(shaken))), "ref", "here"))
    assert (rows["jax_scan"].verdict, rows["jax_vmap"].verdict) == ("inconclusive", "faster")
    assert rows["jax_scan"].delta == rows["jax_scan"].floor
    assert (rows["jax_scan"].floor or 0) > 0.05


def asked(run: Run, more_than: float = 0.05) -> Run:
    """The run, had it been started by `versus --more-than 5%`."""
    return replace(run, header=msgspec.structs.replace(run.header, options={"more_than": more_than}))


def test_the_sides_of_one_file_are_compared_as_they_were_when_it_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = [BASE, SCAN, *(replace(t, fields={"environment": "ref"}) for t in (BASE, faster(SCAN, 1 / 1.3)))]
    header = synthetic.header(options={"more_than": 0.05, "environments": ["ref", "here"]})
    records = [header, synthetic.environment(), synthetic.environment(environment="ref")]
    records += synthetic.blocks_of(sides, of=synthetic.workload(), blocks=4)
    path = synthetic.write(tmp_path / "versus.jsonl", records)
    with pytest.raises(SystemExit) as left:
        main(["compare", str(path)])
    assert left.value.code == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "base is ref, new is here" in out
    assert out.endswith("1 faster, 1 within 5%")


def test_what_a_side_lacks_is_a_skip_with_its_reason() -> None:
    run = sides_run((SCAN, 1.0))
    extra = [
        synthetic.measurement(environment="ref", strategy="jax_new", status="skipped", reason="ref has no such solver"),
        synthetic.measurement(environment="here", strategy="jax_only", samples_s=[1e-3], rounds=[0]),
    ]
    more = as_run([synthetic.header(), *({**record, "samples_s": [], "rounds": []} for record in extra)]).measurements
    whole = run.__class__(**{**run.__dict__, "measurements": (*run.measurements, *more)})
    rows = by_strategy(compare_sides(whole, "ref", "here"))
    assert (rows["jax_new"].verdict, rows["jax_new"].status) == ("skipped", "skipped")
    assert rows["jax_new"].reason == "in ref: skipped, ref has no such solver"
    assert (rows["jax_only"].verdict, rows["jax_only"].reason) == ("skipped", "in here: no samples")


def test_a_baseline_that_only_serves_ratios_is_no_row() -> None:
    run = sides_run((SCAN, 1.0))
    others = tuple(m for m in run.measurements if (m.strategy, m.environment) != ("numpy_loop", "ref"))
    comparison = compare_sides(run.__class__(**{**run.__dict__, "measurements": others}), "ref", "here")
    assert [row.case.strategy for row in comparison.rows] == ["jax_scan"]
    assert comparison.rows[0].floor is not None


def test_an_environment_that_is_not_there_is_an_error() -> None:
    with pytest.raises(RunFileError, match=r"run\.jsonl: has no environment 'main', only here, ref"):
        compare_sides(sides_run((SCAN, 1.0)), "main", "here")


def test_in_what_two_sides_differ_beside_the_code_is_told() -> None:
    records = sides_records((Truth("jax_scan", "analytic", 1e-4), 1.0), blocks=3)
    here, ref = records[1], records[2]
    assert compare_sides(as_run(records), "ref", "here").beside == ()
    here |= {"python": "3.12.1", "packages": ref["packages"] | {"jax": "0.11.0"}}
    comparison = compare_sides(as_run(records), "ref", "here")
    python, jax = comparison.beside
    assert (python, jax) == ("Python is 3.11.7 in ref and 3.12.1 in here", "jax is 0.10.2 in ref and 0.11.0 in here")
    for text in (shown.compared(comparison), github_comment([comparison], "again"), junit([comparison], ())):
        assert python in text
    assert comparison.refusals == ()
