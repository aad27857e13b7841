"""A workload in words: what is always told, what is told where it is given, what only where it differs."""

from linregbench.results.fields import COLUMNS, WORKLOAD
from linregbench.results.words.names import Record, grouped, title, varying

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
