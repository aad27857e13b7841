"""A problem that is kept is the problem that was made."""

import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from linregbench.benchmarks.worker import kept, nursery
from linregbench.solvers.problem import Problem, make_problem
from linregbench.solvers.workload import Workload, make_workload


def same(one: Problem, other: Problem) -> bool:
    """In every field, type and byte."""
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)]
    return all((a is b is None) or (a.dtype == b.dtype and np.array_equal(a, b)) for a, b in pairs)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(kept, "KEPT_FROM_BYTES", 100)
    path = tmp_path / "problem"
    path.touch()
    return str(path)


@pytest.mark.parametrize(
    "workload",
    [
        make_workload("gd", 50, 3, batch=4),
        make_workload("ols", 50, 3, dtype="float64"),
        make_workload("gd_tol", 50, 3, batch=2),
    ],
    ids=lambda workload: workload.method,
)
def test_it_is_the_problem_that_was_made(file: str, workload: Workload) -> None:
    made = make_problem(workload)
    index = kept.keep(made, file)
    assert index is not None
    again = kept.mapped(index, file)
    assert same(again, made)
    assert not again.X.flags["WRITEABLE"]
    assert type(again.X) is np.ndarray


def test_a_small_one_is_not_kept(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_FROM_BYTES", 10**6)
    assert kept.keep(make_problem(make_workload("gd", 50, 3)), file) is None
    assert os.path.getsize(file) == 0


def test_a_nursery_makes_it_once_and_the_next_one_maps_it(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    workload = make_workload("gd", 50, 3)
    message = {"workload": workload.as_dict(), "file": file}
    first, index = nursery._problem(message)
    assert index is not None
    monkeypatch.setattr(nursery, "make_problem", None)
    second, same_index = nursery._problem(message | {"kept": index})
    assert same_index == index
    assert same(first, second)


def test_where_there_is_no_room_it_is_made_and_not_kept(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(kept, "keep", full)
    problem, index = nursery._problem({"workload": make_workload("gd", 50, 3).as_dict(), "file": file})
    assert index is None
    assert problem.X.shape == (1, 50, 3)
