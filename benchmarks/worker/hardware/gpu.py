"""What an accelerator is and how it fares: by JAX, and for NVIDIA's by NVML (nvidia-ml-py, in the extra `cuda`).

Asked of a worker, never in the nursery: NVML starts with the driver, and a process that holds it must not be forked.
Where NVML is absent the facts are JAX's alone and say why. Names, serial numbers and UUIDs of a card stay unread.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ... import devices

SLOWED = {
    0x04: "power_cap",
    0x08: "hardware_slowdown",
    0x10: "sync_boost",
    0x20: "software_thermal",
    0x40: "hardware_thermal",
    0x80: "power_brake",
}
"""Bits of nvmlClocksEventReasons (nvml.h) that mean that the clock is lower than the work would have it."""
OTHER_REASONS = {0x01: "idle", 0x02: "clocks_set", 0x100: "display_clocks"}
"""Bits that are no disturbance: nothing to do, or clocks that somebody fixed."""

VIOLATIONS = {"power_cap": "NVML_PERF_POLICY_POWER", "software_thermal": "NVML_PERF_POLICY_THERMAL"}
"""By the reason that it counts as: NVML's counters of the time in which the clock was held down."""


class NvmlError(RuntimeError):
    """NVML has nothing to tell of this device; the message says why."""


@dataclass(frozen=True)
class Gpu:
    """NVML's own handle of the card that JAX calls by another number."""

    nvml: Any
    handle: Any

    def read(self, query: str, *arguments: Any) -> Any:
        """What NVML answers to nvmlDeviceGet<query>; None where this card or driver does not tell."""
        function: Callable[..., Any] | None = getattr(self.nvml, f"nvmlDeviceGet{query}", None)
        if function is None:
            return None
        try:
            return function(self.handle, *arguments)
        except self.nvml.NVMLError:
            return None


def device_facts(device: str) -> dict[str, Any]:
    """The device by name; starts its backend. Raises devices.DeviceError where it is not here."""
    target = devices.find(device)
    facts = _by_jax(target)
    try:
        facts |= _by_nvml(open_gpu(device, facts["kind"]))
    except NvmlError as error:
        facts["nvml"] = str(error)
    return {name: value for name, value in facts.items() if value is not None}


def open_gpu(device: str, kind: str) -> Gpu:
    """The card that JAX knows as `device`, where NVML knows it too. Raises NvmlError with the reason."""
    platform, ordinal = devices.parse(device)
    if platform != "cuda":
        raise NvmlError(f"NVML tells of NVIDIA's GPUs alone, and this is {platform}")
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        raise NvmlError("nvidia-ml-py is not installed: pip install nvidia-ml-py") from None
    try:
        nvml.nvmlInit()
        return Gpu(nvml, _handle(nvml, ordinal, kind))
    except nvml.NVMLError as error:
        raise NvmlError(f"NVML: {error}") from None


def reasons(gpu: Gpu) -> list[str] | None:
    """Why the clock is where it is, by name; None where the card does not tell."""
    # drivers before 535 know these as throttle reasons
    bits = gpu.read("CurrentClocksEventReasons")
    bits = gpu.read("CurrentClocksThrottleReasons") if bits is None else bits
    if bits is None:
        return None
    return [name for bit, name in (SLOWED | OTHER_REASONS).items() if bits & bit]


def clock_mhz(gpu: Gpu) -> int | None:
    """The clock of the multiprocessors, now."""
    mhz: int | None = gpu.read("ClockInfo", gpu.nvml.NVML_CLOCK_SM)
    return mhz


def violations_s(gpu: Gpu) -> dict[str, float]:
    """Seconds since the driver loaded in which the clock was held down, by reason; what is not told is left out."""
    held_s = {}
    for name, policy in VIOLATIONS.items():
        status = gpu.read("ViolationStatus", getattr(gpu.nvml, policy))
        if status is not None:
            held_s[name] = status.violationTime / 1e9
    return held_s


def memory_peak_bytes(device: Any) -> int | None:
    """The most of this JAX device's memory that the process held at once; None where it does not tell, or for None."""
    peak = None if device is None else _memory_stats(device).get("peak_bytes_in_use")
    return None if peak is None else int(peak)


