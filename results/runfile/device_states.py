"""What a block tells of each accelerator: its clocks, why they were held down, its sentinel by round.

    {"cuda": {"clock_mhz": [1400, 1980], "reasons": ["power_cap"], "held_s": {"power_cap": 0.4}, "temperature_c": 61,
              "sentinel_s": [[2.1e-4, 2.2e-4], [], ...]}}

Every part may be missing; `reasons` are benchmarks.gpu's names.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

SLOWED = {
    "power_cap": "its power cap",
    "hardware_slowdown": "its hardware (heat or power)",
    "sync_boost": "the clock of another card (sync boost)",
    "software_thermal": "its temperature",
    "hardware_thermal": "its temperature (hardware limit)",
    "power_brake": "its power supply (power brake)",
}
"""Reasons that make a device slower than the work would have it; others, such as idle, are none."""

DeviceState = Mapping[str, Any] | None


def check_device_state(state: DeviceState, rounds: int) -> None:
    """Raise ValueError, naming the field, where a part that is read here is not what it should be."""
    for device, parts in (state or {}).items():
        name = f"'device_state' of {str(device)[:40]!r}"
        if not isinstance(parts, Mapping):
            raise ValueError(f"{name} must be an object")
        if not _are(parts.get("reasons", []), str):
            raise ValueError(f"{name}: 'reasons' must be a list of names")
        if not _are(parts.get("clock_mhz", []), int | float) or len(parts.get("clock_mhz", [0, 0])) != 2:
            raise ValueError(f"{name}: 'clock_mhz' must be the lowest and the highest clock")
        sentinel = parts.get("sentinel_s", [])
        if not _are(sentinel, list | tuple) or not all(_are(samples, int | float) for samples in sentinel):
            raise ValueError(f"{name}: 'sentinel_s' must be lists of seconds")
        if len(sentinel) > rounds or not all(0 < sample < math.inf for samples in sentinel for sample in samples):
            raise ValueError(f"{name}: 'sentinel_s' must hold positive seconds, for {rounds} rounds at most")


def slowest_device_sentinel_s(state: DeviceState, rounds: int) -> Mapping[str, tuple[float, ...]]:
    """By device, a value a round: the slowest sample, 0 where there is none."""
    by_device = {}
    for device, parts in (state or {}).items():
        slowest = [max(samples, default=0.0) for samples in parts.get("sentinel_s", [])]
        if slowest:
            by_device[device] = (*slowest, *(0.0 for _ in range(rounds - len(slowest))))
    return by_device


def slowed(states: Iterable[DeviceState]) -> tuple[str, ...]:
    """`cuda was slowed by its power cap in 3 of 10 blocks`, for each device and reason; of the device's own blocks."""
    blocks: Counter[str] = Counter()
    times: Counter[tuple[str, str]] = Counter()
    for state in states:
        for device, parts in (state or {}).items():
            blocks[device] += 1
            times.update((device, reason) for reason in set(parts.get("reasons", [])) if reason in SLOWED)
    return tuple(
        f"{device} was slowed by {SLOWED[reason]} in {count} of {blocks[device]} block" + "s" * (blocks[device] > 1)
        for (device, reason), count in sorted(times.items())
    )


def clocks(states: Iterable[DeviceState]) -> tuple[tuple[str, float, float], ...]:
    """By device, the lowest and the highest clock of all blocks, in MHz."""
    by_device: dict[str, list[float]] = {}
    for state in states:
        for device, parts in (state or {}).items():
            by_device.setdefault(device, []).extend(parts.get("clock_mhz", []))
    return tuple((device, min(seen), max(seen)) for device, seen in by_device.items() if seen)


def _are(values: Any, kind: Any) -> bool:
    return isinstance(values, list | tuple) and all(
        isinstance(value, kind) and not isinstance(value, bool) for value in values
    )
