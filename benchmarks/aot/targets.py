"""The GPUs that can be compiled for without having one: facts from data sheets, each with its source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILE = Path(__file__).resolve().parent / "gpu_targets.json"


@dataclass(frozen=True)
class Target:
    """A GPU. `device` has the fields of XLA's GpuDeviceInfoProto, `tensor_flops_per_s` peaks of its tensor cores."""

    key: str
    name: str
    capability: tuple[int, int]
    device: Mapping[str, Any]
    tensor_flops_per_s: Mapping[str, float | None]
    source: str

    @property
    def bandwidth_bytes_per_s(self) -> float:
        """Of its memory."""
        return float(self.device["memory_bandwidth"])

    @property
    def cache_bytes(self) -> int:
        """Of its L2 cache."""
        return int(self.device["l2_cache_size"])

    def flops_per_s(self, dtype: str, *, tf32: bool) -> float:
        """The most that it can do in this dtype, a multiplication and an addition being two."""
        plain = self.device["core_count"] * self.device["fpus_per_core"] * 2 * self.device["clock_rate_ghz"] * 1e9
        peak = self.tensor_flops_per_s["tf32" if dtype == "float32" else dtype]
        return float(peak if peak and (tf32 or dtype != "float32") else plain)


def targets() -> dict[str, Target]:
    """Every GPU there are facts for, by its name on the command line."""
    known = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        key: Target(
            key,
            facts["name"],
            tuple(facts["cuda_compute_capability"]),
            known["every"] | facts["device"],
            facts["peak_flops_per_s"],
            facts["source"],
        )
        for key, facts in known["targets"].items()
    }


def configuration(target: Target) -> str:
    """XLA's GpuTargetConfigProto of this GPU as text; an empty one would kill the process with SIGFPE.

    The versions of CUDA and cuDNN are those that jax's CUDA 13 plugin is built for.
    """
    major, minor = target.capability
    fields = "\n".join(f"  {name}: {value}" for name, value in target.device.items())
    return (
        f"gpu_device_info {{\n  cuda_compute_capability {{ major: {major} minor: {minor} }}\n{fields}\n}}\n"
        'platform_name: "CUDA"\ndnn_version_info { major: 9 minor: 8 }\nruntime_version { major: 13 }\n'
        f'device_description_str: "{target.name}"\n'
    )
