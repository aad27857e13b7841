"""Two settings for real: a nursery each, in one contest; and one under which JAX does not start."""

from pathlib import Path
from typing import Any

import pytest

import linregbench
from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.benchmarks.processes.handle import _cause_of_death
from linregbench.benchmarks.processes.pool import Nurseries
from linregbench.benchmarks.run import Request, prepared
from linregbench.results.runfile.read import read_run

SMALL: dict[str, Any] = {"method": "gd", "strategy": "numpy_loop", "variant": "analytic", "samples": 20, "steps": 5}


def test_two_settings_compete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Nurseries, "_peaks", lambda *_, **__: {"flops": 1e9})  # takes seconds
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    path, flags = tmp_path / "run.jsonl", "--xla_cpu_enable_fast_math=true"
    frame = linregbench.run(settings=[f"XLA_FLAGS=,{flags}"], blocks=2, output=path, progress=False, **SMALL)
    assert list(frame["setting"]) == ["XLA_FLAGS=", f"XLA_FLAGS={flags}"]
    assert list(frame["status"]) == ["ok", "ok"]
    assert set(frame["baseline"]) == {"numpy_loop analytic without XLA_FLAGS"}
    assert (frame["winner_verdict"] == "winner").sum() == 1
    base, other = read_run(path).environments
    assert (base.nursery, base.xla_flags, base.kept) == ("cpu, threads 1, float32, XLA_FLAGS=", "", {})
    assert (other.nursery, other.xla_flags) == (f"cpu, threads 1, float32, XLA_FLAGS={flags}", flags)
    assert (base.peaks, other.peaks) == ({"flops": 1e9}, None)


def test_a_value_that_xla_does_not_take_is_one_line_of_the_fifteen_thousand_bytes_it_says() -> None:
    flags = "XLA_FLAGS=--xla_cpu_enable_fast_math=maybe"
    options = RunOptions(methods=("gd",), samples=(20,), settings=(flags,))
    with pytest.raises(UsageError) as refused, prepared(Request(options)):
        pass
    message = str(refused.value)
    assert message.startswith(f"--set {flags}: JAX does not start under it: ")
    assert "Couldn't interpret value maybe for flag" in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (
            "F1126 13:49:31.990825   16042 parse_flags_from_env.cc:234] Unknown flag in XLA_FLAGS: --xla_no_such=1\n",
            "Unknown flag in XLA_FLAGS: --xla_no_such=1",
        ),
        (
            "E1126 13:49:32.726929   16051 command_line_flags.cc:93] Couldn't interpret value maybe for flag xla_a.\n"
            "F1126 13:49:32.726992   16051 parse_flags_from_env.cc:220] Check failed: Flag parsing failed.\n"
            "usage: --xla_a=maybe\nFlags:\n\t--xla_a=false \tbool\tEnable a.\n",
            "Couldn't interpret value maybe for flag xla_a.",
        ),
        ("E1126 13:49:32.726929   16051 cuda_fft.cc:93] twice\nTraceback\nValueError: x", "ValueError: x"),
    ],
)
def test_of_all_that_xla_says_the_cause_is_told(said: str, cause: str) -> None:
    assert _cause_of_death(1, said) == ("crashed", f"exit status 1: {cause}")