def memory_free_bytes(device: Any) -> int | None:
    """What the process may still take of this JAX device's memory; None where it does not tell."""
    stats = _memory_stats(device)
    return None if "bytes_limit" not in stats else int(stats["bytes_limit"] - stats.get("bytes_in_use", 0))


def _by_jax(device: Any) -> dict[str, Any]:
    import jax

    return {
        "kind": str(device.device_kind),
        "platform_version": " ".join(str(getattr(device.client, "platform_version", "")).split()) or None,
        "compute_capability": getattr(device, "compute_capability", None),
        "multiprocessors": getattr(device, "core_count", None),
        "usable_memory_bytes": _memory_stats(device).get("bytes_limit"),
        "default_matmul_precision": getattr(jax.config, "jax_default_matmul_precision", None) or "the backend's own",
    }


def _by_nvml(gpu: Gpu) -> dict[str, Any]:
    nvml = gpu.nvml
    memory = gpu.read("MemoryInfo")
    limit_mw = gpu.read("EnforcedPowerLimit")
    return {
        "driver": _system(nvml, "DriverVersion"),
        "driver_cuda": _cuda_version(_system(nvml, "CudaDriverVersion_v2")),
        "memory_bytes": None if memory is None else int(memory.total),
        "clocks_mhz": _both(gpu, "ClockInfo"),
        "clocks_max_mhz": _both(gpu, "MaxClockInfo"),
        "power_limit_w": None if limit_mw is None else limit_mw / 1000,
        "temperature_c": gpu.read("Temperature", nvml.NVML_TEMPERATURE_GPU),
        "clock_reasons": reasons(gpu),
        "ecc": _switch(gpu.read("EccMode")),
        "mig": _switch(gpu.read("MigMode")),
    }


def _both(gpu: Gpu, query: str) -> Mapping[str, int] | None:
    """Of the multiprocessors and of the memory."""
    clocks = {"sm": gpu.nvml.NVML_CLOCK_SM, "memory": gpu.nvml.NVML_CLOCK_MEM}
    rates = {name: gpu.read(query, clock) for name, clock in clocks.items()}
    return {name: value for name, value in rates.items() if value is not None} or None


def _switch(modes: Any) -> str | None:
    """From NVML's (current, pending)."""
    return None if modes is None else "on" if modes[0] else "off"


def _system(nvml: Any, query: str) -> Any:
    with contextlib.suppress(nvml.NVMLError):
        return getattr(nvml, f"nvmlSystemGet{query}")()
    return None


def _cuda_version(number: int | None) -> str | None:
    """13010 -> `13.1`, as cuda.h counts."""
    return None if number is None else f"{number // 1000}.{number % 1000 // 10}"


def _memory_stats(device: Any) -> Mapping[str, Any]:
    try:
        return device.memory_stats() or {}
    except (RuntimeError, NotImplementedError):  # a backend that does not count
        return {}


def _handle(nvml: Any, ordinal: int, kind: str) -> Any:
    """The card that CUDA numbers `ordinal`, which NVML, blind to CUDA_VISIBLE_DEVICES, may number otherwise.

    CUDA may also sort by speed, so the one found must bear the name that JAX tells, or be the only one that does.
    """
    handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    visible = [entry.strip() for entry in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if entry.strip()]
    entry = visible[ordinal] if ordinal < len(visible) else str(ordinal)
    if entry.isdigit():
        chosen = handles[int(entry)] if int(entry) < len(handles) else None
    else:  # GPU-..., of which a unique beginning is enough
        chosen = next((handle for handle in handles if nvml.nvmlDeviceGetUUID(handle).startswith(entry)), None)
    if chosen is not None and nvml.nvmlDeviceGetName(chosen) == kind:
        return chosen
    alike = [handle for handle in handles if nvml.nvmlDeviceGetName(handle) == kind]
    if len(alike) != 1:
        raise NvmlError(f"which of NVML's {len(handles)} GPUs is {kind!r}, number {ordinal}, cannot be told")
    return alike[0]
