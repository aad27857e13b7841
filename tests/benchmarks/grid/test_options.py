"""What a run is asked to do is checked where it enters: every bad value is one line that says what is allowed."""

import json
from typing import Any

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
