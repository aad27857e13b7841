"""What a block tells of each accelerator: its clocks, why they were held down, its sentinel by round.

    {"cuda": {"clock_mhz": [1400, 1980], "reasons": ["power_cap"], "held_s": {"power_cap": 0.4}, "temperature_c": 61,
              "sentinel_s": [[2.1e-4, 2.2e-4], [], ...]}}

Every part may be missing; `reasons` are benchmarks.gpu's names.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec

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


_Seconds = Annotated[float, msgspec.Meta(gt=0, le=sys.float_info.max)]  # finite


class _State(msgspec.Struct):
    """The parts that are read here, of one device."""

    reasons: list[str] = []
    clock_mhz: tuple[float, float] = (0.0, 0.0)
    sentinel_s: list[list[_Seconds]] = []


def check_device_state(state: DeviceState, rounds: int) -> None:
    """Raise ValueError, naming the device and the field, where a part that is read here is not what it should be."""
    for device, parts in (state or {}).items():
        name = f"'device_state' of {str(device)[:40]!r}"
        try:
            sentinel = msgspec.convert(parts, _State).sentinel_s
        except msgspec.ValidationError as error:
            raise ValueError(f"{name}: {error}") from None
        if len(sentinel) > rounds:
            raise ValueError(f"{name}: 'sentinel_s' must be for {rounds} rounds at most")


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
