"""Facts of this machine and of the code that ran, for the run file; no host name and no path of anybody's disk."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from .. import clock
from ..worker.hardware.cpu import kernel_text

MEMORY_SHARE = 0.8
"""Of what is available, for all workers that are alive together."""

PRETENDED = "LINREGBENCH_TEST_MACHINE"

_CGROUP = Path("/sys/fs/cgroup")
_CPUINFO = Path("/proc/cpuinfo")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def facts() -> dict[str, Any]:
    """CPU model, cores, memory, operating system, and the limits that a container puts on them."""
    return {
        "cpu": cpu_model(),
        "cores": psutil.cpu_count(logical=True),
        "cpu_quota": cpu_quota(),
        "memory_bytes": memory_bytes(),
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def cpu_model() -> str:
    """The processor's name as it gives it."""
    for line in (kernel_text(_CPUINFO) or "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def identity(sweep: str) -> str:
    """Six hex digits for this machine within a sweep: the same in all of its containers, and no name can be told from
    it. Another after a restart, which may well have changed how fast it is."""
    boot = kernel_text(_BOOT) or f"{platform.node()} {psutil.boot_time():.0f}"
    return hashlib.sha256(f"{sweep} {boot.strip()}".encode()).hexdigest()[:6]


def pretended() -> tuple[str, str]:
    """For tests alone: name and processor as which this machine poses, so that it can be several; else empty."""
    name, _, cpu = os.environ.get(PRETENDED, "").partition("/")
    return name, cpu


@contextlib.contextmanager
def alone(name: str, run: str) -> Iterator[str | None]:
    """Hold the machine for a run, as long as this lasts: None, or the run that has it already.

    By a lock on a file in the folder for temporary ones, which ends with the process. `name`: for tests, of a machine
    that is none.
    """
    path = Path(tempfile.gettempdir()) / f"linregbench{name and '-'}{name}.lock"
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o666)
    except OSError:  # another person's
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield os.pread(file, 100, 0).decode(errors="replace") or "another"
            return
        with contextlib.suppress(OSError):
            os.truncate(file, 0)
            os.pwrite(file, run.encode(), 0)
        yield None
    finally:
        os.close(file)


def memory_bytes() -> int:
    """Memory of the machine, or of the container where that is less."""
    total = int(psutil.virtual_memory().total)
    limit = _cgroup_number("memory.max")
    return min(total, limit) if limit is not None else total


def available_bytes() -> int:
    """Memory that can still be had without swapping, within the container's limit."""
    available = int(psutil.virtual_memory().available)
    limit, used = _cgroup_number("memory.max"), _cgroup_number("memory.current")
    return min(available, limit - used) if limit is not None and used is not None else available


def cpu_quota() -> float | None:
    """Cores' worth of CPU time that a container may use; None without a limit."""
    try:
        quota, period = (_CGROUP / "cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


class Meter:
    """What else happened on the machine between its making and `read`."""

    def __init__(self) -> None:
        self._start_s = clock.now()
        self._before = _system_cpu_s()
        self._own_s = _own_cpu_s()

    def read(self) -> dict[str, float | None]:
        """CPU time stolen by the hypervisor (s), cores' worth of CPU that other processes used, clock rate (MHz)."""
        busy, steal = _system_cpu_s()
        busy_before, steal_before = self._before
        others = (busy - busy_before) - (_own_cpu_s() - self._own_s)
        frequency = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
        return {
            "steal": None if steal is None or steal_before is None else steal - steal_before,
            "others_cpu": max(0.0, others) / max(clock.now() - self._start_s, 1e-9),
            "frequency_mhz": frequency.current if frequency is not None and frequency.current else None,
        }


def _system_cpu_s() -> tuple[float, float | None]:
    """CPU seconds of all processes since start, and those stolen by the hypervisor, where it tells."""
    times = psutil.cpu_times()
    busy = sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))
    return busy, getattr(times, "steal", None)


def _own_cpu_s() -> float:
    """CPU seconds of this process and everything it started, those that have ended included."""
    this = psutil.Process()
    total = 0.0
    for process in (this, *this.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def commit_of(package: Path) -> tuple[str | None, bool | None]:
    """The commit of the checkout that holds this package, and whether the package differs from it; None outside one."""
    commit = git(package, "rev-parse", "HEAD")
    if not commit:
        return None, None
    return commit, bool(git(package, "status", "--porcelain", "--", "."))


def commit_of_file(file: Path) -> tuple[str | None, bool | None]:
    """The commit of the repository that holds this file, and whether anything it tracks differs; None outside one."""
    folder = file.resolve().parent
    commit = git(folder, "rev-parse", "HEAD")
    if not commit:
        return None, None
    return commit, bool(git(folder, "status", "--porcelain", "--untracked-files=no"))


def git(folder: Path, *arguments: str) -> str | None:
    """What git says of a folder; None where it fails, or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _cgroup_number(name: str) -> int | None:
    try:
        return int((_CGROUP / name).read_text())
    except (OSError, ValueError):
        return None
