"""Facts of the machine, with a container's limits in place of the machine's."""

import json
import socket
import subprocess
from pathlib import Path

import pytest
from fakes import FakeClock

from linregbench.benchmarks.processes import machine

GIB = 2**30


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a container, none of them there yet."""
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    return tmp_path


def test_facts_are_plain_and_name_nobody() -> None:
    facts = machine.facts()
    text = json.dumps(facts, allow_nan=False)
    assert facts["cores"] >= 1
    assert facts["memory_bytes"] > 0
    assert facts["cpu"]
    assert socket.gethostname() not in text
    assert str(Path.home()) not in text or str(Path.home()) == "/"


def test_the_processor_is_named_also_where_the_system_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: A Fine CPU: 3 GHz\n")
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")
    assert machine.cpu_model() == "A Fine CPU: 3 GHz"
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "none")
    assert machine.cpu_model()


@pytest.mark.parametrize(("limit", "least"), [("1073741824", True), ("max", False), (str(2**60), False), (None, False)])
def test_the_memory_is_the_containers_where_that_is_less(cgroup: Path, limit: str | None, least: bool) -> None:
    whole = machine.memory_bytes()
    if limit is not None:
        (cgroup / "memory.max").write_text(limit + "\n")
    assert machine.memory_bytes() == (GIB if least else whole)


def test_what_a_container_holds_already_is_not_available(cgroup: Path) -> None:
    (cgroup / "memory.max").write_text("100000000\n")
    (cgroup / "memory.current").write_text("99000000\n")
    assert machine.available_bytes() == 1_000_000


@pytest.mark.parametrize(
    ("text", "quota"), [("150000 100000\n", 1.5), ("max 100000\n", None), ("nonsense\n", None), (None, None)]
)
def test_the_cpu_quota(cgroup: Path, text: str | None, quota: float | None) -> None:
    if text is not None:
        (cgroup / "cpu.max").write_text(text)
    assert machine.cpu_quota() == quota


def test_the_meter_tells_what_else_ran(fake_clock: FakeClock) -> None:
    meter = machine.Meter()
    fake_clock.advance(2.0)
    readings = meter.read()
    assert readings.keys() == {"steal", "others_cpu", "frequency_mhz"}
    assert readings["others_cpu"] is not None
    assert readings["others_cpu"] >= 0
    assert all(value is None or value >= 0 for value in readings.values())


def test_the_commit_of_a_package_and_whether_it_was_changed(tmp_path: Path) -> None:
    assert machine.commit_of(tmp_path / "nowhere") == (None, None)
    package = tmp_path / "solvers"
    package.mkdir()
    (package / "__init__.py").touch()

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    git("init")
    git("add", "solvers")
    git("commit", "--no-verify", "-m", "first")
    commit, dirty = machine.commit_of(package)
    assert commit is not None
    assert len(commit) == 40
    assert dirty is False
    (tmp_path / "beside").touch()
    assert machine.commit_of(package) == (commit, False)
    (package / "__init__.py").write_text("1\n")
    assert machine.commit_of(package) == (commit, True)
