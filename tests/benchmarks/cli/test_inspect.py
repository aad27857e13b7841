"""The command that compiles for a GPU that is not here: a compiler that is faked, one that dies, and the real one."""

import io
import json
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from linregbench.benchmarks.aot import compiler, floors
from linregbench.benchmarks.aot.compiler import Compile, Compiled, CompileError, compile_all, find_extra
from linregbench.benchmarks.aot.floors import cases_of, find_target, records, without_repeats
from linregbench.benchmarks.aot.program import attempt
from linregbench.benchmarks.aot.targets import configuration, targets
from linregbench.benchmarks.aot.work import Loop, Work
from linregbench.benchmarks.cli import inspect
from linregbench.benchmarks.cli.main import main
from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.results.tables.terminal import WIDTH, print_document
from linregbench.solvers.registry import load_builtin

H100 = targets()["h100"]
GD = Compile("gd", "jax_scan", "autodiff", False, 1000, 16, 128, 100, "float32", "highest")
LOOP = Loop(Work(kernels=1, submitted=1), Work(kernels=5, submitted=1), 100)
GOOD = Compiled(GD, "ok", None, Work(copies=2, submitted=2, loops=(LOOP,)), 68392, 68068, 64, False, {})
SOLVE = Compile("ols", "jax_vmap", "solve", True, 1000, 16, 128, 100, "float32", "default")
CALLS = replace(GOOD, case=SOLVE, work=Work(kernels=5, libraries=4, copies=2), library_calls={"getrf": 1, "trsm": 2})

EXTRA = Path(compiler.ROOT) / compiler.FOLDER


def call(*arguments: str) -> int:
    try:
        main(["inspect", *arguments])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def silent(*_: object) -> None:
    """Tells nobody."""


def installed(folder: Path, packages: dict[str, str]) -> Path:
    """A folder that looks as if pip had put these packages there."""
    (folder / "jax_plugins").mkdir(parents=True)
    for name, number in packages.items():
        info = folder / f"{name.replace('-', '_')}-{number}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")
    return folder


def all_packages(number: str) -> dict[str, str]:
    return dict.fromkeys(compiler.PACKAGES, number) | dict.fromkeys(compiler.TOOLS, "13.0")


# What was asked for


def test_an_unknown_target_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--target", "h1000") == 2
    said = capsys.readouterr().err
    assert "unknown target 'h1000'" in said
    assert all(name in said for name in targets())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--strategy", "numpy_loop"], "unknown compiled strategy 'numpy_loop': choose from"),
        (["--dtype", "float16"], "unknown dtype 'float16'"),
        (["--precision", "low"], "unknown precision 'low'"),
        (["--samples", "0"], "--samples must be at least 1"),
        (["--launch-us", "0"], "--launch-us must be"),
        (["--launch-us", "nan"], "--launch-us must be"),
        (["--plugin", "no.py"], "--plugin no.py: "),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--target", "h100", *arguments) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_every_compiled_solver_is_compiled_at_both_batches_and_precisions() -> None:
    compiled = {key for key, solver in load_builtin().items() if solver.compiled and not solver.requires}
    cases = cases_of(RunOptions())
    assert {(c.method, c.strategy, c.variant) for c in cases} == compiled
    assert {(c.batch, c.precision) for c in cases} == {(b, p) for b in (1, 128) for p in ("highest", "default")}


def test_float64_has_one_precision() -> None:
    cases = cases_of(RunOptions(dtypes=("float64",), methods=("gd",)))
    assert {case.precision for case in cases} == {"highest"}


# The compiler that is not there, or of another version


def test_without_the_compiler_the_command_to_install_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        find_extra(tmp_path / "nowhere")
    said = str(refused.value)
    assert f"{sys.executable} -m pip install --target {tmp_path / 'nowhere'} --no-deps" in said
    assert f"jax-cuda13-plugin=={version('jaxlib')}" in said
    assert "nvidia-nvvm" in said


def test_a_compiler_for_another_jaxlib_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"must be .*, as jaxlib is, and it is 0\.1\.0"):
        find_extra(installed(tmp_path, all_packages("0.1.0")))


