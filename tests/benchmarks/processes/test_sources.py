"""What a run is made of is what it was when the run began, or it is said."""

import os
from pathlib import Path

import pytest

from linregbench.benchmarks.grid.options import UsageError
from linregbench.benchmarks.processes.handle import Setting, WorkerEnded
from linregbench.benchmarks.processes.pool import Nurseries
from linregbench.benchmarks.processes.sources import Plugin, Watch

PLUGIN = """
import pathlib
from linregbench import solver

@solver(method="ols", strategy="{strategy}", variant="mine", backend="numpy")
def ols(X, y):
    return X[0] * 0
"""


def test_a_plugin_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("first")
    plugin = Plugin(path)
    told, digest = plugin.as_dict(), plugin.hash
    path.write_text("second")
    assert (plugin.as_dict(), plugin.hash) == (told, digest)
    assert Plugin(path).hash != digest
    path.unlink()
    assert (plugin.as_dict(), plugin.hash) == (told, digest)
    assert Plugin(path).hash is None


@pytest.mark.parametrize("change", ["other text", "same text", "touched", "gone"])
def test_a_file_that_changes_is_noticed(tmp_path: Path, change: str) -> None:
    file, untouched = tmp_path / "data.csv", tmp_path / "other.csv"
    for each in (file, untouched):
        each.write_text("1,2\n")
    watch = Watch()
    watch.add([file, untouched])
    watch.check([file, untouched])
    if change == "gone":
        file.unlink()
    elif change == "touched":
        os.utime(file, (0, 0))
    else:
        file.write_text("1,3\n" if change == "other text" else "1,2\n")
    watch.check([untouched])
    if change in ("same text", "touched"):
        watch.check([file])
        return
    with pytest.raises(WorkerEnded, match=r"failed: data\.csv was changed after the run began"):
        watch.check([file])


def test_two_plugins_of_one_name_are_refused_before_anything_runs(tmp_path: Path) -> None:
    paths = tuple(tmp_path / name for name in ("a.py", "b.py"))
    for path in paths:
        path.write_text(PLUGIN.format(strategy="mine"))
    with (
        Nurseries({"here": Setting(plugins=paths)}) as nurseries,
        pytest.raises(UsageError, match=r"b\.py: ols mine mine is registered in .*a\.py too; give one of them another"),
    ):
        nurseries.solvers("here")
