"""Facts and clocks of a GPU, from recorded answers of the real interfaces; none of it needs one."""

import json
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jax
import pytest
from fake_nvml import H100, FakeDevice, FakeNvml, NVMLError, NVMLError_NotSupported

from linregbench.benchmarks import devices
from linregbench.benchmarks.worker.hardware import gpu, sentinel

OTHER = "NVIDIA T4"


@pytest.fixture(autouse=True)
def a_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(devices, "find", lambda _: FakeDevice())
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    # a test that solved something in this process may have left another behind
    before = jax.config.jax_default_matmul_precision
    jax.config.update("jax_default_matmul_precision", None)
    yield
    jax.config.update("jax_default_matmul_precision", before)


def use(monkeypatch: pytest.MonkeyPatch, *names: str, **answers: Any) -> FakeNvml:
    fake = FakeNvml(*names, **answers)
    monkeypatch.setitem(sys.modules, "pynvml", fake)  # type: ignore[arg-type]
    return fake


def test_the_facts_of_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch)
    assert gpu.device_facts("cuda") == {
        "kind": H100,
        "platform_version": "PJRT C API cuda 13000",
        "compute_capability": "9.0",
        "multiprocessors": 132,
        "usable_memory_bytes": 63_752_994_816,
        "default_matmul_precision": "the backend's own",
        "driver": "580.65.06",
        "driver_cuda": "13.0",
        "memory_bytes": 85_520_809_984,
        "clocks_mhz": {"sm": 1980, "memory": 2619},
        "clocks_max_mhz": {"sm": 1980, "memory": 2619},
        "power_limit_w": 700.0,
        "temperature_c": 41,
        "clock_reasons": ["idle"],
        "ecc": "on",
        "mig": "off",
    }


def test_what_a_card_does_not_tell_is_left_out_and_nothing_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    no = NVMLError_NotSupported()
    use(monkeypatch, EccMode=no, MigMode=no, EnforcedPowerLimit=no, ClockInfo=no, MemoryInfo=no)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-0000")
    facts = gpu.device_facts("cuda")
    assert not {"ecc", "mig", "power_limit_w", "clocks_mhz", "memory_bytes", "nvml"} & facts.keys()
    assert facts["driver"] == "580.65.06"
    assert "GPU-" not in json.dumps(facts, allow_nan=False)


@pytest.mark.parametrize(
    ("module", "reason"),
    [(None, "nvidia-ml-py is not installed"), (FakeNvml(fails=NVMLError("Driver Not Loaded")), "Driver Not Loaded")],
)
def test_without_nvml_the_facts_are_jaxs_and_say_why(monkeypatch: pytest.MonkeyPatch, module: Any, reason: str) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", module)
    facts = gpu.device_facts("cuda")
    assert facts["kind"] == H100
    assert reason in facts["nvml"]
    assert "driver" not in facts


def test_the_real_nvml_without_a_driver_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pytest.importorskip("pynvml")

    def refuse() -> None:
        raise real.NVMLError(real.NVML_ERROR_LIBRARY_NOT_FOUND)

    try:
        real.nvmlInit()
    except real.NVMLError_LibraryNotFound:
        pass  # the true thing, on a machine without a driver
    else:
        monkeypatch.setattr(real, "nvmlInit", refuse)
    with pytest.raises(gpu.NvmlError, match=r"^NVML: NVML Shared Library Not Found$"):
        gpu.open_gpu("cuda", H100)


def test_the_names_are_those_of_the_real_module() -> None:
    real = pytest.importorskip("pynvml")
    named = {
        "power_cap": real.nvmlClocksEventReasonSwPowerCap,
        "hardware_slowdown": real.nvmlClocksEventReasonHwSlowdown,
        "sync_boost": real.nvmlClocksEventReasonSyncBoost,
        "software_thermal": real.nvmlClocksEventReasonSwThermalSlowdown,
        "hardware_thermal": real.nvmlClocksEventReasonHwThermalSlowdown,
        "power_brake": real.nvmlClocksEventReasonHwPowerBrakeSlowdown,
    }
    assert {name: bit for bit, name in gpu.SLOWED.items()} == named
    fake = FakeNvml()
    for query in fake.answers:
        assert hasattr(real, f"nvmlDeviceGet{query}")
    for name in ("NVML_CLOCK_SM", "NVML_CLOCK_MEM", "NVML_TEMPERATURE_GPU", *gpu.VIOLATIONS.values()):
        assert getattr(real, name) == getattr(fake, name)
    assert {field for field, _ in real.c_nvmlViolationTime_t._fields_} == {"referenceTime", "violationTime"}
    assert "total" in {field for field, _ in real.c_nvmlMemory_t._fields_}
    methods = [name for name in vars(FakeNvml) if name.startswith("nvml")]
    assert all(callable(getattr(real, name)) for name in methods)


