"""Variables of the environment that change times: dropped or kept by the rule, told either way."""

import pytest
import real

from linregbench.benchmarks import variables
from linregbench.benchmarks.processes.handle import Nursery, Setting, WorkerEnded
from linregbench.benchmarks.processes.sources import Plugin
from linregbench.results.runfile.read import parse_record
from linregbench.results.runfile.records import Environment

NANNY = {"MALLOC_TRIM_THRESHOLD_": "65536", "OMP_NUM_THREADS": "7", "PYTHONHASHSEED": "6640"}
LEFT = {**NANNY, "GLIBC_TUNABLES": "glibc.malloc.arena_max=1", "OPENBLAS_CORETYPE": "Prescott", "GOMP_SPINCOUNT": "0"}
KEPT = {"XLA_FLAGS": "--xla_cpu_use_thunk_runtime=true", "LD_PRELOAD": "/opt/lib/libjemalloc.so.2:/opt/libfake.so"}
WHO = dict.fromkeys(("environment", "nursery", "python"), "here") | {
    "record": "environment",
    "device": "cpu",
    "threads": "1",
    "x64": False,
    "packages": {},
}
PLAIN = {"HOME": "/root", "JAX_TRACEBACK_FILTERING": "off", "MALLOCATE": "x"}


def test_what_only_changes_times_is_dropped_and_what_may_be_needed_is_kept() -> None:
    environ = LEFT | KEPT | PLAIN | {"JAX_COMPILATION_CACHE_DIR": "/cache"}
    assert variables.inherited(environ) == KEPT | PLAIN
    assert variables.dropped(environ).keys() == {*LEFT, "JAX_COMPILATION_CACHE_DIR"}


def test_the_record_has_values_and_no_path_of_a_library() -> None:
    assert variables.dropped(NANNY) == NANNY
    assert variables.kept(KEPT) == KEPT | {"LD_PRELOAD": "libjemalloc.so.2:libfake.so"}


def test_one_line_says_it_or_nothing_does() -> None:
    assert variables.notice(PLAIN) is None
    text = variables.notice({"MALLOC_ARENA_MAX": "1", "XLA_FLAGS": "--xla_x"})
    assert text == (
        "of the environment, not passed on to what is measured: MALLOC_ARENA_MAX=1; "
        "passed on though it may change times: XLA_FLAGS=--xla_x"
    )


@pytest.mark.parametrize(("threads", "sees"), [("all", ""), ("1", "OMP_NUM_THREADS=1 ")])
def test_a_plugin_sees_what_was_kept_alone(threads: str, sees: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (LEFT | {"XLA_FLAGS": KEPT["XLA_FLAGS"]}).items():
        monkeypatch.setenv(name, value)
    with Nursery(Setting(threads=threads)) as nursery, pytest.raises(WorkerEnded) as ended:
        nursery.worker({}).ask("solvers", 60.0, plugin=Plugin(real.PLUGINS / "sees.py").as_dict())
    assert f"saw {sees}XLA_FLAGS={KEPT['XLA_FLAGS']};" in ended.value.reason


@pytest.mark.parametrize("value", ["", "1", "--a=1 --b", "it's", 'a"b', "x=y", "\\", "a,b", "é\n"])
def test_a_setting_of_any_value_is_read_back(value: str) -> None:
    assert variables.of_setting(variables.setting_of({"X": value, "Y": "1"})) == {"X": value, "Y": "1"}


def test_a_run_file_keeps_them() -> None:
    record = WHO | {"dropped": NANNY, "kept": {"XLA_FLAGS": "--xla_x"}}
    parsed = parse_record(record)
    assert isinstance(parsed, Environment)
    assert (parsed.dropped, parsed.kept) == (NANNY, {"XLA_FLAGS": "--xla_x"})
    assert parse_record(WHO).dropped is None  # type: ignore[union-attr]  # of a file from before


@pytest.mark.parametrize(
    "name",
    [
        *("JAX_DISABLE_JIT", "JAX_DEBUG_NANS", "JAX_PLATFORM_NAME", "JAX_PLATFORMS", "JAX_TRANSFER_GUARD"),
        *("JAX_TRANSFER_GUARD_HOST_TO_DEVICE", "JAX_ENABLE_X64", "JAX_DEFAULT_MATMUL_PRECISION", "JAX_ENABLE_CHECKS"),
        *("JAX_DEFAULT_DEVICE", "JAX_NUMPY_RANK_PROMOTION", "JAX_A_SETTING_OF_NEXT_YEAR", "OMP_NUM_THREADS"),
        *("NUMBA_DISABLE_JIT", "NUMBA_NUM_THREADS", "PYTHONDEVMODE", "XLA_PYTHON_CLIENT_PREALLOCATE"),
    ],
)
def test_what_the_harness_decides_or_what_does_other_work_is_not_passed_on(name: str) -> None:
    assert variables.inherited({name: "1"}) == {}
    assert variables.dropped({name: "1"}) == {name: "1"}
    assert variables.kept({name: "1"}) == {}


@pytest.mark.parametrize("name", ["NPY_X", "XLA_PYTHON_CLIENT_ALLOCATOR", "JAX_CUDA_VISIBLE_DEVICES"])
def test_what_may_be_needed_is_passed_on_and_recorded(name: str) -> None:
    assert variables.inherited({name: "1"}) == variables.kept({name: "1"}) == {name: "1"}
    assert variables.dropped({name: "1"}) == {}
