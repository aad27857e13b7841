"""Hot and cold for real: two rows of one case in one contest, from the command to what is printed."""

from pathlib import Path

import pytest

from linregbench.benchmarks.cli.main import main
from linregbench.benchmarks.processes.pool import Nurseries
from linregbench.results.runfile.read import read_run


def test_a_case_hot_and_cold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Nurseries, "_peaks", lambda *_, **__: {"flops": 1e9})  # takes seconds
    path = tmp_path / "run.jsonl"
    typed = "run --method gd --strategy numpy_loop --variant analytic --cache hot,cold --blocks 2 --no-report"
    with pytest.raises(SystemExit) as ended:
        main([*typed.split(), "--samples", "100000", "--steps", "5", "--output", str(path)])
    assert ended.value.code == 0
    run = read_run(path)
    assert [(m.role, m.cache) for m in run.measurements] == [("baseline", "hot"), ("twin", "hot"), ("case", "cold")] * 2
    assert {m.status for m in run.measurements} == {"ok"}
    assert all(m.loops == 1 for m in run.measurements if m.cache == "cold")
    printed = " ".join(capsys.readouterr().out.split())
    assert "numpy_loop analytic (cold)" in printed
    assert "Cold against hot" in printed
