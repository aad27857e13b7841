"""What a run is asked to do is checked where it enters: every bad value is one line that says what is allowed."""

import contextlib
import dataclasses
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from linregbench.benchmarks.grid.options import (
    RunOptions,
    UsageError,
    parse_duration,
    parse_list,
    parse_percentage,
    whole,
)


def test_what_is_written_to_the_run_file_is_read_back() -> None:
    options = RunOptions(
        preset="standard", methods=("gd",), samples=(100, 1000), conditions=(10.0,), threads=("1", "all"), budget_s=90.0
    )
    assert RunOptions.from_dict(json.loads(json.dumps(options.as_dict()))) == options
    assert RunOptions.from_dict(RunOptions().as_dict()) == RunOptions()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"preset": "slow"}, "unknown preset 'slow': choose from smoke, quick, standard, full"),
        ({"methods": ("sgd",)}, "unknown method 'sgd': choose from gd, ols, gd_tol"),
        ({"dtypes": ("float32", "float16")}, "unknown dtype 'float16': choose from float32, float64"),
        ({"precisions": ("highest", "low")}, "unknown precision 'low': choose from highest, default, high"),
        ({"devices": ("gpu",)}, "unknown device 'gpu': the devices are cpu, cuda, rocm, tpu"),
        ({"samples": (0,)}, "--samples must be at least 1, got 0"),
        ({"features": (-3,)}, "--features must be at least 1, got -3"),
        ({"batch": (1, 0)}, "--batch must be at least 1, got 0"),
        ({"steps": (0,)}, "--steps must be at least 1, got 0"),
        ({"conditions": (0.5,)}, "--condition must be at least 1, got 0.5"),
        ({"conditions": (float("nan"),)}, "--condition must be at least 1, got nan"),
        ({"blocks": 1}, "--blocks must be at least 2, got 1"),
        ({"blocks": 5, "more_than": 0.05}, "--more-than stops as soon as the question is answered: leave out --blocks"),
        ({"seed": -1}, "--seed must be at least 0, got -1"),
        ({"threads": ("0",)}, "--threads must be a number of threads or 'all', got '0'"),
        ({"threads": ("many",)}, "--threads must be a number of threads or 'all', got 'many'"),
        ({"threads": ("²",)}, "--threads must be a number of threads or 'all', got '²'"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_bad_value_is_named_with_what_is_allowed(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        RunOptions(**fields)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    "fields",
    [{"seed": 10**30}, {"samples": (10**30,)}, {"steps": (10**30,)}, {"conditions": (float("inf"),)}],
    ids=str,
)
def test_a_number_that_no_run_file_can_hold_is_refused(fields: dict[str, Any]) -> None:
    (name,) = fields
    with pytest.raises(UsageError, match=f"--{name.removesuffix('s') if name == 'conditions' else name} must be at "):
        RunOptions(**fields)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("100", (100,)),
        ("100,1000", (100, 1000)),
        (" 100 , 1e3 ,1_000", (100, 1000)),
        ("1e5", (100_000,)),
    ],
)
def test_lists_are_separated_by_commas_each_value_once(text: str | None, expected: tuple[int, ...] | None) -> None:
    assert parse_list("--samples", text, whole) == expected


@pytest.mark.parametrize("text", ["", " ", ",", "1,", ",1", "1,,2"])
def test_an_empty_place_in_a_list_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--samples takes values separated by commas, got "):
        parse_list("--samples", text, whole)


