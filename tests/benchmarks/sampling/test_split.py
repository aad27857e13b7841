"""A run in three parts, ordered, measured and accepted, writes what it wrote when they were one, record for record."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import HEADER, FakeClock, FakeProcesses, Manner, make_contest, make_limits

from linregbench.benchmarks.sampling import bench, schedule
from linregbench.benchmarks.sampling.schedule import session_here
from linregbench.benchmarks.sampling.state import restored
from linregbench.results.runfile.write import RunWriter

RECORDED = Path(__file__).with_name("recorded.jsonl")
"""What the schedule of 26 November 2026 decided, before it was taken apart."""
OF_THE_SCHEDULE = ("record", "block", "group", "groups", "role", "strategy", "status", "reason", "case")


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
    processes = FakeProcesses(fake_clock, bad=bad, slow=slow)
    processes.interrupt_at = 60
    for append in (False, True):
        with RunWriter(path, append=append) as writer:
            before = writer.before
            if before is None:
                writer.append(HEADER)
            told = (before.measurements, before.blocks, before.stops) if before else ((), ())
            states = [restored(contest, *told) for contest in contests]
            session = session_here(
                make_limits((3, 5), rounds=6), processes, writer, processes, absent={"cuda": "not here"}
            )
            assert schedule.run_contests(session, states).reason == ("complete" if append else "interrupted")
        processes.interrupt_at = None
    now, then = (map(json.loads, file.read_text().splitlines()) for file in (path, RECORDED))
    assert [_told(record) for record in now if record["record"] != "end"] == list(then)


def _told(record: dict[str, Any]) -> dict[str, Any]:
    """What the schedule has decided of it; what was sampled is the block's business."""
    told = {name: record[name] for name in OF_THE_SCHEDULE if name in record}
    told["samples"] = (record.get("workload") or record.get("problem") or {}).get("samples")
    if record["record"] == "block":
        told["rounds"] = record["rounds"]
    return told
