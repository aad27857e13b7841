"""What is installed: one package, whole, beside a project that has packages of the same names as our rooms."""

import os
import re
import shutil
import site
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("solvers", "benchmarks", "results")
LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info", "runs")
SIZE = ("--samples", "10", "--method", "ols", "--blocks", "2", "--no-report")

PLUGIN = """
from linregbench import solver

@solver(method="ols", strategy="mine", variant="lstsq", backend="numpy")
def mine(X, y):
    import numpy as np
    return np.linalg.lstsq(X, y)[0]
"""
USER = """
import linregbench
import pandas as pd

frame: pd.DataFrame = linregbench.run(samples=[10], progress=False)
again: pd.DataFrame = linregbench.load("FILE")
version: str = linregbench.__version__

@linregbench.solver(method="ols", strategy="mine", variant="lstsq", backend="numpy")
def mine(X: object, y: object) -> object:
    return X

mine(1, 2)
"""


def output(*command: str | Path, cwd: Path, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | variables
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout without what git ignores, so that nothing is written into it."""
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("source") / "copy", symlinks=True, ignore=LEFT_BEHIND))


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("built")
    code = f"from setuptools import build_meta as b; b.build_sdist({str(folder)!r}); b.build_wheel({str(folder)!r})"
    output(sys.executable, "-c", code, cwd=source)
    return folder


def environment(folder: Path, *requirement: str | Path) -> Path:
    """The Python of a virtual environment that has this package alone; what it depends on is that of the tests."""
    output(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    packages = Path(output(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=folder).strip())
    # a .pth file that is found through another is not obeyed: the editable install of this checkout stays out
    (packages / "of_the_tests.pth").write_text("\n".join(site.getsitepackages()))
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    output(*pip, "--no-build-isolation", *requirement, cwd=folder)
    return python


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel."""
    (wheel,) = built.glob("*.whl")
    return environment(tmp_path_factory.mktemp("installed") / "venv", wheel)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's project that has packages of all three names, a plugin, a test and a file to be type-checked."""
    folder = tmp_path_factory.mktemp("project")
    for room in ROOMS:
        (folder / room).mkdir()
        (folder / room / "__init__.py").write_text(f"mine = {room!r}\n")
    (folder / "plugin.py").write_text(PLUGIN)
    (folder / "user.py").write_text(USER)
    (folder / "test_own.py").write_text(
        "import benchmarks, linregbench, results, solvers\n"
        "def test_own():\n"
        "    assert [m.mine for m in (solvers, benchmarks, results)] == ['solvers', 'benchmarks', 'results']\n"
        "    assert callable(linregbench.run) and callable(linregbench.load)\n"
    )
    return folder


def test_the_wheel_is_whole_and_claims_one_name(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    kinds = (".py", ".j2", ".json")
    files = [p for room in ROOMS for p in (ROOT / room).rglob("*") if p.suffix in kinds and "runs" not in p.parts]
    ours = {f"linregbench/{path.relative_to(ROOT).as_posix()}" for path in files}
    assert ours - names == set()
    assert "linregbench/py.typed" in names
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"linregbench"}


def test_the_source_distribution_can_be_read_tested_and_built(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as unpacked:
        names = {name.partition("/")[2] for name in unpacked.getnames()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", readme) if "://" not in link}
    assert any(link.endswith(".svg") for link in links)
    wanted = {"Makefile", "CHANGELOG.md", "LICENSE", "asv.conf.json", "tests/test_rooms.py", "docs/method.md"}
    assert (wanted | links) - names == set()
    assert not {name for name in names if name.startswith("results/runs")}


@pytest.mark.long
def test_the_command_beside_packages_of_the_same_names(installed: Path, project: Path) -> None:
    command = installed.with_name("linregbench")
    assert "numpy_loop" in output(command, "list", cwd=project, PYTHONPATH=".")
    out = output(
        command, "run", *SIZE, "--plugin", "plugin.py", "--strategy", "numpy_loop", cwd=project, PYTHONPATH="."
    )
    assert "mine lstsq" in out
    shown = output(command, "table", next((project / "results/runs").glob("*.jsonl")), cwd=project, PYTHONPATH=".")
    assert "mine lstsq" in shown


@pytest.mark.long
def test_python_and_pytest_in_that_folder(installed: Path, project: Path) -> None:
    out = output(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert "1 passed" in out
    code = "import linregbench as l; f = l.run(samples=[10], method=['ols'], blocks=2, progress=False); print(len(f))"
    assert int(output(installed, "-c", code, cwd=project).split()[-1]) >= 2


def test_a_notebook_kernel_in_that_folder(installed: Path, project: Path) -> None:
    code = """if True:
        import nbformat, nbclient, sys
        cell = nbformat.v4.new_code_cell("import benchmarks, linregbench, sys\\n"
                                         "print(benchmarks.mine, linregbench.load, sys.executable)")
        book = nbclient.NotebookClient(nbformat.v4.new_notebook(cells=[cell]), timeout=120).execute()
        print(book.cells[0].outputs[0].text)
    """
    out = output(installed, "-c", code, cwd=project, HOME=str(project), JUPYTER_PLATFORM_DIRS="1")
    assert out.startswith("benchmarks <function load")
    assert str(installed.parent) in out


@pytest.mark.long
def test_a_persons_file_is_typed(installed: Path, project: Path) -> None:
    mypy = (sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull)
    assert "Success" in output(*mypy, "--python-executable", installed, "user.py", cwd=project)


@pytest.mark.long
def test_an_editable_install(source: Path, project: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "venv", "--editable", source)
    code = "import linregbench, linregbench.results.fields as f; print(linregbench.solver.__module__, f.__file__)"
    module, file = output(python, "-c", code, cwd=project).split()
    assert module == "linregbench.solvers.registry"
    assert Path(file).resolve() == (source / "results/fields.py").resolve()
    assert "numpy_loop" in output(python.with_name("linregbench"), "list", cwd=project, PYTHONPATH=".")
