"""What a client makes of machines, without any: which are of one kind, which do not fit, what is sent to them."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import linregbench
from linregbench.benchmarks.cluster.sweep import MOST_DATA_BYTES, Sweep, measure_on, payload, resumed_folder
from linregbench.benchmarks.grid.cases import select
from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.benchmarks.run import Request
from linregbench.benchmarks.sampling import plan
from linregbench.benchmarks.worker.hardware import sentinel
from linregbench.results.runfile.read import read_run
from linregbench.solvers.registry import load_builtin

OPTIONS = RunOptions(preset="smoke", methods=("gd",), samples=(100, 200), strategies=("numpy_loop", "jax_scan"))
ROWS = [solver.as_dict() for solver in load_builtin().values()]


def hello(node: str, cpu: str = "EPYC 1", **changes: Any) -> dict[str, Any]:
    """What the agent of a machine says of it."""
    environment = {
        "record": "environment",
        **dict.fromkeys(("environment", "nursery"), "here"),
        "device": "cpu",
        "threads": "1",
        "x64": False,
        "python": "3.11",
        "packages": {"numpy": "2.3"},
    }
    grid = plan.grid_hash(select(OPTIONS, {"here": (list(load_builtin().values()), [])}, {"cpu": 1}))
    told = {"node": node, "linregbench": linregbench.__version__, "sentinel": sentinel.VERSION, "grid": grid}
    told |= {"solvers": [ROWS, []], "counts": {"cpu": 1}, "machine": {"cpu": cpu, "cores": 8}}
    return told | {"environments": [environment]} | changes


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    with ExitStack() as files:
        yield Sweep(Request(OPTIONS), tmp_path / "out", "name", "2026-11-26T00:00:00+00:00", files)


def test_machines_of_one_kind_share_a_file_and_its_contests(sweep: Sweep) -> None:
    kinds = [sweep.joined(hello(node, cpu)) for node, cpu in (("a", "EPYC 1"), ("b", "EPYC 1"), ("c", "Xeon 2"))]
    assert kinds == ["epyc-1", "epyc-1", "xeon-2"]
    assert [(state.kind, state.number) for state in sweep.states] == [
        ("epyc-1", 0),
        ("epyc-1", 1),
        ("xeon-2", 0),
        ("xeon-2", 1),
    ]
    run = read_run(sweep.folder / "epyc-1.jsonl")
    assert [environment.node for environment in run.environments] == ["a", "b"]
    assert run.header.sweep == read_run(sweep.folder / "xeon-2.jsonl").header.sweep == "name"
    assert sweep.joined(hello("a")) == "epyc-1"
    assert len(read_run(sweep.folder / "epyc-1.jsonl").environments) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"linregbench": "0.0.9"}, "linregbench is 0.0.9 there and .* here; install the same"),
        ({"sentinel": 0}, "the sentinel's version is 0 there"),
        ({"grid": "f" * 16}, "its grid is f+ and .* here: the same options come to other cases there"),
    ],
)
def test_a_machine_that_would_measure_something_else_is_refused(
    sweep: Sweep, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        sweep.joined(hello("a", **changes))
    assert sweep.states == []


def test_a_folder_is_gone_on_with_on_other_machines(sweep: Sweep) -> None:
    sweep.joined(hello("a"))
    sweep.joined(hello("x", "Arm 3"))
    untouched = (sweep.folder / "arm-3.jsonl").read_bytes()
    sweep._files.close()
    request, before = resumed_folder(sweep.folder)
    assert request.options == OPTIONS
    with ExitStack() as files:
        again = Sweep(request, sweep.folder, "again", "2026-11-26T00:00:00+00:00", files)
        for path, run in before.items():
            again.go_on_with(path, run)
        assert again.joined(hello("z")) == "epyc-1"
        assert again.joined(hello("y", "Xeon 2")) == "xeon-2"
        assert {*again.writers} == {"epyc-1", "xeon-2"}
        changed = hello("w")
        changed["environments"][0]["plugins"] = {"mine.py": "0123"}
        with pytest.raises(UsageError, match=r"its plugins are \{'mine.py': '0123'\}, and \{\} in epyc-1.jsonl"):
            again.joined(changed)
    assert [e.node for e in read_run(sweep.folder / "epyc-1.jsonl").environments] == ["a", "z"]
    assert (sweep.folder / "arm-3.jsonl").read_bytes() == untouched


def test_plugins_travel_as_text_and_data_up_to_a_size(tmp_path: Path) -> None:
    plugin, data = tmp_path / "mine.py", tmp_path / "mine.csv"
    plugin.write_text("# é\n")
    data.write_bytes(b"1,2\n")
    sent = payload(Request(OPTIONS, (plugin,), data))
    assert sent["plugins"] == [["mine.py", "# é\n"]]
    assert base64.b64decode(sent["data"][1]) == b"1,2\n"
    with data.open("r+b") as file:
        file.truncate(MOST_DATA_BYTES + 1)
    with pytest.raises(UsageError, match="up to 64 are sent to machines"):
        payload(Request(OPTIONS, (), data))


def test_nothing_is_written_over_and_a_shard_is_no_cluster_s(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with pytest.raises(UsageError, match="exists already"):
        measure_on(None, Request(OPTIONS), tmp_path, print)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="leave it out with --cluster"):
        measure_on(None, Request(RunOptions(shard="1/2")), None, print)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="there is no run file in it"):
        resumed_folder(tmp_path)
