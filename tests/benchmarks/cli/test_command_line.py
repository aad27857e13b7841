"""The command line for real: from the command to the table, and every mistake in one line."""

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest
import real

from linregbench.benchmarks.cli.main import main
from linregbench.benchmarks.processes.pool import Nurseries
from linregbench.results.runfile.read import Run, read_run
from linregbench.results.runfile.records import Measurement

PUBLISHED = Path(__file__).resolve().parents[3] / "results/published/quick.jsonl"
PLUGIN = """
import numpy as np
from linregbench import solver

@solver(method="ols", strategy="mine", variant="pinv", backend="numpy")
def ols(X, y):
    return np.linalg.pinv(X) @ y
"""


class Small:
    """One small run that most tests of this file look at: both dtypes, a device that is not here."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "small.jsonl"
        names = ("--method", "gd", "--strategy", "numpy_loop,jax_scan", "--dtype", "float32,float64")
        names = (*names, "--variant", "analytic")
        sizes = ("--samples", "50", "--features", "3", "--batch", "2", "--steps", "20", "--condition", "10")
        device = ("--device", f"{real.ABSENT},cpu", "--threads", "1", "--blocks", "2", "--seed", "7")
        self.code, self.out, self.err = real.run(
            "run", *names, *sizes, *device, "--budget", "10m", "--output", self.path, cwd=folder
        )

    @property
    def run(self) -> Run:
        return read_run(self.path)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small(tmp_path_factory.mktemp("small"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: object) -> int:
    """The command in this process; its exit status."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture
