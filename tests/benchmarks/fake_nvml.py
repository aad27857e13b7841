"""A stand-in for the module pynvml (nvidia-ml-py): its names and the shapes of its answers, as an H100 gives them."""

from types import SimpleNamespace
from typing import Any

H100 = "NVIDIA H100 80GB HBM3"
MEMORY_STATS = {
    "num_allocs": 4410,
    "bytes_in_use": 1_310_720,
    "peak_bytes_in_use": 67_371_008,
    "largest_alloc_size": 33_554_432,
    "bytes_limit": 63_752_994_816,
    "bytes_reserved": 0,
    "peak_bytes_reserved": 0,
    "largest_free_block_bytes": 0,
}
"""What `memory_stats()` of a CUDA device returns."""


class NVMLError(Exception):
    """The base of the module's errors."""


class NVMLError_NotSupported(NVMLError):  # noqa: N801, N818  the module's own name
    """What a query raises that a card does not answer."""


class FakeNvml:
    """One machine. `answers` by the name of a query in place of an H100's; an exception is raised."""

    NVMLError = NVMLError
    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0
    NVML_PERF_POLICY_POWER, NVML_PERF_POLICY_THERMAL = 0, 1

    def __init__(self, *names: str, fails: NVMLError | None = None, **answers: Any) -> None:
        self.names, self.fails, self.started = names or (H100,), fails, False
        self.answers: dict[str, Any] = {
            "MemoryInfo": SimpleNamespace(total=85_520_809_984, free=84_000_000_000, used=1_520_809_984),
            "ClockInfo": {1: 1980, 2: 2619},
            "MaxClockInfo": {1: 1980, 2: 2619},
            "EnforcedPowerLimit": 700_000,
            "Temperature": {0: 41},
            "CurrentClocksEventReasons": 0x1,
            "CurrentClocksThrottleReasons": 0x1,
            "ViolationStatus": {
                policy: SimpleNamespace(referenceTime=1_700_000_000_000_000, violationTime=0) for policy in (0, 1)
            },
            "EccMode": [1, 1],
            "MigMode": [0, 0],
        } | answers

    def nvmlInit(self) -> None:  # noqa: N802
        if self.fails is not None:
            raise self.fails
        self.started = True

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        return "580.65.06"

    def nvmlSystemGetCudaDriverVersion_v2(self) -> int:  # noqa: N802
        return 13000

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.names)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return self.names[handle]

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        return f"GPU-{handle}{handle}{handle}{handle}-secret"

    def __getattr__(self, name: str) -> Any:
        query = name.removeprefix("nvmlDeviceGet")
        if query == name or query not in self.answers:
            raise AttributeError(name)

        def answer(_: int, *arguments: int) -> Any:
            recorded = self.answers[query]
            if isinstance(recorded, NVMLError):
                raise recorded
            return recorded[arguments[0]] if arguments else recorded

        return answer


class FakeDevice:
    """A JAX device, as a CUDA one describes itself."""

    platform, device_kind, compute_capability, core_count = "gpu", H100, "9.0", 132
    client = SimpleNamespace(platform_version="PJRT C API\ncuda 13000")

    def __init__(self, stats: Any = MEMORY_STATS) -> None:
        self.stats = stats

    def memory_stats(self) -> Any:
        if isinstance(self.stats, Exception):
            raise self.stats
        return self.stats