def test_a_compiler_without_device_functions_is_refused(tmp_path: Path) -> None:
    packages = all_packages(version("jaxlib"))
    del packages["nvidia-nvvm"]
    with pytest.raises(UsageError, match="there is no nvidia-nvvm"):
        find_extra(installed(tmp_path, packages))


def test_a_whole_compiler_is_found(tmp_path: Path) -> None:
    assert find_extra(installed(tmp_path, all_packages(version("jaxlib")))) == tmp_path.resolve()


# The compiler that dies


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGFPE)", r"for h100 died of SIGFPE \(signal 8\) while comp"),
        (
            "import sys; sys.exit('no such GPU')",
            r"ended with status 1 \(no such GPU\) while compiling gd jax_scan auto",
        ),
        ("pass", r"ended with status 0 \(it said nothing\) while compiling"),
    ],
)
def test_a_dead_compiler_is_one_line(program: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dead.py").write_text(program)
    monkeypatch.setattr(compiler, "PROGRAM", tmp_path / "dead.py")
    with pytest.raises(CompileError, match=said):
        list(compile_all(H100, [GD], None, silent))


def test_a_compiler_that_dies_half_way_names_what_it_was_compiling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = 'import os, signal\nprint(\'{"status": "failed", "reason": "no"}\', flush=True)\nos.abort()'
    (tmp_path / "dead.py").write_text(program)
    monkeypatch.setattr(compiler, "PROGRAM", tmp_path / "dead.py")
    extra = installed(tmp_path / "extra", all_packages(version("jaxlib")))
    assert call("--target", "a100", "--method", "gd", "--strategy", "jax_scan", "--aot", str(extra)) == 1
    assert capsys.readouterr().err == (
        "linregbench: the compiler for a100 died of SIGABRT (signal 6) while compiling gd jax_scan autodiff\n"
    )


def test_a_solver_for_several_devices_is_skipped_with_the_reason(tmp_path: Path) -> None:
    class Sharded:
        place = object()

    message = attempt(Sharded(), {}, None, tmp_path)
    assert message["status"] == "skipped"
    assert "several devices" in message["reason"]


def test_a_solver_that_cannot_be_compiled_ends_itself_alone(tmp_path: Path) -> None:
    class Broken:
        batched = False

        def function(self, *_: Any) -> None:
            raise TypeError("two\nlines")

    case = {"method": "ols", "samples": 3, "features": 2, "batch": 1, "dtype": "float32", "precision": "highest"}
    assert attempt(Broken(), case, None, tmp_path) == {"status": "failed", "reason": "TypeError: two lines"}


# What is concluded


def test_floors_are_of_the_whole_batch() -> None:
    (row,) = records([GOOD], H100, launch_us=2.0)
    assert row["launches"] == 128 * 502
    assert row["launch_floor_s"] == pytest.approx(128 * 502 * 2e-6)
    assert (row["step_launches"], row["step_submitted"], row["waits"]) == (5, 1, False)
    # X fits the cache, so arithmetic is more than one reading of X: 4nd a step over 132 x 128 x 2 x 1.98 GHz
    assert row["roofline_s"] == pytest.approx(128 * 100 * 4 * 1000 * 16 / (132 * 128 * 2 * 1.98e9))
    assert row["bound"] == "launches"


def test_a_matrix_too_large_for_the_cache_is_read_twice_a_step() -> None:
    large = replace(GOOD, case=replace(GD, samples=10_000_000, batch=1))
    (row,) = records([large], H100, launch_us=1.0)
    assert row["roofline_s"] == pytest.approx(200 * 10_000_000 * 16 * 4 / H100.bandwidth_bytes_per_s)
    assert row["bound"] == "memory"


def test_what_bounds_a_library_call_is_not_claimed() -> None:
    (row,) = records([CALLS], H100, launch_us=1.0)
    assert row["launch_floor_s"] > row["roofline_s"]
    assert row["bound"] is None


def test_peaks_are_those_of_the_arithmetic_that_is_used() -> None:
    assert H100.flops_per_s("float32", tf32=False) == pytest.approx(66.9e12, rel=0.01)
    assert H100.flops_per_s("float32", tf32=True) == pytest.approx(494.7e12)
    assert H100.flops_per_s("float64", tf32=False) == pytest.approx(66.9e12)
    assert targets()["t4"].flops_per_s("float32", tf32=False) == pytest.approx(8.1e12, rel=0.01)


def test_precisions_that_compile_to_the_same_are_one_row() -> None:
    other = replace(GOOD, case=replace(GD, precision="default"))
    rows = without_repeats(records([GOOD, other, CALLS], H100, 1.0))
    assert [row["precision"] for row in rows] == ["any", "default"]
    assert len(without_repeats(records([GOOD, replace(other, tf32=True)], H100, 1.0))) == 2


def test_every_target_is_told_to_the_compiler_whole() -> None:
    for name in targets():
        target = find_target(name)
        text = configuration(target)
        assert f"core_count: {target.device['core_count']}" in text
        assert f"major: {target.capability[0]} minor: {target.capability[1]}" in text
        assert target.source


def test_the_table_says_what_is_counted_and_that_nothing_ran() -> None:
    skipped = Compiled(replace(GD, strategy="jax_sharded"), "skipped", "it needs several devices")
    buffer = io.StringIO()
    rows = records([GOOD, CALLS, skipped], H100, 1.0)
    print_document(inspect.document_of(rows, H100, 1.0), Console(file=buffer, width=250))
    shown = buffer.getvalue()
    assert max(len(line) for line in shown.splitlines()) <= WIDTH
    assert "gradient descent, 100 steps: n = 1,000, d = 16, 128 problems, float32" in shown
    assert "jax_sharded autodiff skipped: it needs several devices" in shown
    assert "jax_vmap solve: calls getrf, 2 trsm" in shown
    assert ">=11" in shown
    said = " ".join(shown.split())
    assert "Nothing ran on a GPU, and no time here was measured" in said
    assert floors.LAUNCH_SOURCE in said


def faked(monkeypatch: pytest.MonkeyPatch, *compiled: Compiled) -> None:
    monkeypatch.setattr(compiler, "find_extra", lambda _: None)
    monkeypatch.setattr(compiler, "compile_all", lambda *_: iter(compiled))


def test_json_and_csv_hold_every_case(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    faked(monkeypatch, GOOD, CALLS)
    assert call("--target", "h100", "--format", "json") == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["temp_bytes"], first["steps"], second["steps"]) == (68392, 100, None)
    faked(monkeypatch, GOOD, CALLS)
    assert call("--target", "h100", "--format", "csv") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(",") == list(first)
    assert len(lines) == 3


def test_where_nothing_compiles_the_exit_status_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    faked(monkeypatch, Compiled(GD, "failed", "no"))
    assert call("--target", "h100") == 1


# The real compiler


def usable() -> bool:
    try:
        return find_extra(EXTRA) is not None
    except UsageError:
        return False


real = pytest.mark.skipif(not usable(), reason="JAX's CUDA compiler is not in .aot: make inspect installs it")


@real
def test_what_an_h100_and_a_t4_would_run() -> None:
    asked = [GD, replace(GD, precision="default")]
    asked += [replace(SOLVE, precision=precision) for precision in ("highest", "default")]
    asked += [replace(GD, method="gd_tol")]
    h100, t4 = (list(compile_all(targets()[name], asked, EXTRA, silent)) for name in ("h100", "t4"))
    assert [case.status for case in (*h100, *t4)] == ["ok"] * 10
    assert h100[0].step == Work(kernels=5, submitted=1)
    assert (h100[0].waits, h100[4].waits) == (False, True)
    assert h100[0].argument_bytes == 4 * (1000 * 16 + 1000 + 16 + 1)
    # the gradient's n x d products are written out
    assert (h100[0].temp_bytes or 0) >= 4 * 1000 * 16
    assert [case.tf32 for case in h100] == [False, False, False, True, False]
    assert [case.tf32 for case in t4] == [False] * 5
    assert dict(h100[2].library_calls or {}) == {"getrf": 1, "pivots": 1, "trsm": 2}


@real
def test_a_target_without_facts_kills_the_compiler_and_not_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "configuration", lambda _: "")
    with pytest.raises(CompileError, match=r"the compiler for h100 died of SIGFPE \(signal 8\)"):
        list(compile_all(H100, [GD], EXTRA, silent))