def no_peaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in this process does not look for what the machine can do at most, which takes seconds."""
    monkeypatch.setattr(Nurseries, "_peaks", lambda *_, **__: {"flops": 1e9})


# From the command to the table


def test_a_run_measures_and_says_where_it_went(small: Small) -> None:
    assert small.code == 0, small.err
    assert small.path.exists()
    assert str(small.path) in small.out
    assert "Traceback" not in small.err
    assert small.run.end is not None
    assert small.run.end.reason == "complete"
    assert small.run.notices == ()


def test_it_ends_with_everything_on_one_screen_the_page_and_what_to_type_next(
    small: Small, capsys: pytest.CaptureFixture[str]
) -> None:
    short = small.out[small.out.index("\nIn short\n") :]
    assert re.search(r"^  gd n=50 d=3 b=2 steps=20 .*\[", short, re.MULTILINE)
    *_, run_file, report, cases, page, last = short.splitlines()
    assert (run_file, report, cases, page) == tuple(
        f"{what}: {small.path.with_suffix(suffix)}"
        for what, suffix in (("run file", ".jsonl"), ("report", ".md"), ("every case", ".csv"), ("page", ".html"))
    )
    _, command, *words = shlex.split(last, comments=True)
    assert command.endswith("linregbench")
    assert words == f"advise {small.path} --samples 50 --features 3 --batch 2 --steps 20".split()
    assert call(*words) == 0
    assert "jax_scan" in capsys.readouterr().out


def test_a_device_that_is_not_here_is_skipped_with_the_reason(small: Small) -> None:
    skipped = [m for m in small.run.measurements if m.device == real.ABSENT]
    assert {(m.status, m.strategy, m.block) for m in skipped} == {("skipped", "jax_scan", 0)}
    assert all(f"no {real.ABSENT} device here" in (m.reason or "") for m in skipped)
    assert all(m.status == "ok" for m in small.run.measurements if m.device == "cpu")
    assert "skipped" in small.out


def test_the_options_are_what_was_measured(small: Small) -> None:
    workloads = [m.workload for m in small.run.measurements]
    for name, values in {
        "method": {"gd"},
        "samples": {50},
        "features": {3},
        "batch": {2},
        "steps": {20},
        "dtype": {"float32", "float64"},
        "condition": {10.0},
        "seed": {7},
    }.items():
        assert {workload[name] for workload in workloads} == values, name
    assert {m.strategy for m in small.run.measurements} == {"numpy_loop", "jax_scan"}
    assert {m.threads for m in small.run.measurements} == {"1"}
    assert {block.block for block in small.run.blocks} == {0, 1}
    assert small.run.header.blocks == (2, 2)
    assert small.run.header.options["budget_s"] == 600.0
    assert small.run.header.seed == 7


def test_float64_is_computed_in_float64(small: Small) -> None:
    errors = [m.error for m in small.run.measurements if m.workload["dtype"] == "float64" and m.status == "ok"]
    assert errors
    assert max(error for error in errors if error is not None) < 1e-10


def test_phases_are_told_apart(small: Small) -> None:
    for m in small.run.measurements:
        if m.status == "ok" and m.compiled:
            assert m.first_call_s is not None
            assert all(getattr(m, name) > 0 for name in ("transfer_s", "trace_s", "lower_s", "compile_s"))
            assert (m.dispatch_s is None) is (m.block > 0)  # told by the answer to other inputs, of the first block
        elif m.status == "ok":
            assert m.compile_s is None
        if m.status == "ok":
            assert m.loops is not None
            assert m.compiles in (0, None)
            assert m.peak_rss_bytes is not None


def test_all_that_a_worker_tells_is_a_field(small: Small) -> None:
    records = [json.loads(line) for line in small.path.read_text().splitlines() if '"record":"measurement"' in line]
    fields = {field.name for field in msgspec.structs.fields(Measurement)}
    assert set().union(*records) - {"record", "crc"} == fields - {"setting", "cache"}  # which it said nothing of


def test_a_run_file_has_no_host_and_no_folder(small: Small) -> None:
    text = small.path.read_text()
    assert str(small.path.parent) not in text
    assert str(Path.home()) not in text or str(Path.home()) == "/"


def shown(form: str, small: Small, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert call("table", small.path, "--format", form, *more) == 0
    return capsys.readouterr().out


def test_the_table_as_csv(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.read_csv(io.StringIO(shown("csv", small, capsys)))
    assert len(frame) == 6  # 2 dtypes x (numpy_loop, jax_scan, jax_scan on the absent device)
    ok = frame[frame["status"] == "ok"]
    assert len(ok) == 4
    assert (ok["time_s"] > 0).all()
    assert (ok["baseline"].str.startswith("numpy_loop")).all()
    assert frame[frame["status"] != "ok"]["time_s"].isna().all()


def test_the_table_as_json(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    rows = json.loads(shown("json", small, capsys), parse_constant=refuse)
    assert len(rows) == 6
    assert {row["strategy"] for row in rows} == {"numpy_loop", "jax_scan"}


@pytest.mark.parametrize("form", ["rich", "markdown"])
def test_the_table_for_people(small: Small, capsys: pytest.CaptureFixture[str], form: str) -> None:
    text = shown(form, small, capsys)
    assert "gradient descent, 20 steps" in text
    assert "jax_scan" in text
    assert f"no {real.ABSENT}" in re.sub(r"\s+", " ", text)
    assert form != "rich" or max(map(len, text.splitlines())) <= 100


def test_columns_are_chosen(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown("csv", small, capsys, "--columns", "strategy,status").splitlines()[0] == "strategy,status"


@pytest.mark.usefixtures("no_peaks")
def test_own_solver_and_own_data(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine.py").write_text(PLUGIN)
    generator = np.random.default_rng(0)
    np.savez(here / "own.npz", X=generator.normal(size=(40, 3)), y=generator.normal(size=40))
    own = ("--no-report", "--plugin", "mine.py", "--data", "own.npz", "--output", "new/folder/run.jsonl")
    assert call("run", "--method", "ols", "--strategy", "numpy_loop", "--blocks", "2", *own) == 0, (
        capsys.readouterr().err
    )
    run = read_run(here / "new" / "folder" / "run.jsonl")
    assert {m.strategy: m.status for m in run.measurements} == {"numpy_loop": "ok", "mine": "ok"}
    workload = run.measurements[0].workload
    assert (workload["samples"], workload["features"]) == (40, 3)
    assert str(workload["data"]).startswith("own.npz@")
    assert run.environments[0].plugins is not None
    assert list(run.environments[0].plugins) == ["mine.py"]


@pytest.mark.usefixtures("here", "no_peaks")
def test_nothing_right_is_exit_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    # fewer samples than features: least squares has no single answer
    assert call("run", "--method", "ols", "--samples", "2", "--features", "5") == 1
    assert "no single answer" in re.sub(r"\s+", " ", capsys.readouterr().out)


@pytest.mark.usefixtures("no_peaks")
def test_a_budget_for_nothing_still_ends_well(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call("run", "--no-report", "--budget", "0.01s", "--output", "run.jsonl") == 1
    assert "Traceback" not in "".join(capfd.readouterr())
    assert {stop.reason for stop in read_run(here / "run.jsonl").stops} == {"budget"}


# What is asked for is what would be run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", "86 cases of 12 problems, 5 blocks"),
        ("--preset libraries", r"of 13 problems, 3 to 5 blocks: about \d+ min"),
        ("--preset standard", r"10 to 30 blocks: about [23]\d min"),
        ("--variant lstsq --method ols --samples 10", "numpy_loop inverse, .*numpy_stacked lstsq"),
        ("--threads 1,all --method gd --samples 10", r"steps=100 threads=all: "),
        ("--baseline jax_scan --method gd --samples 10", r"steps=100: jax_scan autodiff, "),
        ("--strategy numpy_loop --method gd --samples 10", "4 cases of 1 problem, 5 blocks"),
        ("--method gd --budget 1s", r"about .*, more than the budget of 1(\.0)? s, at which the run stops"),
    ],
)
def test_a_dry_run_says_what_would_be_run(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: str, expected: str
) -> None:
    assert call("run", "--dry-run", *arguments.split()) == 0
    out, err = capsys.readouterr()
    assert re.search(expected, out, re.MULTILINE), out
    assert err == ""
    assert list(here.iterdir()) == []


# Every mistake is one line, exit status 2, and nothing is left behind


BAD_OPTIONS = [
    ("--preset slow", "unknown preset 'slow': choose from smoke, quick, standard, full"),
    ("--precision Highest,low", "unknown precision 'low': choose from highest, default, high"),
    ("--method sgd", "unknown method 'sgd': choose from gd, ols, gd_tol"),
    ("--strategy jax_scna", "unknown strategy 'jax_scna': choose from .*jax_scan"),
    ("--variant exact", "unknown variant 'exact': choose from .*analytic"),
    ("--baseline nobody", "unknown (strategy|baseline) 'nobody': choose from .*numpy_loop"),
    ("--dtype float16", "unknown dtype 'float16': choose from float32, float64"),
    ("--device gpu", "unknown device 'gpu': the devices are cpu, cuda"),
    ("--device CUDA", "unknown device 'CUDA': the devices are cpu, cuda"),
    (f"--device {real.ABSENT}", f"no {real.ABSENT} device here"),
    (f"--device {real.ABSENT}:7", f"no {real.ABSENT} device here"),
    ("--device cpu:99 --strategy jax_scan", "no cpu:99 here"),
    ("--samples 0", "--samples must be at least 1, got 0"),
    ("--samples -5", "--samples must be at least 1, got -5"),
    ("--samples many", "--samples takes .*, got 'many'"),
    ("--samples 1,,2", "--samples takes .*, got '1,,2'"),
    ("--samples inf", "--samples takes .*, got 'inf'"),
    ("--samples 1e30", "--samples must be at most"),
    ("--features 1.5", "--features takes .*, got '1.5'"),
    ("--batch 0", "--batch must be at least 1, got 0"),
    ("--steps 0", "--steps must be at least 1, got 0"),
    ("--condition 0.5", "--condition must be at least 1, got 0.5"),
    ("--condition inf", "--condition must be at most"),
    ("--threads 0", "--threads must be a number of threads or 'all', got '0'"),
    ("--threads ²", "--threads must be a number of threads or 'all', got '²'"),
    ("--blocks 1", "--blocks must be at least 2, got 1"),
    ("--blocks 2,3", "--blocks takes one number, got '2,3'"),
    ("--budget soon", "--budget takes a time such as 90s, 5m or 1.5h, got 'soon'"),
    ("--timeout 0", "--timeout takes a time such as 90s, 5m or 1.5h, got '0'"),
    ("--seed -1", "--seed must be at least 0, got -1"),
    ("--seed 1e30", "--seed must be at most"),
    ("--seed x", "--seed takes .*, got 'x'"),
    ("--method ols --strategy jax_jit_step", "nothing to run"),
    ("--plugin none.py", r"--plugin none\.py: .*\.py file"),
    ("--data none.csv", r"--data none\.csv: No such file"),
    ("--resume none.jsonl", r"--resume none\.jsonl: .*No such file"),
    ("--resume none.jsonl --seed 1", "--resume takes every option from the file: leave out --seed"),
    ("--no-such-option", "No such option"),
    ("surplus", "unexpected extra argument"),
    ("--output /proc/none/run.jsonl", "--output /proc/none/run.jsonl: No such file or directory"),
]


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line of an error with exit status 2."""
    assert call(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("linregbench: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(("arguments", "message"), BAD_OPTIONS, ids=[arguments for arguments, _ in BAD_OPTIONS])
def test_a_bad_option(here: Path, capsys: pytest.CaptureFixture[str], arguments: str, message: str) -> None:
    assert re.search(message, refused(capsys, "run", *arguments.split()))
    assert list(here.iterdir()) == []


BAD_PLUGINS = {
    "not python": ("this is no python", "SyntaxError"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "kills": ("import os; os.abort()", "SIGABRT"),
    "registered already": (PLUGIN.replace('"mine"', '"numpy_loop"').replace("pinv", "qr"), "registered twice"),
}


@pytest.mark.parametrize(("text", "message"), BAD_PLUGINS.values(), ids=BAD_PLUGINS)
def test_a_bad_plugin(here: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    (here / "bad.py").write_text(text)
    line = refused(capsys, "run", "--plugin", "bad.py")
    assert line.startswith("linregbench: --plugin bad.py: ")
    assert re.search(message, line)
    assert {path.name for path in here.iterdir()} <= {"bad.py", "__pycache__"}


@pytest.mark.parametrize("text", ["", "1,2\n3,four\n", "1\n2\n", "1,nan\n2,3\n"])
@pytest.mark.filterwarnings("ignore:loadtxt")
def test_bad_data(here: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (here / "bad.csv").write_text(text)
    assert refused(capsys, "run", "--data", "bad.csv").startswith("linregbench: --data bad.csv: ")
    assert [path.name for path in here.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize("option", ["--samples 10", "--features 2", "--batch 2", "--condition 10"])
def test_data_bring_their_own_sizes(here: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
    (here / "own.csv").write_text("1,2\n3,4\n")
    assert "--data brings its own sizes" in refused(capsys, "run", "--data", "own.csv", *option.split())


@pytest.mark.parametrize("kind", ["a file", "a folder"])
def test_an_output_that_exists_is_left_alone(here: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    if kind == "a file":
        (here / "out").write_text("precious")
    else:
        (here / "out").mkdir()
    assert "--output out exists already: go on with it by --resume" in refused(capsys, "run", "--output", "out")
    assert [path.name for path in here.iterdir()] == ["out"]
    assert kind == "a folder" or (here / "out").read_text() == "precious"


@pytest.mark.parametrize("output", ["notes.jsonl", "notes.md"])
@pytest.mark.usefixtures("no_peaks")
def test_a_report_overwrites_neither_what_is_there_nor_its_own_run(here: Path, output: str) -> None:
    notes = here / "notes.md"
    if output != "notes.md":
        notes.write_text("precious")
    code = call("run", "--method", "ols", "--samples", "2", "--features", "5", "--output", output)
    if output != "notes.md":
        assert notes.read_text() == "precious"
    else:
        assert code == 2 or read_run(notes)


BAD_RUNS = {
    "empty": b"",
    "foreign": b"strategy,time_s\nnumpy_loop,1\n",
    "other JSON": b'{"a": 1}\n',
    "newer": b'{"record":"run","format":"linregbench-run","version":99}\n',
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("command", [("table",), ("run", "--resume")], ids=" ".join)
@pytest.mark.parametrize("content", BAD_RUNS.values(), ids=BAD_RUNS)
def test_a_bad_run_file(
    here: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], content: bytes
) -> None:
    (here / "bad.jsonl").write_bytes(content)
    assert "bad.jsonl" in refused(capsys, *command, "bad.jsonl")
    assert [path.name for path in here.iterdir()] == ["bad.jsonl"]
    assert (here / "bad.jsonl").read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("table none.jsonl", r"none\.jsonl"),
        ("table", "Missing argument"),
        ("table . --format xml", "xml"),
        ("tabel", "No such command 'tabel'"),
    ],
)
def test_other_mistakes(here: Path, capsys: pytest.CaptureFixture[str], arguments: str, message: str) -> None:
    assert re.search(message, refused(capsys, *arguments.split()))
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "csv", "--columns", "strategy,speed"), "unknown column 'speed': choose from run, "),
        (("--columns", "strategy"), "--columns is for csv and json"),
    ],
)
def test_bad_columns(
    small: Small, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(capsys, "table", small.path, *arguments)


def test_a_complete_run_is_not_resumed_and_not_changed(small: Small, capsys: pytest.CaptureFixture[str]) -> None:
    before = small.path.read_bytes()
    assert "complete" in refused(capsys, "run", "--resume", small.path)
    assert small.path.read_bytes() == before


@pytest.mark.usefixtures("no_peaks")
@pytest.mark.parametrize("end", ["torn", "interrupted", "budget"])
def test_a_run_that_is_not_resumed_stays_as_it_is(
    small: Small, here: Path, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    """Another grid, found out only after the nurseries have started; what would be done again is still there."""
    lines = re.sub(',"crc":"[0-9a-f]{8}"', "", small.path.read_text()).splitlines(keepends=True)
    first_block = next(n for n, line in enumerate(lines) if '"record":"block"' in line)
    cut = "".join(lines[: first_block + 1]).replace('"strategies":["numpy_loop",', '"strategies":["jax_vmap",')
    cut += lines[-1].replace('"complete"', f'"{end}"') if end != "torn" else '{"record":"measurement","rou'
    (here / "cut.jsonl").write_text(cut)
    assert call("run", "--resume", "cut.jsonl") == 2
    assert "--resume: the grid was" in capsys.readouterr().err
    assert (here / "cut.jsonl").read_text() == cut
    assert [path.name for path in here.iterdir()] == ["cut.jsonl"]


# What does not measure starts no backend


LISTED = "numpy_loop jax_vmap autodiff lstsq quick standard full cpu cuda"
if real.ABSENT == "cuda":
    LISTED += " 'jax[cuda13]'"  # what to install for it


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--version", "linregbench"),
        ("--help", "run table list demo"),
        ("run --help", "--preset --strategy --resume --dry-run"),
        ("table --help", "--format --columns"),
        ("list", LISTED),
        ("run --dry-run --samples 10", "jax_scan"),
    ],
)
def test_no_backend_is_started(here: Path, arguments: str, told: str) -> None:
    program = f"""if True:
        import sys
        from linregbench.benchmarks.cli.main import main
        try:
            main({arguments.split()!r})
        except SystemExit as ended:
            assert not ended.code, ended.code
        bridge = sys.modules.get("jax._src.xla_bridge")
        assert not (bridge and bridge._backends), bridge._backends
    """
    done = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [word for word in told.split() if word not in done.stdout] == []
    assert list(here.iterdir()) == []


def test_version(here: Path) -> None:
    code, out, _ = real.run("--version", cwd=here)
    assert (code, out) == (0, f"linregbench, version {version('linregbench')}\n")


@pytest.mark.parametrize("command", ["", "run", "table", "list", "demo"])
def test_help_fits_and_names_every_option(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert call(*command.split(), "--help") == 0
    out, _ = capsys.readouterr()
    assert out.startswith(f"Usage: linregbench {command}".rstrip())
    assert "--help" in out


def test_the_module_is_the_command(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "linregbench", "run", "--samples", "0"],
        cwd=here,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr == "linregbench: --samples must be at least 1, got 0\n"


def test_a_file_that_is_no_run_does_not_stop_what_nobody_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "results" / "runs"
    folder.mkdir(parents=True)
    (folder / "0.jsonl").touch()
    shutil.copy(PUBLISHED, folder / "1.jsonl")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["advise", "--samples", "1000"])
    assert ended.value.code == 0
    assert capsys.readouterr().err == "linregbench: left out results/runs/0.jsonl: is empty\n"


def test_the_nearest_choice_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["table", "run.jsonl", "--format", "markdwn"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith("'markdown', 'csv', 'json'; did you mean markdown?\n")
