"""Pictures drawn by a process beside: the same as here, and drawn here where that process is of no use."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from made import run_of
from synthetic import Truth

from linregbench.results.figures import illustrating
from linregbench.results.figures.illustrating import beside, here
from linregbench.results.figures.render import pictures_of
from linregbench.results.frame import from_runs, records_of
from linregbench.results.report.build import html
from linregbench.results.words.names import Record

RUN = run_of("small", Truth("jax_scan", "analytic", 5e-4, compile_s=0.05))


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return records_of(from_runs(RUN))


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(illustrating, "_cores", lambda: 2)


@pytest.fixture
def drawn_here(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were drawn in this process, each time that it had to draw."""
    told: list[int] = []

    def counting(records: Sequence[Record]) -> Any:
        told.append(len(records))
        return lambda: pictures_of(records)

    monkeypatch.setattr(illustrating, "here", counting)
    return told


def process_of(draw: Any) -> subprocess.Popen[bytes]:
    process = draw.args[0]
    assert isinstance(process, subprocess.Popen)
    return process


@pytest.mark.usefixtures("two_cores")
def test_a_process_beside_draws_what_this_one_would(
    records: list[Record], drawn_here: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # from any folder, even one with a namesake of the package
    (tmp_path / "results").mkdir()
    (tmp_path / "results/__init__.py").write_text("raise SystemExit('the wrong results')")
    monkeypatch.chdir(tmp_path)
    with beside() as draw:
        found = draw(records)()
    assert found == here(records)()
    assert found.shown
    assert found.missing
    assert not drawn_here


@pytest.mark.usefixtures("two_cores")
def test_a_page_is_the_same_whoever_draws(drawn_here: list[int]) -> None:
    with beside() as draw:
        assert html([RUN], draw=draw) == html([RUN])
    assert not drawn_here


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("when", ["before the rows", "after the rows"])
def test_the_pictures_are_drawn_here_if_that_process_is_killed(
    records: list[Record], drawn_here: list[int], when: str
) -> None:
    with beside() as draw:
        process = process_of(draw)
        if when == "before the rows":
            process.kill()
            process.wait()
            pictures = draw(records)
        else:
            process.send_signal(signal.SIGSTOP)
            pictures = draw(records[1:])
            process.kill()
        assert pictures().shown
    assert drawn_here == [len(records) if when == "before the rows" else 1]
    assert process.poll() is not None


@pytest.mark.usefixtures("two_cores")
def test_the_pictures_are_drawn_here_if_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with beside() as draw:
        assert draw is here


def test_one_core_draws_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    with beside() as draw:
        assert draw is here


@pytest.mark.usefixtures("two_cores")
def test_nobody_is_left_behind_where_reading_fails() -> None:
    seen = []

    def read() -> None:
        with beside() as draw:
            seen.append(process_of(draw))
            raise KeyError

    with pytest.raises(KeyError):
        read()
    assert seen[0].poll() is not None
