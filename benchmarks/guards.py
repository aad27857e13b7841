"""Known ways of timing the wrong thing in steady state, each a finding with a name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.clock import Call

COMPILE_EVENT = "/jax/core/compile/backend_compile_duration"


def count_compiles() -> Callable[[], int]:
    """Count from now on how often XLA compiles; the function returned tells how often so far."""
    import jax

    count = 0

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:  # noqa: ARG001  the listener's signature is JAX's
        nonlocal count
        count += event == COMPILE_EVENT

    jax.monitoring.register_event_duration_secs_listener(listen)
    return lambda: count


def strict_call(call: Call) -> list[str]:
    """Call once, off the clock, where JAX forbids tracing and host transfers; what it complained of, by name."""
    import jax

    findings = []
    try:
        with jax.no_tracing():
            call()
    except RuntimeError:
        findings.append("retrace")
    try:
        with jax.transfer_guard("disallow"):
            call()
    except RuntimeError:
        findings.append("host_transfer")
    return findings
