"""asv's door: discovery finds what the case table says and nothing else, and each thing that asv would do wrong."""

import contextlib
import itertools
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from linregbench.benchmarks.suites import asv_common, asv_phases, asv_ratio, cases
from linregbench.benchmarks.suites.asv_steady import ENDS, LARGEST_BATCH, Memory, OverBatch, OverSamples
from linregbench.results.formats import asv
from linregbench.results.formats.values import case_columns

ROOT = Path(__file__).resolve().parents[3]
SUITES = {
    "suites.asv_steady.Memory.peakmem_call": Memory,
    "suites.asv_phases.Phases.track_phase": asv_phases.Phases,
    "suites.asv_ratio.Ratio.track_ratio": asv_ratio.Ratio,
    "suites.asv_steady.OverBatch.time_call": OverBatch,
    "suites.asv_steady.OverSamples.time_call": OverSamples,
}
ABSENT = "cuda"
SKIPPED = "{'samples': [nan], 'number': 1}"  # as text, since NaN equals nothing


@pytest.fixture(scope="module")
def discovered() -> list[dict[str, Any]]:
    """What asv's own discovery finds, in a process of its own."""
    program = f"""if True:
        import json
        from asv_runner._aux import update_sys_path
        from asv_runner.discovery import disc_benchmarks
        update_sys_path({str(ROOT / "benchmarks")!r})
        names = ("name", "type", "unit", "params", "param_names", "version", "timeout", "pretty_name")
        found = list(disc_benchmarks({str(ROOT / "benchmarks")!r}))
        print(json.dumps([{{name: getattr(b, name) for name in names}} | {{"setups": len(b._setups)}} for b in found]))
    """
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_discovery_finds_the_suites_and_nothing_else(discovered: list[dict[str, Any]]) -> None:
    assert sorted(benchmark["name"] for benchmark in discovered) == sorted(SUITES)


def test_the_steady_suites_are_the_ends_of_the_case_table(discovered: list[dict[str, Any]]) -> None:
    collected = []
    for benchmark in discovered:
        if benchmark["type"] == "time":
            for values in itertools.product(*benchmark["params"]):
                case = {"batch": "1"} | dict(zip(benchmark["param_names"], values, strict=True))
                names = ("method", "strategy", "samples", "batch", "device")
                collected.append(tuple(case[name].strip("'") for name in names))
    table = [
        (method, strategy, str(size.samples), str(size.batch), device)
        for method, strategy, size in cases.every_case()
        if (size.batch in LARGEST_BATCH if size.batch > 1 else size.samples in ENDS)
        for device in cases.DEVICES
    ]
    assert sorted(collected) == sorted(table)


def test_each_says_what_it_is(discovered: list[dict[str, Any]]) -> None:
    for benchmark in discovered:
        assert benchmark["setups"] == 0, "with a setup asv times single calls"
        assert benchmark["version"] == asv_common.SUITE_VERSION == asv.SUITE
        assert benchmark["pretty_name"]
        assert benchmark["type"] != "time" or benchmark["timeout"] == asv_common.TIMEOUT_S
        assert benchmark["unit"] != "unit"


