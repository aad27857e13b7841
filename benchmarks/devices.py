"""Devices by name, never a silent fall-back.

A device is one line in `PLATFORMS`: its name on the command line and the name by which JAX knows its platform.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

PLATFORMS = {
    "cpu": "cpu",
    "cuda": "cuda",
    "rocm": "rocm",
    "tpu": "tpu",
}


class DeviceError(RuntimeError):
    """The device asked for is not here; the message says what JAX said."""


def parse(name: str) -> tuple[str, int]:
    """Split `cuda:1` into its platform and ordinal; ValueError for what is not a device's name."""
    platform, _, ordinal = name.partition(":")
    if platform not in PLATFORMS or (ordinal and not (ordinal.isascii() and ordinal.isdigit())):
        allowed = ", ".join(PLATFORMS)
        raise ValueError(
            f"unknown device {name!r}: the devices are {allowed}, with an ordinal where there are several (cuda:1)"
        )
    return platform, int(ordinal or 0)


def environment(device: str) -> dict[str, str]:
    """Variables that must stand before JAX is imported in a process for this device."""
    platform, _ = parse(device)
    if platform == "cpu":
        return {"JAX_PLATFORMS": "cpu"}
    # Unset rather than "cuda": JAX then names the plugin that is missing instead of failing an assertion. Memory is
    # taken as needed, since preallocation would make every worker but the first fail.
    return {"JAX_PLATFORMS": "", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def find(device: str) -> Any:
    """The JAX device of this name; DeviceError, with the reason, where it is not here. Starts the backend."""
    platform, ordinal = parse(device)
    there = _all(platform)
    if ordinal >= len(there):
        raise DeviceError(f"no {device} here: there is {len(there)} {platform} device" + "s" * (len(there) > 1))
    return there[ordinal]


def named(device: str) -> list[Any]:
    """What a solver of many devices is given: every device of a platform (`cuda`), or the one named (`cuda:1`)."""
    return [find(device)] if ":" in device else _all(parse(device)[0])


def where(result: Any) -> set[str]:
    """The platforms on which a result lives; empty for what is not a JAX array."""
    import jax

    leaves = [leaf for leaf in jax.tree.leaves(result) if isinstance(leaf, jax.Array)]
    return {str(device.platform) for leaf in leaves for device in leaf.devices()}


def _all(platform: str) -> list[Any]:
    import jax

    try:
        return list(jax.devices(PLATFORMS[platform]))
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "JAX has no such backend"
        hint = "; for an NVIDIA GPU, pip install 'jax[cuda13]'" if platform == "cuda" else ""
        raise DeviceError(f"no {platform} device here: {reason}{hint}") from None


def cores_for(threads: str, device: str, allowed: Sequence[int]) -> list[int]:
    """The cores that workers of this thread setting share: the highest ones allowed, or all of them.

    One core for `--threads 1`, and always the same: two cores of a shared machine differ.
    """
    if threads == "all" or parse(device)[0] != "cpu":
        return list(allowed)
    return list(allowed)[-int(threads) :]


def allowed_cores() -> list[int]:
    """The cores that this process may use; empty where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
