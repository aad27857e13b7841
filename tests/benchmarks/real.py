"""The command line as a process of its own, with every process that it starts seen and remembered."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psutil

COMMAND = str(Path(sys.executable).with_name("linregbench"))
PLUGINS = Path(__file__).resolve().parent.parent / "plugins"
ABSENT = "rocm" if Path("/dev/nvidiactl").exists() else "cuda"
"""A device that this machine does not have."""

PATIENCE_S = 120.0


class Command:
    """`linregbench` with these arguments, running. Use it as a context; nothing of it outlives that."""

    def __init__(self, *arguments: object, cwd: Path) -> None:
        self.started: set[psutil.Process] = set()
        self._popen = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # a shell starts what it puts into the background with interrupts ignored, and so does whatever that starts
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._process = psutil.Process(self._popen.pid)
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def finish(self) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        out, err = self._popen.communicate(timeout=PATIENCE_S)
        return self._popen.returncode, out, err

    def signal(self, number: int) -> None:
        # what was started a moment ago is seen too
        self.started |= self._children()
        self._popen.send_signal(number)

    def left_behind(self) -> list[psutil.Process]:
        """The processes that it started and that still live, given some seconds to go."""
        wait_until(lambda: not self._alive(), 15.0)
        return self._alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.communicate()
        for process in self._alive():
            process.kill()

    def _look(self) -> None:
        # a look goes through every process of the machine; at fifty a second it took a tenth of a core
        while not self._over.wait(0.1):
            self.started |= self._children()

    def _children(self) -> set[psutil.Process]:
        try:
            return set(self._process.children(recursive=True))
        except psutil.NoSuchProcess:
            return set()

    def _alive(self) -> list[psutil.Process]:
        return [process for process in self.started if _lives(process)]


def run(*arguments: object, cwd: Path) -> tuple[int, str, str]:
    """Run to the end: exit status, standard output, standard error."""
    with Command(*arguments, cwd=cwd) as command:
        return command.finish()


def wait_until(true: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Look again and again, until it is true or patience ends."""
    end = time.monotonic() + patience_s
    while not true() and time.monotonic() < end:
        time.sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    try:
        # an orphan that has ended stays a zombie where process 1 does not reap
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