def test_asv_check_passes() -> None:
    command = [sys.executable, "-m", "asv", "check", "-E", f"existing:{sys.executable}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_reader_takes_for_granted() -> None:
    for method, strategy, size in cases.every_case():
        try:
            columns = case_columns(cases.case_of(method, strategy, size, "cpu").as_dict())
        except cases.Skip:
            continue
        fixed = asv.HELD_FIXED | {"steps": asv.STEPS.get(method), "variant": asv._variant(method, strategy)}
        assert {name: columns[name] for name in fixed} == fixed


@pytest.mark.skipif(cases.may_be_here(ABSENT), reason="the device is here")
@pytest.mark.parametrize("strategy", cases.STRATEGIES)
def test_an_absent_device_is_a_skip_with_its_reason(strategy: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotImplementedError, match="no cuda device"):
        asv_common.ready_call("gd", strategy, cases.size_of(samples=100), ABSENT)
    assert "skipped: no cuda device" in capsys.readouterr().err


def test_an_absent_solver_is_a_skip() -> None:
    with pytest.raises(cases.Skip, match="this commit have no gd by gone"):
        cases.case_of("gd", "gone", cases.size_of(samples=100), "cpu")


def test_a_call_of_minutes_is_a_skip() -> None:
    with pytest.raises(cases.Skip, match="is the limit"):
        cases.case_of("gd", "jax_eager", cases.size_of(batch=max(cases.BATCHES)), "cpu")


def test_the_clock_stands_still_while_a_case_is_made_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 5.0

    def make_ready(case: object) -> cases.Ready:
        nonlocal now_s
        now_s += 100.0
        return cases.Ready(case, lambda: None, {}, 1, 0.0, None)  # type: ignore[arg-type]

    monkeypatch.setattr(asv_common.clock, "now", lambda: now_s)
    monkeypatch.setattr(asv_common, "case_on_its_core", lambda *_: None)
    monkeypatch.setattr(cases, "make_ready", make_ready)
    before = asv_common.clock_of_calls()
    OverSamples().time_call("gd", "jax_scan", 100, "cpu")
    assert asv_common.clock_of_calls() == before
    now_s += 1.0
    assert asv_common.clock_of_calls() == before + 1.0


def test_a_wrong_answer_has_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    case = cases.case_of("gd", "numpy_loop", cases.size_of(samples=100), "cpu")
    monkeypatch.setattr(cases.answers, "judge", lambda *_: cases.answers.Judgement("wrong", "off by one", None, 0.0))
    with pytest.raises(cases.WrongAnswerError, match="wrong: off by one"):
        cases.make_ready(case)


def test_the_configuration() -> None:
    text = (ROOT / "asv.conf.json").read_text(encoding="utf-8")
    config = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    assert config["launch_method"] == "spawn"
    assert len(config["matrix"]["req"]["jax"]) == 1, "each takes as long again: make asv says how long one takes"
    assert {config[f"{what}_dir"].split("/")[0] for what in ("results", "html", "env")} == {".asv"}
    assert all(
        not re.search(r"[<>=\[]", version) for versions in config["matrix"]["req"].values() for version in versions
    )


def test_the_ratio_of_each_case_or_why_there_is_none() -> None:
    measured = {
        ("gd", "jax_scan", 100, 1, "cpu"): ("ok", [0.5, 0.4]),
        ("gd", "jax_vmap", 100, 1, "cpu"): ("skipped", "no such device"),
        ("ols", "jax_scan", 100, 1, "cpu"): ("wrong", "relative error 1"),
    }
    track = asv_ratio.Ratio().track_ratio
    assert track(measured, "gd", "jax_scan", 100, 1, "cpu") == {"samples": [0.5, 0.4], "number": 1}
    for case in [("gd", "jax_vmap", 100, 1, "cpu"), ("gd", "jax_scan", 100, 1, ABSENT)]:
        assert str(track(measured, *case)) == SKIPPED
    with pytest.raises(RuntimeError, match="wrong: relative error 1"):
        track(measured, "ols", "jax_scan", 100, 1, "cpu")


def test_the_phases_of_each_case_or_why_there_are_none() -> None:
    key = ("gd", "jax_scan", 1000, "cpu")
    track = asv_phases.Phases().track_phase
    assert track({key: ("ok", [{"compile_s": 0.1}])}, *key[:3], "compile_s", "cpu") == {"samples": [0.1], "number": 1}
    for told in (("skipped", "no device"), ("ok", [{"first_call_s": 0.1}])):
        assert str(track({key: told}, *key[:3], "compile_s", "cpu")) == SKIPPED
    with pytest.raises(RuntimeError, match="LinAlgError"):
        track({key: ("failed", "LinAlgError: singular")}, *key[:3], "compile_s", "cpu")


def test_the_process_stays_on_its_core(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[int]] = []
    monkeypatch.setattr(cases.devices, "allowed_cores", lambda: [0, 1])
    monkeypatch.setattr(cases.os, "sched_setaffinity", lambda _, cores: given.append(list(cores)))
    with monkeypatch.context() as patch:
        patch.setattr(asv_common, "_held", contextlib.ExitStack())
        asv_common.case_on_its_core("gd", "numpy_loop", cases.size_of(samples=100), "cpu")
        assert given == [[1]]
        asv_common._held.close()
    assert given == [[1], [0, 1]]


def test_asvs_environments_have_what_discovery_imports() -> None:
    code = (
        "import pkgutil, importlib, sys, benchmarks\n"
        "for module in pkgutil.walk_packages(benchmarks.__path__, 'benchmarks.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    ours = {re.split(r"[><=]", name)[0] for name in wanted}
    listed = (ROOT / "asv.conf.json").read_text()
    by_jax = {"jax", "jaxlib", "numpy", "scipy"}
    assert {name for name in ours & set(done.stdout.split()) - by_jax if f'"{name}": [' not in listed} == set()
