"""README and docs do what they say: their commands, their Python, their links, and the example notebook.

What reads is run; what measures has its options checked as the command itself checks them. `make readme` types
everything for real.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from documents import DOCUMENTS, ROOT, Shown, shown_in, unfenced

import linregbench
from linregbench.benchmarks.cli import statuses
from linregbench.benchmarks.cli.main import cli, main
from linregbench.benchmarks.cli.run_options import options_of
from linregbench.benchmarks.grid.options import RunOptions, one_of
from linregbench.solvers import registry

SHOWN = [each for path in DOCUMENTS for each in shown_in(path)]
COMMANDS = [each for each in SHOWN if each.language == "sh"]
PYTHON = [each for each in SHOWN if each.language == "python"]
QUICK = ROOT / "results/published/quick.jsonl"

READS = {"advise", "columns", "export", "table"}
"""Commands that are run here, where what they read is there; the others are parsed, or run by other tests."""


def parsed(words: list[str]) -> click.Context:
    name, command, rest = cli.resolve_command(click.Context(cli), list(words))
    assert command is not None
    return command.make_context(name, rest)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has some of the published runs that a clone has, to write into."""
    (tmp_path / "results/published").mkdir(parents=True)
    for name in ("quick.jsonl", "accuracy.jsonl"):
        (tmp_path / "results/published" / name).symlink_to(ROOT / "results/published" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_commands_and_the_readme_is_short() -> None:
    assert len(COMMANDS) > 30
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 120
    assert [command for path in DOCUMENTS for command in unfenced(path)] == []


@pytest.mark.parametrize("shown", COMMANDS, ids=str)
def test_each_command_is_one_that_works(shown: Shown, clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if "_LINREGBENCH_COMPLETE" in shown.text:
        assert re.search(r"_LINREGBENCH_COMPLETE=(bash|zsh|fish)_source linregbench", shown.text)
        return
    program, *words = shown.words
    match program:
        case "make":
            done = subprocess.run(["make", "-n", "-C", str(ROOT), *words], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        case "python":
            assert (ROOT / words[0]).is_file()
        case "linregbench":
            _check(words, clone)
        case _:
            pytest.fail(f"what is {program}?")
    capsys.readouterr()


def _check(words: list[str], clone: Path) -> None:
    if not words or "--help" in words:
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert not ended.value.code
        return
    context = parsed(words)
    if words[0] in ("run", "versus"):
        options = options_of(context.params)
        known = registry.load_builtin().values()
        one_of("strategy", options.strategies, {solver.strategy for solver in known})
        one_of("variant", options.variants, {solver.variant for solver in known})
    files = [value for value in (*context.params.get("files", ()), context.params.get("run")) if value]
    if words[0] in READS and all((clone / file).exists() for file in files):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert not ended.value.code


@pytest.mark.parametrize("shown", [each for each in PYTHON if each.file == "mine.py"], ids=str)
def test_the_solver_that_is_shown_solves(shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.setattr(registry, "SOLVERS", dict(registry.SOLVERS))
    (tmp_path / "mine.py").write_text(shown.text)
    (own,) = registry.load_file(tmp_path / "mine.py")
    X = np.c_[np.linspace(-1, 1, 20), np.ones(20)]
    w = own.function(X, X @ [3.0, 2.0], np.zeros(2), 0.3, 200)
    assert np.allclose(w, [3.0, 2.0], atol=1e-3)


THEIRS = {"my_torch": "torch", "my_numba": "numba", "my_sklearn": "sklearn"}


@pytest.mark.long
@pytest.mark.parametrize("strategy", THEIRS)
def test_the_libraries_that_are_shown_as_plugins_are_right_and_their_phases_apart(
    strategy: str, tmp_path: Path
) -> None:
    pytest.importorskip(THEIRS[strategy])
    (shown,) = (each for each in PYTHON if each.file == "theirs.py")
    (tmp_path / "theirs.py").write_text(shown.text)
    frame = linregbench.run(
        plugins=[tmp_path / "theirs.py"],
        strategy=strategy,
        samples=1000,
        blocks=2,
        progress=False,
        method=["gd", "ols"],
    ).set_index("strategy")
    row = frame.loc[strategy]
    assert row["status"] == "ok", row["reason"]
    assert 0 < row["error"] < row["error_limit"]
    assert row["time_s"] > 0
    assert (row["transfer_s"] > 0) == (strategy == "my_torch"), "what is placed nowhere moves nothing"
    assert (row["compile_s"] > 0) == (strategy == "my_numba")
    if strategy == "my_numba":
        assert row["compile_s"] > 100 * row["first_call_s"], "nothing is left to compile in it"


@pytest.mark.parametrize("shown", [each for each in PYTHON if each.file not in ("mine.py", "theirs.py")], ids=str)
def test_the_python_that_is_shown_runs(shown: Shown, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linregbench, "run", _as_published, raising=False)
    exec(compile(shown.text, shown.document, "exec"), {})
    assert shown.file is None or (clone / shown.file).exists()


def _as_published(preset: str = "quick", *, output: str | None = None, progress: bool = True, **axes: Any) -> Any:  # noqa: ARG001  the real one's
    """What `linregbench.run` checks before it measures, and a published run in place of what it would measure."""
    RunOptions.of(preset, axes)
    return linregbench.load(QUICK)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), link
        if anchor and file.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, link


def test_every_command_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    assert {*re.findall(r"^\| `(\w+)", text, re.MULTILINE)} >= set(cli.commands)


def test_every_exit_status_is_in_the_reference() -> None:
    text = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    table = text.partition("## Exit statuses\n")[2].partition("\n## ")[0]
    known = {statuses.DONE, statuses.NO_ANSWER, statuses.MISTAKE, statuses.INTERRUPTED}
    known |= {status for status, _ in statuses.FAILURES.values()}
    assert {int(status) for status in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == known


@pytest.mark.long
def test_the_example_notebook_runs(clone: Path) -> None:
    """In a kernel, as a person runs it, with its progress bar; what it shows is the answer in words."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    book = nbformat.read(ROOT / "docs/first_look.ipynb", as_version=4)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "JUPYTER_PLATFORM_DIRS": "1", "HOME": str(clone)}
    client = nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(clone)}})
    client.execute(env=environment)
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    texts = [text for output in outputs for text in output.get("data", {}).values()]
    assert any("vs baseline" in text and "jax_scan columns" in text for text in texts)
