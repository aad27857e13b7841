"""Solvers that go wrong in every way, in one real run: each ends in its own status, and the sweep goes on."""

import re
from pathlib import Path

import psutil
import pytest
import real
from faults import zoo

from linregbench.benchmarks.sampling.block import ROUNDS
from linregbench.results.runfile.read import Run, read_run

FATES = {
    "honest": ("ok", ""),
    "raises": ("failed", "RuntimeError: no such luck"),
    "hangs": ("timeout", "no answer to 'prepare' in 4 s"),
    "kills_itself": ("crashed", "killed by SIGKILL"),
    "exits": ("crashed", "exit status .*SystemExit: 3"),
    "dies_later": ("crashed", "exit status 5"),
    "allocates": ("out_of_memory", ""),
    "off_by_one_percent": ("wrong", "relative error 0.01, and 0.0001 is allowed"),
    "skips_a_step": ("wrong", "relative error .* is allowed"),
    "not_a_number": ("wrong", ""),
    "wrong_shape": ("wrong", r"expected an answer of shape \(1, 2\), got \(3,\)"),
    "singular": ("wrong", "LinAlgError: Singular matrix"),
    "numpy_loop": ("ok", ""),
}


CHEAP = (
    *("execs", "dies_and_leaves_a_child", "daemonises_and_spins", "says_garbage", "says_a_list_for_a_time"),
    *("leaves_json_dumps", "leaves_no_file_of_its_own", "raises_what_has_no_text", "answers_a_mask"),
)
"""Of the zoo of tests/faults, those that are quickly over."""


class Faulty:
    """The one run that all tests of this file look at."""

    def __init__(self, folder: Path) -> None:
        path = folder / "faulty.jsonl"
        plugins = [real.PLUGINS / "faulty.py", *(zoo.KINDS[name].write(folder) for name in CHEAP)]
        named = [part for plugin in plugins for part in ("--plugin", plugin)]
        arguments = (*named, "--strategy", "numpy_loop", "--method", "gd")
        sizes = ("--samples", "100", "--blocks", "2", "--timeout", "4s", "--output", path)
        with real.Command("run", "--no-report", *arguments, *sizes, cwd=folder) as command:
            self.code, self.out, self.err = command.finish()
            self.started, self.left_behind = command.started, command.left_behind()
        self.run: Run = read_run(path)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    return Faulty(tmp_path_factory.mktemp("faulty"))


@pytest.mark.parametrize("strategy", FATES)
def test_each_fault_has_its_own_status(faulty: Faulty, strategy: str) -> None:
    status, reason = FATES[strategy]
    measured = [m for m in faulty.run.measurements if m.strategy == strategy]
    assert measured[0].status == status, measured[0].reason
    assert re.search(reason, measured[0].reason or ""), measured[0].reason
    blocks = {m.block for m in measured}
    assert blocks == ({0, 1} if status == "ok" else {0})  # the first bad block retires a case


@pytest.mark.parametrize("name", CHEAP)
def test_a_plugin_of_the_zoo_harms_itself_alone(faulty: Faulty, name: str) -> None:
    kind = zoo.KINDS[name]
    last = [m for m in faulty.run.measurements if m.strategy == name][-1]
    assert last.status == kind.status, last.reason
    assert re.search(kind.reason, f"{last.reason or ''} {' '.join(last.findings)}"), last


def test_the_sweep_goes_on_to_its_end(faulty: Faulty) -> None:
    assert faulty.code == 0, faulty.err
    assert [block.block for block in faulty.run.blocks] == [0, 1]
    assert faulty.run.end is not None
    assert faulty.run.end.reason == "complete"
    for measurement in faulty.run.measurements:
        if measurement.status == "ok":
            assert len(measurement.samples_s) >= ROUNDS


def test_all_faults_are_known_here(faulty: Faulty) -> None:
    assert {m.strategy for m in faulty.run.measurements} == {*FATES, *CHEAP}


def test_no_fault_shows_a_time(faulty: Faulty) -> None:
    for line in faulty.out.splitlines():
        if "not measured" not in line and any(name in line for name, (status, _) in FATES.items() if status != "ok"):
            assert not re.search(r"\d (us|ms|ns)\b", line), line


def test_what_a_solver_prints_disturbs_nobody(faulty: Faulty) -> None:
    assert "must not disturb" not in faulty.out + faulty.err
    assert "Traceback" not in faulty.out + faulty.err


def test_no_process_is_left_behind(faulty: Faulty) -> None:
    assert faulty.started
    assert faulty.left_behind == []
    assert psutil.Process().children() == [] or all(p not in faulty.started for p in psutil.Process().children())
