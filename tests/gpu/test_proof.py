"""The proof loses nothing: not to a stage that fails or hangs, not to the end of its budget, not to its own end."""

import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from gpu import proof
from gpu.proof import Plan, Stage
from gpu.sides import told_of

ROOT = Path(__file__).resolve().parents[2]
PROOF = ROOT / "tests/gpu/proof.py"
HANGS = "import subprocess, sys, time; print('begun', flush=True); time.sleep(600)"
LEAVES_A_CHILD = """
import pathlib, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
pathlib.Path(sys.argv[1], 'child').write_text(str(child.pid))
print('deaf', flush=True)
time.sleep(600)
"""


def stage(name: str, *codes: str, most_s: float = 20, at_once: bool = False) -> Stage:
    """One that runs Python, which is told the folder."""

    def commands(plan: Plan, _: float) -> Sequence[list[str]]:
        return [[sys.executable, "-c", code, str(plan.folder)] for code in codes]

    return Stage(name, f"about {name}", most_s, commands, at_once)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Of an empty folder; and the times of grace are short."""
    monkeypatch.setattr(proof, "INTERRUPTED_S", 0.5)
    monkeypatch.setattr(proof, "ENDED_S", 0.0)
    monkeypatch.setattr(proof, "LEAST_S", 0.2)
    (tmp_path / "gpu-proof").mkdir()
    return Plan("cpu", tmp_path / "gpu-proof", small=True)


def proved(plan: Plan, *stages: Stage, budget_s: float | None = None) -> tuple[int, list[str], dict[str, str]]:
    """The exit status, a line a stage, and what the tar holds; within a budget that has room for all of them."""
    tar = plan.folder.with_name("proof.tar.gz")
    if budget_s is None:
        budget_s = sum(stage.most_s for stage in stages) + proof.INTERRUPTED_S + proof.ENDED_S
    status = proof.prove(stages, plan, tar, time.monotonic() + budget_s)
    return status, (plan.folder / "stages.txt").read_text().splitlines(), held(tar)


def held(tar: Path) -> dict[str, str]:
    """The files of a tar, each read to its end."""
    with tarfile.open(tar) as file:
        members = [member for member in file.getmembers() if member.isfile()]
        return {Path(member.name).name: file.extractfile(member).read().decode() for member in members}  # type: ignore[union-attr]


def alive(pid: int) -> bool:
    """Whether it is at work; one that nobody waited for yet is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def dies(pid: int) -> bool:
    """Whether it comes to its end: a killed one needs a moment on a busy machine, and nobody waits for it."""
    until_s = time.monotonic() + 20
    while alive(pid) and time.monotonic() < until_s:
        time.sleep(0.02)
    return not alive(pid)


