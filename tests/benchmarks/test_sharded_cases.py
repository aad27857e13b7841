"""A solver of many devices in the harness: when it takes part, what it is given, and how its answer is read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from fakes import make_case, make_solver

from linregbench import solvers
from linregbench.benchmarks import devices
from linregbench.benchmarks.grid.cases import select
from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.benchmarks.processes.handle import Nursery, Setting
from linregbench.benchmarks.worker import calls
from linregbench.solvers.registry import Solver, load_builtin
from linregbench.solvers.workload import Workload, make_workload

PACKAGE = Path(solvers.__file__).parent
WORKLOADS = {
    "problems": make_workload("gd", 20, 2, batch=5),
    "samples": make_workload("gd", 103, 2),
    "closed": make_workload("ols", 103, 2, batch=3),
}


def padded(workload: Workload, result: Any) -> tuple[np.ndarray, np.ndarray | None]:
    by_itself = Solver("gd", "mine", "any", "jax", True, True, print, place=lambda arrays, _: tuple(arrays))
    return calls.answer(result, workload, by_itself)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(Setting(solvers=PACKAGE, threads="all", cpu_devices=4)) as running:
        yield running


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_worker_measures_it_on_every_device(nursery: Nursery, name: str) -> None:
    workload = WORKLOADS[name]
    assert nursery.problem(name, workload.as_dict(), None) is None
    named = {"strategy": "jax_sharded", "variant": "solve" if workload.method == "ols" else "autodiff"}
    asked = {"problem": name, "memory_bytes": 0, "long_call_s": 2.0, "target_s": 0.001, "guard": True}
    case = make_case(threads="all").as_dict() | named | asked | {"workload": workload.as_dict()}
    worker = nursery.worker(case)
    try:
        ready = worker.ask("prepare", 60.0)
        call_s = worker.ask("sample", 60.0)["call_s"]
        last = worker.ask("finish", 60.0)
    finally:
        worker.end()
    assert call_s > 0
    assert {"transfer_s", "compile_s", "first_call_s"} <= ready["phases"].keys()
    assert last.get("status", "ok") == "ok"
    assert last["error"] <= last["error_limit"]
    # the clock's own findings are the machine's
    assert not set(last["findings"]) - {"loop_overhead", "coarse_timer"}


def test_the_devices_of_a_worker_are_counted(nursery: Nursery) -> None:
    counts = {}
    for device in ("cpu", "cpu:3"):
        worker = nursery.worker({})
        counts[device] = worker.ask("count", 60.0, device=device)["count"]
        worker.end()
    assert counts == {"cpu": 4, "cpu:3": 1}


def test_devices_by_a_name() -> None:
    assert devices.named("cpu") == jax.devices("cpu")
    assert devices.named("cpu:0") == jax.devices("cpu")[:1]
    with pytest.raises(devices.DeviceError, match="no rocm device here"):
        devices.named("rocm")


@pytest.mark.parametrize(
    ("options", "counts", "expected"),
    [
        ({"preset": "standard"}, None, set()),
        ({"preset": "standard"}, {"cpu": 1}, set()),
        ({"preset": "standard"}, {"cpu": 4}, {"cpu"}),
        ({"preset": "standard", "devices": ("cpu", "cuda")}, {"cpu": 1, "cuda": 2}, {"cuda"}),
        ({"preset": "quick"}, {"cpu": 4}, set()),
        ({"strategies": ("jax_sharded",)}, {"cpu": 1}, {"cpu"}),
    ],
)
def test_a_preset_takes_it_along_where_there_are_several_devices(
    options: dict[str, Any], counts: dict[str, int] | None, expected: set[str]
) -> None:
    contests = select(RunOptions(**options), {"here": (list(load_builtin().values()), ())}, counts)
    on = {case.device for contest in contests for case in contest.cases if case.solver.strategy == "jax_sharded"}
    assert on == expected


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_number_of_devices_that_cannot_be_is_refused(count: int) -> None:
    with pytest.raises(UsageError, match=f"--cpu-devices must be at .*, got {count}"):
        RunOptions(cpu_devices=count)


def test_the_users_own_number_of_devices_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_NUM_CPU_DEVICES", "7")
    assert Setting().variables["JAX_NUM_CPU_DEVICES"] == "1"
    assert Setting(cpu_devices=4).variables["JAX_NUM_CPU_DEVICES"] == "4"


def test_answers_to_what_was_padded_are_dropped() -> None:
    rows = np.arange(8.0).reshape(4, 2)
    np.testing.assert_array_equal(padded(WORKLOADS["closed"], rows)[0], rows[:3])
    weights, steps = padded(make_workload("gd_tol", 10, 2, batch=3), (rows, np.arange(4)))
    np.testing.assert_array_equal(weights, rows[:3])
    np.testing.assert_array_equal(steps, [0, 1, 2])


def test_others_may_not_return_too_many() -> None:
    with pytest.raises(ValueError, match=r"expected an answer of shape \(3, 2\), got \(4, 2\)"):
        calls.answer(np.ones((4, 2)), WORKLOADS["closed"], make_solver("jax_vmap"))
