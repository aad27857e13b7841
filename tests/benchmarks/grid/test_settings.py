"""`--set`: from what is typed to the settings that compete, and what nobody sets."""

import pytest
from fakes import make_solver

from linregbench.benchmarks.grid.cases import Contest, select
from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.benchmarks.grid.settings import settings_of
from linregbench.benchmarks.processes.handle import Setting
from linregbench.benchmarks.sampling.plan import grid_hash

SOLVERS = [make_solver("numpy_loop"), make_solver("jax_scan")]


def contest_of(*sides: str, settings: tuple[str, ...]) -> Contest:
    options = RunOptions(methods=("gd",), samples=(100,), environments=sides, settings=settings)
    (contest,) = select(options, dict.fromkeys(sides, (SOLVERS, ())))
    return contest


@pytest.mark.parametrize(
    ("typed", "settings"),
    [
        ((), [""]),
        (("X=1",), ["X=1"]),
        (("X=",), ["X="]),
        (("X=,1,2,1",), ["X=", "X=1", "X=2"]),
        (("X=1,2", "Y=a,"), ["X=1 Y=a", "X=1 Y=", "X=2 Y=a", "X=2 Y="]),
        ((r"GLIBC_TUNABLES=a\,b,c",), ["GLIBC_TUNABLES=a,b", "GLIBC_TUNABLES=c"]),
        (("XLA_FLAGS=--a=1 --b=2",), ["'XLA_FLAGS=--a=1 --b=2'"]),
    ],
)
def test_several_options_make_a_product_and_the_first_values_the_base(
    typed: tuple[str, ...], settings: list[str]
) -> None:
    assert list(settings_of(typed)) == settings


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("X",), "--set takes NAME=VALUE[,VALUE...], such as MALLOC_ARENA_MAX=1,4, got 'X'"),
        (("1X=2",), "--set takes NAME=VALUE"),
        (("=2",), "--set takes NAME=VALUE"),
        (("X=\0",), "--set takes NAME=VALUE"),
        (("X=1", "X=2"), "--set X stands there twice: give all of its values in one, X=VALUE,VALUE"),
        (("PATH=/bin",), "--set PATH: which programs are found"),
        (("PYTHONPATH=.",), "--set PYTHONPATH: "),
        (("PYTHONHOME=.",), "--set PYTHONHOME: "),
        (("PYTHONHASHSEED=1",), "--set PYTHONHASHSEED: every turn of blocks has one of its own"),
        (("JAX_COMPILATION_CACHE_DIR=.",), "--set JAX_COMPILATION_CACHE_DIR: a compile that was read from disk"),
        (("XLA_PYTHON_CLIENT_PREALLOCATE=true",), "--set XLA_PYTHON_CLIENT_PREALLOCATE: every worker but the first"),
        (("JAX_PLATFORMS=cuda",), "--set JAX_PLATFORMS: use --device"),
        (("JAX_ENABLE_X64=1",), "--set JAX_ENABLE_X64: use --dtype"),
        (("JAX_NUM_CPU_DEVICES=4",), "--set JAX_NUM_CPU_DEVICES: use --cpu-devices"),
        (("XLA_FLAGS=--a --xla_force_host_platform_device_count=4",), "--set XLA_FLAGS: --xla_force_host_platform_dev"),
        (("OMP_NUM_THREADS=4",), "--set OMP_NUM_THREADS: use --threads"),
        (("NUMBA_NUM_THREADS=4",), "--set NUMBA_NUM_THREADS: use --threads"),
    ],
    ids=str,
)
def test_what_cannot_be_set_is_refused(typed: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        RunOptions(settings=typed)
    assert str(refused.value).startswith(message)


def test_every_case_competes_under_every_setting_and_the_baseline_has_the_base_one() -> None:
    contest = contest_of("here", settings=("X=,1",))
    assert [case.setting for case in contest.baselines] == ["X="]
    assert [(case.solver.strategy, case.setting) for case in contest.cases] == [
        ("jax_scan", "X="),
        ("numpy_loop", "X=1"),
        ("jax_scan", "X=1"),
    ]
    assert [case.name for case in contest.cases][-1] == "jax_scan (X=1)"
    assert contest.cases[0].as_dict()["setting"] == "X="


def test_two_sides_meet_under_each_setting() -> None:
    contest = contest_of("v1", "here", settings=("X=1,2",))
    assert len(contest.pairs) == 4
    assert all(base.setting == new.setting for base, new in contest.pairs)
    assert contest.lacking == ()


def test_a_grid_without_settings_is_the_one_from_before_there_were_any() -> None:
    contest = contest_of("here", settings=())
    assert "setting" not in contest.cases[0].as_dict()
    assert grid_hash([contest]) != grid_hash([contest_of("here", settings=("X=1",))])


def test_options_hold_what_was_typed() -> None:
    options = RunOptions.of("smoke", {"settings": r"X=a\,b,c"})
    assert options.settings == (r"X=a\,b,c",)
    assert RunOptions.of("smoke", {"settings": ["X=1", "Y=2"]}).settings == ("X=1", "Y=2")
    assert RunOptions.from_dict(options.as_dict()) == options


def test_a_person_has_the_last_word_and_an_empty_one_takes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_x")
    monkeypatch.setenv("MALLOC_ARENA_MAX", "7")
    assert Setting().environ["XLA_FLAGS"] == "--xla_x"
    assert "MALLOC_ARENA_MAX" not in Setting().environ
    environ = Setting(setting="MALLOC_ARENA_MAX=2 XLA_FLAGS=").environ
    assert environ["MALLOC_ARENA_MAX"] == "2"
    assert "XLA_FLAGS" not in environ
    # a device's own may be empty, which JAX tells from missing
    assert Setting(device="cuda").environ["JAX_PLATFORMS"] == ""