def test_a_stage_says_its_last_line_and_all_is_in_the_tar(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    writes = "import pathlib, sys; pathlib.Path(sys.argv[1], 'a.json').write_text('[1]'); print('x'); print('seen: 1')"
    status, lines, files = proved(plan, stage("first", writes), stage("second", "print('that is it')"))
    assert status == 0
    assert [line.split(" s  ")[1] for line in lines] == ["seen: 1", "that is it"]
    assert lines == [line for line in capsys.readouterr().out.splitlines() if not line.startswith("written: ")]
    assert files["a.json"] == "[1]"
    assert files["1-first.log"] == "x\nseen: 1\n"
    assert files["stages.txt"].splitlines() == lines


def test_stages_at_once_have_a_log_and_a_word_each(plan: Plan) -> None:
    status, (line,), files = proved(
        plan, stage("four", *(f"print('kind {kind}: ok')" for kind in "abcd"), at_once=True)
    )
    assert status == 0
    assert line.endswith("kind a: ok; kind b: ok; kind c: ok; kind d: ok")
    assert files["1-four-3.log"] == "kind c: ok\n"


def test_a_stage_that_fails_takes_nothing_with_it_and_names_its_log(plan: Plan) -> None:
    fails = stage("fails", "print('before'); raise SystemExit('this is missing')")
    status, lines, files = proved(plan, fails, stage("next", "print('done')"))
    assert status == 1
    assert "status 1" in lines[0]
    assert lines[0].endswith("this is missing (1-fails.log)")
    assert lines[1].endswith("done")
    assert "before" in files["1-fails.log"]


def test_of_stages_at_once_the_one_that_failed_is_named(plan: Plan) -> None:
    status, (line,), _ = proved(plan, stage("two", "print('good')", "raise SystemExit(3)", at_once=True))
    assert status == 1
    assert "status 3" in line
    assert line.endswith("(1-two-2.log)")


def test_a_stage_that_hangs_is_interrupted_and_the_next_one_runs(plan: Plan) -> None:
    began = time.monotonic()
    status, lines, files = proved(plan, stage("hangs", HANGS, most_s=1), stage("next", "print('done')"))
    assert status == 1
    assert "cut off" in lines[0]
    assert "KeyboardInterrupt" in files["1-hangs.log"]
    assert lines[1].endswith("done")
    assert time.monotonic() - began < 30


def test_one_that_is_deaf_is_killed_with_its_children(plan: Plan) -> None:
    status, (line,), _ = proved(plan, stage("deaf", LEAVES_A_CHILD, most_s=1))
    assert status == 1
    assert "cut off" in line
    assert line.endswith("deaf (1-deaf.log)")
    assert dies(int((plan.folder / "child").read_text()))


def test_what_the_budget_has_no_room_for_is_dropped_and_said_to_be(plan: Plan) -> None:
    status, lines, files = proved(plan, stage("long", HANGS), stage("late", "print('never')"), budget_s=1.5)
    assert status == 1
    assert "cut off" in lines[0]
    assert "dropped" in lines[1]
    assert lines[1].endswith("the budget is spent")
    assert "2-late.log" not in files
    assert files["stages.txt"].splitlines() == lines


def test_a_budget_that_holds_more_than_all_stages_is_shared_out(plan: Plan) -> None:
    status, lines, _ = proved(plan, stage("slow", "import time; time.sleep(1.5)", most_s=1), budget_s=20)
    assert status == 0, lines


def test_the_tar_is_whole_after_each_stage(plan: Plan) -> None:
    tar = plan.folder.with_name("proof.tar.gz")
    counts = (
        f"import tarfile, os; print(len(tarfile.open({str(tar)!r}).getnames()) if os.path.exists({str(tar)!r}) else 0)"
    )
    status, lines, _ = proved(plan, *(stage(name, counts) for name in ("a", "b", "c")))
    assert status == 0
    assert [line.split()[-1] for line in lines] == ["0", "3", "4"]  # the folder, its stages.txt, and a log for each
    assert not tar.with_name(tar.name + ".part").exists()


def test_a_long_word_leaves_room_for_the_name_of_the_log(plan: Plan) -> None:
    _, (line,), _ = proved(plan, stage("fails", "raise SystemExit('9' * 500)"))
    assert line.endswith("... (1-fails.log)")
    assert len(line) <= proof.LINE


def test_what_the_sides_say_fits_into_a_line() -> None:
    pairs = [{"study": "aa", "verdict": "inconclusive", "ratio": 1.0, "low": 0.2, "high": 6.7}] * 12
    planted = {"study": "planted", "verdict": "inconclusive", "ratio": 0.944, "low": 0.802, "high": 1.11}
    assert len(told_of([*pairs, planted])) < proof.LINE - len("5 sides    inconclusive  100 s  ")


def test_a_line_is_short_and_names_no_folder_of_this_machine(plan: Plan) -> None:
    _, (where, long), files = proved(
        plan, stage("where", "import sys; print(f'written: {sys.argv[1]}/a.json')"), stage("long", "print('9' * 500)")
    )
    assert where.endswith("written: a.json")
    assert len(long) <= proof.LINE
    assert "9" * 500 in files["2-long.log"]


ALONE = """
import pathlib, sys, time
sys.path.insert(0, {tests!r})
from gpu import proof, test_proof
proof.signal.signal(proof.signal.SIGTERM, proof.signal.default_int_handler)
folder = pathlib.Path({folder!r})
folder.mkdir()
stages = [test_proof.stage("first", "print('kept')"), test_proof.stage("hangs", test_proof.LEAVES_A_CHILD)]
sys.exit(proof.prove(stages, proof.Plan("cpu", folder, True), folder.with_name("t.tar.gz"), time.monotonic() + 100))
"""


@pytest.mark.parametrize(("ended_by", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 130)])
def test_when_the_proof_itself_is_ended_what_was_finished_is_in_the_tar(
    tmp_path: Path, ended_by: signal.Signals, status: int
) -> None:
    folder = tmp_path / "gpu-proof"
    code = ALONE.format(tests=str(ROOT / "tests"), folder=str(folder))
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    child = folder / "child"
    until_s = time.monotonic() + 60
    while not (child.exists() and child.read_text()) and time.monotonic() < until_s:
        time.sleep(0.05)
    at_work = int(child.read_text())
    try:
        process.send_signal(ended_by)
        assert process.wait(30) == status
        files = held(tmp_path / "t.tar.gz")
        assert files["1-first.log"] == "kept\n"
        if ended_by == signal.SIGTERM:
            assert files["stages.txt"].splitlines()[1].endswith("the proof was interrupted")
            assert dies(at_work)
    finally:
        if alive(at_work):  # nobody was left to end it
            os.killpg(os.getpgid(at_work), signal.SIGKILL)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--stages", "limits,more"), "no stage more: choose from limits, solvers, sweep, page, sides, loops, cold"),
        (("--budget", "soon"), "--budget takes a time such as 480s or 8m, got 'soon'"),
        (("--budget", "0s"), "--budget takes a time"),
        (("--budget", "nan"), "--budget takes a time"),
        (("--device", "gpu"), "unknown device 'gpu'"),
        (("--output", "full"), "holds something already: move it away, or name another folder"),
        (("--output", "full/file"), "is a file: name a folder"),
        (("--tar", "gpu-proof/t.tar.gz"), "would be a part of itself"),
        (("--wrong",), "unrecognized arguments"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_asked_is_told_at_once(
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    with pytest.raises(SystemExit) as ended:
        proof.main(["--device", "cpu", *arguments])
    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_help_names_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        proof.main(["--help"])
    assert not ended.value.code
    out = capsys.readouterr().out
    assert all(f"  {stage.name} " in out for stage in proof.STAGES)


def test_a_rehearsal_on_the_cpu_runs_nothing_else(tmp_path: Path) -> None:
    plan = Plan("cpu", tmp_path, small=False)
    (sweep,) = next(stage for stage in proof.STAGES if stage.name == "sweep").commands(plan, 100.0)
    assert sweep[sweep.index("--device") + 1] == "cpu"
    assert sweep[sweep.index("--preset") + 1] == "devices"


def test_a_sweep_tells_how_its_cases_ended(tmp_path: Path) -> None:
    (tmp_path / "sweep.jsonl").symlink_to(ROOT / "results/published/gpu-h100.jsonl")
    (sweep,) = (stage for stage in proof.STAGES if stage.name == "sweep")
    assert sweep.told is not None
    assert sweep.told(Plan("cuda", tmp_path, small=False)) == "99 cases: 94 ok, 5 skipped"


@pytest.mark.long
def test_the_cheap_stages_rehearsed_on_this_cpu(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, PROOF, "--device", "cpu", "--small", "--stages", "limits,solvers,loops"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    lines = done.stdout.splitlines()
    assert [line.split()[1:3] for line in lines[:3]] == [["limits", "ok"], ["solvers", "ok"], ["loops", "ok"]]
    assert all(len(line) <= proof.LINE for line in lines)
    assert "a call " in lines[0]
    assert "float32 highest" in lines[1]
    assert lines[2].split("least: ")[1].split()[1:4] == ["us", "a", "step,"]
    files = held(tmp_path / "gpu-proof.tar.gz")
    assert {"limits.json", "solvers-float32-highest.jsonl", "loops.json", "stages.txt"} <= set(files)
