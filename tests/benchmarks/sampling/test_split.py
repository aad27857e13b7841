"""A run in three parts, ordered, measured and accepted, writes what it wrote when they were one, record for record."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import HEADER, FakeClock, FakeProcesses, Manner, make_contest, make_limits

from linregbench.benchmarks.sampling import bench, schedule
from linregbench.benchmarks.sampling.schedule import session_here
from linregbench.benchmarks.sampling.state import restored
from linregbench.results.runfile.write import RunWriter, trim_for_resume

RECORDED = Path(__file__).with_name("recorded.jsonl")
"""Written by the schedule of 26 November 2026, before it was taken apart."""
OF_THE_MACHINE = ("steal", "others_cpu", "frequency_mhz")


def test_the_same_file_record_for_record(
    fake_clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.machine, "available_bytes", lambda: 2**33)
    bad = Manner(ends={"sample": ("crashed", "because")})
    slow = Manner(call_s=0.3, takes_s={"probe": 2.0}, finish={"spent": {"guard": 1.0}})
    contests = [
        make_contest("a", "bad", samples=20),
        make_contest("a", "slow", steps=1000),
        make_contest("b", samples=9),
    ]
    path = tmp_path / "run.jsonl"
    processes = FakeProcesses(fake_clock, noise=0.02, bad=bad, slow=slow)
    processes.interrupt_at = 200
    before = None
    for _ in range(2):
        with RunWriter(path, append=before is not None) as writer:
            if before is None:
                writer.append(HEADER)
            told = (before.measurements, before.blocks, before.stops) if before else ((), ())
            states = [restored(contest, *told) for contest in contests]
            session = session_here(
                make_limits((3, 5), rounds=6), processes, writer, processes, absent={"cuda": "not here"}
            )
            schedule.run_contests(session, states)
        before = trim_for_resume(path)
        processes.interrupt_at = None
    assert _records(path) == _records(RECORDED)


def _records(path: Path) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in path.read_text().splitlines()]
    return [{name: value for name, value in record.items() if name not in OF_THE_MACHINE} for record in records]