@pytest.mark.parametrize(
    ("names", "visible", "device", "handle"),
    [
        ((H100, H100), "", "cuda:1", 1),
        ((H100, H100, H100), "2,0", "cuda", 2),
        ((H100, H100, H100), "2,0", "cuda:1", 0),
        ((H100, H100), "GPU-1111", "cuda", 1),
        ((OTHER, H100), "", "cuda", 1),  # CUDA sorts the fastest first, NVML by slot
    ],
)
def test_the_card_is_the_one_that_jax_means(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], visible: str, device: str, handle: int
) -> None:
    use(monkeypatch, *names)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu.open_gpu(device, H100).handle == handle


@pytest.mark.parametrize(
    ("names", "device"), [((OTHER,), "cuda"), ((OTHER, H100, H100), "cuda"), ((H100,) * 2, "cuda:5")]
)
def test_a_card_that_cannot_be_told_is_none(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], device: str
) -> None:
    use(monkeypatch, *names)
    with pytest.raises(gpu.NvmlError, match="cannot be told"):
        gpu.open_gpu(device, H100)


def test_nvml_is_not_asked_about_other_makers() -> None:
    with pytest.raises(gpu.NvmlError, match="this is rocm"):
        gpu.open_gpu("rocm", "gfx90a")


@pytest.mark.parametrize(
    ("bits", "names"),
    [
        (0x0, []),
        (0x1, ["idle"]),
        (0x4, ["power_cap"]),
        (0x48, ["hardware_slowdown", "hardware_thermal"]),
        (0x122, ["software_thermal", "clocks_set", "display_clocks"]),
        (0x400, []),  # a bit of a later driver
    ],
)
@pytest.mark.parametrize("older", [False, True])
def test_recorded_bits_are_named(monkeypatch: pytest.MonkeyPatch, bits: int, names: list[str], older: bool) -> None:
    fake = use(monkeypatch, CurrentClocksEventReasons=bits, CurrentClocksThrottleReasons=bits)
    if older:
        del fake.answers["CurrentClocksEventReasons"]
    assert gpu.reasons(gpu.open_gpu("cuda", H100)) == names


@pytest.mark.parametrize(
    ("stats", "bytes_"),
    [(FakeDevice().stats, 67_371_008), (None, None), ({}, None), (RuntimeError("no stats"), None)],
)
def test_the_peak_of_the_devices_memory(stats: Any, bytes_: int | None) -> None:
    assert gpu.memory_peak_bytes(FakeDevice(stats)) == bytes_
    assert gpu.memory_peak_bytes(None) is None


def test_a_gauge_remembers_what_it_saw_until_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use(monkeypatch)
    calls: list[int] = []
    watched = sentinel.Gauge(lambda: calls.append(1), gpu.open_gpu("cuda", H100))
    watched.state()
    for bits, mhz in ((0x0, 1980), (0x4, 1410), (0x1, 1755)):
        fake.answers |= {"CurrentClocksEventReasons": bits, "ClockInfo": {1: mhz, 2: 2619}}
        assert watched.sample() > 0
    fake.answers["ViolationStatus"] = {
        0: SimpleNamespace(referenceTime=0, violationTime=400_000_000),
        1: SimpleNamespace(referenceTime=0, violationTime=2_000_000),
    }
    assert len(calls) == 6  # each sample after an untimed call
    assert watched.state() == {
        "clock_mhz": [1410, 1980],
        "reasons": ["idle", "power_cap", "software_thermal"],  # the last one by its counter alone
        "held_s": {"power_cap": 0.4, "software_thermal": 0.002},
        "temperature_c": 41,
    }
    assert watched.state() == {
        "reasons": [],
        "held_s": {"power_cap": 0.0, "software_thermal": 0.0},
        "temperature_c": 41,
    }


def test_a_gauge_without_nvml_still_has_its_sentinel() -> None:
    watched = sentinel.Gauge(lambda: None, None)
    assert watched.sample() > 0
    assert watched.state() == {}
