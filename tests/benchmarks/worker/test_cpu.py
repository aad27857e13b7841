"""Facts of the processor, from recorded files of the kernel, and a flush that is larger than its caches."""

import json
import socket
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from fakes import make_case

from linregbench.benchmarks.worker import guards, session
from linregbench.benchmarks.worker.hardware import cpu, flush
from linregbench.solvers.problem import make_problem
from linregbench.solvers.workload import make_workload


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder /sys/devices/system/cpu and the file /proc/cpuinfo of nobody's machine, both empty."""
    monkeypatch.setattr(cpu, "_CPU", tmp_path)
    monkeypatch.setattr(cpu, "_CPUINFO", tmp_path / "cpuinfo")
    return tmp_path


def cache(kernel: Path, index: int, level: str, kind: str, size: str) -> None:
    place = kernel / f"cpu0/cache/index{index}"
    place.mkdir(parents=True)
    for name, text in (("level", level), ("type", kind), ("size", size)):
        (place / name).write_text(text + "\n")


def test_caches_are_in_bytes(kernel: Path) -> None:
    assert cpu.caches_bytes() == {}
    cache(kernel, 0, "1", "Data", "32K")
    cache(kernel, 1, "1", "Instruction", "32K")
    cache(kernel, 2, "2", "Unified", "1024K")
    cache(kernel, 3, "3", "Unified", "96M")
    cache(kernel, 4, "4", "Unified", "")
    assert cpu.caches_bytes() == {"L1d": 32 * 2**10, "L2": 2**20, "L3": 96 * 2**20}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "processor\t: 0\nflags\t\t: fpu sse4_2 avx2 fma avx512f amx_tile\n",
            ["sse4_2", "avx2", "fma", "avx512f", "amx_tile"],
        ),
        ("processor\t: 0\nFeatures\t: fp asimd sve sve2 bf16\n", ["asimd", "sve", "sve2", "bf16"]),
        ("nothing of the kind", []),
    ],
)
def test_instruction_sets_of_either_architecture(kernel: Path, text: str, expected: list[str]) -> None:
    (kernel / "cpuinfo").write_text(text)
    assert cpu.instruction_sets() == expected


def test_settings_where_they_can_be_read(kernel: Path) -> None:
    assert not {"smt", "governor", "caches_bytes", "instruction_sets"} & cpu.processor_facts().keys()
    for name, text in (("smt/active", "1\n"), ("cpu0/cpufreq/scaling_governor", "powersave\n")):
        (kernel / name).parent.mkdir(parents=True)
        (kernel / name).write_text(text)
    facts = cpu.processor_facts()
    assert (facts["smt"], facts["governor"]) == ("on", "powersave")


def test_the_facts_of_this_machine_are_plain_and_name_nobody() -> None:
    facts = cpu.processor_facts()
    text = json.dumps(facts, allow_nan=False)
    assert socket.gethostname() not in text
    assert "/" not in text  # no path of anybody's disk
    assert all(pool["library"] and pool["threads"] >= 1 for pool in facts["pools"])


def test_the_flush_of_a_device_is_compiled_before_anything_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever precision its case asks for later: a compile there would count as the solver's."""
    monkeypatch.setattr(flush, "ACCELERATOR_BYTES", 2**12)
    call = flush._on("cpu")
    compiles = guards.count_compiles()
    with jax.default_matmul_precision("highest"):
        call()
    assert compiles() == 0


@pytest.mark.parametrize(("caches", "size"), [({}, 2**16), ({"L2": 2**10, "L3": 40 * 2**10}, 80 * 2**10)])
def test_the_flush_writes_twice_the_last_cache(
    monkeypatch: pytest.MonkeyPatch, caches: dict[str, int], size: int
) -> None:
    assert flush.LEAST_BYTES == 64 * 2**20
    monkeypatch.setattr(flush, "LEAST_BYTES", 2**16)
    monkeypatch.setattr(cpu, "caches_bytes", lambda: caches)
    made = flush.flush_for("cpu")
    assert made.host_bytes == size
    first, second = np.array(made.call()), made.call()
    assert len(first) == size
    assert set(np.unique(second - first)) == {1}  # every byte of it is written, each time


@pytest.mark.parametrize("cold", [True, False])
def test_each_sample_of_one_call_follows_a_flush(monkeypatch: pytest.MonkeyPatch, cold: bool) -> None:
    """The worker's own order of things; what is called is written down, and the clock is real."""
    log: list[str] = []
    monkeypatch.setattr(flush, "flush_for", lambda _: flush.Flush(lambda: log.append("flush"), 0))
    sample = session.clock.sample

    def noted(call: Any, loops: int, queue: Any) -> Any:
        log.append(f"sample of {loops}")
        return sample(call, loops, queue)

    workload = make_workload("gd", 50, 2)
    case = (
        make_case().as_dict() | {"workload": workload.as_dict(), "guard": False} | ({"cache": "cold"} if cold else {})
    )
    case |= {"long_call_s": 2.0, "target_s": 0.002, "pin": [], "allowed": []}
    replies: list[dict[str, Any]] = []
    asked = iter(["prepare", "sample", "sample", "finish"])

    def ask() -> dict[str, Any]:
        name = next(asked, None)
        if name == "sample":
            monkeypatch.setattr(session.clock, "sample", noted)
        return {"ask": name} if name else {}

    session.live(case, make_problem(workload), ask, replies.append)
    loops = replies[0]["loops"]
    assert (loops == 1) is cold
    assert log == (["flush", "sample of 1"] * 2 if cold else [f"sample of {loops}"] * 2)
    assert replies[-1].get("status", "ok") == "ok"
    assert "status" not in replies[1]
