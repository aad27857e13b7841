"""A family of real processes: none gets away, whatever it does to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
import real

from linregbench.benchmarks.worker import family

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")

HEAD = """
import os, signal, sys, time
from linregbench.benchmarks.worker import family
def say(text):
    os.write(1, f"{text}\\n".encode())
"""


class Program:
    """A program that says something in a line, and that nothing of it outlives."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def run(self, text: str) -> tuple[psutil.Process, str]:
        popen = subprocess.Popen([sys.executable, "-c", HEAD + text], stdout=subprocess.PIPE, text=True)
        self.started.append(popen)
        assert popen.stdout is not None
        return psutil.Process(popen.pid), popen.stdout.readline().strip()


@pytest.fixture
def program() -> Iterator[Program]:
    program = Program()
    yield program
    for popen in program.started:
        family.end(popen.pid)
        popen.kill()
        popen.communicate()


ESCAPES = """
family.keep()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(3, 64)
        [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]
        say(os.getpid())
        time.sleep(1000)
    os._exit(0)
os.wait()
time.sleep(1000)
"""


def test_what_daemonises_is_found_and_ended(program: Program) -> None:
    parent, daemon = program.run(ESCAPES)
    real.wait_until(lambda: family.children(parent.pid) == [int(daemon)], 10.0)
    assert family.descendants(parent.pid) == [int(daemon)]
    assert family.end(parent.pid) == 1
    real.wait_until(lambda: not real._lives(psutil.Process(parent.pid).children()[0]), 10.0)
    assert parent.is_running()
    assert family.end(parent.pid) == 0, "one that has ended is not counted again"


def test_some_are_spared_with_all_of_theirs(program: Program) -> None:
    parent, _ = program.run(
        "for _ in range(3):\n    if os.fork() == 0:\n        os.fork()\n        time.sleep(1000)\n"
        "time.sleep(0.3)\nsay('ready')\ntime.sleep(1000)"
    )
    spared = family.children(parent.pid)[0]
    assert family.end(parent.pid, [spared]) == 4
    assert len([one for one in family.descendants(spared) if psutil.Process(one).status() != "zombie"]) == 1


def test_a_child_dies_with_its_parent_whatever_it_has_closed(program: Program) -> None:
    parent, child = program.run(
        "before = os.getpid()\n"
        "if os.fork() == 0:\n"
        "    family.die_with(before)\n"
        "    say(os.getpid())\n"
        "    os.execv('/bin/sleep', ['sleep', '1000'])\n"
        "time.sleep(1000)"
    )
    alive = psutil.Process(int(child))
    parent.send_signal(signal.SIGKILL)
    real.wait_until(lambda: not real._lives(alive), 10.0)
    assert not real._lives(alive)


def test_a_child_whose_parent_has_gone_already_ends_at_once(program: Program) -> None:
    _, said = program.run(
        "r, w = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    family.die_with(1 << 30)\n"
        "    os.write(w, b'lived')\n"
        "os.close(w)\nos.wait()\nsay(os.read(r, 9))\n"
    )
    assert said == "b''"


def test_of_a_process_that_is_not_there_there_is_no_family() -> None:
    assert family.descendants(2**22 + 1) == []
    assert family.end(2**22 + 1) == 0
    family.send([2**22 + 1], signal.SIGCONT)
    assert os.getpid() not in family.descendants(os.getpid())
