"""A workload in words: what is always told, what is told where it is given, what only where it differs."""

import pytest

from linregbench.results.fields import COLUMNS, WORKLOAD
from linregbench.results.words.names import Record, along, grouped, title, varying

PLAIN: Record = dict.fromkeys(COLUMNS) | {
    "run": "a",
    "method": "gd",
    "samples": 1_000,
    "features": 2,
    "batch": 1,
    "steps": 100,
    "dtype": "float32",
    "seed": 0,
    "threads": "1",
    "environment": "here",
}


def test_a_title_tells_what_is_given() -> None:
    assert title(PLAIN) == "gradient descent, 100 steps: n = 1,000, d = 2, 1 problem, float32, 1 thread"
    given = {"condition": 1e3, "step_size": 0.25, "data": "mine\x1b", "threads": "all"}
    end = "float32, all threads, condition 1,000, step size 0.25, data mine\\x1b"
    assert title(PLAIN | given).endswith(end)


def test_a_title_tells_what_differs_elsewhere() -> None:
    others = [PLAIN, PLAIN | {"seed": 1, "run": "b"}, PLAIN | {"seed": None}]
    assert varying(others) == {"seed", "run"}
    assert title(PLAIN, varying(others)).endswith("1 thread, run a, seed 0")


def test_rows_of_another_workload_are_of_another_group() -> None:
    for name, field in WORKLOAD.items():
        assert len(grouped([PLAIN, PLAIN | {"device": "cuda"}, PLAIN | {name: field.kind(7)}])) == 2, name


@pytest.mark.parametrize(
    ("variants", "name"),
    [
        ("aaaa", "jax_scan a at default on cuda"),
        ("aabb", "jax_scan (a, b from n = 3,000) at default on cuda"),
        ("aaab", "jax_scan (a, b at n = 4,000) at default on cuda"),
        ("abaa", "jax_scan (a, b at n = 2,000) at default on cuda"),
        ("abbb", "jax_scan (b, a at n = 1,000) at default on cuda"),
        ("abab", "jax_scan (a, b at n = 2,000 and 4,000) at default on cuda"),
        ("aabc", "jax_scan (a, b at n = 3,000, c at n = 4,000) at default on cuda"),
    ],
)
def test_a_name_along_an_axis_tells_where_the_variant_changes(variants: str, name: str) -> None:
    case = PLAIN | {"strategy": "jax_scan", "device": "cuda", "precision": "default"}
    rows = [case | {"variant": variant, "samples": 1_000 * n} for n, variant in enumerate(variants, start=1)]
    assert along(rows, "samples") == name
