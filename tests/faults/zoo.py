"""Plugins that go wrong, one kind a file: what each does, when it does it, and what its row must say.

A kind that survives is `ok`, for it harms nobody. What no seal can hold is not here: a plugin that kills every process
of its user, or that forges right answers and honest times.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = '''
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np

from linregbench import solver

CALLS = [0]
SEEN = []


def descend(X, y, w, step_size, steps):
    w = w.copy()
    for _ in range(steps):
        w -= step_size * (2 / len(y)) * (X.T @ (X @ w - y))
    return w


def send(line):
    """To the harness, in the place of an answer: through every pipe that can be written to."""
    for descriptor in range(3, 1024):
        try:
            if os.readlink(f"/proc/self/fd/{descriptor}").startswith("pipe:"):
                os.write(descriptor, line)
        except OSError:
            pass


def daemonise(work):
    """Run it in a process that is nobody's child, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            work()
        os._exit(0)
    os.wait()


def spin():
    while True:
        pass


def sleep():
    time.sleep(1000)
'''

SOLVER = """
@solver(method="gd", strategy="{name}", variant="zoo", backend="numpy")
def solve(X, y, w, step_size, steps):
    CALLS[0] += 1
    if not SEEN:
        SEEN.append(X.copy())
    if {condition}:
{body}
    return descend(X, y, w, step_size, steps)
"""

WHEN = {
    "import": "False",
    "always": "True",
    "first": "CALLS[0] == 1",
    "late": "CALLS[0] * steps == 4000",  # while it is sampled, as a rule
    "finish": "not np.array_equal(X, SEEN[0])",  # on inputs that are never timed
}


@dataclass(frozen=True)
class Kind:
    """One way of going wrong.

    when     the call at which `body` runs (WHEN), or that it runs as the file is imported
    status   what its row must say, and `reason` a pattern within its reason or findings
    """

    name: str
    when: str
    body: str
    status: str = "ok"
    reason: str = ""

    def write(self, folder: Path) -> Path:
        """The plugin, in a file of its own."""
        body = textwrap.dedent(self.body).strip("\n")
        at_import = body if self.when == "import" else ""
        at_call = "pass" if self.when == "import" else body
        text = SOLVER.format(name=self.name, condition=WHEN[self.when], body=textwrap.indent(at_call, " " * 8))
        path = folder / f"{self.name}.py"
        path.write_text(f"{HEADER}\n{at_import}\n{text}")
        return path


def _kinds() -> Iterator[Kind]:
    yield from _hanging()
    yield from _dying()
    yield from _leaving_processes()
    yield from _lying()
    yield from _patching()
    yield from _raising()
    yield from _answering()
    yield from _greedy()


def _hanging() -> Iterator[Kind]:
    for when, question in (("first", "'prepare'"), ("late", ""), ("finish", "'finish'")):
        yield Kind(f"hangs_{when}", when, "sleep()", "timeout", f"no answer to {question}")
    yield Kind("hangs_at_work", "late", "spin()", "timeout", "no answer to")
    yield Kind("stops_itself", "late", "os.kill(os.getpid(), signal.SIGSTOP)", "timeout", "no answer to")
    deaf = """
        for number in set(range(1, 65)) - {9, 19, 32, 33}:
            signal.signal(number, signal.SIG_IGN)
        sleep()
    """
    yield Kind("hears_no_signal", "late", deaf, "timeout", "no answer to")
    yield Kind("blocks_all_signals", "late", "signal.pthread_sigmask(0, range(1, 65)); sleep()", "timeout", "no answer")
    locked = "import ctypes; lock = threading.Lock(); lock.acquire(); lock.acquire()"
    yield Kind("waits_for_a_lock", "first", locked, "timeout", "no answer to 'prepare'")


def _dying() -> Iterator[Kind]:
    for name in (
        *("SEGV", "ABRT", "KILL", "TERM", "FPE", "ILL"),
        *("BUS", "HUP", "QUIT", "USR1", "XCPU", "SYS", "ALRM"),
    ):
        as_usual = f"signal.signal(signal.SIG{name}, signal.SIG_DFL); " * (name != "KILL")
        dies = f"{as_usual}os.kill(os.getpid(), signal.SIG{name}); sleep()"
        yield Kind(f"dies_of_{name.lower()}", "late", dies, "crashed", f"killed by SIG{name}")
    yield Kind("reads_null", "first", "import ctypes; ctypes.string_at(0)", "crashed", "killed by SIGSEGV")
    yield Kind("interrupts_itself", "late", "os.kill(os.getpid(), signal.SIGINT); sleep()", "crashed", "Interrupt")
    yield Kind("leaves_with_0", "first", "os._exit(0)", "crashed", "exit status 0")
    yield Kind("leaves_late", "late", "os._exit(7)", "crashed", "exit status 7")
    yield Kind("leaves_at_finish", "finish", "os._exit(8)", "crashed", "exit status 8")
    yield Kind("leaves_by_thread", "first", "threading.Timer(0.05, os._exit, [9]).start()", "crashed", "status 9")
    yield Kind("execs", "late", 'os.execv("/bin/sleep", ["sleep", "1000"])', "failed", "closed its line")
    yield Kind("execs_and_ends", "first", 'os.execv("/bin/true", ["true"])', "crashed", "exit status 0")
    yield Kind("closes_all_and_lives", "late", "os.closerange(0, 1024); sleep()", "failed", "closed its line")
    yield Kind("closes_all_and_answers", "late", "os.closerange(3, 1024)", "crashed", "")
    yield Kind("kills_its_group", "late", "os.killpg(os.getpgrp(), signal.SIGKILL); sleep()", "crashed", "SIGKILL")


def _leaving_processes() -> Iterator[Kind]:
    left = "processes_left"
    yield Kind("starts_a_program", "first", 'subprocess.Popen(["sleep", "1000"])', "ok", left)
    session = 'subprocess.Popen(["sleep", "1000"], start_new_session=True)'
    yield Kind("starts_a_session", "late", session, "ok", left)
    yield Kind("daemonises", "first", "daemonise(sleep)", "ok", left)
    yield Kind("daemonises_at_import", "import", "daemonise(sleep)", "ok", left)
    yield Kind("daemonises_and_spins", "first", "daemonise(spin)", "ok", f"{left}.*works_while_idle")
    yield Kind("comes_back_twice", "first", "os.fork()", "ok")
    yield Kind("comes_back_sixteen_times", "first", "[os.fork() for _ in range(4)]", "ok")
    many = """
        for _ in range(30):
            if os.fork() == 0:
                sleep()
    """
    yield Kind("forks_thirty", "first", many, "ok", left)
    spreading = """
        if os.fork() == 0:
            for _ in range(40):
                if os.fork():
                    time.sleep(0.005)
                    os._exit(0)
            sleep()
    """
    yield Kind("forks_and_runs_away", "late", spreading, "ok", "")
    dies = """
        if os.fork() == 0:
            sleep()
        os._exit(3)
    """
    yield Kind("dies_and_leaves_a_child", "late", dies, "crashed", "exit status 3; it left 1 process behind")
    hangs = """
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sleep()
    """
    yield Kind("hangs_with_a_child", "first", hangs, "timeout", "behind")
    yield Kind("keeps_a_thread", "import", "threading.Thread(target=sleep).start()", "ok")
    spins = "threading.Thread(target=spin, daemon=True).start()"
    yield Kind("spins_since_import", "import", spins, "ok", "works_while_idle")
    yield Kind("spins_in_a_child", "first", "os.fork() or spin()", "ok", "works_while_idle")
    in_c = """
        def multiply():
            big = np.ones((700, 700))
            while True:
                big @ big
        threading.Thread(target=multiply, daemon=True).start()
    """
    yield Kind("spins_in_c", "first", in_c, "ok", "works_while_idle")


def _lying() -> Iterator[Kind]:
    """What a process writes where its answer belongs."""
    sample = '{"call_s": %s, "cpu_over_wall": 1.0, "wait_s": 0.0, "switches": 0, "around_s": [1e-4, 1e-4]}'
    lies = {
        "garbage": b"garbage\n",
        "zeros": b"\0" * 100 + b"\n",
        "bytes_that_are_no_text": b"\xff\xfe\n",
        "a_list": b"[1, 2]\n",
        "a_number": b"1\n",
        "null": b"null\n",
        "an_empty_line": b"\n",
        "an_empty_object": b"{}\n",
        "not_a_number": (sample % "NaN").encode() + b"\n",
        "infinity": (sample % "1e999").encode() + b"\n",
        "text_for_a_time": (sample % '"fast"').encode() + b"\n",
        "a_list_for_a_time": (sample % "[1]").encode() + b"\n",
        "true_for_a_time": (sample % "true").encode() + b"\n",
        "nothing_for_a_time": (sample % "null").encode() + b"\n",
        "a_time_of_zero": (sample % "0.0").encode() + b"\n",
        "a_time_below_zero": (sample % "-1.0").encode() + b"\n",
        "a_time_of_ages": (sample % "1e300").encode() + b"\n",
        "a_time_that_did_not_pass": (sample % "1000.0").encode() + b"\n",
        "a_number_of_digits": (sample % ("9" * 5000)).encode() + b"\n",
        "its_own_end": b'{"exit": 0, "said": "", "left": 0, "why": null}\n',
        "anothers_number": b'{"worker": 0, "call_s": 1.0}\n',
        "no_status": b'{"status": "splendid", "reason": "so be it"}\n',
        "a_list_for_a_reason": b'{"status": "failed", "reason": [1]}\n',
        "a_field_too_many": b'{"call_s": 1e-5, "role": "baseline"}\n',
    }
    for name, line in lies.items():
        yield Kind(f"says_{name}", "late", f"send({line!r}); sleep()", "failed", "sent what is no answer")
    yield Kind("says_brackets_without_end", "late", r'send(b"[" * 100_000 + b"\n"); sleep()', "failed", "no answer")
    yield Kind("says_half_a_line", "late", """send(b'{"call_s": ')""", "failed", "sent what is no answer")
    yield Kind("says_half_a_line_and_hangs", "late", """send(b'{"call_s": '); sleep()""", "timeout", "no answer to")
    yield Kind("says_a_line_without_end", "late", 'send(b"x" * 10_000_000); sleep()', "failed", "of more than")
    yield Kind("says_it_twice", "late", f"send({sample % '1e-5'!r}.encode() + b'\\n')", "failed", "no question")
    flood = """
        while True:
            send(b"{}\\n" * 1000)
    """
    yield Kind("says_it_without_end", "late", flood, "failed", "sent what is no answer")
    yield Kind("says_it_at_import", "import", r'CALLS[0] = 0; "--" in sys.argv or send(b"")', "ok")


def _patching() -> Iterator[Kind]:
    """What it changes of the process that it shares with the harness."""
    patches = {
        "json_dumps": ('import json; json.dumps = lambda *_, **__: "nonsense"', "failed"),
        "json_dumps_to_a_list": ('import json; json.dumps = lambda *_, **__: "[]"', "failed"),
        "json_dumps_to_raise": ("import json; json.dumps = None", "crashed"),
        "os_write_to_lose_all": ("os.write = lambda _, data: len(data)", "timeout"),
        "os_write_to_cut": ("write = os.write; os.write = lambda d, data: write(d, data[:9]) and len(data)", "timeout"),
        "a_clock_that_stands": ("time.perf_counter = lambda: 0.0", "timeout"),
        "a_clock_of_text": ('time.perf_counter = lambda: "noon"', "failed"),
        "a_clock_that_runs_back": ("T = iter(range(10**9, 0, -1)); time.perf_counter = lambda: float(next(T))", ""),
        "a_clock_that_runs_fast": ("now = time.perf_counter; time.perf_counter = lambda: 1000 * now()", "failed"),
        "no_modules": ("sys.modules.clear()", ""),
        "no_builtins": ("import builtins; del builtins.len", ""),
    }
    for name, (body, status) in patches.items():
        yield Kind(f"leaves_{name}", "first", body, status)
    harmless = {
        "chdir": 'os.chdir("/")',
        "a_folder_that_is_gone": "import tempfile; f = tempfile.mkdtemp(); os.chdir(f); os.rmdir(f)",
        "no_environment": "os.environ.clear()",
        "no_path": "sys.path.clear()",
        "a_umask": "os.umask(0o777)",
        "niceness": "os.nice(5)",
        "no_stdin": "sys.stdin.close()",
        "no_streams": "sys.stdin = sys.stdout = sys.stderr = None",
        "no_descriptors_1_and_2": "os.close(1); os.close(2)",
        "handlers": "[signal.signal(n, lambda *_: None) for n in (1, 2, 3, 10, 12, 13, 15, 17)]",
        "a_timer": "signal.signal(14, lambda *_: None); signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)",
        "no_collector": "import gc; gc.disable(); gc.freeze()",
        "warnings_as_errors": 'import warnings; warnings.simplefilter("error")',
        "a_trace": "sys.settrace(lambda *_: None)",
        "a_tiny_switch_interval": "sys.setswitchinterval(1e-6)",
        "no_file_of_its_own": "os.path.exists(__file__) and os.remove(__file__)",
        "another_file_of_its_own": 'open(__file__, "w").write("raise SystemExit(1)")',
        "another_group": "os.setpgid(0, 0)",
        "a_changed_root_logger": "import logging; logging.disable(); logging.root.handlers.clear()",
        "an_excepthook": "sys.excepthook = threading.excepthook = lambda *_: os._exit(1)",
        "an_exit_hook": "import atexit; atexit.register(sleep)",
        "numpy_that_raises": 'np.seterr(all="raise")',
        "random_states": "import random; random.seed(0); np.random.seed(0)",
        "much_to_read": r'print("\x1b[2J" + "x" * 1_000_000); sys.stderr.write("y" * 1_000_000)',
    }
    for name, body in harmless.items():
        yield Kind(f"leaves_{name}", "import", body)


def _raising() -> Iterator[Kind]:
    silent = """
        class Silent(Exception):
            def __str__(self):
                raise RuntimeError("no text")
        raise Silent
    """
    yield Kind("raises_what_has_no_text", "first", silent, "failed", "Silent: its text cannot be had")
    group = 'raise ExceptionGroup("many", [ValueError(n) for n in range(1000)])'
    yield Kind("raises_a_group", "first", group, "failed", "ExceptionGroup: many")
    yield Kind("raises_a_megabyte", "first", 'raise ValueError("x" * 10_000_000)', "failed", "ValueError: xxx")
    deep = """
        def deeper(n):
            return deeper(n + 1)
        deeper(0)
    """
    yield Kind("raises_from_the_deep", "first", deep, "failed", "RecursionError")
    yield Kind("raises_control_characters", "first", r'raise ValueError("\x1b[2J\x07")', "failed", "ValueError")
    yield Kind("raises_half_a_character", "first", r'raise ValueError("\ud800")', "failed", "ValueError")
    yield Kind("raises_late", "late", "raise OSError(28, 'no space')", "failed", "OSError")
    yield Kind("raises_at_finish", "finish", "raise ZeroDivisionError", "failed", "ZeroDivisionError")
    yield Kind("raises_no_memory", "first", "raise MemoryError", "out_of_memory", "")
    yield Kind("raises_singular", "first", 'raise np.linalg.LinAlgError("Singular")', "wrong", "LinAlgError")
    yield Kind("raises_stop_iteration", "first", "raise StopIteration", "failed", "StopIteration")
    for name in ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"):
        yield Kind(f"raises_{name.lower()}", "first", f"raise {name}", "crashed", name)


def _answering() -> Iterator[Kind]:
    right = "descend(X, y, w, step_size, steps)"
    answers = {
        "none": "None",
        "text": "'w'",
        "a_generator": f"(x for x in {right})",
        "a_dictionary": "{'w': w}",
        "a_function": "lambda: w",
        "complex_numbers": f"{right} + np.complex64(1j)",
        "a_mask": f"np.ma.masked_array({right}, [True, False])",
        "objects": f"{right}.astype(object)",
        "no_numbers": "np.full_like(w, np.nan)",
        "infinity": "np.full_like(w, np.inf)",
        "a_scalar": "1.0",
        "nothing": "np.empty(0)",
        "another_shape": "np.zeros((3, 5))",
        "ragged_lists": "[[1.0], [1.0, 2.0]]",
        "itself": "w_ if (w_ := [1.0, 2.0]).append(w_) else w_[2][0]",
        "the_start": "w",
        "dates": "np.array(['2020-01-01', '2020-01-02'], dtype='M8[D]')",
        "records": "np.zeros(2, dtype=[('w', 'f4')])",
    }
    for name, answer in answers.items():
        yield Kind(f"answers_{name}", "always", f"return {answer}", "wrong", "")
    lazy = """
        class Lazy:
            def __array__(self, *_, **__):
                %s
        return Lazy()
    """
    yield Kind("answers_what_hangs", "always", lazy % "sleep()", "timeout", "no answer to 'prepare'")
    yield Kind("answers_what_raises", "always", lazy % "raise OSError('gone')", "failed", "OSError: gone")
    yield Kind("answers_a_list", "always", f"return list({right})")
    cyclic = "answer = []; answer.append(answer); return answer"
    yield Kind("answers_a_circle", "always", cyclic, "failed", "RecursionError")


def _greedy() -> Iterator[Kind]:
    eats = """
        held = []
        while True:
            held.append(np.empty(10_000_000))
    """
    yield Kind("eats_memory", "first", eats, "out_of_memory", "")
    yield Kind("eats_memory_late", "late", eats, "out_of_memory", "")
    maps = """
        import mmap
        held = []
        while True:
            held.append(mmap.mmap(-1, 2**28, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    """
    yield Kind("maps_memory", "first", maps, "failed", "OSError.*memory")
    prints = """
        while True:
            os.write(2, b"y" * 1_000_000)
    """
    yield Kind("prints_without_end", "first", prints, "failed", "File too large")
    threads = """
        for _ in range(100):
            threading.Thread(target=sleep, daemon=True).start()
    """
    yield Kind("starts_100_threads", "first", threads, "ok")
    opens = """
        held = []
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    """
    yield Kind("opens_files_without_end", "first", opens, "failed", "Too many open files")


KINDS = {kind.name: kind for kind in _kinds()}

BROKEN = {
    "no_python": "def (",
    "no_text": b"\xff\xfe\x00",
    "nothing": "",
    "no_solver": "x = 1",
    "an_absent_import": "import there_is_no_such_module",
    "an_exit": "import sys; sys.exit(3)",
    "a_sudden_end": "import os; os._exit(4)",
    "an_interrupt": "raise KeyboardInterrupt",
    "a_base_exception": "raise BaseException('x')",
    "a_signal": "import os; os.kill(os.getpid(), 9)",
    "an_exec": "import os; os.execv('/bin/sleep', ['sleep', '1000'])",
    "silence": "class E(Exception):\n    def __str__(self): raise self\nraise E",
    "a_long_text": "raise ValueError('x' * 10_000_000)",
    "a_bad_name": "from linregbench import solver\nsolver(method='gd', strategy='A B', variant='x', backend='numpy')",
    "a_name_that_is_taken": (
        "from linregbench import solver\n"
        "@solver(method='ols', strategy='numpy_loop', variant='solve', backend='numpy')\n"
        "def solve(X, y): return y"
    ),
    "garbage": "import os\nfor d in range(3, 1024):\n    try: os.write(d, b'garbage\\n')\n    except OSError: pass",
    "another_json": "import json; json.dumps = lambda *_: 'x'",
}
"""Files that register nothing: a run that names one ends before it measures, with status 2 and a line."""
