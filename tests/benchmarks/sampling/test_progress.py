"""How far the run is, said so that it can be read in a log."""

import pytest
from fakes import FakeClock

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


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    with progress.watcher(100.0) as watcher:
        assert isinstance(watcher, progress.Bar)
        watcher.tell("block 1, gd n=100 [not markup]")
        watcher.progress(0.0, 0.0)
        watcher.progress(10.0, 30.0)
    assert capsys.readouterr().out == ""


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.watcher(100.0, quiet=True) as watcher:
        watcher.tell("block 1")
        watcher.progress(0.0, 0.0)
    assert capsys.readouterr() == ("", "")
