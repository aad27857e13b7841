"""The program worker/start.py, run in a setting of its own: start it, talk with it, end it, never wait for ever."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import linregbench

from .. import clock, devices
from ..worker import wire

START_TIMEOUT_S = 120.0
GOODBYE_TIMEOUT_S = 5.0
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

_PACKAGE = Path(linregbench.__file__).resolve().parent
_ROOM = Path(__file__).resolve().parents[1]


class NurseryError(RuntimeError):
    """A nursery did not start, or died; the message holds what it said last."""


@dataclass(frozen=True)
class Setting:
    """What must stand before numpy and jax load, and so needs a nursery of its own."""

    environment: str = "here"
    device: str = "cpu"
    threads: str = "1"
    x64: bool = False
    python: str = sys.executable
    solvers: Path = _ROOM.parent / "solvers"
    plugins: tuple[Path, ...] = ()
    cores: tuple[int, ...] = ()
    """What workers are pinned to, before their backend starts and counts its cores; empty: not pinned."""
    allowed: tuple[int, ...] = ()
    """Every core that this run may use."""
    cpu_devices: int = 1
    """How many devices JAX makes of the CPU; they share its cores."""
    hash_seed: int = 0
    """PYTHONHASHSEED: it moves what Python keeps in dictionaries, and the speed of a NumPy loop by 1 to 3%."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of this setting."""
        threads = {} if self.threads == "all" else dict.fromkeys(THREAD_VARIABLES, self.threads)
        own = {"JAX_ENABLE_X64": "1" if self.x64 else "0", "PYTHONHASHSEED": str(self.hash_seed)}
        # said in every case: one of the user's own would change what is measured, and no record would tell
        own["JAX_NUM_CPU_DEVICES"] = str(self.cpu_devices)
        return devices.environment(self.device) | threads | own


class Program:
    """The program worker/start.py on pipes; a thread reads its replies, so that every wait has a limit everywhere."""

    def __init__(self, setting: Setting) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        self._popen = subprocess.Popen(
            [setting.python, "-P", str(_ROOM / "worker" / "start.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_inherited() | setting.variables,
            start_new_session=True,  # Ctrl-C is for the schedule, which ends them in order
        )
        self._replies: queue.SimpleQueue[wire.Message | None] = queue.SimpleQueue()
        self._kept: defaultdict[int | None, deque[wire.Message]] = defaultdict(deque)
        threading.Thread(target=self._read, daemon=True).start()
        # A pinned worker has its core to itself; its nursery sits with the schedule, where there is another core.
        aside = [core for core in setting.allowed if core not in setting.cores] or setting.cores
        places = {"package": str(_PACKAGE), "benchmarks": str(_ROOM), "solvers": str(setting.solvers)}
        self.send(places | {"cores": aside, "allowed": setting.allowed})

    def hello(self) -> wire.Message:
        reply = self.receive(clock.now() + START_TIMEOUT_S)
        if reply is None:
            self.kill()
            raise NurseryError(f"the measuring process did not start in {START_TIMEOUT_S:.0f} s: {self.last_words()}")
        return reply

    def send(self, message: Mapping[str, Any]) -> None:
        if self._popen.stdin is None:
            raise NurseryError("the measuring process is closed")
        try:
            self._popen.stdin.write(json.dumps(message).encode() + b"\n")
            self._popen.stdin.flush()
        except BrokenPipeError:
            raise NurseryError(f"the measuring process is gone: {self.last_words()}") from None

    def receive(self, deadline: float, worker: int | None = None) -> wire.Message | None:
        """The next message of this worker, or of the nursery itself; None past the deadline.

        Raises NurseryError where the process has died. What other workers say meanwhile (that they ended) is kept.
        """
        while not self._kept[worker]:
            try:
                message = self._replies.get(timeout=max(0.0, deadline - clock.now()))
            except queue.Empty:
                return None
            if message is None:
                self._replies.put(None)
                raise NurseryError(f"the measuring process died (exit {self._popen.wait()}): {self.last_words()}")
            self._kept[message.get("worker")].append(message)
        return self._kept[worker].popleft()

    def last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def kill(self) -> None:
        self._popen.kill()
        self._popen.wait()

    def close(self) -> None:
        if self._popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._popen.stdin.close()
        try:
            self._popen.wait(GOODBYE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._log.close()

    def _read(self) -> None:
        stream = self._popen.stdout
        if stream is not None:
            for line in stream:
                self._replies.put(json.loads(line))
        self._replies.put(None)


def _inherited() -> dict[str, str]:
    """This process's variables, less the compilation cache: a compile that was read from disk is no compile."""
    return {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
