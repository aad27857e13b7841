"""The sentinel: a fixed small piece of work, the same in every run, that tells whether a moment is quiet.

On the processor it mixes what the cases mix: interpreter, small BLAS calls, and memory traffic inside the cache. On an
accelerator it is a gauge, one process for the whole run, sampled around each of the device's cases: it looks at the
clock just after its work, when the device is not yet idle, and keeps what held the clock down. Neither work may ever
change, or runs from before and after can no longer be compared: `VERSION` goes into the run file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import clock, devices
from . import gpu

VERSION = 2
CPU_STEPS = 80
GATE_S, PAUSE_S = 0.020, 0.0005
"""How long a sample waits for a quiet moment at most, and between two looks. A neighbour's spell is not loud
throughout: quiet comes in windows of some 10 ms, and most of the samples taken at once in one of them are quiet."""
LEVEL_LOOKS = 40
"""Before the first sample, so that the run knows early what is quiet."""
GAUGE_ROWS, GAUGE_COLUMNS, GAUGE_STEPS = 4096, 1024, 20
"""16 MiB of float32, read twice a step: launches and memory traffic, a fraction of a millisecond on a large GPU."""
WARM_UPS = 5
LEAST_VIOLATION_S = 1e-3


def sentinel_call(steps: int = CPU_STEPS) -> clock.Call:
    """The processor's sentinel: steps of gradient descent on 100 samples in float32, about 0.2 ms."""
    generator = np.random.default_rng(20)
    X = np.column_stack([generator.uniform(-1, 1, 100), np.ones(100)]).astype(np.float32)
    y = generator.normal(size=100).astype(np.float32)
    scale = np.float32(0.1 * 2 / 100)
    residual, gradient = np.empty_like(y), np.empty(2, np.float32)

    def call() -> np.ndarray:
        w = np.zeros(2, np.float32)
        for _ in range(steps):
            np.dot(X, w, out=residual)
            np.subtract(residual, y, out=residual)
            np.dot(residual, X, out=gradient)
            np.multiply(gradient, scale, out=gradient)
            np.subtract(w, gradient, out=w)
        return w

    return call


@dataclass(frozen=True)
class Sentinel:
    """The sentinel in the process of a case, so that no message lies between it and the sample it stands beside."""

    call: clock.Call = field(default_factory=sentinel_call)

    def look(self) -> float:
        """Seconds of one call, after one that is not timed: the process has been idle, or busy with other work."""
        self.call()
        return clock.sample(self.call, 1).wall_s

    def gate(self, quiet_s: float | None) -> float:
        """Look until it takes no longer than `quiet_s`, for GATE_S at most; seconds of the last look.

        Between two looks the core is left to others, since a process that holds on to it is soon interrupted.
        """
        began = clock.now()
        seconds = self.look()
        while quiet_s is not None and seconds > quiet_s and clock.now() - began < GATE_S:
            clock.pause(PAUSE_S)
            seconds = self.look()
        return seconds


@dataclass
class Gauge:
    """An accelerator's sentinel, and what was seen of it since the last `state`; without NVML, nothing."""

    call: clock.Call
    card: gpu.Gpu | None
    clocks_mhz: list[int] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)
    violations_s: Mapping[str, float] = field(default_factory=dict)

    def sample(self) -> float:
        """Seconds of the work."""
        self.call()  # as for the cases: the process has been idle
        call_s = clock.sample(self.call, 1).call_s
        if self.card is not None:
            mhz = gpu.clock_mhz(self.card)
            self.clocks_mhz += [] if mhz is None else [mhz]
            self.reasons |= set(gpu.reasons(self.card) or ())
        return call_s

    def state(self) -> dict[str, Any]:
        """Clock (MHz, lowest and highest), reasons seen, seconds held down by reason, temperature (C); and begin anew.

        A reason counts also where only its counter tells of it: a sample is a moment, the counter is the whole time.
        """
        if self.card is None:
            return {}
        before, self.violations_s = self.violations_s, gpu.violations_s(self.card)
        held_s = {name: max(0.0, now - before.get(name, now)) for name, now in self.violations_s.items()}
        seen = self.reasons | {name for name, seconds in held_s.items() if seconds >= LEAST_VIOLATION_S}
        facts = {
            "clock_mhz": [min(self.clocks_mhz), max(self.clocks_mhz)] if self.clocks_mhz else None,
            "reasons": sorted(seen),
            "held_s": held_s or None,
            "temperature_c": self.card.read("Temperature", self.card.nvml.NVML_TEMPERATURE_GPU),
        }
        self.clocks_mhz, self.reasons = [], set()
        return {name: value for name, value in facts.items() if value is not None}


def live_as_gauge(
    device: str, receive: Callable[[], Mapping[str, Any]], send: Callable[[dict[str, Any]], None]
) -> None:
    """Answer `look` and `state` until the other end closes; a device that is gone, or full, is answered with why."""
    gauge: Gauge | None = None
    while message := receive():
        try:
            gauge = gauge or gauge_of(device)
            send({"call_s": gauge.sample()} if message["ask"] == "look" else {"state": gauge.state()})
        except RuntimeError as error:
            send({"status": "failed", "reason": " ".join(str(error).split())[:300]})


def gauge_of(device: str) -> Gauge:
    """The gauge of a device, warmed. Raises devices.DeviceError where it is not here."""
    import jax

    target = devices.find(device)
    generator = np.random.default_rng(20)
    X = jax.device_put(generator.standard_normal((GAUGE_ROWS, GAUGE_COLUMNS), dtype=np.float32), target)
    w = jax.device_put(np.ones(GAUGE_COLUMNS, np.float32), target)

    def descend(X: Any, w: Any) -> Any:
        return jax.lax.fori_loop(0, GAUGE_STEPS, lambda _, w: w - 1e-7 * (X.T @ (X @ w)), w)

    work = jax.jit(descend)
    try:
        card = gpu.open_gpu(device, str(target.device_kind))
    except gpu.NvmlError:
        card = None
    gauge = Gauge(lambda: work(X, w).block_until_ready(), card)
    for _ in range(WARM_UPS):
        gauge.call()
    gauge.state()
    return gauge
