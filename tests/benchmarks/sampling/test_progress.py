"""How far the run is, said so that it can be read in a log."""

import io
import re
import threading

import pytest
from fakes import MEASURED, FakeClock
from rich.console import Console

from linregbench.benchmarks.sampling import progress


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (360_000, "100 h 0 min"),
    ],
)
def test_span(seconds: float, text: str) -> None:
    assert progress.span(seconds) == text


def test_a_pipe_gets_a_line_now_and_then(fake_clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress.watcher(100.0) as watcher:
        assert isinstance(watcher, progress.Lines)
        for second in range(1, 31):
            fake_clock.advance(1.0)
            watcher.tell(f"block {second}")
            watcher.progress(second, 100 - second)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "linregbench: about 1 min 40 s to go",
        "linregbench:  10%, 1 min 30 s left; block 10",
        "linregbench:  20%, 1 min 20 s left; block 20",
        "linregbench:  30%, 1 min 10 s left; block 30",
    ]


def make_terminal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Have standard error be a terminal with these variables of the environment."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in ({"TERM": "xterm-256color"} | variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    make_terminal(monkeypatch)
    with progress.watcher(100.0) as watcher:
        assert isinstance(watcher, progress.Screen)
        watcher.tell("block 1, gd n=100 [not markup]")
        watcher.progress(0.0, 0.0)
        watcher.progress(10.0, 30.0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=str)
def test_a_plain_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    make_terminal(monkeypatch, **variables)
    assert isinstance(progress.watcher(100.0), progress.Lines)


LONG = "gd n=1,000,000 d=128 b=65,536 steps=10,000 condition=1000 threads=all"


def drawn(width: int) -> tuple[list[str], str]:
    """What a screen of this width shows in the end, and everything that was written to it."""
    file = io.StringIO()
    console = Console(file=file, width=width, height=24, force_terminal=True, color_system=None, legacy_windows=False)
    with progress.Screen(500.0, console) as screen:
        before = threading.active_count()
        for title in ("ols n=1,000 d=2 b=1", LONG):
            screen.measured(title, MEASURED)
        screen.tell(f"block 12, {LONG}: round 17 of 20")
        screen.progress(100.0, 300.0)
        last = file.getvalue()
        assert threading.active_count() == before
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).strip("\r") for line in last.split("\x1b[1A")[-1].split("\n")]
    return lines, file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_bar_time_left_case_and_standings_fit(width: int) -> None:
    lines, _ = drawn(width)
    assert max(map(len, lines)) <= width
    assert re.search(r"━{6} +25%  5 min 0 s left", lines[0])
    assert lines[1].startswith("block 12, gd n=1,000,000 d=128 b=65,536")
    assert lines[2].startswith("gd n=1,000,000 d=128")
    assert re.search(r"time so far +vs baseline", lines[2])
    assert re.search(r"^  fast analytic +~100 us +~4\.0x", lines[3])
    assert re.search(r"^ols n=1,000 d=2 b=1: fast analytic +~100 us +~4\.0x", lines[-1])
    assert len(lines) == 3 + 4 + 1


def test_the_screen_is_drawn_by_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread, and no clock: it changes when something is told, which is never within a sample."""

    def refuse() -> float:
        raise AssertionError("the clock was read")

    monkeypatch.setattr(progress.clock, "now", refuse)
    drawn(80)


def test_a_notebook_gets_a_bar_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            assert raw
            shown.append(data["text/html"])

    def display(data: dict[str, str], raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        shown.append(data["text/html"])
        return Handle()

    monkeypatch.setattr(progress, "_notebook_display", lambda: display)
    with progress.watcher(100.0) as watcher:
        watcher.tell("block 1")
        watcher.measured("gd <n>", MEASURED)
        watcher.progress(10.0, 30.0)
    first, last, cleared = shown
    assert '<progress value="0.000">' in first
    assert '<progress value="0.250"></progress> 25%, 30 s left' in last
    assert "gd &lt;n&gt;" in last
    assert "<td>fast analytic</td><td>~100 us</td><td>~4.0x</td>" in last
    assert cleared == ""


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.watcher(100.0, quiet=True) as watcher:
        watcher.tell("block 1")
        watcher.progress(0.0, 0.0)
    assert capsys.readouterr() == ("", "")