@pytest.mark.parametrize("text", ["many", "1.5", "1;2", "0x10", "inf", "-inf", "nan", "1e400"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=rf"^--samples takes .*separated by commas, got '{text}'"):
        parse_list("--samples", text, whole)


def test_the_error_says_which_kind_of_number_is_meant() -> None:
    with pytest.raises(UsageError, match=r"^--samples takes whole numbers separated by commas, got 'many'"):
        parse_list("--samples", "many", whole)
    with pytest.raises(UsageError, match=r"^--condition takes numbers separated by commas, got 'many'"):
        parse_list("--condition", "many", float)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("90", 90), ("90s", 90), ("0.5s", 0.5), ("5m", 300), ("1.5h", 5400), (" 10s ", 10)],
)
def test_durations(text: str | None, seconds: float | None) -> None:
    assert parse_duration("--budget", text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-1", "5d", "m", "1 m", "1m30s", "1e3", "inf", "nan", "five"])
def test_a_bad_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--budget takes a time such as 90s, 5m or 1.5h, got "):
        parse_duration("--budget", text)


@pytest.mark.parametrize(("text", "share"), [(None, None), ("5%", 0.05), (" 0.5% ", 0.005), ("100%", 1.0)])
def test_percentages(text: str | None, share: float | None) -> None:
    assert parse_percentage("--more-than", text) == share


@pytest.mark.parametrize("text", ["", "5", "0.05", "0%", "-5%", "101%", "five%", "5 %", "nan%"])
def test_a_bad_percentage_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--more-than takes a percentage such as 5%, above 0 and at most 100%, got "):
        parse_percentage("--more-than", text)


TAKEN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"samples": np.int64(100)}, {"samples": (100,)}),
    ({"samples": range(100, 300, 100)}, {"samples": (100, 200)}),
    ({"samples": np.array([100, 1e4])}, {"samples": (100, 10_000)}),
    ({"samples": pd.Series([100, 100])}, {"samples": (100,)}),
    ({"samples": "100,1e4"}, {"samples": (100, 10_000)}),
    ({"samples": (n for n in (1, 2))}, {"samples": (1, 2)}),
    ({"samples": None}, {"samples": None}),
    ({"strategy": np.array(["jax_scan"])}, {"strategies": ("jax_scan",)}),
    ({"condition": np.float32(10)}, {"conditions": (10.0,)}),
    ({"threads": [np.int8(1), "all"]}, {"threads": ("1", "all")}),
    ({"budget_s": "5m"}, {"budget_s": 300.0}),
    ({"budget_s": pd.Timedelta("30s")}, {"budget_s": 30.0}),
    ({"timeout_s": np.timedelta64(2 * 10**9, "ns")}, {"timeout_s": 2.0}),
    ({"timeout_s": np.float64(2.5)}, {"timeout_s": 2.5}),
    ({"blocks": np.array(3)}, {"blocks": 3}),
    ({"seed": 7.0}, {"seed": 7}),
    ({"settings": "A=1"}, {"settings": ("A=1",)}),
]


@pytest.mark.parametrize(("given", "fields"), TAKEN, ids=lambda value: str(value).split(" at 0x")[0])
def test_the_python_door_takes_what_numpy_and_pandas_have(given: dict[str, Any], fields: dict[str, Any]) -> None:
    assert RunOptions.of("quick", given) == RunOptions(**fields)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"samples": True}, "samples takes whole numbers, got True"),
    ({"samples": 1.5}, "samples takes whole numbers, got 1.5"),
    ({"samples": []}, r"samples has no values, got \[\]"),
    ({"samples": [None]}, r"samples takes whole numbers, got None"),
    ({"samples": {"a": 1}}, "samples takes whole numbers, got {'a': 1}"),
    ({"samples": "many"}, "samples takes whole numbers separated by commas, got 'many'"),
    ({"samples": np.array([[np.nan]])}, "samples takes whole numbers, got"),
    ({"strategy": 3}, "strategy takes text, got 3"),
    ({"condition": 1j}, "condition takes numbers, got 1j"),
    ({"condition": 10**400}, r"condition takes numbers, got 10{50,}\.\.\."),
    ({"budget_s": "soon"}, "budget_s takes a time such as 90s"),
    ({"budget_s": [1, 2]}, r"budget_s takes seconds, a timedelta, or text such as '90s', got \[1, 2\]"),
    ({"budget_s": []}, "budget_s takes seconds"),
    ({"timeout_s": -1}, "--timeout must be above 0 and at most 8760h, got -1 s"),
    ({"timeout_s": 1e12}, "--timeout must be above 0 and at most 8760h"),
    ({"timeout_s": float("nan")}, "--timeout must be above 0"),
    ({"blocks": "three"}, "blocks takes a whole number, got 'three'"),
    ({"baseline": object}, "baseline takes text"),
    ({"settings": 3}, "settings takes text, got 3"),
    ({"threads": "9" * 5000}, "--threads must be a number of threads or 'all', got '9{50,}"),
    ({"sample": 3}, "unknown option 'sample'.*did you mean samples"),
]


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_the_python_door_names_what_it_does_not_take(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        RunOptions.of("quick", given)


def test_a_preset_is_text() -> None:
    with pytest.raises(UsageError, match="preset takes text, got 3"):
        RunOptions.of(3, {})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(RunOptions)])
@pytest.mark.parametrize("value", [None, True, -1, 1e300, 10**30, "x", [], ["x"], [None], {}, {"a": 1}, [[1]]], ids=str)
def test_changed_options_of_a_run_file_are_read_or_refused(name: str, value: Any) -> None:
    with contextlib.suppress(UsageError):
        RunOptions.from_dict(RunOptions().as_dict() | {name: value})


def test_options_of_a_later_version_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="unknown option 'colour'"):
        RunOptions.from_dict(RunOptions().as_dict() | {"colour": "red"})
