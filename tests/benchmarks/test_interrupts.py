"""A run that is stopped from outside: nothing is left behind, what was measured stays, and the run goes on later."""

import signal
from pathlib import Path

import real

from linregbench.results.runfile.read import read_run

HELD = ("--plugin", real.PLUGINS / "held.py", "--timeout", "10m")
RUN = ("run", "--no-report", "--method", "gd", "--samples", "100", "--strategy", "numpy_loop", "--blocks", "3")
RUN += HELD


def stopped_after_a_block(path: Path, number: int) -> tuple[int, str, list[object]]:
    """Start a run, send it the signal while its second block is held up; exit status, standard error, what is left."""
    hold = path.parent / "hold"
    hold.touch()
    with real.Command(*RUN, "--output", path, cwd=path.parent) as command:
        real.wait_until(lambda: path.exists() and b'"record":"block"' in path.read_bytes())
        command.signal(number)
        code, _, err = command.finish()
        assert command.started
        hold.unlink()
        return code, err, list(command.left_behind())


def test_ctrl_c_keeps_what_was_measured_and_the_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    code, err, left = stopped_after_a_block(path, signal.SIGINT)
    assert code == 130, err
    assert f"linregbench run --resume {path}" in err
    assert "Traceback" not in err
    assert left == []
    before = read_run(path)
    assert before.end is not None
    assert before.end.reason == "interrupted"
    assert [block.block for block in before.blocks] == [0]

    code, out, err = real.run("run", "--no-report", "--resume", path, cwd=tmp_path)
    assert code == 0, err
    assert "numpy_loop" in out
    after = read_run(path)
    assert [block.block for block in after.blocks] == [0, 1, 2]
    assert after.measurements[: len(before.measurements)] == before.measurements
    assert after.end is not None
    assert after.end.reason == "complete"
    assert [stop.reason for stop in after.stops] == ["3 blocks, as asked"]

    code, _, err = real.run("run", "--no-report", "--resume", path, cwd=tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert "complete" in err


def test_a_killed_schedule_leaves_no_process_and_a_file_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    code, _, left = stopped_after_a_block(path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert left == []
    assert [block.block for block in read_run(path).blocks] == [0]
